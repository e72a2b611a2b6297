"""Which kernels CuPy would compile for an operation, by the rules of its sources.

An element-wise kernel is compiled for its name and, of each argument, the dtype, the number of axes
and whether it is in C order, after neighbouring axes are merged where all arguments allow it
(``_kernel.pyx``). Each part of a concatenation is a copy of that kind. Sums and extremes over all
axes, or over the last ones in memory, are CUB's, and nothing is compiled for them (``cub.pyx``).
Products are cuBLAS's; arguments that it cannot read are copied first (``_routines_linalg.pyx``).
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["kernels_of"]

#: a name, and what is known of each argument
Kernel = tuple[str, tuple[str, ...]]

#: functions that return views or facts, zeros by memset, or call cuBLAS, cuSOLVER or Thrust
COMPILE_NOTHING = (
    {"view", "transpose", "permute_dims", "swapaxes", "moveaxis", "squeeze", "matrix_transpose"}
    | {"expand_dims", "broadcast_to", "empty", "empty_like", "zeros", "zeros_like", "finfo"}
    | {"iinfo", "isdtype", "result_type", "can_cast", "solve", "inv", "eigh", "argsort", "sort"}
)
COPIES = {"astype", "reshape", "ravel", "copy", "ascontiguousarray", "asfortranarray"}
#: reductions that CUB has, and others
CUB_REDUCTIONS, REDUCTIONS = {"sum", "min", "max", "amin", "amax"}, {"mean", "any", "all", "prod"}
#: dtypes that CUB adds up without a promotion, and kinds of those that it finds extremes of
CUB_SUMS, CUB_EXTREMES = ("int64", "uint64", "float32", "float64"), "iuf"
#: copies up to which `concatenate` copies part by part
MOST_COPIES = 8


def kernels_of(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> Iterator[Kernel]:
    """Kernels of a function or an operator, for arguments and a result of NumPy."""
    if name in COMPILE_NOTHING:
        return
    arrays = [one for one in args if isinstance(one, np.ndarray)]
    if name in COPIES:
        if not np.may_share_memory(arrays[0], result):
            source = arrays[0]
            copied = result if name == "astype" else np.ascontiguousarray(source)
            yield _elementwise("copy", (source, copied))
    elif name in ("take", "take_along_axis"):
        source, index, found = (_merged([one], one.shape)[0] for one in (*arrays[:2], result))
        yield name, (str(source), str(index), str(found))
    elif name in ("concatenate", "concat", "stack"):
        yield from _concatenated(name, args, kwargs, result)
    elif name in ("matmul", "rmatmul", "dot"):
        yield from _product(arrays[0], arrays[1])
    elif name in CUB_REDUCTIONS | REDUCTIONS or name.startswith("arg"):
        yield from _reduced(name, arrays[0], args[1:], kwargs)
    elif name in ("ones", "ones_like", "full", "full_like", "fill"):
        yield "fill", (str((arrays[0] if result is None else result).dtype),)
    elif name == "setitem":
        yield _elementwise("copy", args)
    elif _is_elementwise(arrays, result):
        yield _elementwise(name, (*args, np.ascontiguousarray(result)))
    elif isinstance(result, np.ndarray | np.generic):  # (kernels of its own, of which one counts)
        yield name, tuple(str(_merged([one], one.shape)[0]) for one in arrays)


def _is_elementwise(arrays: list[np.ndarray], result: Any) -> bool:
    """Whether a result has the shape that the arguments are broadcast to."""
    if not isinstance(result, np.ndarray | np.generic):
        return False
    try:
        return np.broadcast_shapes(*(one.shape for one in arrays)) == result.shape
    except ValueError:
        return False


def _elementwise(name: str, args: tuple[Any, ...]) -> Kernel:
    arrays = [np.asarray(one) for one in args if isinstance(one, np.ndarray | np.generic)]
    shape = np.broadcast_shapes(*(one.shape for one in arrays))
    views = iter(_merged([np.broadcast_to(one, shape) for one in arrays], shape))
    facts = [
        str(next(views)) if isinstance(one, np.ndarray | np.generic) else type(one).__name__
        for one in args
    ]
    return name, tuple(facts)


def _merged(views: list[np.ndarray], shape: tuple[int, ...]) -> list[tuple[str, int, bool]]:
    """The dtype of each array, its axes after neighbouring ones are merged, and if in C order."""
    ordered = [one.flags.c_contiguous for one in views]
    if all(ordered):
        axes = min(len(shape), 1)
    elif len(shape) <= 2:
        axes = len(shape)
    else:
        kept = [axis for axis, size in enumerate(shape) if size > 1]
        axes = len(kept) - sum(
            all(one.strides[a] == one.strides[b] * shape[b] for one in views)
            for a, b in pairwise(kept)
        )
    return [(one.dtype.name, axes, c) for one, c in zip(views, ordered, strict=True)]


def _concatenated(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: np.ndarray
) -> Iterator[Kernel]:
    axis = kwargs.get("axis", args[1] if len(args) > 1 else 0)
    parts = [np.expand_dims(part, axis) if name == "stack" else part for part in args[0]]
    if axis is None:
        parts, axis = [part.reshape(-1) for part in parts], 0
    if len(parts) > MOST_COPIES and len({part.dtype for part in parts}) == 1:
        yield "concatenate", (result.dtype.name, str(result.ndim))
        return
    places = np.cumsum([0, *(part.shape[axis] for part in parts)])
    whole = np.ascontiguousarray(result)
    for part, start in zip(parts, places, strict=False):
        index = [slice(None)] * whole.ndim
        index[axis] = slice(start, start + part.shape[axis])
        yield _elementwise("copy", (part, whole[tuple(index)]))


def _product(a: np.ndarray, b: np.ndarray) -> Iterator[Kernel]:
    if a.ndim <= 2 and b.ndim <= 2:
        if a.ndim == b.ndim == 1 or (a.size == a.shape[-1] and b.size == b.shape[0]):
            if a.size > 1:  # the product of two rows is a product of numbers, and a sum
                yield _elementwise("mul", (a.reshape(-1), b.reshape(-1), b.reshape(-1)))
            return
        readable = [one.flags.c_contiguous or one.flags.f_contiguous for one in (a, b)]
    else:
        readable = [one.flags.c_contiguous for one in (a, b)]
    for one, is_readable in zip((a, b), readable, strict=True):
        if not is_readable:
            yield _elementwise("copy", (one, np.ascontiguousarray(one)))


def _reduced(
    name: str, array: np.ndarray, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[Kernel]:
    axis = kwargs.get("axis", args[0] if args else None)
    axes = range(array.ndim) if axis is None else np.atleast_1d(axis) % max(array.ndim, 1)
    count, flags = len(axes), array.flags
    last = flags.c_contiguous and set(axes) == set(range(array.ndim - count, array.ndim))
    first = not flags.c_contiguous and flags.f_contiguous and set(axes) == set(range(count))
    in_cub = array.dtype.name in CUB_SUMS if name == "sum" else array.dtype.kind in CUB_EXTREMES
    if name in CUB_REDUCTIONS and in_cub and (last or first):
        return
    yield name, (str(_merged([array], array.shape)[0]), str(count))
