"""Copies for which CuPy compiles nothing: casts, selections and joined arrays, by one kernel.

The functions replace those of CuPy's namespace. What the kernel of ``copied.cu`` does not know
(half precision, complex numbers, more than three axes) is left to CuPy.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from logitron.backend.libraries.cupy_constants import constant
from logitron.backend.libraries.cupy_kernels import launch
from logitron.backend.types import Array, DType, Namespace

__all__ = ["as_dtype", "copy_into", "copying_functions", "is_known", "ones"]

#: kinds of numbers, as ``copied.cu`` numbers them
KINDS = {
    np.dtype(name): kind
    for kind, name in enumerate(("bool", "int8", "uint8", "int32", "int64", "float32", "float64"))
}
#: axes of the arrays that the kernel copies
AXES = 3


def copy_into(target: Array, source: Array, index: Array | None = None) -> None:
    """Copy numbers of an array, which is broadcast, into another one of up to three axes.

    Parameters
    ----------
    target : array
    source : array
        Of as many axes, if there is an index.
    index : array of integers, optional
        Numbers of the source along its second last axis.
    """
    _, middle, last = (1,) * (AXES - target.ndim) + target.shape
    chosen = (source, -1) if index is None else (index, KINDS[index.dtype])
    launch(
        "copied",
        target.size,
        *(source, np.int32(KINDS[source.dtype]), target, np.int32(KINDS[target.dtype])),
        *(chosen[0], np.int32(chosen[1])),
        *map(np.int64, (middle, last, target.size)),
        *map(np.int64, (*_steps(source), *_steps(target))),
    )


def _steps(array: Array) -> list[int]:
    """Numbers between neighbours along each of three axes; 0 along those of one number."""
    pairs = zip(array.shape, array.strides, strict=True)
    steps = [0 if size == 1 else stride // array.itemsize for size, stride in pairs]
    return [0] * (AXES - len(steps)) + steps


def is_known(*arrays: Array, dtype: Any = None) -> bool:
    """Whether the kernel can copy these arrays, and numbers of that dtype."""
    dtypes = [one.dtype for one in arrays] if dtype is None else [arrays[0].dtype, np.dtype(dtype)]
    sizes = all(one.ndim <= AXES and one.size for one in arrays)
    return sizes and all(one in KINDS for one in dtypes)


def as_dtype(x: Array, dtype: DType) -> Array:
    """Cast an array of known dtype and axes, see `is_known`, in C order."""
    import cupy

    made = cupy.empty(x.shape, dtype)
    copy_into(made, x)
    return made


def ones(shape: tuple[int, ...], dtype: DType) -> Array:
    """Make an array of ones."""
    import cupy

    made = cupy.empty(shape, dtype)
    copy_into(made, constant(np.ones, 1, np.float64))
    return made


def copying_functions(xp: Namespace) -> dict[str, Callable[..., Any]]:
    """Functions for CuPy's namespace ``xp``."""
    import cupy

    def astype(x: Array, dtype: DType, /, *, copy: bool = True, device: Any = None) -> Array:
        """Cast, by the kernel where it knows both dtypes."""
        if x.dtype == dtype and not copy:
            return x
        if device is not None or not is_known(x, dtype=dtype):
            return xp.astype(x, dtype, copy=copy)
        if x.flags.f_contiguous and not x.flags.c_contiguous:
            return as_dtype(x.T, dtype).T
        return as_dtype(x, dtype)

    def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
        """Choose rows or columns."""
        is_clear = x.ndim == 1 or (x.ndim == 2 and axis is not None)
        if not is_clear or indices.ndim != 1 or not is_known(x, indices):
            return xp.take(x, indices, axis=axis)
        if x.ndim == 1:
            made = cupy.empty(indices.shape, x.dtype)
            copy_into(made[:, None], x[:, None], indices)
            return made
        if axis in (0, -2):
            made = cupy.empty((indices.shape[0], x.shape[1]), x.dtype)
            copy_into(made, x, indices)
            return made
        made = cupy.empty((x.shape[0], indices.shape[0]), x.dtype)
        copy_into(made[:, :, None], x[:, :, None], indices)
        return made

    def concat(arrays: Sequence[Array], /, *, axis: int | None = 0) -> Array:
        """Join arrays, one after the other."""
        if axis is None:
            return concat([one.reshape(-1) for one in arrays], axis=0)
        first, axis = arrays[0], axis % arrays[0].ndim
        filled = [one for one in arrays if one.size]
        if not (filled and is_known(*filled)) or any(one.dtype != first.dtype for one in arrays):
            return xp.concat(arrays, axis=axis)
        size = sum(one.shape[axis] for one in arrays)
        made = cupy.empty((*first.shape[:axis], size, *first.shape[axis + 1 :]), first.dtype)
        start = 0
        for one in filled:
            stop = start + one.shape[axis]
            copy_into(made[(slice(None),) * axis + (slice(start, stop),)], one)
            start = stop
        return made

    def stack(arrays: Sequence[Array], /, *, axis: int = 0) -> Array:
        """Join arrays along a new axis."""
        return concat([cupy.expand_dims(one, axis) for one in arrays], axis=axis)

    def ones_like(x: Array, /, *, dtype: DType | None = None, device: Any = None) -> Array:
        """Make ones."""
        dtype = x.dtype if dtype is None else np.dtype(dtype)
        if device is not None or not is_known(x, dtype=dtype):
            return xp.ones_like(x, dtype=dtype, device=device)
        return ones(x.shape, dtype)

    return {
        "astype": astype,
        "take": take,
        "concat": concat,
        "stack": stack,
        "ones_like": ones_like,
    }
