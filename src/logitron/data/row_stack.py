"""`RowStack`: the answers of blocks of rows, written into one array as they are computed."""

from threading import Lock

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array

__all__ = ["RowStack"]


class RowStack:
    """An array of ``n`` rows that blocks write their rows into, in any order and from any thread.

    It is allocated when the first block shows its dtype and its number of columns. Stacking the
    answers of all blocks at the end would need their memory twice.

    Parameters
    ----------
    context : ArrayContext
        Library and device of the array.
    n : int
        Rows.
    """

    array: Array

    def __init__(self, context: ArrayContext, n: int) -> None:
        self._context = context
        self._n = n
        self._lock = Lock()
        self._is_made = False

    def write(self, start: int, part: Array) -> None:
        """Copy the rows of ``part`` to the rows from ``start`` on."""
        with self._lock:
            if not self._is_made:
                context, shape = self._context, (self._n, *part.shape[1:])
                self.array = context.xp.empty(shape, dtype=part.dtype, device=context.device)
                self._is_made = True
        self.array[start : start + part.shape[0], ...] = part
