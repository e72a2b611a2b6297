"""Tables of many targets, one neuron for each column: zeros and ones, or two other values."""

from dataclasses import replace
from math import isnan
from numbers import Real
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj
from sklearn.utils.validation import check_array

from logitron.backend import ArrayContext, namespace_of, to_host, to_host_all
from logitron.backend.types import Array, Namespace
from logitron.data import SparseSource, wrap
from logitron.estimators.validation.label_tables import column_names, encode_objects
from logitron.estimators.validation.label_values import reject_label_lists
from logitron.estimators.validation.labels import Labels, encode_labels
from logitron.estimators.validation.sample_weights import validate_sample_weight, zero_if_missing
from logitron.estimators.validation.soft_labels import encode_soft_table
from logitron.estimators.validation.values import reject_complex, reject_masked

__all__ = ["encode_multilabel", "encode_targets", "encode_y", "is_multilabel"]


#: dtypes of the array API standard that labels can have
STANDARD_DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")
#: numbers of the table that are checked at a time
NUMBERS_PER_CHECK = 1 << 22


def is_multilabel(y: Any) -> bool:
    """Return whether y is a table of more than one column.

    Parameters
    ----------
    y : object

    Raises
    ------
    ValueError
        If rows are lists of labels.
    """
    shape = getattr(y, "shape", None)
    if shape is None and isinstance(y, list | tuple) and len(y):
        reject_label_lists(y)
        first = y[0]
        return np.ndim(first) == 1 and len(first) > 1
    return shape is not None and len(shape) == 2 and shape[1] > 1


def encode_y(
    y: Any, n_rows: int, sample_weight: Any, missing_label: Any
) -> tuple[Labels, Array | None]:
    """Check class labels or a table of targets, and sample weights.

    Parameters
    ----------
    y : array-like (n,), or table (n, T)
    n_rows : int
    sample_weight : array-like (n,) or (n, T), or None
    missing_label : object

    Returns
    -------
    labels : Labels
    sample_weight : array (n,) or (n, T), or None

    Raises
    ------
    ValueError
        As `encode_targets`, `encode_labels` and `validate_sample_weight`; also if there is a
        ``missing_label`` for y (n,), whose rows can be left out.
    """
    if is_multilabel(y):
        return encode_targets(y, n_rows, sample_weight, missing_label)
    if missing_label is not None:
        raise ValueError(
            f"missing_label must be None for y of shape ({n_rows},), got {missing_label!r}: it is "
            "for tables of targets. Leave out the rows without a label"
        )
    labels = encode_labels(y, n_rows)
    beside = None if labels.lazy else labels.codes
    return labels, validate_sample_weight(sample_weight, n_rows, beside=beside)


def encode_targets(
    Y: Any, n_rows: int, sample_weight: Any, missing_label: Any
) -> tuple[Labels, Array | None]:
    """Check a table of targets and its sample weights; missing labels get a weight of zero.

    Parameters
    ----------
    Y : array-like, sparse matrix or table (n, T)
    n_rows : int
        Number of rows of X.
    sample_weight : array-like (n,) or (n, T), or None
    missing_label : object
        See `encode_multilabel`.

    Returns
    -------
    labels : Labels
    sample_weight : array (n,) or (n, T), or None
        (n, T) if labels are missing.

    Raises
    ------
    ValueError
        As `encode_multilabel` and `validate_sample_weight`; also if no label has a weight.
    """
    weights = validate_sample_weight(sample_weight, n_rows, np.shape(Y)[1])
    labels = encode_multilabel(Y, n_rows, weights, missing_label)
    return labels, zero_if_missing(weights, labels.known)


def encode_multilabel(
    Y: Any, n_rows: int, sample_weight: Any = None, missing_label: Any = None
) -> Labels:
    """Check a table of targets, and convert it to 8-bit integers or booleans.

    Numbers between 0 and 1 stay what they are, see `soft_labels`.

    Parameters
    ----------
    Y : array-like, sparse matrix or table (n, T)
        Zeros and ones, booleans, or two other values, such as strings; or proportions, or soft
        labels. NaN, None and pandas' NA are missing labels. Values with a sample weight of zero are
        not checked.
    n_rows : int
        Number of rows of X.
    sample_weight : array (n, T), optional
    missing_label : number or str, optional
        One more value that marks missing labels.

    Returns
    -------
    Labels

    Raises
    ------
    ValueError
        If Y has another number of rows than X, holds other values, is complex, or has masked
        elements.
    """
    reject_masked("y", Y)
    if isinstance(missing_label, Real) and missing_label in (0, 1):
        raise ValueError(f"missing_label must not be a label, 0 or 1, got {missing_label!r}")
    names, table, source = column_names(Y), Y, wrap("y", Y)
    if source.lazy:
        Y = source.checked().dense()
    dtype_name = _standard_dtype_name(getattr(Y, "dtype", None))
    weights = None if sample_weight is None or sample_weight.ndim < 2 else sample_weight
    if isinstance(source, SparseSource):
        reject_complex("y", Y)
        Y = source.checked().to_canonical_csr()
        n_others = int((~np.isin(Y.data, (0, 1))).sum())
        _reject_other_values(n_others, Y)
        Y = Y.astype(np.int8).toarray()
    elif not is_array_api_obj(Y):
        Y = check_array(Y, dtype=None, ensure_all_finite=False, ensure_min_features=2)
    elif isinstance(Y, np.ma.MaskedArray):
        Y = np.asarray(Y)
    reject_complex("y", Y)
    if Y.shape[0] != n_rows:
        raise ValueError(
            f"y must hold one row of labels for each row of X: X has {n_rows} rows and y has "
            f"{Y.shape[0]}. Found input variables with inconsistent numbers of samples"
        )
    values, dtype = None, dtype_name or _standard_dtype_name(Y.dtype) or "int64"
    if getattr(Y.dtype, "kind", "") in ("O", "U", "T") and not source.lazy:
        codes, known, values = encode_objects(np.asarray(Y, object), weights, missing_label)
        dtype = "bool" if codes.dtype == bool else "int64"
    else:
        encode = _encode_lazy if source.lazy else _encode_eager
        codes, known, n_others = encode(Y, weights, missing_label)
        if n_others:
            marked = sample_weight, missing_label
            soft = encode_soft_table(Y, table, *marked, dtype=dtype, lazy=source.lazy)
            if soft is not None:
                return replace(soft, names=names) if soft.multilabel else soft
            _reject_other_values(n_others, Y)
    return Labels(
        np.arange(Y.shape[1]),
        codes,
        multilabel=True,
        dtype=dtype,
        lazy=source.lazy,
        known=known,
        values=values,
        names=names,
    )


#: codes, which labels are not missing (None is all), and the number of values that are no labels
_Encoded = tuple[Array, Array | None, int]


def _encode_lazy(Y: Array, sample_weight: Any, missing_label: Any) -> _Encoded:
    """Convert a Dask array to int8; one pass checks it."""
    xp, ones = array_namespace(Y), Y == 1
    missing = _missing(xp, Y, missing_label)
    others = ~(ones | (Y == 0))
    others = others if missing is None else others & ~missing
    others = others if sample_weight is None else others & (sample_weight > 0)
    counts = [others.sum(), (others if missing is None else missing).sum()]
    n_others, n_missing = to_host(xp.stack(counts)).tolist()
    known = None if missing is None or not n_missing else ~missing
    return ones.astype(np.int8), known, n_others


def _encode_eager(Y: Array, sample_weight: Any, missing_label: Any) -> _Encoded:
    """Convert a table to int8, or return it unchanged if it is 8-bit or boolean already.

    Y stays where it is: only counts are read.
    """
    xp = array_namespace(Y)
    if xp.isdtype(Y.dtype, "bool"):
        return Y, None, 0
    step = max(1, NUMBERS_PER_CHECK // Y.shape[1])
    slices = [slice(start, min(start + step, Y.shape[0])) for start in range(0, Y.shape[0], step)]
    context, counts = ArrayContext.of(Y), []
    marker = float(missing_label) if isinstance(missing_label, Real) else np.nan
    ordered = xp.isdtype(Y.dtype, "signed integer") or Y.dtype == xp.uint8
    if ordered and marker not in (0.0, 1.0):
        # (most tables; smallest and largest numbers are found at once, and count no other. PyTorch
        # finds neither of wider unsigned integers)
        low, high = to_host_all(context.compile(_ends)(Y))
        if low.item() >= 0 and high.item() <= 1:
            return Y if Y.dtype in (xp.int8, xp.uint8) else xp.astype(Y, xp.int8), None, 0
    count = context.compile(_count_others, marker=None if isnan(marker) else marker)
    for rows in slices:
        has_weight = None if sample_weight is None else sample_weight[rows, :] > 0
        if has_weight is not None:
            has_weight = context.asarray(has_weight, keep_dtype=True)
        counts.append(count(Y[rows, :], has_weight))
    read = to_host_all(counts)
    n_others, n_hidden, n_missing = np.stack(read).sum(axis=0, dtype=np.int64).tolist()
    if n_others:
        return Y, None, n_others
    known = None
    if n_missing:
        parts = [~_missing(xp, Y[rows, :], missing_label) for rows in slices]
        known = xp.concat(parts, axis=0)
    if Y.dtype in (xp.int8, xp.uint8) and not n_hidden:
        return Y, known, 0
    ones = [xp.astype(Y[rows, :] == 1, xp.int8) for rows in slices]
    return xp.concat(ones, axis=0), known, 0


def _ends(part: Array) -> tuple[Array, Array]:
    """Find the smallest and the largest label."""
    xp = namespace_of(part)
    return xp.min(part, keepdims=True), xp.max(part, keepdims=True)


def _count_others(part: Array, has_weight: Array | None, *, marker: float | None) -> Array:
    """Count labels that are neither 0 nor 1 (3,): those to refuse, all of them, and the missing."""
    xp = namespace_of(part)
    missing = _missing(xp, part, marker)
    hidden = ~((part == 1) | (part == 0))
    others = hidden if missing is None else hidden & ~missing
    others = others if has_weight is None else others & has_weight
    masks = others, hidden, xp.zeros_like(hidden) if missing is None else missing
    return xp.stack([xp.sum(xp.astype(mask, xp.int32)) for mask in masks])


def _missing(xp: Namespace, part: Array, missing_label: Any) -> Any:
    """Return where labels are missing; None if the dtype holds no missing label."""
    real = xp.isdtype(part.dtype, "real floating")
    nan = xp.isnan(part) if real else None
    if not isinstance(missing_label, Real) or isnan(missing_label):
        return nan
    marker = float(missing_label)
    if real:
        return nan | (part == marker)
    info = xp.iinfo(part.dtype)
    return part == int(marker) if marker.is_integer() and info.min <= marker <= info.max else None


def _reject_other_values(n_others: int, Y: Array) -> None:
    """Raise an error if any value is neither zero nor one."""
    if n_others:
        raise ValueError(
            f"y with {Y.shape[1]} columns must hold zeros and ones, one target a column, got "
            f"{n_others} other values. Missing labels are NaN, or the value of missing_label (such "
            f"as missing_label=-1), or have a sample_weight (n, {Y.shape[1]}) of zero. For one "
            f"target with several classes, pass y of shape ({Y.shape[0]},)"
        )


def _standard_dtype_name(dtype: Any) -> str:
    """Return the name of a dtype of the array API standard, or an empty string."""
    name = str(dtype).rpartition(".")[2]
    return name if name in STANDARD_DTYPES else ""
