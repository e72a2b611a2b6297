"""Predictions of fitted estimators, and moving them between libraries and devices."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any, Self, overload

import numpy as np
from sklearn.utils.validation import check_is_fitted

from logitron.automatic import Plan
from logitron.backend import ArrayContext, to_host
from logitron.backend.device_arrays import DeviceArray, DeviceArrayT
from logitron.backend.types import Array, HostArray
from logitron.data import map_with_offset, to_csr, wrap
from logitron.estimators import logit_functions
from logitron.estimators.accuracy import accuracy
from logitron.estimators.argument_types import (
    BackendName,
    Features,
    HostFeatures,
    LabelArray,
    Offset,
    Weights,
)
from logitron.estimators.device_scores import trial_share
from logitron.estimators.progress import progress_bar
from logitron.estimators.same_device import check_same_device
from logitron.estimators.sklearn.bases import CallbackSupportMixin, ClassifierMixin
from logitron.estimators.sklearn.pickled import VersionedEstimator
from logitron.estimators.target_rows import exact_share, target_rows
from logitron.estimators.traced_predictions import is_traced, predict_traced
from logitron.estimators.validation.features import reject_nonfinite, validate_features
from logitron.estimators.validation.labels import Labels, classes_in_context, decode_labels
from logitron.estimators.validation.offsets import validate_offset
from logitron.objective import Cost
from logitron.solvers import Callback

__all__ = ["NeuronClassifier"]


#: types of parameters that are cached, and sets of values cached at most
PLAIN_TYPES, MAX_CACHED = frozenset({bool, int, float, str, type(None)}), 1000
_validated: set[tuple[Any, ...]] = set()


class NeuronClassifier(CallbackSupportMixin, ClassifierMixin, VersionedEstimator):
    """A classifier with ``coef_ (m, p)``, ``intercept_ (m,)`` and ``classes_ (K,)``.

    One neuron for two classes, a softmax layer for more classes, and one neuron for each of many
    targets.
    """

    solver: Any
    coef_: Array
    intercept_: Array
    classes_: Array
    n_iter_: Array
    converged_: Array
    suboptimality_: Array
    certified_: Array
    plan_: Plan | None
    work_: Cost
    n_features_in_: int
    feature_names_in_: HostArray
    target_names_: HostArray
    target_values_: HostArray
    _multilabel: bool = False
    """Whether each neuron is a target of its own."""
    _label_dtype: str = ""
    """dtype of predictions for many targets."""

    def _progress(self, verbose: int, count: int, what: str) -> AbstractContextManager[Callback]:
        """Return a context with the callback that shows the progress of many fits."""
        return progress_bar(verbose, count, what, interruptible=True)

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return list(cls._parameter_names())

    @classmethod
    @cache
    def _parameter_names(cls) -> tuple[str, ...]:
        """Return the parameters' names, cached: scikit-learn reads the signature in every fit."""
        return tuple(super()._get_param_names())

    def _validate_params(self) -> None:
        """Check the parameters as scikit-learn does, once for each set of values.

        For few rows, the check takes a quarter of a fit. Sets of plain values are cached.
        """
        values = [getattr(self, name) for name in self._parameter_names()]
        kinds = tuple(map(type, values))
        if not PLAIN_TYPES.issuperset(kinds):
            super()._validate_params()
            return
        key = type(self), kinds, *values
        if key not in _validated:
            super()._validate_params()
            if len(_validated) >= MAX_CACHED:
                _validated.clear()
            _validated.add(key)

    @overload
    def decision_function(self, X: DeviceArrayT, *, offset: Offset = None) -> DeviceArrayT: ...
    @overload
    def decision_function(self, X: HostFeatures, *, offset: Offset = None) -> HostArray: ...
    @overload
    def decision_function(self, X: Features, *, offset: Offset = None) -> Array: ...
    def decision_function(self, X: Any, *, offset: Offset = None) -> Array:
        """Compute the logits.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        offset : array-like (n,), (n, T) or (n, K), optional
            Added to the logits, as in ``fit``. None is zero, also for a model that was fitted with
            offsets.

        Returns
        -------
        array (n,) for two classes, of the second class; (n, K) for more; (n, T) for many targets
            In the library and on the device of X; lazy if X is a Dask array.

        Raises
        ------
        ValueError, TypeError
            If X has other features than in ``fit``, is in another library or on another device, or
            would be rejected by ``fit``. For Dask arrays, NaN is found, and raises, where the
            result is computed.
        """
        return self._map("decision_function", X, logit_functions.decision, offset, by_row=True)

    @overload
    def predict_proba(self, X: DeviceArrayT, *, offset: Offset = None) -> DeviceArrayT: ...
    @overload
    def predict_proba(self, X: HostFeatures, *, offset: Offset = None) -> HostArray: ...
    @overload
    def predict_proba(self, X: Features, *, offset: Offset = None) -> Array: ...
    def predict_proba(self, X: Any, *, offset: Offset = None) -> Array:
        """Compute the probability of each class; for many targets, the probability of 1.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)

        Returns
        -------
        array (n, K) or (n, T)
            Columns in the order of ``classes_``.

        Raises
        ------
        ValueError, TypeError
            As `decision_function`.
        """
        return self._map(
            "predict_proba", X, logit_functions.probabilities, offset, needs_classes=True
        )

    @overload
    def predict_log_proba(self, X: DeviceArrayT, *, offset: Offset = None) -> DeviceArrayT: ...
    @overload
    def predict_log_proba(self, X: HostFeatures, *, offset: Offset = None) -> HostArray: ...
    @overload
    def predict_log_proba(self, X: Features, *, offset: Offset = None) -> Array: ...
    def predict_log_proba(self, X: Any, *, offset: Offset = None) -> Array:
        """Compute the logarithm of each class's probability without underflow.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)

        Returns
        -------
        array (n, K) or (n, T)
            Columns in the order of ``classes_``.

        Raises
        ------
        ValueError, TypeError
            As `decision_function`.
        """
        return self._map(
            "predict_log_proba", X, logit_functions.log_probabilities, offset, needs_classes=True
        )

    @overload
    def predict(self, X: DeviceArray, *, offset: Offset = None) -> Array: ...
    @overload
    def predict(self, X: HostFeatures, *, offset: Offset = None) -> HostArray: ...
    @overload
    def predict(self, X: Features, *, offset: Offset = None) -> Array: ...
    def predict(self, X: Any, *, offset: Offset = None) -> Array:
        """Predict the most probable class.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)

        Returns
        -------
        array (n,) or (n, T)
            Labels of ``classes_``; for many targets, the labels of y, as NumPy arrays if they are
            not numbers. The chunks of a lazy array are checked where they are computed.

        Raises
        ------
        ValueError, TypeError
            As `decision_function`.
        """
        check_is_fitted(self)
        if self._multilabel:
            values = getattr(self, "target_values_", None)
            dtype = self._label_dtype if values is None else "int8"
            codes = self._map(
                "predict",
                X,
                logit_functions.multilabel_predictions,
                offset,
                by_row=True,
                dtype=dtype,
            )
            if values is None:
                return codes
        else:
            codes = self._map("predict", X, logit_functions.class_codes, offset, by_row=True)
            values = self.classes_
        return wrap("codes", codes).map(partial(decode_labels, values), values.dtype)

    def score(
        self, X: Features, y: LabelArray, sample_weight: Weights = None, *, offset: Offset = None
    ) -> float:
        """Compute the accuracy: the fraction of rows whose label, or labels, are predicted.

        For many targets, a row counts if all of its labels are predicted, as in scikit-learn;
        missing labels are left out. `logitron.score_targets` has scores of each target.

        For proportions and soft labels, the fraction of trials: a row whose share of the predicted
        class is 0.7 is right by 0.7. For many targets with proportions, the mean over the targets.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,), (n, T) or (n, K)
            Labels, proportions or soft labels, as in ``fit``.
        sample_weight : array-like (n,), or (n, T) for many targets, optional
            As in ``fit``. Of weights (n, T), a row has the mean; a missing label has the weight 0.
        offset : array-like (n,), (n, T) or (n, K), optional
            See `decision_function`.

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            As `decision_function`; also if y or the weights are invalid.
        """
        check_is_fitted(self)
        if self._multilabel:
            method = f"{type(self).__name__}.score()"
            found = target_rows(self, X, y, sample_weight, method, offset)
            with found.rows.context.scope():
                return trial_share(found) if found.soft else exact_share(found)
        return accuracy(self, X, y, sample_weight, offset)

    def to(self, backend: BackendName, device: str | None = None) -> Self:
        """Move the fitted model to another library or device, in place.

        Parameters
        ----------
        backend : str
            Name of the library.
        device : str, optional
            Device of the library; None is its default: for torch, what
            ``torch.set_default_device`` names, else the processor; for JAX, its first device; for
            CuPy, the current one.

        Returns
        -------
        self

        Raises
        ------
        ValueError, ImportError
            If the backend or device does not exist on this machine.

        Examples
        --------
        >>> import numpy as np
        >>> from logitron import LogisticRegression
        >>> clf = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        >>> type(clf.to("numpy").coef_)
        <class 'numpy.ndarray'>
        """
        check_is_fitted(self)
        coef = self._dense_coef()
        context = ArrayContext.named(backend, device, ArrayContext.of(coef).precision)
        with context.scope():
            moved = context.copy_to(coef), context.copy_to(self.intercept_)
            classes = classes_in_context(context, to_host(self.classes_))
        self.coef_, self.intercept_ = moved
        self.classes_ = classes
        return self

    def sparsify(self) -> Self:
        """Store ``coef_`` as a SciPy CSR matrix, which saves memory if most coefficients are zero.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If the coefficients are no NumPy array; ``.to("numpy")`` converts them.
        """
        check_is_fitted(self)
        coef = self._dense_coef()
        if not isinstance(coef, np.ndarray):
            raise TypeError(
                f"coef_ must be a NumPy array to become sparse, got {type(coef)}; "
                "call .to('numpy') first"
            )
        self.coef_ = to_csr(coef)
        return self

    def densify(self) -> Self:
        """Store ``coef_`` as a dense array.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        self.coef_ = self._dense_coef()
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = self.solver != "liblinear"
        return tags

    def _set_labels(self, labels: Labels, context: ArrayContext) -> None:
        """Set what describes the labels; names and values of the last fit's targets are removed."""
        self.classes_ = classes_in_context(context, labels.classes)
        self._multilabel = labels.multilabel
        if labels.multilabel:
            self._label_dtype = labels.dtype
        named = {"target_names_": labels.names, "target_values_": labels.values, "_columns": None}
        for name, found in named.items():  # (columns are those of a loaded model)
            self.__dict__.pop(name, None)
            if found is not None:
                self.__dict__[name] = found

    def _dense_coef(self) -> Array:
        return wrap("coef_", self.coef_).dense()

    def _map(
        self,
        method: str,
        X: Any,
        function: Callable[..., Array],
        offset: Any = None,
        *,
        needs_classes: bool = False,
        **static: Any,
    ) -> Array:
        """Apply a function of the logits to the rows of X, where X is."""
        check_is_fitted(self)
        coef = self._dense_coef()
        if needs_classes:  # number of neurons in a softmax layer; 1 is a sigmoid
            static["classes"] = 1 if self._multilabel else int(coef.shape[0])
        X = validate_features(self, X, reset=False)
        if is_traced(X.array, offset):
            static.pop("by_row", None)
            return predict_traced(X, coef, self.intercept_, function, offset, **static)
        context = ArrayContext.of(X.meta)
        check_same_device(f"{type(self).__name__}.{method}()", ArrayContext.of(coef), context)
        with context.scope():
            rows = X.rows(context, width=coef.shape[0])
            coef, intercept = context.asarray(coef), context.asarray(self.intercept_)
            if offset is None:
                found = rows.map_logits(function, coef, intercept, **static)
            else:
                m, softmax = coef.shape[0], coef.shape[0] > 1 and not self._multilabel
                own = validate_offset(offset, X.shape[0], m, softmax=softmax)
                static.pop("by_row", None)
                found = map_with_offset(rows, function, coef, intercept, own, **static)
            if not X.lazy:  # a check would compute a lazy array
                reject_nonfinite(rows)  # (by sums that were made on the way)
            return found
