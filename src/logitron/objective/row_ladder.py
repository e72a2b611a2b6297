"""Numbers of rows on a ladder, so that a compiled pass serves all data of about one size.

JAX compiles each function for each shape of its arguments. Rows of zeros with a weight of zero
change no sum. With enough of them, the number of rows is a rung of the ladder, of which there are
four from each power of two to the next.
"""

from typing import Any

import numpy as np

from logitron.backend import ArrayContext, namespace_of
from logitron.backend.types import Array
from logitron.data import Source

__all__ = ["on_the_ladder", "rows_to_the_ladder", "rung"]

#: rows; fewer are left as they are
FEWEST = 256
#: bytes of features; more are not copied
MOST_BYTES = 1 << 28


def rung(n: int) -> int:
    """Round a number of rows up: to three binary digits, of which zeros follow.

    >>> from logitron.objective.row_ladder import rung
    >>> [rung(n) for n in (1000, 1024, 1025, 1281, 1_000_000)]
    [1024, 1024, 1280, 1536, 1048576]
    """
    step = 1 << max(n.bit_length() - 3, 0)
    return -(-n // step) * step


def rows_to_the_ladder(context: ArrayContext, n: int) -> int:
    """Return how many rows are missing to the next rung; none where no shape is compiled for."""
    shaped = context.library.is_jit and context.blocks.features is None
    return rung(n) - n if shaped and n >= FEWEST else 0


def on_the_ladder(
    context: ArrayContext, X: Any, arrays: tuple[Array | None, ...]
) -> tuple[Any, tuple[Array | None, ...]]:
    """Append rows of weight zero to features and row arrays, where shapes are compiled.

    Other features stay as they are: those of libraries that compile nothing or divide their rows,
    few rows, more features than rows, and those whose copy would need much memory.

    Parameters
    ----------
    context : ArrayContext
    X : array or Source
    arrays : tuple of arrays or None
        Targets, sample weights, counts and offsets, see `groups`.

    Returns
    -------
    X, arrays
    """
    if not (context.library.is_jit and context.blocks.features is None):
        return X, arrays
    source = X if isinstance(X, Source) else Source("X", X)
    n, p = source.shape
    is_other = source.lazy or source.sparse or source.in_blocks
    if is_other or n < max(FEWEST, 2 * p) or 8 * n * p > MOST_BYTES:
        return X, arrays
    values = context.asarray_for_storage(source.array) if not source.on_host else source.array
    if not source.on_host and not context.library.supports_row_indexing(values):
        return X, arrays
    targets, weights, *others = arrays
    weights = np.ones(n) if weights is None else weights
    return _padded(context, (values, targets, weights, *others), rung(n) - n)


def _padded(
    context: ArrayContext, arrays: tuple[Array | None, ...], more: int
) -> tuple[Array, tuple[Array | None, ...]]:
    if not more:
        return arrays[0], arrays[1:]
    on_host = [isinstance(array, np.ndarray) for array in arrays]
    found: list[Any] = [
        append_zeros(array, more=more)[0] if host else array
        for array, host in zip(arrays, on_host, strict=True)
    ]
    there = [i for i, array in enumerate(arrays) if array is not None and not on_host[i]]
    if there:  # (one compilation for all)
        moved = context.compile(append_zeros, more=more)(*(arrays[i] for i in there))
        for i, array in zip(there, moved, strict=True):
            found[i] = array
    return found[0], tuple(found[1:])


def append_zeros(*arrays: Array, more: int) -> tuple[Array, ...]:
    """Append ``more`` rows of zeros to each array."""
    found = []
    for array in arrays:
        xp = namespace_of(array)
        zeros = xp.zeros_like(array[:1, ...])
        rows = xp.broadcast_to(zeros, (more, *array.shape[1:]))
        found.append(xp.concat([array, rows], axis=0))
    return tuple(found)
