"""What trained neurons answer, wherever their coefficients came from."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Self

import numpy as np
from array_api_compat import array_namespace
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from logitron import neuron
from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array
from logitron.data import to_csr, wrap
from logitron.estimators.sklearn.callbacks import CallbackSupportMixin
from logitron.estimators.sklearn.pickled import VersionedEstimator
from logitron.estimators.validation.features import reject_nonfinite, validate_features
from logitron.estimators.validation.label_values import labels_for_scoring
from logitron.estimators.validation.labels import classes_in_context, decode_labels
from logitron.estimators.validation.sample_weights import validate_sample_weight
from logitron.estimators.validation.values import to_host_if_array

__all__ = ["NeuronClassifier"]


#: kinds of parameters that are what they are, and how many sets of them are remembered as valid
PLAIN_TYPES, MAX_CACHED = frozenset({bool, int, float, str, type(None)}), 1000
_validated: set[tuple[Any, ...]] = set()


class NeuronClassifier(CallbackSupportMixin, ClassifierMixin, VersionedEstimator):  # type: ignore[misc]
    """A classifier with ``coef_ (m, p)``, ``intercept_ (m,)`` and ``classes_ (K,)``.

    One neuron for two classes, a softmax layer for more; of many targets, a neuron each.
    """

    coef_: Array
    intercept_: Array
    classes_: Array
    _multilabel: bool = False
    """Whether each neuron is a target of its own."""
    _label_dtype: str = ""

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return list(cls._parameter_names())

    @classmethod
    @cache
    def _parameter_names(cls) -> tuple[str, ...]:
        """Read the signature once: scikit-learn does so for every fit."""
        return tuple(super()._get_param_names())

    def _validate_params(self) -> None:
        """Check parameters as scikit-learn does, once for all fits that have the same plain ones.

        Of a few rows, it takes a quarter of a fit.
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

    def decision_function(self, X: Any) -> Array:
        """Compute the logits.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)

        Returns
        -------
        array (n,) for two classes, of the second one; (n, K) for more; (n, T) for many targets
            Computed where X is; lazy if X is a Dask array.

        Raises
        ------
        ValueError, TypeError
            If X has not the features, or is not of the library and device, of ``fit``, or is not
            what ``fit`` would take; of a Dask array, that is found out where it is computed.
        """
        return self._map("decision_function", X, _decision)

    def predict_proba(self, X: Any) -> Array:
        """Compute the probability of each class; of many targets, that each is 1.

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
        return self._map("predict_proba", X, _probabilities, needs_classes=True)

    def predict_log_proba(self, X: Any) -> Array:
        """Compute the logarithm of each class's probability, however small that is.

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
        return self._map("predict_log_proba", X, _log_probabilities, needs_classes=True)

    def predict(self, X: Any) -> Array:
        """Choose the most probable class.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)

        Returns
        -------
        array (n,) or (n, T)
            Labels of ``classes_``; of many targets, 0 or 1 in the dtype of their table. The rows of
            a lazy array are not looked at: where features are NaN, probabilities are NaN, and the
            first class is chosen.

        Raises
        ------
        ValueError, TypeError
            As `decision_function`.
        """
        check_is_fitted(self)
        if self._multilabel:
            return self._map("predict", X, _multilabel_predictions, dtype=self._label_dtype)
        codes = self._map("predict", X, _class_codes)
        return wrap("codes", codes).map(partial(decode_labels, self.classes_), self.classes_.dtype)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy: the share of rows whose label, or labels, are predicted.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,) or (n, T)
        sample_weight : array-like (n,), optional

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            As `decision_function`; also if y or the weights are not what they should be.
        """
        y = labels_for_scoring(y)
        predicted = to_host_if_array(self.predict(X))
        weights = validate_sample_weight(sample_weight, predicted.shape[0])
        return float(accuracy_score(y, predicted, sample_weight=weights))

    def to(self, backend: str, device: str | None = None) -> Self:
        """Move the fitted model to another library or device, in place.

        Parameters
        ----------
        backend : str
            Name of the library.
        device : str, optional
            Its device; the library's default if left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError, ImportError
            If the backend or device does not exist here.

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
        """Store ``coef_`` as a SciPy CSR matrix: less memory where most coefficients are zero.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If the coefficients are not NumPy's; ``.to("numpy")`` brings them there.
        """
        check_is_fitted(self)
        coef = self._dense_coef()
        if not isinstance(coef, np.ndarray):
            raise TypeError(
                f"coef_ must be a NumPy array to be made sparse, got {type(coef)}; "
                "call .to('numpy') first"
            )
        self.coef_ = to_csr(coef)
        return self

    def densify(self) -> Self:
        """Store ``coef_`` as an array again.

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
        return tags

    def _dense_coef(self) -> Array:
        return wrap("coef_", self.coef_).dense()

    def _map(
        self,
        method: str,
        X: Any,
        function: Callable[..., Array],
        *,
        needs_classes: bool = False,
        **static: Any,
    ) -> Array:
        """Apply a function of logits to the rows of X, where X is."""
        check_is_fitted(self)
        coef = self._dense_coef()
        if needs_classes:  # the function wants to know how many neurons share the probability
            static["classes"] = 1 if self._multilabel else int(coef.shape[0])
        X = validate_features(self, X, reset=False)
        context = ArrayContext.of(X.meta)
        _check_same_device(f"{type(self).__name__}.{method}()", ArrayContext.of(coef), context)
        with context.scope():
            rows = X.rows(context, width=coef.shape[0])
            if not X.lazy:  # reading the values would compute a lazy array
                reject_nonfinite(rows)
            coef, intercept = context.asarray(coef), context.asarray(self.intercept_)
            return rows.map_logits(function, coef, intercept, **static)


def _check_same_device(who: str, fitted: ArrayContext, context: ArrayContext) -> None:
    if not fitted.is_beside(context):
        raise ValueError(
            f"{who}: X must use the same namespace and device as the fitted model, which is on "
            f"{fitted.library.name} ({fitted.device}), while X is on {context.library.name} "
            f"({context.device}). Move the model with "
            f".to({context.library.name!r}, device) or bring X to it"
        )


# --- functions of the logits of a block ---------------------------------------------------------


def _decision(Z: Array) -> Array:
    return Z[:, 0] if Z.shape[1] == 1 else Z


def _logits_of_both_classes(Z: Array) -> Array:
    """Logits of either class: one minus sigmoid(z) is sigmoid(-z), without the cancellation."""
    return array_namespace(Z).concat([-Z, Z], axis=1) if Z.shape[1] == 1 else Z


def _probabilities(Z: Array, *, classes: int) -> Array:
    return (
        neuron.sigmoid(_logits_of_both_classes(Z))
        if classes == 1
        else neuron.softmax(Z, classes=classes)
    )


def _log_probabilities(Z: Array, *, classes: int) -> Array:
    xp = array_namespace(Z)
    Z = _logits_of_both_classes(Z) if classes == 1 else Z
    P = neuron.sigmoid(Z) if classes == 1 else neuron.softmax(Z, classes=classes)
    # the logarithm of what `predict_proba` says, as long as that is a normal number
    is_normal = float(xp.finfo(P.dtype).eps) < P
    log_P = xp.log(xp.where(is_normal, P, xp.ones_like(P)))
    return xp.where(is_normal, log_P, neuron.log_probability(Z, classes=classes))


def _multilabel_predictions(Z: Array, *, dtype: str) -> Array:
    xp = array_namespace(Z)
    return xp.astype(Z > 0, getattr(xp, dtype))


def _class_codes(Z: Array) -> Array:
    xp = array_namespace(Z)
    if Z.shape[1] == 1:
        return xp.astype(Z[:, 0] > 0, xp.int32)
    return xp.astype(xp.argmax(Z, axis=1), xp.int32)
