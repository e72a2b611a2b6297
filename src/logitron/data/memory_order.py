"""`MemoryOrder`: how the features lie in memory, and how a block of them is read best.

Matrix products read a block as it lies if the numbers of a row, or those of a column, are next to
each other, in ascending order. For other blocks (reversed ones, every second column) NumPy's
products are up to ten times slower, and PyTorch copies all operands of every product. Such blocks
are copied, one at a time into the same memory, and both products of a pass read the copy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array

__all__ = ["MemoryOrder", "copied_block_rows"]

#: parts of the features' memory; copies of blocks take at most one of them, all workers' together
PARTS = 16


@dataclass(frozen=True)
class MemoryOrder:
    """What the strides of the features say about their blocks.

    Parameters
    ----------
    by_column : bool, default False
        Whether the numbers of a column are closer in memory than those of a row: Fortran order.
    flipped : bool, default False
        Whether a block is read from its last row to its first, together with its row arrays.
        Reversed rows then are in ascending order. Rows of reversed columns become one descending
        sequence, which is copied several times as fast.
    copied : bool, default False
        Whether matrix products need a copy of a block.
    """

    by_column: bool = False
    flipped: bool = False
    copied: bool = False

    @classmethod
    def of(cls, context: ArrayContext, X: Array) -> "MemoryOrder":
        """Return the order of features (n, p); in C order, and where no strides are known, plain.

        Parameters
        ----------
        context : ArrayContext
            The context of X.
        X : array (n, p)
        """
        strides = context.library.strides(X)
        if strides is None or strides == (strides[1] * X.shape[1], 1):
            return PLAIN
        (n, p), (by_row, by_feature) = X.shape, strides
        # (a stride along a single row or feature is never used)
        by_row, by_feature = p * by_feature if n == 1 else by_row, 1 if p == 1 else by_feature
        by_column = abs(by_row) < abs(by_feature)
        flipped = by_row < 0 if by_column else (by_row < 0) != (by_feature < 0)
        by_row = -by_row if flipped else by_row
        inner, outer, count = (by_row, by_feature, n) if by_column else (by_feature, by_row, p)
        return cls(by_column, flipped, copied=inner != 1 or outer < count)

    def flip(self, array: Array | None) -> Array | None:
        """View the rows of an array in the order in which a block of them is read."""
        return array if array is None or not self.flipped else array[::-1, ...]

    def buffer(self, context: ArrayContext, X: Array, rows: int) -> Array:
        """Allocate memory for the copy of a block of at most ``rows`` of the rows of X."""
        xp, p = context.xp, X.shape[1]
        shape = (p, rows) if self.by_column else (rows, p)
        memory = xp.empty(shape, dtype=X.dtype, device=context.device)
        return xp.matrix_transpose(memory) if self.by_column else memory


#: C order: blocks are read as they lie, row after row
PLAIN = MemoryOrder()


def copied_block_rows(context: ArrayContext, n: int, fewest: int) -> int:
    """Return how many rows a block may have at most if it is copied, of ``n`` rows.

    Each worker copies a block at a time.
    """
    return max(fewest, n // (PARTS * context.workers()))


def blocks_in_buffer(
    memory: Array, stored: list[tuple[Any, ...]]
) -> Iterator[tuple[Array | None, ...]]:
    """Iterate over blocks; copy the features of each into ``memory``, in place of the last ones."""
    for features, *row_arrays in stored:
        block = memory[: features.shape[0], :]
        block[...] = features
        yield (block, *row_arrays)
