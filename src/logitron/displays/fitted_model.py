"""The model of a pipeline, and names of its features and neurons."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.estimators.classifier import NeuronClassifier

__all__ = ["FittedModel"]


@dataclass(frozen=True)
class FittedModel:
    """A fitted estimator of logitron, and the names that its picture needs."""

    model: Any
    feature_names: tuple[str, ...]
    """Names of the features that reach the model; ``x0``, ``x1``, ... if they have none."""

    @classmethod
    def of(cls, estimator: Any, display: str) -> Self:
        """Find the model, which may be the last step of a pipeline.

        Parameters
        ----------
        estimator : LogisticRegression, LogisticRegressionCV or sklearn.pipeline.Pipeline
        display : str
            Name of the display, for messages.

        Raises
        ------
        TypeError
            If there is no estimator of logitron.
        sklearn.exceptions.NotFittedError
        """
        names, model = None, estimator
        if isinstance(estimator, Pipeline):
            model = estimator[-1]
            try:
                names = estimator[:-1].get_feature_names_out()
            except (AttributeError, ValueError):  # of steps that name no columns
                names = None
        if not isinstance(model, NeuronClassifier):
            raise TypeError(
                f"{display}: estimator must be a LogisticRegression or LogisticRegressionCV of "
                f"logitron, or a pipeline that ends in one, got {type(model).__module__}."
                f"{type(model).__name__}"
            )
        check_is_fitted(model)
        names = getattr(model, "feature_names_in_", names)
        if names is None:
            names = [f"x{j}" for j in range(model.n_features_in_)]
        return cls(model, tuple(map(str, names)))

    def read(self, name: str, display: str) -> HostArray:
        """Read a fitted attribute to the host.

        Raises
        ------
        AttributeError
            If the model has no such array.
        """
        value = getattr(self.model, name, None)
        if value is None or isinstance(value, dict):
            raise AttributeError(
                f"{display} needs the attribute {name}, which this {type(self.model).__name__} "
                f"{'has as a dict: set use_legacy_attributes=False' if value else 'lacks'}"
            )
        return to_host(value) if hasattr(value, "shape") else np.asarray(value)

    @property
    def coef(self) -> HostArray:
        """Coefficients (m, p)."""
        return to_host(self.model._dense_coef())

    @property
    def many_targets(self) -> bool:
        """Whether the neurons are of the targets of a table."""
        return bool(self.model._multilabel)

    @property
    def outputs(self) -> tuple[Any, ...]:
        """What each neuron is of: one class of two, each class, or each target."""
        names = getattr(self.model, "target_names_", None)
        classes = to_host(self.model.classes_) if names is None else np.asarray(names)
        found = tuple(classes.tolist())
        return found[1:] if not self.many_targets and len(found) == 2 else found

    def position(self, output: Any, display: str) -> int:
        """Return the number of the neuron of a class or target; None will do for a single one.

        Raises
        ------
        ValueError
            If there are several and none is chosen, or there is no such output.
        """
        outputs = self.outputs
        if output is None and len(outputs) == 1:
            return 0
        if output is None or output not in outputs:
            first = ", ".join(map(repr, outputs[:10])) + (", ..." if len(outputs) > 10 else "")
            kind = "targets" if self.many_targets else "classes"
            raise ValueError(f"{display}: output must be one of the {kind} {first}, got {output!r}")
        return outputs.index(output)

    def title(self, position: int) -> str:
        """Return a title for the picture of one neuron."""
        name = self.outputs[position]
        return f"{'target' if self.many_targets else 'class'} {name}"
