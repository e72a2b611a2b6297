"""`ReaderRows`: sums and maps over rows that are read in blocks, again in each pass."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data import block_options
from logitron.data.array_rows import ArrayRows
from logitron.data.block_features import Standardisation
from logitron.data.block_options import BlockOptions, default_block_rows
from logitron.data.readers.base import RowReader
from logitron.data.readers.drawing import drawn_rows, part_read
from logitron.data.readers.read_ahead import BLOCKS, read_ahead
from logitron.data.readers.selected import SelectedReader
from logitron.data.row_blocks import evenly_drawn
from logitron.data.row_stack import RowStack

__all__ = ["ReaderRows"]

#: part of all rows that a sample may read; beyond, one sample is kept and others are drawn from it
LARGEST_PART = 1 / 8


class ReaderRows:
    """The rows of a `RowReader`, as `logitron.data.Rows`.

    A block that was read is a small `ArrayRows`, which computes with it as with features in memory:
    in blocks that fit a cache, by several workers, on another device.

    Parameters
    ----------
    context : ArrayContext
        Library, device and precision of the computation.
    reader : RowReader
        Features (n, p).
    *row_arrays : array (n, ...) or None
        Arrays with one entry for each row, in memory.
    width, block_rows, options, standardisation
        See `RowBlocks`; ``block_rows`` is that of the blocks of a block.
    known : dict, optional
        What is known of the features: their sum of squares, a kept sample. Rows of the same
        features share it.
    """

    lazy = one_block = in_memory = False
    draws_rows = True
    entries: int | None = None

    def __init__(
        self,
        context: ArrayContext,
        reader: RowReader,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
        standardisation: Standardisation | None = None,
        known: dict[str, Any] | None = None,
    ) -> None:
        self.context, self.reader = context, reader
        self.shape = reader.shape
        self._row_arrays = row_arrays
        self._options = block_options.DEFAULT if options is None else options
        self._settings: dict[str, Any] = {"width": width, "block_rows": block_rows}
        self._standardisation = standardisation
        self._known: dict[str, Any] = {} if known is None else known

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """The row arrays."""
        return self._row_arrays

    # --- blocks ---

    def _read(self) -> Iterator[tuple[int, ArrayRows]]:
        """Read blocks: the number of the first row, and the rows."""
        edges = self.reader.edges(self.reader.block_rows)
        # (a pass is long, also where a block is not)
        options = replace(self._options, parallel_min_numbers=0)
        settings: dict[str, Any] = {"standardisation": self._standardisation, **self._settings}
        # (what computes later, as JAX does, must not find another block in the same memory)
        reuse = self.context.library.writes_in_place
        blocks = read_ahead(self.reader, edges, self._move, reuse=reuse)
        with closing(blocks):  # type: ignore[type-var]
            for start, X in zip(edges[:-1].tolist(), blocks, strict=True):
                own = [
                    None if a is None else a[start : start + X.shape[0], ...]
                    for a in self._row_arrays
                ]
                yield start, ArrayRows(self.context, X, *own, options=options, **settings)

    @contextmanager
    def _blocks(self) -> Iterator[Iterator[tuple[int, ArrayRows]]]:
        """Read blocks, and stop reading at the end, also if there is an error or an interrupt."""
        with self.limit_blas_threads(), closing(self._read()) as blocks:  # type: ignore[type-var]
            yield blocks

    def _move(self, block: HostArray) -> Array:
        with self.context.scope(in_worker_thread=True):
            return self.context.asarray_for_storage(block)

    def _add_up(self, compute: Callable[[ArrayRows], tuple[Array, ...]]) -> tuple[Array, ...]:
        """Add up what a function returns for each block."""
        total: tuple[Array, ...] | None = None
        with self._blocks() as blocks:
            for _, block in blocks:
                _wait(total)
                part = compute(block)
                total = (
                    part
                    if total is None
                    else tuple(a + b for a, b in zip(total, part, strict=True))
                )
        assert total is not None  # there is at least one row
        return total

    def _stack(self, compute: Callable[[ArrayRows], Array]) -> Array:
        """Stack the rows that a function returns for each block."""
        in_place = self.context.library.writes_in_place
        stack, parts = RowStack(self.context, self.shape[0]), []
        with self._blocks() as blocks:
            for start, block in blocks:
                found = compute(block)
                if in_place:
                    stack.write(start, found)
                else:
                    _wait((found,))
                    parts.append(found)
        return stack.array if in_place else self.context.xp.concat(parts, axis=0)

    @property
    def _without_features(self) -> ArrayRows:
        """The row arrays alone, beside no features."""
        X = self.context.zeros((self.shape[0], 0))
        width = self._settings["width"]
        return ArrayRows(self.context, X, *self._row_arrays, width=width, options=self._options)

    # --- sums and maps ---

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a block function returns; see `Rows.sum`."""
        return self._add_up(lambda block: block.sum(function, *parameters, **static))

    def sum_rows(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns, reading nothing; see `Rows.sum_rows`."""
        return self._without_features.sum_rows(function, *parameters, **static)

    def sum_products(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Multiply the last array of a row function by the features; see `Rows.sum_products`."""
        return self._add_up(lambda block: block.sum_products(function, *parameters, **static))

    def squared_products(self, weights: Array) -> Array:
        """Multiply the squared features by a row array; see `Rows.squared_products`."""
        rows = self.with_row_arrays(weights)
        return rows._add_up(lambda block: (block.squared_products(block.row_arrays[0]),))[0]

    def signed_counts(self, weights: Array) -> tuple[Array, Array]:
        """Multiply a row array by the places of each sign; see `Rows.signed_counts`."""
        rows = self.with_row_arrays(weights)
        positive, negative = rows._add_up(lambda block: block.signed_counts(block.row_arrays[0]))
        return positive, negative

    def sum_of_squares(self) -> float:
        """Add up the squares of all features; see `Rows.sum_of_squares`."""
        if "squares" not in self._known:
            with self._blocks() as blocks:
                self._known["squares"] = sum(block.sum_of_squares() for _, block in blocks)
        squares: float = self._known["squares"]
        return squares

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a block function returns; see `Rows.map`."""
        return self._stack(lambda block: block.map(function, *parameters, **static))

    def map_rows(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a row function returns, reading nothing; see `Rows.map_rows`."""
        return self._without_features.map_rows(function, *parameters, **static)

    def map_logits(
        self,
        function: Callable[..., Array],
        coef: Array,
        intercept: Array,
        *,
        by_row: bool = False,
        **static: Any,
    ) -> Array:
        """Stack the rows that a function of logits returns; see `Rows.map_logits`."""
        squares = []

        def answer(block: ArrayRows) -> Array:
            found = block.map_logits(function, coef, intercept, by_row=by_row, **static)
            if "squares" not in self._known:
                squares.append(block.sum_of_squares())
            return found

        found = self._stack(answer)
        self._known.setdefault("squares", sum(squares))
        return found

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Read all rows, and add up a function of columns: for few rows; see `Rows`."""
        rows = self._selected(self.reader.read(0, self.shape[0]), self._row_arrays)
        return rows.sum_over_columns(function, *column_arrays, **static)

    # --- some of the rows ---

    @property
    def _most_kept(self) -> int:
        """Rows that are kept in memory, at most."""
        return BLOCKS * self.reader.block_bytes // self.reader.row_bytes

    def sample(self, count: int, seed: int) -> "ArrayRows | ReaderRows | None":
        """Select about ``count`` rows, evenly over all rows; see `Rows.sample`.

        Where rows are compressed together in large chunks, one sample is read and kept, and all
        samples are drawn from it.
        """
        rows = drawn_rows(self.reader, count, seed)
        if part_read(self.reader, rows) <= max(LARGEST_PART, count / self.shape[0]):
            return self.select(rows)
        if "drawn" not in self._known:
            numbers = evenly_drawn(self.shape[0], min(self._most_kept, self.shape[0]), 0)
            self._known["drawn"] = numbers, self.reader.take(numbers)
        numbers, features = self._known["drawn"]
        if count > len(numbers):
            return None
        places = evenly_drawn(len(numbers), count, seed)
        return self._selected(features[places], self._taken(numbers[places]))

    def select(self, rows: HostArray) -> "ArrayRows | ReaderRows":
        """Copy the rows with these indices; more than fit some blocks are read in each pass.

        The latter are in ascending order.
        """
        if len(rows) <= self._most_kept:
            return self._selected(self.reader.take(rows), self._taken(rows))
        rows = np.sort(rows)
        return self._with(
            self.context, *self._taken(rows), reader=SelectedReader(self.reader, rows), known={}
        )

    def _taken(self, rows: HostArray) -> list[Array | None]:
        """Copy rows of the row arrays."""
        index = self.context.asarray(rows, keep_dtype=True)
        take = self.context.library.take_rows
        return [None if array is None else take(array, index) for array in self._row_arrays]

    def _selected(self, X: HostArray, row_arrays: Any) -> ArrayRows:
        """Make rows of features in memory, in smaller blocks where the library prefers these."""
        settings, options = dict(self._settings), self._options
        if self.context.blocks.many_outputs_rows is not None:
            most = max(options.sample_rows, options.sample_rows_per_feature * self.shape[1])
            n, p = X.shape
            usual = default_block_rows(self.context, n, p, settings["width"], options)
            settings["block_rows"] = min(settings["block_rows"] or usual, most)
        return ArrayRows(
            self.context,
            self.context.asarray_for_storage(X),
            *row_arrays,
            options=options,
            standardisation=self._standardisation,
            **settings,
        )

    def in_blocks(self) -> "ReaderRows":
        """Return these rows."""
        return self

    def gram(self, weights: Array) -> None:
        """Return None: block functions multiply dense features."""

    def take_columns(self, features: HostArray) -> None:
        """Return None: whole rows are read."""

    def columns(self, features: HostArray) -> None:
        """Return None: features are not sparse."""

    def with_occurring_columns(self) -> None:
        """Return None: the features would have to be read."""

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Limit BLAS to one thread: several workers share the blocks."""
        return self.context.library.limit_blas_threads()

    # --- the same rows with another precision or other row arrays ---

    def in_float64(self) -> "ReaderRows":
        """Return rows computed in the widest precision; see `Rows.in_float64`."""
        return self._with(self.context.wide, *self._row_arrays)

    def in_float32(self) -> "ReaderRows | None":
        """Return rows computed in float32; see `Rows.in_float32`."""
        low, options, (n, p) = self.context.low_precision, self._options, self.shape
        width = self._settings["width"]
        few = width < options.float32_min_outputs or n * p * width < options.float32_min_products
        whole = self.context.blocks.features is None
        if low is None or few or whole or self._standardisation is not None:
            return None
        rows = self._settings["block_rows"] or default_block_rows(
            self.context, n, p, width, options
        )
        return self._with(low, *self._row_arrays, block_rows=min(rows, options.float32_max_rows))

    def standardised(self, centre: Array, scale: Array) -> "ReaderRows":
        """Return rows of standardised features; see `Rows.standardised`."""
        assert self._standardisation is None
        return self._with(
            self.context.wide, *self._row_arrays, standardisation=(centre, scale), known={}
        )

    def with_row_arrays(self, *row_arrays: Array) -> "ReaderRows":
        """Return the same features with other row arrays; see `Rows.with_row_arrays`."""
        return self._with(self.context, *row_arrays)

    def with_features(self, X: Array) -> "ReaderRows":
        """Raise TypeError: features that are read cannot be replaced by those in memory."""
        raise TypeError("features that are read in blocks cannot be replaced")

    def _with(
        self, context: ArrayContext, *row_arrays: Array | None, **changes: Any
    ) -> "ReaderRows":
        """Return rows with other row arrays and settings."""
        settings: dict[str, Any] = {
            "reader": self.reader,
            "options": self._options,
            "standardisation": self._standardisation,
            "known": self._known,
            **self._settings,
            **changes,
        }
        return type(self)(context, settings.pop("reader"), *row_arrays, **settings)


def _wait(arrays: tuple[Array, ...] | None) -> None:
    """Wait until arrays are computed, where a library computes later: blocks would pile up."""
    for array in arrays or ():
        getattr(array, "block_until_ready", partial(int, 0))()
