"""Class labels of any type, encoded as integers, and decoded again."""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from logitron.backend import ArrayContext, library_of, to_host
from logitron.backend.types import Array
from logitron.data import wrap
from logitron.estimators.validation.label_values import (
    keep_distinct,
    read_labels,
    reject_label_lists,
    reject_missing,
)
from logitron.estimators.validation.values import reject_complex, reject_masked, to_python

__all__ = ["Labels", "class_log_odds", "classes_in_context", "decode_labels", "encode_labels"]


@dataclass(frozen=True)
class Labels:
    """Encoded labels of a training set."""

    classes: np.ndarray[Any, Any]
    """Sorted labels (K,), on the host. For many targets, their numbers (T,)."""
    codes: Array
    """Index of each row's class (n,): integers of NumPy, or of a Dask array. For many
    targets, zeros and ones (n, T) in the library of y."""
    multilabel: bool = False
    """Whether y is a table with one target a column."""
    dtype: str = ""
    """dtype of the table of targets; predictions have the same one."""
    lazy: bool = False
    """Whether the codes are a Dask array."""

    @property
    def compact_codes(self) -> Array:
        """The codes in int8 where there are few enough classes."""
        fit = len(self.classes) <= np.iinfo(np.int8).max and not self.lazy
        return self.codes.astype(np.int8) if fit else self.codes

    @property
    def n_outputs(self) -> int:
        """Outputs of each target: 1 for two classes, otherwise one for each class."""
        return 1 if self.multilabel or len(self.classes) == 2 else len(self.classes)

    def lack_a_class(self, weights: np.ndarray[Any, Any] | None) -> bool:
        """Return whether all rows of some class have a weight of zero.

        Parameters
        ----------
        weights : numpy.ndarray (n,) or None
        """
        if weights is None or weights.all() or self.lazy:
            return False
        counts = np.bincount(self.codes[weights > 0], minlength=len(self.classes))
        return bool((counts == 0).any())

    @property
    def n_targets(self) -> int:
        """Number of targets, T."""
        return int(self.codes.shape[1]) if self.codes.ndim == 2 else 1


def encode_labels(y: Any, n_rows: int) -> Labels:
    """Encode class labels of any type and library as integers.

    Labels are read to the host, since they are small compared with X. Dask arrays stay lazy.

    Parameters
    ----------
    y : array-like (n,)
    n_rows : int
        Number of rows of X.

    Returns
    -------
    Labels

    Raises
    ------
    ValueError
        If y is None, has another length than X, is no set of class labels, is complex, has missing
        labels, or has only one class.
    """
    if y is None:
        raise ValueError(
            "y must hold one class label for each row of X, got None; "
            "this estimator requires y to be passed, but the target y is None"
        )
    reject_masked("y", y)
    source = wrap("y", y)
    if source.lazy:
        source = source.checked()
        reject_complex("y", y)
        if len(source.shape) != 1:
            raise ValueError(f"y must be a 1d array, got an array of shape {source.shape} instead")
        _check_length(source.shape, n_rows)
        classes, codes = source.unique_inverse()
        reject_missing(classes)
        reject_label_lists(classes)
        classes = keep_distinct(classes)
        check_classification_targets(classes)
    else:
        values = read_labels(y)
        _check_length(values.shape, n_rows)
        reject_missing(values)
        if values.dtype.kind not in "biuf":
            check_classification_targets(values)
        classes, codes = wrap("y", values).unique_inverse()
        if classes.dtype.kind == "f" and not (classes == np.trunc(classes)).all():
            check_classification_targets(values)
    if len(classes) < 2:
        only = to_python(classes[0])
        raise ValueError(f"y must hold at least two classes, got one class only, {only!r}")
    return Labels(classes, codes, lazy=source.lazy)


def decode_labels(classes: Array, codes: Array) -> Array:
    """Decode integer codes; the result is a NumPy array where the library lacks the type."""
    library = library_of(codes)
    if library_of(classes) is library:
        return library.namespace().take(classes, codes, axis=0)
    return classes[to_host(codes)]


def classes_in_context(context: ArrayContext, classes: np.ndarray[Any, Any]) -> Array:
    """Copy numeric classes to the library of X; other classes stay NumPy arrays.

    Numbers that the library or device cannot represent (64-bit integers in JAX without x64) stay
    NumPy arrays too.
    """
    if classes.dtype.kind not in "iufb" or context.library.holds_any_dtype:
        return classes
    wide = classes.dtype.kind == "u" and classes.dtype.itemsize > 1
    fits = not wide or classes.max() <= np.iinfo(np.int64).max
    if not fits:
        return classes
    # few libraries index with unsigned integers of more than 8 bits
    moved = context.asarray(classes.astype(np.int64) if wide else classes, keep_dtype=True)
    return moved if np.array_equal(to_host(moved), classes) else classes


def class_log_odds(
    labels: Labels, weights: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any] | None:
    """Compute the log-odds of the class frequencies, the best intercepts without features.

    Parameters
    ----------
    labels : Labels
    weights : numpy.ndarray (n,) or None

    Returns
    -------
    numpy.ndarray (1,) for two classes, (K,) for more, or None
        None for lazy labels, whose counts would need another pass.
    """
    if labels.lazy:
        return None
    codes = labels.codes
    if weights is None and len(labels.classes) == 2:  # faster than bincount
        ones = np.count_nonzero(codes)
        return np.asarray([log(ones / (codes.size - ones))])
    shares = np.bincount(codes, weights=weights, minlength=len(labels.classes)).astype(float)
    shares = np.maximum(shares, np.finfo(float).tiny) / shares.sum()
    logits = np.log(shares)
    log_odds: np.ndarray[Any, Any] = logits - logits.mean()
    if len(logits) == 2:
        log_odds = logits[1:] - logits[:1]
    return log_odds


def _check_length(shape: tuple[int, ...], n_rows: int) -> None:
    if shape[0] != n_rows:
        raise ValueError(
            f"y must hold one label for each row of X: X has {n_rows} rows and y has {shape[0]} "
            "labels. Found input variables with inconsistent numbers of samples"
        )
