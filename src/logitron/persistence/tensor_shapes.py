"""Which arrays an estimator has, and how their shapes agree.

Shapes are written with letters, as in the documentation of the estimators: the same letter is the
same length in all arrays of a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from logitron.backend.types import HostArray
from logitron.persistence.errors import ModelFileError

__all__ = ["TensorSpec", "check_tensors", "tensor_specs"]


@dataclass(frozen=True)
class TensorSpec:
    """One array of an estimator."""

    kinds: str
    """Letters of NumPy's kinds of dtypes: f is floating-point, b boolean, i and u integers."""
    shape: tuple[str | int, ...]
    required: bool = False

    def check(self, name: str, tensor: HostArray, lengths: dict[str, int]) -> None:
        """Compare an array with the specification, and note the lengths of its letters."""
        expected = "(" + ", ".join(map(str, self.shape)) + ")"
        if tensor.dtype.kind not in self.kinds or tensor.ndim != len(self.shape):
            raise ModelFileError(
                f"tensor {name!r} must have a dtype of kind {' or '.join(self.kinds)} and the "
                f"shape {expected}, got {tensor.dtype} and {tensor.shape}"
            )
        for letter, length in zip(self.shape, tensor.shape, strict=True):
            known = letter if isinstance(letter, int) else lengths.setdefault(letter, length)
            if length != known:
                raise ModelFileError(
                    f"tensor {name!r} must have the shape {expected} with {letter} = {known}, "
                    f"got {tensor.shape}"
                )


def tensor_specs(estimator: str, *, multilabel: bool) -> dict[str, TensorSpec]:
    """Return the arrays of a fitted estimator by the names of its attributes, without underscore.

    ``m`` is the number of neurons, ``p`` of features, ``K`` of classes, ``F`` of folds, ``R`` of
    ratios and ``P`` of strengths of penalties, ``q`` of coefficients and intercept.

    Parameters
    ----------
    estimator : {"LogisticRegression", "LogisticRegressionCV"}
    multilabel : bool
    """
    targets: tuple[str | int, ...] = ("m",) if multilabel else ()
    is_cv = estimator == "LogisticRegressionCV"
    fits = (*targets, "F", "R", "P") if is_cv else targets or (1,)
    specs = {
        "coef": TensorSpec("f", ("m", "p"), required=True),
        "intercept": TensorSpec("f", ("m",), required=True),
        "classes": TensorSpec("biuf", ("K",)),
        "suboptimality": TensorSpec("f", fits),
        "certified": TensorSpec("b", fits),
        "converged": TensorSpec("b", fits),
        "n_iter": TensorSpec("iu", fits),
    }
    if not is_cv:
        return {**specs, "loss_curve": TensorSpec("f", ("iterations", *targets))}
    neurons = 1 if multilabel else "m"
    return {
        **specs,
        "scores": TensorSpec("f", fits, required=True),
        "Cs": TensorSpec("f", ("P",), required=True),
        "C": TensorSpec("f", targets, required=True),
        "l1_ratios": TensorSpec("f", ("R",), required=True),
        "l1_ratio": TensorSpec("f", targets, required=True),
        "coefs_paths": TensorSpec("f", (*fits, neurons, "q"), required=True),
    }


def check_tensors(tensors: Mapping[str, HostArray], specs: Mapping[str, TensorSpec]) -> None:
    """Compare arrays with their specifications.

    Raises
    ------
    ModelFileError
        If a required array is missing, another one is there, or dtypes or shapes disagree.
    """
    unknown = sorted(set(tensors) - set(specs))
    missing = [name for name, one in specs.items() if one.required and name not in tensors]
    if unknown or missing:
        problem = f"got {unknown[0]!r} too" if unknown else f"{missing[0]!r} is missing"
        raise ModelFileError(f"tensors must be among {', '.join(specs)}; {problem}")
    lengths: dict[str, int] = {}
    for name, spec in specs.items():  # in this order, so that coef says what m and p are
        if name in tensors:
            spec.check(name, tensors[name], lengths)
