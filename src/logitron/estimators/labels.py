"""Labels of any type, to integer codes and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from logitron.backend import ArrayContext, dask_labels, is_dask, library_of, read
from logitron.estimators.inputs import on_host

__all__ = ["Labels", "balance", "classes_for", "encode", "take"]

Array = Any


@dataclass(frozen=True)
class Labels:
    """The labels of a training set."""

    classes: np.ndarray[Any, Any]
    """Sorted labels (K,), on the host."""
    codes: Array
    """Each row's place among them (n,): NumPy integers, or a Dask array of them."""


def encode(y: Any, rows: int) -> Labels:
    """Find the classes of labels of any type and library.

    Labels are small and few; they are read to the host once.

    Parameters
    ----------
    y : array-like (n,)
    rows : int
        The rows of X that the labels belong to.

    Raises
    ------
    ValueError
        If y is missing, has not one label for each row, is no set of class labels, or has one
        class only.
    """
    if y is None:
        raise ValueError(
            "y must hold one class label for each row of X, got None; "
            "this estimator requires y to be passed, but the target y is None"
        )
    if is_dask(y):
        _check_length(y.shape, rows)
        classes, codes = dask_labels(y)
    else:
        values = column_or_1d(on_host(y), warn=True)
        _check_length(values.shape, rows)
        _check_no_missing(values)
        check_classification_targets(values)
        classes, codes = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y must hold at least two classes, got one class only: {classes[0]!r}")
    return Labels(classes, codes)


def balance(
    labels: Labels, class_weight: Any, sample_weight: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any] | None:
    """Multiply each row's sample weight by the weight of its class.

    "balanced" counts the classes with the sample weights, as scikit-learn does.
    """
    if class_weight is None:
        return sample_weight
    codes = np.asarray(labels.codes)
    by_class = compute_class_weight(
        class_weight,
        classes=labels.classes,
        y=labels.classes[codes],
        **({} if sample_weight is None else {"sample_weight": sample_weight}),
    )
    weights: np.ndarray[Any, Any] = by_class[codes]
    return weights if sample_weight is None else weights * sample_weight


def take(classes: Array, codes: Array) -> Array:
    """Turn codes back into labels: in the codes' library, or as NumPy where it has no such type."""
    library = library_of(codes)
    if library_of(classes).name == library.name:
        return library.namespace().take(classes, codes, axis=0)
    return classes[read(codes)]


def classes_for(context: ArrayContext, classes: np.ndarray[Any, Any]) -> Array:
    """Give the classes to the caller: numbers in the caller's library, all else as NumPy."""
    if classes.dtype.kind in "iufb":
        return context.asarray(classes, keep_dtype=True)
    return classes


def _check_length(shape: tuple[int, ...], rows: int) -> None:
    if shape[0] != rows:
        raise ValueError(
            f"y must hold one label for each row of X: X has {rows} rows and y has {shape[0]} "
            "labels (inconsistent numbers of samples)"
        )


def _check_no_missing(values: np.ndarray[Any, Any]) -> None:
    missing = np.asarray(values != values)  # noqa: PLR0124 (NaN in labels of any type)
    if np.any(missing):
        raise ValueError(
            f"Input y contains NaN: {int(np.sum(missing))} labels are missing; "
            "leave out the rows without a label"
        )
