"""What is handed over of a fitted model: coefficients, intercepts, classes and names, in NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import HostArray
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.validation.labels import classes_in_context
from logitron.estimators.validation.values import to_host_if_array

__all__ = ["KINDS", "FittedNeurons"]

KINDS = ("binary", "softmax", "multilabel")
#: dtypes that labels of many targets can have
LABEL_DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")


@dataclass(frozen=True)
class FittedNeurons:
    """The parameters of a fitted model, on the host.

    Raises
    ------
    ValueError
        If shapes disagree, labels occur twice, or numbers are not finite.
    """

    coef: HostArray
    """(m, p), float32 or float64: m is 1 for two classes, K for more, T for many targets."""
    intercept: HostArray
    """(m,)"""
    classes: HostArray
    """(K,), or (T,) for many targets."""
    multilabel: bool = False
    label_dtype: str = ""
    """dtype of predictions for many targets."""
    feature_names: HostArray | None = None
    """(p,) strings"""
    target_names: HostArray | None = None
    """(T,) strings"""
    target_values: HostArray | None = None
    """(2,) labels that 0 and 1 stand for in a table of targets; None for zeros and ones."""

    def __post_init__(self) -> None:
        coef, intercept, classes = self.coef, self.intercept, self.classes
        if coef.ndim != 2 or coef.shape[1] == 0 or intercept.shape != coef.shape[:1]:
            raise ValueError(
                "coefficients must have the shape (m, p) and intercepts (m,), "
                f"got {coef.shape} and {intercept.shape}"
            )
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise ValueError("coefficients and intercepts must be finite, got NaN or infinity")
        m = len(coef)
        expected = m if self.multilabel or m > 1 else 2
        if classes.ndim != 1 or len(classes) != expected or expected < 2:
            raise ValueError(
                f"classes must hold {max(expected, 2)} labels for {m} "
                f"{self.kind} neurons, got the shape {classes.shape}"
            )
        if len(set(classes.tolist())) < len(classes) or not _finite(classes):
            raise ValueError("classes must be finite and differ from each other")
        if self.multilabel and self.label_dtype not in LABEL_DTYPES:
            raise ValueError(f"the labels' dtype must be in {LABEL_DTYPES}: {self.label_dtype!r}")
        for names, length in ((self.feature_names, coef.shape[1]), (self.target_names, m)):
            if names is not None and names.shape != (length,):
                raise ValueError(f"there must be {length} names, got the shape {names.shape}")
        values = self.target_values
        if values is not None and (not self.multilabel or len(set(values.tolist())) != 2):
            raise ValueError("the labels of many targets must be two, and others have none")

    @classmethod
    def of(cls, model: Any, function: str) -> "FittedNeurons":
        """Read the parameters of a fitted model to the host.

        Parameters
        ----------
        model : LogisticRegression or LogisticRegressionCV
        function : str
            Name of the public function, for messages.

        Raises
        ------
        TypeError
            If the model is no estimator of logitron.
        sklearn.exceptions.NotFittedError
        """
        if not isinstance(model, NeuronClassifier):
            raise TypeError(
                f"{function}: model must be a LogisticRegression or LogisticRegressionCV of "
                f"logitron, got {type(model).__module__}.{type(model).__name__}. Of a pipeline, "
                "pass its last step, pipeline[-1]"
            )
        check_is_fitted(model)
        targets = getattr(model, "target_names_", None)
        return cls(
            to_host(model._dense_coef()),
            to_host(model.intercept_),
            to_host(model.classes_),
            model._multilabel,
            model._label_dtype if model._multilabel else "",
            getattr(model, "feature_names_in_", None),
            None if targets is None else np.asarray(to_host_if_array(targets)),
            getattr(model, "target_values_", None),
        )

    @property
    def kind(self) -> str:
        """One of "binary", "softmax" and "multilabel"."""
        return "multilabel" if self.multilabel else "softmax" if len(self.coef) > 1 else "binary"

    @property
    def precision(self) -> str:
        """The dtype of the coefficients; float32 for narrower ones than that."""
        return "float64" if self.coef.dtype == np.float64 else "float32"

    def set_on(self, model: NeuronClassifier, context: ArrayContext) -> None:
        """Set the fitted attributes of a model, as arrays of a library on a device.

        Parameters
        ----------
        model : NeuronClassifier
            Not fitted.
        context : ArrayContext
        """
        with context.scope():
            model.coef_ = context.copy_to(self.coef)
            model.intercept_ = context.copy_to(self.intercept)
            model.classes_ = classes_in_context(context, self.classes)
        model.n_features_in_ = self.coef.shape[1]
        model._multilabel = self.multilabel
        if self.multilabel:
            model._label_dtype = self.label_dtype
        if self.feature_names is not None:
            model.feature_names_in_ = self.feature_names.astype(object)
        if self.target_names is not None:
            model.__dict__["target_names_"] = self.target_names
        if self.target_values is not None:
            model.__dict__["target_values_"] = self.target_values


def _finite(classes: HostArray) -> bool:
    return classes.dtype.kind != "f" or bool(np.isfinite(classes).all())
