"""Tables of zeros and ones: many targets, one neuron for each column."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj
from sklearn.utils.validation import check_array

from logitron.backend import to_host
from logitron.backend.types import Array
from logitron.data import SparseSource, wrap
from logitron.estimators.validation.label_values import reject_label_lists
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.soft_labels import encode_soft_table
from logitron.estimators.validation.values import reject_complex, reject_masked

__all__ = ["encode_multilabel", "is_multilabel"]


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


def encode_multilabel(Y: Any, n_rows: int, sample_weight: Any = None) -> Labels:
    """Check a table of targets, and convert it to 8-bit integers or booleans.

    Numbers between 0 and 1 stay what they are, see `soft_labels`.

    Parameters
    ----------
    Y : array-like, sparse matrix or table (n, T)
        Zeros and ones, or booleans; or proportions, or soft labels. Values with a sample weight of
        zero are not checked.
    n_rows : int
        Number of rows of X.
    sample_weight : array (n, T), optional

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
    table, source = Y, wrap("y", Y)
    if source.lazy:
        Y = source.checked().dense()
    dtype_name = _standard_dtype_name(getattr(Y, "dtype", None))
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
    dtype = dtype_name or _standard_dtype_name(Y.dtype) or "int64"
    soft = encode_soft_table(Y, table, sample_weight, dtype=dtype, lazy=source.lazy)
    if soft is not None:
        return soft
    codes = _encode_lazy(Y) if source.lazy else _encode_eager(Y, sample_weight)
    return Labels(np.arange(Y.shape[1]), codes, multilabel=True, dtype=dtype, lazy=source.lazy)


def _encode_lazy(Y: Array) -> Array:
    """Convert a Dask array to int8; one pass checks it."""
    ones = Y == 1
    _reject_other_values(int(to_host((~(ones | (Y == 0))).sum())), Y)
    return ones.astype(np.int8)


def _encode_eager(Y: Array, sample_weight: Any) -> Array:
    """Convert a table to int8, or return it unchanged if it is 8-bit or boolean already."""
    xp = array_namespace(Y)
    boolean = xp.isdtype(Y.dtype, "bool")
    weighted = sample_weight is not None and sample_weight.ndim == 2
    step = max(1, NUMBERS_PER_CHECK // Y.shape[1])
    n = Y.shape[0]
    slices = [slice(start, min(start + step, n)) for start in range(0, n, step)]
    hidden, counts = False, []
    for rows in () if boolean else slices:
        part = Y[rows, :]
        others = ~((part == 1) | (part == 0))
        if weighted:
            where = to_host(others)
            _reject_other_values(int((where & (to_host(sample_weight[rows, :]) > 0)).sum()), Y)
            hidden |= bool(where.any())
        else:
            counts.append(xp.sum(xp.astype(others, xp.int32)))
    if counts:
        _reject_other_values(int(to_host(xp.stack(counts)).sum(dtype=np.int64)), Y)
    if boolean or (Y.dtype in (xp.int8, xp.uint8) and not hidden):
        return Y
    return xp.concat([xp.astype(Y[rows, :] == 1, xp.int8) for rows in slices], axis=0)


def _reject_other_values(n_others: int, Y: Array) -> None:
    """Raise an error if any value is neither zero nor one."""
    if n_others:
        raise ValueError(
            f"y with {Y.shape[1]} columns must hold zeros and ones, one target a column, got "
            f"{n_others} other values. Give missing labels a sample_weight (n, {Y.shape[1]}) of "
            f"zero. For one target with several classes, pass y of shape ({Y.shape[0]},)"
        )


def _standard_dtype_name(dtype: Any) -> str:
    """Return the name of a dtype of the array API standard, or an empty string."""
    name = str(dtype).rpartition(".")[2]
    return name if name in STANDARD_DTYPES else ""
