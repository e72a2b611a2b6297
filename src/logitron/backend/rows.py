"""Row blocks: everything a solver needs of the data is a sum over them.

Loss and gradient are sums of what each block of rows contributes. `Rows` is the one mechanism
behind blocks that fit a cache, features that are widened block by block, and the chunks of a Dask
array: parameters go to the blocks, small sums come back.

Blocks are computed in the context's precision, and added up in the widest one of the device
(`ArrayContext.wide`): what accumulates over the blocks does so in float64 where there is float64.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.dask import DaskRows, is_dask
from logitron.backend.types import Array

__all__ = ["ArrayRows", "Rows", "make_rows"]

#: fewer rows than this are not worth the calls that a further block costs
MIN_BLOCK_ROWS = 512
#: and samples, which are copies, are worked on in blocks of so many
SAMPLE_BLOCK_ROWS = 4096


class Rows(Protocol):
    """Rows of features, and whatever else is known of each row, in blocks.

    A *block function* takes the arrays of one block, one for each array the rows were made of
    (None stays None), then the parameters, in the context's dtype. Features come in the context's
    dtype, the others as they are stored. It is defined in a module and free of side effects, for
    it may be compiled or sent to another process.
    """

    context: ArrayContext
    shape: tuple[int, int]
    lazy: bool
    """Whether the rows are elsewhere, and come only as sums."""

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that ``function`` returns for each block, in ``context.wide``."""

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that ``function`` returns for each block; lazily where X is lazy."""

    def sample(self, count: int, seed: int) -> "Rows | None":
        """Draw rows evenly over the whole; None where rows cannot be drawn cheaply."""

    def precise(self) -> "Rows":
        """Return the same rows, with blocks computed in the widest precision of the device."""

    def beside(self, *others: Array) -> "Rows":
        """Return the same features with other arrays beside them."""

    def rotated(self, X: Array) -> "Rows":
        """Return other features, in the widest precision, in the place of these."""

    def sum_over_columns(
        self, function: Callable[..., Array], *by_column: Array | None, **static: Any
    ) -> Array:
        """Add up what a function returns for each block of columns; not if lazy."""


class ArrayRows:
    """Rows of arrays that are in memory, on one device or sharded by their library.

    Parameters
    ----------
    context : ArrayContext
        Where the arrays are, and the precision to compute in.
    X : array (n, p)
    *others : array (n, ...) or None
        Targets, weights, whatever goes with each row.
    width : int, default 1
        Numbers that are computed for each row, such as the logits of so many neurons.
    block_rows : int, optional
        Rows in a block; by default what the library does best with.
    """

    lazy = False

    def __init__(
        self,
        context: ArrayContext,
        X: Array,
        *others: Array | None,
        width: int = 1,
        block_rows: int | None = None,
    ) -> None:
        self.context = context
        self.shape = X.shape
        self._arrays = (X, *others)
        self._sizes: dict[str, Any] = {"width": width, "block_rows": block_rows}
        self._xp, self._dtype = context.xp, context.dtype
        wide = context.wide
        self._widens = None if wide.precision == context.precision else wide.dtype
        size = block_rows or _default_block_rows(context, X.shape[0], X.shape[1], width)
        # the blocks are views; only libraries without views copy, and those get one block
        self._stored: list[tuple[Any, ...]] = [
            tuple(_rows(array, start, size) for array in self._arrays)
            for start in range(0, X.shape[0], size)
        ]

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the blocks; see `Rows.sum`."""
        run = self.context.compile(function, **static)
        narrow = [self.context.narrow(parameter) for parameter in parameters]
        total: tuple[Array, ...] | None = None
        for block in self._blocks():
            part = run(*block, *narrow)
            if self._widens is not None:
                part = tuple(self._xp.astype(array, self._widens) for array in part)
            total = part if total is None else tuple(map(_add, total, part))
        assert total is not None  # there is at least one row
        return total

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the blocks' rows; see `Rows.map`."""
        run = self.context.compile(function, **static)
        narrow = [self.context.narrow(parameter) for parameter in parameters]
        parts = [run(*block, *narrow) for block in self._blocks()]
        return parts[0] if len(parts) == 1 else self.context.xp.concat(parts, axis=0)

    def sample(self, count: int, seed: int) -> "ArrayRows | None":
        """Draw one row at random out of each of ``count`` equal stretches; see `Rows.sample`.

        Neither sorted rows nor rows with a period make such a sample uneven.
        """
        if not self.context.library.draws_rows(self._arrays[0]):
            return None
        edges = np.linspace(0, self.shape[0], count + 1)
        chosen = edges[:-1] + np.random.default_rng(seed).uniform(size=count) * np.diff(edges)
        rows = np.minimum(chosen.astype(np.int64), self.shape[0] - 1)
        index = self.context.asarray(rows, keep_dtype=True)
        taken = [a if a is None else self._xp.take(a, index, axis=0) for a in self._arrays]
        sizes = dict(self._sizes)
        if self.context.library.block_bytes is not None:  # a copy is enough, its like are too many
            usual = _default_block_rows(self.context, count, self.shape[1], sizes["width"])
            sizes["block_rows"] = min(sizes["block_rows"] or usual, SAMPLE_BLOCK_ROWS)
        return ArrayRows(self.context, *taken, **sizes)

    def precise(self) -> "ArrayRows":
        """Compute blocks in the widest precision; see `Rows.precise`."""
        if self._widens is None:
            return self
        return ArrayRows(self.context.wide, *self._arrays, **self._sizes)

    def beside(self, *others: Array) -> "ArrayRows":
        """Put other arrays beside the features; see `Rows.beside`."""
        return ArrayRows(self.context, self._arrays[0], *others, **self._sizes)

    def rotated(self, X: Array) -> "ArrayRows":
        """Put other features, in the widest precision, in the place of these."""
        return ArrayRows(self.context.wide, X, *self._arrays[1:], **self._sizes)

    def sum_over_columns(
        self, function: Callable[..., Array], *by_column: Array | None, **static: Any
    ) -> Array:
        """Add up what a function returns for each block of columns, in the widest precision.

        ``by_column`` are arrays whose last axis goes along with the columns, or None.
        """
        wide = self.context.wide
        run = wide.compile(function, **static)
        X = self._arrays[0]
        n, p = X.shape
        size = p
        if self.context.library.block_bytes is not None:
            size = max(64, self.context.library.block_bytes // (8 * n))
        total: Any = None
        for start in range(0, p, size):
            stop = min(start + size, p)
            beside = (None if a is None else a[..., start:stop] for a in by_column)
            part = run(self._xp.astype(X[:, start:stop], wide.dtype, copy=False), *beside)
            if total is None:
                total = part
            else:
                total = tuple(map(_add, total, part)) if isinstance(part, tuple) else total + part
        return total

    def _blocks(self) -> Iterator[tuple[Array | None, ...]]:
        """Each block, its features in the precision of the context."""
        for X, *others in self._stored:
            yield (X if X.dtype == self._dtype else self._xp.astype(X, self._dtype), *others)


def make_rows(
    context: ArrayContext,
    X: Array,
    *others: Array | None,
    width: int = 1,
    block_rows: int | None = None,
) -> Rows:
    """Bring features and whatever goes with them to a context, as rows.

    Arrays are moved to the context's library and device, see `ArrayContext.store`; the chunks of a
    Dask array stay where they are, and are moved block by block when they are worked on.
    """
    if is_dask(X):
        return DaskRows(context, X, *others)
    # what goes with a row is narrowed block by block only: weights are to be the user's
    moved = [None if array is None else context.wide.store(array) for array in others]
    return ArrayRows(context, context.store(X), *moved, width=width, block_rows=block_rows)


def _default_block_rows(context: ArrayContext, n: int, p: int, width: int) -> int:
    library = context.library
    if library.block_bytes is None:
        return n
    rows = library.block_bytes // (8 * max(p, 1))
    if library.temporary_bytes is not None:
        rows = min(rows, library.temporary_bytes // (8 * width))
    return max(MIN_BLOCK_ROWS, rows)


def _rows(array: Array | None, start: int, size: int) -> Array | None:
    if array is None or size >= array.shape[0]:
        return array
    return array[start : min(start + size, array.shape[0]), ...]


def _add(left: Array, right: Array) -> Array:
    return left + right
