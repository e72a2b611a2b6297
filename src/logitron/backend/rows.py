"""Row blocks: everything a solver needs of the data is a sum over them.

Loss and gradient are sums of what each block of rows contributes. `Rows` is the one mechanism
behind blocks that fit a cache, features that are widened block by block, and the chunks of a Dask
array: parameters go to the blocks, small sums come back.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from logitron.backend.context import ArrayContext
from logitron.backend.dask import DaskRows, is_dask
from logitron.backend.types import Array

__all__ = ["ArrayRows", "Rows", "make_rows"]

#: fewer rows than this are not worth the calls that a further block costs
MIN_BLOCK_ROWS = 512


class Rows(Protocol):
    """Rows of features, and whatever else is known of each row, in blocks.

    A *block function* takes the arrays of one block, one for each array the rows were made of
    (None stays None), then the parameters. Features come in the context's dtype, the others as
    they are stored. It is defined in a module and free of side effects, for it may be compiled or
    sent to another process.
    """

    context: ArrayContext
    shape: tuple[int, int]

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that ``function`` returns for each block."""

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that ``function`` returns for each block; lazily where X is lazy."""


class ArrayRows:
    """Rows of arrays that are in memory, on one device or sharded by their library.

    Parameters
    ----------
    context : ArrayContext
        Where the arrays are, and the precision to compute in.
    X : array (n, p)
    *others : array (n, ...) or None
        Targets, weights, whatever goes with each row.
    block_rows : int, optional
        Rows in a block; by default what the library does best with.
    """

    def __init__(
        self,
        context: ArrayContext,
        X: Array,
        *others: Array | None,
        block_rows: int | None = None,
    ) -> None:
        self.context = context
        self.shape = X.shape
        self._xp, self._dtype = context.xp, context.dtype
        size = block_rows or _default_block_rows(context, *X.shape)
        # the blocks are views; only libraries without views copy, and those get one block
        self._stored: list[tuple[Any, ...]] = [
            tuple(_rows(array, start, size) for array in (X, *others))
            for start in range(0, X.shape[0], size)
        ]

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the blocks; see `Rows.sum`."""
        run = self.context.compile(function, **static)
        total: tuple[Array, ...] | None = None
        for block in self._blocks():
            part = run(*block, *parameters)
            total = part if total is None else tuple(map(_add, total, part))
        assert total is not None  # there is at least one row
        return total

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the blocks' rows; see `Rows.map`."""
        run = self.context.compile(function, **static)
        parts = [run(*block, *parameters) for block in self._blocks()]
        return parts[0] if len(parts) == 1 else self.context.xp.concat(parts, axis=0)

    def _blocks(self) -> Iterator[tuple[Array | None, ...]]:
        """Each block, its features in the precision of the context."""
        for X, *others in self._stored:
            yield (X if X.dtype == self._dtype else self._xp.astype(X, self._dtype), *others)


def make_rows(
    context: ArrayContext, X: Array, *others: Array | None, block_rows: int | None = None
) -> Rows:
    """Bring features and whatever goes with them to a context, as rows.

    Arrays are moved to the context's library and device, see `ArrayContext.store`; the chunks of a
    Dask array stay where they are, and are moved block by block when they are worked on.
    """
    if is_dask(X):
        return DaskRows(context, X, *others)
    moved = (None if array is None else context.store(array) for array in (X, *others))
    return ArrayRows(context, *moved, block_rows=block_rows)


def _default_block_rows(context: ArrayContext, n: int, p: int) -> int:
    if context.library.block_bytes is None:
        return n
    bytes_per_row = 8 * max(p, 1)
    return max(MIN_BLOCK_ROWS, context.library.block_bytes // bytes_per_row)


def _rows(array: Array | None, start: int, size: int) -> Array | None:
    if array is None or size >= array.shape[0]:
        return array
    return array[start : min(start + size, array.shape[0]), ...]


def _add(left: Array, right: Array) -> Array:
    return left + right
