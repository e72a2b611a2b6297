"""Class labels encoded where they are, on a device: the distinct ones alone are read."""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import ArrayContext, library_of, namespace_of, to_host, to_host_all
from logitron.backend.dtypes import n_bits
from logitron.backend.types import Array, HostArray
from logitron.data import wrap
from logitron.estimators.validation.label_values import missing_error

__all__ = ["EncodedLabels", "encode_on_device", "stays_on_device"]

#: dtypes of labels that are encoded on a device
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")
#: integers from the smallest label to the largest that are counted; more labels are sorted
MOST_COUNTED = 1 << 10
#: fewer labels are read from libraries that compile for each shape, which takes longer
MOST_READ = 1 << 20


class EncodedLabels(NamedTuple):
    """Labels on a device that were encoded."""

    classes: HostArray
    """Sorted labels (K,); of proportions, the smallest and the largest (2,)."""
    codes: Array | None
    """Index of each row's class (n,), int8 or int32 on the device; None for proportions."""
    counts: HostArray | None
    """Rows of each class (K,), if they were counted on the way."""


def stays_on_device(y: Any) -> bool:
    """Return whether labels, or weights beside them, are best checked where they are.

    True for vectors of numbers on a device, in one of `DTYPES`. What NumPy can view is read at no
    cost. Vectors that are divided between devices are read, too.

    Parameters
    ----------
    y : object
    """
    source = wrap("y", y)
    if source.on_host or source.lazy or source.sparse or source.in_blocks:
        return False
    library = library_of(y)
    if library.is_host or library.is_traced(y) or not library.is_dense(y):
        return False
    if library.numpy_on_processor and library.numpy_can_view(y):
        return False
    few = library.is_jit and y.shape and y.shape[0] < MOST_READ
    dtype = str(y.dtype).rpartition(".")[2]
    plain = y.ndim == 1 and y.shape[0] > 0 and dtype in DTYPES
    return plain and not few and library.supports_row_indexing(y)


def encode_on_device(y: Array) -> EncodedLabels | None:
    """Encode labels without reading more than the distinct ones.

    Integers in a narrow range are counted. Others are sorted.

    Parameters
    ----------
    y : array (n,)
        Numbers or booleans on a device, see `stays_on_device`.

    Returns
    -------
    EncodedLabels or None
        None if labels must be sorted, and the library finds no distinct values.

    Raises
    ------
    ValueError
        If labels are NaN.
    """
    context = ArrayContext.of(y).wide
    xp = context.xp
    with context.scope():
        y = context.library.detach(y)
        if xp.isdtype(y.dtype, "bool"):
            return _two(xp.astype(y, xp.int8), np.asarray([False, True]))
        low, high, *broken = to_host_all(context.compile(_range)(y))
        ends = np.stack([low, high])
        if any(broken):
            missing = int(to_host(xp.sum(xp.astype(xp.isnan(y), xp.int32))))
            if missing:
                raise missing_error(missing)
            return EncodedLabels(ends, None, None)
        if np.isfinite(ends).all() and int(high) - int(low) < MOST_COUNTED:
            return _counted(context, y, int(low), ends)
        return _sorted(context, y)


def _small_codes(context: ArrayContext, codes: Array, classes: int) -> Array:
    """Cast codes of classes to int8 where they fit, otherwise to int32."""
    xp = context.xp
    return xp.astype(codes, xp.int8 if classes <= np.iinfo(np.int8).max else xp.int32, copy=False)


def _range(y: Array) -> tuple[Array, ...]:
    """Find the smallest and the largest label; of floats, also whether any is not whole or NaN."""
    xp = namespace_of(y)
    ends = xp.min(y), xp.max(y)
    is_real = xp.isdtype(y.dtype, "real floating")
    return (*ends, xp.astype(xp.any(y != xp.trunc(y)), y.dtype)) if is_real else ends


def _two(codes: Array, classes: HostArray) -> EncodedLabels:
    """Count zeros and ones (n,) of int8; one class alone may occur."""
    xp, n = namespace_of(codes), codes.shape[0]
    ones = int(to_host(xp.sum(codes, dtype=xp.int64)))
    if 0 < ones < n:
        return EncodedLabels(classes, codes, np.asarray([n - ones, ones]))
    return EncodedLabels(classes[[int(ones > 0)]], codes, np.asarray([n]))


def _counted(context: ArrayContext, y: Array, low: int, ends: HostArray) -> EncodedLabels:
    """Encode whole numbers, of which ``ends (2,)`` are the smallest and the largest, ``low`` on."""
    xp, count = context.xp, int(ends[1]) - int(ends[0]) + 1
    if count <= 2:
        return _two(context.compile(_offsets, low=low, dtype="int8")(y), ends)
    run = context.compile(_count, low=low, count=count, dtype=context.precision)
    offsets, counts = run(y)
    counts = np.rint(to_host(counts)).astype(np.int64)
    present = np.flatnonzero(counts)
    # (as Python integers, since those of numpy.int8 are no larger than 127)
    classes = np.asarray([low + int(one) for one in present], dtype=ends.dtype)
    if len(present) < count:
        index_of_offset = np.zeros(count, np.int32)
        index_of_offset[present] = np.arange(len(present))
        table = context.asarray(index_of_offset, keep_dtype=True)
        offsets = xp.take(table, offsets, axis=0)
    codes = _small_codes(context, offsets, len(present))
    return EncodedLabels(classes, codes, counts[present])


def _count(y: Array, *, low: int, count: int, dtype: str) -> tuple[Array, Array]:
    """Find the distances from ``low`` (n,), and how many rows have each (count,)."""
    xp, offsets = namespace_of(y), _offsets(y, low=low, dtype="int64")
    ones = xp.ones_like(offsets, dtype=getattr(xp, dtype))
    return offsets, library_of(y).sum_by_code(ones[:, None], offsets, count)[:, 0]


def _offsets(y: Array, *, low: int, dtype: str) -> Array:
    """Subtract the smallest label; the differences are below `MOST_COUNTED`."""
    xp = namespace_of(y)
    if low != 0:
        if n_bits(xp, y.dtype) < n_bits(xp, xp.int32):  # (which may not have the differences)
            y = xp.astype(y, xp.int32)
        y = y - low
    return xp.astype(y, getattr(xp, dtype), copy=False)


def _sorted(context: ArrayContext, y: Array) -> EncodedLabels | None:
    """Encode any labels by their places among the distinct ones."""
    xp = context.xp
    capabilities = xp.__array_namespace_info__().capabilities()
    if not (capabilities["data-dependent shapes"] or context.library.is_jit):
        return None
    distinct = xp.unique_values(y)
    codes = _small_codes(context, xp.searchsorted(distinct, y), distinct.shape[0])
    return EncodedLabels(to_host(distinct), codes, None)
