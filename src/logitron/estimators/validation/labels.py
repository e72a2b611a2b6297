"""Class labels of any type, encoded as integers, and decoded again."""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from logitron.backend import ArrayContext, library_of, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import wrap
from logitron.estimators.validation.device_labels import (
    EncodedLabels,
    encode_on_device,
    stays_on_device,
)
from logitron.estimators.validation.label_values import (
    keep_distinct,
    read_labels,
    reject_label_lists,
    reject_missing,
)
from logitron.estimators.validation.unread import reject_unread
from logitron.estimators.validation.values import reject_complex, reject_masked, to_python

__all__ = ["Labels", "class_log_odds", "classes_in_context", "decode_labels", "encode_labels"]


@dataclass(frozen=True)
class Labels:
    """Encoded labels of a training set."""

    classes: np.ndarray[Any, Any]
    """Sorted labels (K,), on the host. For many targets, their numbers (T,)."""
    codes: Array
    """Index of each row's class (n,): integers of NumPy, of a Dask array, or small ones on the
    device of y. For many targets, zeros and ones (n, T) in the library of y."""
    multilabel: bool = False
    """Whether y is a table with one target a column."""
    dtype: str = ""
    """dtype of the table of targets; predictions have the same one."""
    lazy: bool = False
    """Whether the codes are a Dask array."""
    soft: bool = False
    """Whether the codes are numbers between 0 and 1 that share rows out among the classes: of class
    1 (n,), of each class (n, K), or of 1 in each target (n, T)."""
    known: Array | None = None
    """For many targets, which labels are not missing (n, T); None if all are known."""
    values: HostArray | None = None
    """For many targets of other labels than numbers, what 0 and 1 stand for (2,)."""
    counts: HostArray | None = None
    """Rows of each class (K,), if they were counted on the way."""
    names: HostArray | None = None
    """Names of many targets (T,), if y is a data frame that has them."""

    @property
    def compact_codes(self) -> Array:
        """The codes in int8 where there are few enough classes."""
        if self.soft or not isinstance(self.codes, np.ndarray):
            return self.codes
        fit = len(self.classes) <= np.iinfo(np.int8).max
        return self.codes.astype(np.int8) if fit else self.codes

    @property
    def n_outputs(self) -> int:
        """Outputs of each target: 1 for two classes, otherwise one for each class."""
        return 1 if self.multilabel or len(self.classes) == 2 else len(self.classes)

    def lack_a_class(self, weights: Array | None) -> bool:
        """Return whether all rows of some class have a weight of zero.

        Parameters
        ----------
        weights : array (n,) or None
        """
        counted = None
        if weights is not None and not (isinstance(weights, np.ndarray) and weights.all()):
            context = ArrayContext.of(weights).wide
            with context.scope():
                counted = context.xp.astype(weights > 0, context.dtype)
        if self.lazy or (counted is None and not self.soft):  # (each label occurs)
            return False
        return bool((self.totals(counted) == 0).any())

    def on_host(self) -> np.ndarray[Any, Any] | None:
        """Labels (n,), or the numbers that share rows out among classes; None for many targets."""
        if self.multilabel:
            return None
        codes: np.ndarray[Any, Any] = to_host(self.codes)
        return codes if self.soft else self.classes[codes]

    def totals(self, weights: Array | None) -> HostArray:
        """Sum the weights of each class (K,); not of lazy codes, nor of many targets.

        Parameters
        ----------
        weights : array (n,) or None
        """
        if not self.soft:
            return self._totals_of_codes(weights)
        context, codes = ArrayContext.of(self.codes), self.codes
        with context.scope():
            own = context.xp.ones_like(codes[..., 0] if codes.ndim == 2 else codes)
            own = own if weights is None else own * context.asarray(weights)
            if codes.ndim == 2:
                return np.asarray(to_host(own @ codes), np.float64)
            both = context.xp.stack([own @ (1.0 - codes), own @ codes])
            return np.asarray(to_host(both), np.float64)

    def _totals_of_codes(self, weights: Array | None) -> HostArray:
        """Sum the weights of each class (K,) where the codes are."""
        K = len(self.classes)
        if isinstance(self.codes, np.ndarray):
            weights = None if weights is None else to_host(weights)
            return np.bincount(self.codes, weights=weights, minlength=K)
        if weights is None and self.counts is not None:
            return self.counts
        context = ArrayContext.of(self.codes).wide
        with context.scope():
            codes = context.xp.astype(self.codes, context.xp.int64)
            ones = weights is None
            own = context.xp.ones_like(codes, dtype=context.dtype) if ones else weights
            sums = context.library.sum_by_code(context.asarray(own)[:, None], codes, K)
            return np.asarray(to_host(sums[:, 0]), np.float64)

    @property
    def n_targets(self) -> int:
        """Number of targets, T."""
        one = self.codes.ndim == 1 or (self.soft and not self.multilabel)
        return 1 if one else int(self.codes.shape[1])


def encode_labels(y: Any, n_rows: int) -> Labels:
    """Encode class labels of any type and library as integers.

    Labels on a device stay there; see `device_labels`. Others are read to the host. Dask arrays
    stay lazy.

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
        If y is None, has another length than X, is no set of class labels and no proportions, is
        complex, has missing labels, or has only one class.
    """
    if y is None:
        raise ValueError(
            "y must hold one class label for each row of X, got None; "
            "this estimator requires y to be passed, but the target y is None"
        )
    if type(y) is not np.ndarray:
        reject_unread("y", y)
    reject_masked("y", y)
    source, counts = wrap("y", y), None
    if source.lazy:
        source = source.checked()
        reject_complex("y", y)
        if len(source.shape) != 1:
            raise ValueError(f"y must be a 1d array, got an array of shape {source.shape} instead")
        _check_length(source.shape, n_rows)
        classes, codes = source.unique_inverse()
        reject_missing(classes)
        if _has_fractions(classes):
            return _proportions(classes, source.dense(), lazy=True)
        reject_label_lists(classes)
        classes = keep_distinct(classes)
        check_classification_targets(classes)
    elif (found := _on_device(y, n_rows)) is not None:
        classes, codes, counts = found
        if codes is None:
            return _proportions(classes, y, lazy=False)
    else:
        values = read_labels(y)
        _check_length(values.shape, n_rows)
        reject_missing(values)
        if values.dtype.kind not in "biuf":
            check_classification_targets(values)
        classes, codes = wrap("y", values).unique_inverse()
        if _has_fractions(classes):
            return _proportions(classes, values, lazy=False)
    if len(classes) < 2:
        only = to_python(classes[0])
        raise ValueError(f"y must hold at least two classes, got one class only, {only!r}")
    return Labels(classes, codes, lazy=source.lazy, counts=counts)


def _on_device(y: Any, n_rows: int) -> EncodedLabels | None:
    """Encode labels on their device; None for others, and for those of another length than X."""
    return encode_on_device(y) if stays_on_device(y) and y.shape[0] == n_rows else None


def _has_fractions(classes: np.ndarray[Any, Any]) -> bool:
    return classes.dtype.kind == "f" and not bool((classes == np.trunc(classes)).all())


def _proportions(values: np.ndarray[Any, Any], y: Array, *, lazy: bool) -> Labels:
    """Encode proportions ``y (n,)`` of class 1, which have these distinct values."""
    if values[0] < 0 or values[-1] > 1:
        raise ValueError(
            "Unknown label type: continuous. y must hold class labels, or proportions of class 1 "
            f"between 0 and 1, got numbers from {values[0]} to {values[-1]} that are not whole. "
            "Divide successes by trials, and pass trials as sample_weight; or use a regressor"
        )
    if lazy or isinstance(y, np.ndarray):
        return Labels(np.arange(2), y.astype(np.float64), lazy=lazy, soft=True)
    context = ArrayContext.of(y).wide
    with context.scope():
        return Labels(np.arange(2), context.asarray(context.library.detach(y)), soft=True)


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


def class_log_odds(labels: Labels, weights: Array | None) -> np.ndarray[Any, Any] | None:
    """Compute the log-odds of the class frequencies, the best intercepts without features.

    Parameters
    ----------
    labels : Labels
    weights : array (n,) or None

    Returns
    -------
    numpy.ndarray (1,) for two classes, (K,) for more, or None
        None for lazy labels, whose counts would need another pass.
    """
    if labels.lazy:
        return None
    codes = labels.codes
    is_plain = weights is None and len(labels.classes) == 2 and not labels.soft
    if is_plain and isinstance(codes, np.ndarray):  # faster than bincount
        ones = np.count_nonzero(codes)
        return np.asarray([log(ones / (codes.size - ones))])
    shares = labels.totals(weights).astype(float)
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
