"""Arrays that are stacked part by part, in one memory from the start where that is possible."""

from collections.abc import Iterable

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array

__all__ = ["stacked"]


def stacked(context: ArrayContext, n: int, parts: Iterable[Array]) -> Array:
    """Stack parts of ``n`` rows in all, each of which is written as it is computed.

    Where the library's arrays cannot be changed, all parts are held until the end.
    """
    if not context.library.writes_in_place:
        return context.xp.concat(list(parts), axis=0)
    array, start = None, 0
    for part in parts:
        if array is None:
            shape = (n, *part.shape[1:])
            array = context.xp.empty(shape, dtype=part.dtype, device=context.device)
        stop = start + part.shape[0]
        array[start:stop, ...] = part
        start = stop
        del part  # (before the next one is made)
    return array
