"""Arrays in memory, divided into blocks of rows that are shared out among workers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.libraries import library_of
from logitron.backend.types import Array
from logitron.data import block_options
from logitron.data.block_features import (
    Standardisation,
    with_cast_features,
    with_standardised_features,
    without_features,
)
from logitron.data.block_options import BlockOptions, default_block_rows
from logitron.data.feature_products import stays_stored
from logitron.data.memory_order import MemoryOrder, blocks_in_buffer, copied_block_rows

__all__ = ["RowBlocks", "evenly_drawn", "take_rows"]


class RowBlocks:
    """Features and row arrays in memory, on one device or sharded by their library, in blocks.

    The last methods depend on the storage of the features; a class for another storage overrides
    them.

    Parameters
    ----------
    context : ArrayContext
        Library and device of the arrays, and the precision of the computation.
    X : array (n, p)
    *row_arrays : array (n, ...) or None
        Arrays with one entry for each row, such as targets and weights.
    width : int, default 1
        Outputs: numbers computed for each row, such as logits.
    block_rows : int, optional
        Rows in a block; by default, chosen by `default_block_rows`.
    options : BlockOptions, optional
        By default, ``block_options.DEFAULT``.
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale: block functions receive ``(X - centre) * scale``.
    """

    lazy, draws_rows, in_memory = False, True, True
    entries: int | None = None

    def __init__(
        self,
        context: ArrayContext,
        X: Array,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
        standardisation: Standardisation | None = None,
    ) -> None:
        self.context = context
        self.shape = X.shape
        self._order = self._memory_order(X)
        self._arrays = (X, *row_arrays)
        self._options = block_options.DEFAULT if options is None else options
        #: arguments of the class that rows derived from these share
        self._settings: dict[str, Any] = {
            "width": width,
            "block_rows": block_rows,
            "options": self._options,
        }
        self._standardisation = standardisation
        self._xp, self._dtype = context.xp, context.dtype
        wide = context.wide
        #: dtype in which blocks are added up; None if blocks are computed in it
        self._sum_dtype = None if wide.precision == context.precision else wide.dtype
        self._make_blocks(self._block_rows(block_rows))

    def _make_blocks(self, size: int) -> None:
        """Divide the rows into blocks of ``size`` rows, and share them out among workers."""
        X, *row_arrays = self._arrays
        flip = self._order.flip
        # Blocks are views. Libraries without views copy, but they have a single block.
        self._stored: list[tuple[Any, ...]] = [
            (
                self._slice_features(X, start, size),
                *(flip(_slice(a, start, size)) for a in row_arrays),
            )
            for start in range(0, X.shape[0], size)
        ]
        #: rows in a block
        self._size = size
        #: the blocks of each worker
        self._worker_slices = self._shared_out(self._is_long)

    @property
    def _is_long(self) -> bool:
        """Whether a pass computes numbers enough to share the blocks out among workers."""
        n, width, options = self.shape[0], self._settings["width"], self._options
        numbers = n * width if width >= options.many_outputs else n
        return bool(numbers >= options.parallel_min_numbers)

    def _shared_out(self, is_long: bool) -> list[list[tuple[Any, ...]]]:
        """Share the blocks out among workers, in order, if the work is long."""
        team = min(self.context.workers(), len(self._stored) // 2) if is_long else 1
        if team <= 1:
            return [self._stored]
        edges = np.linspace(0, len(self._stored), team + 1).astype(int)
        return [self._stored[a:b] for a, b in pairwise(edges)]

    @property
    def copies_columns(self) -> bool:
        """Whether a block of columns is a copy, whatever its dtype."""
        return self._order.copied

    @property
    def one_block(self) -> bool:
        """Whether all rows are one block."""
        return len(self._stored) == 1

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """Arrays with one entry for each row."""
        return self._arrays[1:]

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Limit BLAS to one thread if several workers share the blocks."""
        return (
            self.context.library.limit_blas_threads()
            if len(self._worker_slices) > 1
            else nullcontext()
        )

    # --- smaller blocks, when the device is out of memory ---

    def _smaller_blocks(self, error: Exception) -> int:
        """Return the number of rows in a block for the next attempt after ``error``.

        Raise ``error`` again if it does not report that memory is short, or if blocks cannot
        become smaller.
        """
        fewest = self._options.min_retry_rows
        size: int = min(self._block_rows(self._settings["block_rows"]), self.shape[0])
        if size <= fewest or not self.context.library.out_of_memory(error):
            raise error
        return max(size // 2, fewest)

    def _set_block_rows(self, size: int) -> None:
        """Release the memory of the failed attempt, and divide the rows into smaller blocks.

        Call it outside of the handler of the error: the error keeps all intermediate arrays alive.
        """
        self._settings["block_rows"] = size
        self.context.library.release_memory()
        self._make_blocks(size)

    # --- block functions ---

    def _compiled(self, function: Callable[..., Any], static: dict[str, Any]) -> Callable[..., Any]:
        """Compile a block function together with the conversion of its features.

        The compiler can fuse both, so that the converted features need not be stored.
        """
        if self._standardisation is not None:
            return self._compiled_standardised(function, static)
        X, precision = self._arrays[0], self.context.precision
        if self._is_cast() or stays_stored(function, X, precision):
            return self.context.compile(function, **static)
        return self.context.compile(
            with_cast_features, block_function=function, precision=precision, **static
        )

    def _compiled_of_rows(
        self, function: Callable[..., Any], static: dict[str, Any]
    ) -> Callable[..., Any]:
        """Compile a row function; the features of a block are neither cast nor standardised."""
        return self.context.compile(
            without_features, row_function=function, dtype=self.context.precision, **static
        )

    def _compiled_standardised(
        self, function: Callable[..., Any], static: dict[str, Any]
    ) -> Callable[..., Any]:
        assert self._standardisation is not None
        run = self.context.compile(
            with_standardised_features,
            block_function=function,
            precision=self.context.precision,
            **static,
        )
        centre, scale = map(self.context.cast, self._standardisation)

        def standardising(X: Array, *arrays: Array | None) -> Any:
            return run(X, centre, scale, *arrays)

        return standardising

    # --- methods that depend on the storage of the features ---

    def _memory_order(self, X: Array) -> MemoryOrder:
        """Return how the features lie in memory."""
        return MemoryOrder.of(self.context, X)

    def _blocks(self, stored: list[tuple[Any, ...]]) -> Iterator[tuple[Array | None, ...]]:
        """Iterate over blocks, with dense features in their stored dtype.

        The features of a block may be overwritten by those of the next one.
        """
        # (what casts or standardises features makes arrays of its own)
        if not self._order.copied or self._standardisation is not None or not self._is_cast():
            return iter(stored)
        rows = max(block[0].shape[0] for block in stored)
        return blocks_in_buffer(self._order.buffer(self.context, self._arrays[0], rows), stored)

    def _block_rows(self, requested: int | None) -> int:
        """Return the number of rows in a block: ``requested``, or the default."""
        n, p = self.shape
        if requested:
            return requested
        rows = default_block_rows(self.context, n, p, self._settings["width"], self._options)
        if self._order.copied:
            return min(rows, copied_block_rows(self.context, n, self._options.min_rows))
        if self._is_long and self.context.workers() > 1 and not self._is_cast():
            # (each worker has a wide copy of a block; of few rows it is small in any case)
            return min(rows, copied_block_rows(self.context, n, self._options.preferred_rows))
        return rows

    def _slice_features(self, X: Array, start: int, size: int) -> Array:
        """Return the features of a block, or a handle from which `_blocks` makes them."""
        return self._order.flip(_slice(X, start, size))

    def _is_cast(self) -> bool:
        """Whether the features of a block have the dtype of the computation."""
        return bool(self._arrays[0].dtype == self._dtype)

    def _can_select(self) -> bool:
        """Whether rows can be selected by their indices."""
        return self.context.library.supports_row_indexing(self._arrays[0])

    def _take_rows(self, rows: np.ndarray[Any, Any]) -> tuple[Array | None, ...]:
        """Copy features and row arrays of some rows."""
        index = self.context.asarray(rows, keep_dtype=True)
        taken: tuple[Array | None, ...] = self.context.compile(take_rows)(index, *self._arrays)
        return taken

    def _take_columns(self, X: Array, features: np.ndarray[Any, Any]) -> Array:
        """Copy some of the features."""
        index = self.context.asarray(features, keep_dtype=True)
        return self.context.library.take_columns(X, index)

    def _column_block(self, start: int, stop: int) -> Array:
        """Return some columns of the features, in the widest precision."""
        part = self._arrays[0][:, start:stop]
        return self._xp.astype(part, self.context.wide.dtype, copy=self._order.copied)


def take_rows(index: Array, *arrays: Array | None) -> tuple[Array | None, ...]:
    """Copy the rows with these indices of each array."""
    take = library_of(index).take_rows
    return tuple(a if a is None else take(a, index) for a in arrays)


def evenly_drawn(n: int, count: int, seed: int) -> np.ndarray[Any, Any]:
    """Draw one of ``n`` rows from each of ``count`` intervals of equal lengths."""
    edges = np.linspace(0, n, count + 1)
    positions = edges[:-1] + np.random.default_rng(seed).uniform(size=count) * np.diff(edges)
    return np.minimum(positions.astype(np.int64), n - 1)


def _slice(array: Array | None, start: int, size: int) -> Array | None:
    """Return up to ``size`` rows of an array from ``start`` on."""
    if array is None or size >= array.shape[0]:
        return array
    return array[start : min(start + size, array.shape[0]), ...]
