"""Sums and maps over rows of arrays in memory."""

from collections.abc import Callable
from contextlib import nullcontext
from copy import copy
from functools import reduce
from itertools import accumulate
from typing import Any

import numpy as np

from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.block_features import (
    apply_to_logits,
    signed_counts,
    squared_products,
    standardise,
    sum_of_squares,
    with_products,
)
from logitron.data.row_blocks import RowBlocks, evenly_drawn
from logitron.data.row_stack import RowStack

__all__ = ["ArrayRows"]


class ArrayRows(RowBlocks):
    """Rows of arrays in memory, as `logitron.data.Rows`.

    See `logitron.data.row_blocks.RowBlocks` for the parameters. Sums are computed in blocks, by
    several workers if that is faster. If the device is out of memory, the blocks are halved and
    the sum starts again.
    """

    _float32_rows: "ArrayRows | None" = None
    _sum_of_squares: float | None = None
    #: the same on the device, added up by `map_logits`
    _squares: Array | None = None

    # --- sums and maps over blocks of rows ---

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a block function returns; see `Rows.sum`."""
        return self._sum(self._compiled(function, static), parameters)

    def sum_rows(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns; see `Rows.sum_rows`."""
        return self._sum(self._compiled_of_rows(function, static), parameters)

    def sum_products(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Multiply the last array of a row function by the features; see `Rows.sum_products`."""
        static = {"row_function": function, "dtype": self.context.precision, **static}
        return self._sum(self._compiled(with_products, static), parameters)

    def squared_products(self, weights: Array) -> Array:
        """Multiply the squared features by a row array; see `Rows.squared_products`."""
        return self.with_row_arrays(weights).sum(squared_products)[0]

    def signed_counts(self, weights: Array) -> tuple[Array, Array]:
        """Multiply a row array by the places of each sign; see `Rows.signed_counts`."""
        positive, negative = self.with_row_arrays(weights).sum(signed_counts)
        return positive, negative

    def _sum(
        self, run: Callable[..., tuple[Array, ...]], parameters: tuple[Array | None, ...]
    ) -> tuple[Array, ...]:
        """Add up what a compiled function returns, with smaller blocks if memory is short."""
        while True:
            try:
                return self._sum_blocks(run, parameters)
            except Exception as error:
                size = self._smaller_blocks(error)
            self._set_block_rows(size)

    def _sum_blocks(
        self, run: Callable[..., tuple[Array, ...]], parameters: tuple[Array | None, ...]
    ) -> tuple[Array, ...]:
        cast = self.context.cast_all(parameters)

        def add_up(stored: list[tuple[Any, ...]]) -> tuple[Array, ...]:
            total: tuple[Array, ...] | None = None
            for block in self._blocks(stored):
                part = run(*block, *cast)
                if self._sum_dtype is not None:
                    part = tuple(self._xp.astype(array, self._sum_dtype) for array in part)
                total = part if total is None else tuple(map(_add, total, part))
            assert total is not None  # there is at least one row
            return total

        if len(self._stored) == 1 and self._sum_dtype is None:
            (block,) = self._blocks(self._stored)
            return run(*block, *cast)
        if len(self._worker_slices) == 1:
            return add_up(self._stored)
        parts = self.context.library.parallel_map(add_up, self._worker_slices)
        total: tuple[Array, ...] = parts[0]
        for part in parts[1:]:
            total = tuple(map(_add, total, part))
        return total

    def sum_of_squares(self) -> float:
        """Add up the squares of all features; see `Rows.sum_of_squares`."""
        if self._sum_of_squares is None:
            found = self._squares  # (of the features alone: whatever stands beside them)
            found = self.with_row_arrays().sum(sum_of_squares)[0] if found is None else found
            self._sum_of_squares = float(to_host(found)[0, 0])
        return self._sum_of_squares

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a block function returns; see `Rows.map`."""
        found, _ = self._map(self._compiled(function, static), parameters)
        return found

    def map_rows(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a row function returns; see `Rows.map_rows`."""
        found, _ = self._map(self._compiled_of_rows(function, static), parameters)
        return found

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
        static = {"logits_function": function, "by_row": by_row, **static}
        known = self._sum_of_squares is not None or self._squares is not None
        squares = None if known else self._compiled(sum_of_squares, {})
        run = self._compiled(apply_to_logits, static)
        found, total = self._map(run, (coef, intercept), squares)
        self._squares = total if self._squares is None else self._squares
        return found

    def _map(
        self,
        run: Callable[..., Array],
        parameters: tuple[Array, ...],
        squares: Callable[..., tuple[Array]] | None = None,
    ) -> tuple[Array, Array | None]:
        """Stack the rows of a compiled function, and add up ``squares`` of the features if given.

        A block is read from memory once for both.
        """
        cast = self.context.cast_all(parameters)
        while True:
            sums: list[Array] = []

            def answer(block: tuple[Array | None, ...], sums: list[Array] = sums) -> Array:
                if squares is not None:
                    sums.extend(squares(block[0]))
                return self._order.flip(run(*block, *cast))

            try:
                found = self._stack(answer)
                return found, self._total(sums)
            except Exception as error:
                size = self._smaller_blocks(error)
            self._set_block_rows(size)

    def _total(self, sums: list[Array]) -> Array | None:
        """Add up arrays of blocks in the widest precision; None if there are none."""
        if len(sums) > 1 and self._sum_dtype is not None:
            sums = [self._xp.astype(part, self._sum_dtype) for part in sums]
        return reduce(_add, sums) if sums else None

    def _stack(self, answer: Callable[[tuple[Array | None, ...]], Array]) -> Array:
        """Stack the rows that ``answer`` returns for each block, in one array from the start."""
        library, options, (n, p) = self.context.library, self._options, self.shape
        products = n * p * self._settings["width"]
        is_long = products >= options.parallel_min_products
        # (each small product would wake the threads of BLAS, and wait for a core for each)
        one_thread = n * p >= options.min_limited and not (is_long and self.one_block)
        with library.limit_blas_threads() if one_thread else nullcontext():
            return self._stacked(answer, is_long)

    def _stacked(self, answer: Callable[[tuple[Array | None, ...]], Array], is_long: bool) -> Array:
        """Stack the rows that ``answer`` returns for each block."""
        library = self.context.library
        if self.one_block and not self._order.flipped:
            (block,) = self._blocks(self._stored)
            return answer(block)
        if not library.writes_in_place:
            parts = [answer(block) for block in self._blocks(self._stored)]
            return self._xp.concat(parts, axis=0)
        stack = RowStack(self.context, self.shape[0])

        def fill(work: tuple[int, list[tuple[Any, ...]]]) -> None:
            start, stored = work
            for number, block in enumerate(self._blocks(stored), start):
                stack.write(number * self._size, answer(block))

        slices = self._worker_slices
        if len(slices) == 1:
            slices = self._shared_out(is_long)
        if len(slices) == 1:
            fill((0, self._stored))
        else:
            starts = accumulate((len(stored) for stored in slices[:-1]), initial=0)
            library.parallel_map(fill, list(zip(starts, slices, strict=True)))
        return stack.array

    # --- selected rows ---

    def sample(self, count: int, seed: int) -> "ArrayRows | None":
        """Select one row at random from each of ``count`` intervals; see `Rows.sample`.

        The intervals have equal lengths, so that the sample is even for sorted rows, and the row
        within an interval is random, so that it is even for periodic rows.
        """
        if not self._can_select():
            return None
        selected = self.select(evenly_drawn(self.shape[0], count, seed))
        assert selected is not None
        return selected

    def select(self, rows: np.ndarray[Any, Any]) -> "ArrayRows | None":
        """Copy the rows with these indices; see `Rows.select`."""
        if not self._can_select():
            return None
        settings, options = dict(self._settings), self._options
        if self.context.blocks.many_outputs_rows is not None:
            # Arrays computed from a block then stay in cache.
            most = max(options.sample_rows, options.sample_rows_per_feature * self.shape[1])
            settings["block_rows"] = min(self._block_rows(settings["block_rows"]), most)
        taken = self._take_rows(rows)
        return type(self)(self.context, *taken, **settings, standardisation=self._standardisation)

    def in_blocks(self) -> "ArrayRows":
        """Return these rows."""
        return self

    def gram(self, weights: Array) -> None:
        """Return None: block functions multiply dense features."""

    def take_columns(self, features: np.ndarray[Any, Any]) -> "ArrayRows | None":
        """Copy the features with these numbers; see `Rows.take_columns`."""
        index = self.context.asarray(features, keep_dtype=True)
        X, *row_arrays = self._arrays
        settings: dict[str, Any] = {**self._settings, "block_rows": None}
        if self._standardisation is not None:
            take = self._xp.take
            settings["standardisation"] = tuple(
                take(part, index, axis=0) for part in self._standardisation
            )
        return type(self)(self.context, self._take_columns(X, features), *row_arrays, **settings)

    def columns(self, features: Any) -> None:
        """Return None: blocks are dense."""

    def with_occurring_columns(self) -> None:
        """Return None: the features would have to be read."""

    # --- the same rows with another precision, other features or other row arrays ---

    def in_float64(self) -> "ArrayRows":
        """Return rows whose blocks are computed in the widest precision; see `Rows.in_float64`."""
        if self._sum_dtype is None:
            return self
        cached, settings = self.context.blocks.features, dict(self._settings)
        if cached is not None:  # each block is converted: it is copied
            rows = max(self._options.fewest_converted, cached // (16 * max(self.shape[1], 1)))
            settings["block_rows"] = min(self._size, rows)
        return type(self)(
            self.context.wide, *self._arrays, standardisation=self._standardisation, **settings
        )

    def in_float32(self) -> "ArrayRows | None":
        """Return rows whose blocks are computed in float32; see `Rows.in_float32`."""
        low_precision, options = self.context.low_precision, self._options
        width, (n, p) = self._settings["width"], self.shape
        if low_precision is None or width < options.float32_min_outputs:
            return None
        if n * p * width < options.float32_min_products:
            return None
        if self._standardisation is not None:  # float32 would lose the digits that it preserves
            return None
        if self.context.blocks.features is None:  # a single block: a copy of all features
            return None
        if self._float32_rows is None:
            settings = dict(self._settings)
            if self.context.blocks.many_outputs_rows is None:
                # The library's own blocks are too large for sums in float32.
                most = self._block_rows(settings["block_rows"])
                settings["block_rows"] = min(most, options.float32_max_rows)
            self._float32_rows = type(self)(low_precision, *self._arrays, **settings)
        return self._float32_rows

    def standardised(self, centre: Array, scale: Array) -> "ArrayRows":
        """Return rows of standardised features; see `Rows.standardised`."""
        assert self._standardisation is None
        settings = {**self._settings, "standardisation": (centre, scale)}
        return type(self)(self.context.wide, *self._arrays, **settings)

    def with_row_arrays(self, *row_arrays: Array) -> "ArrayRows":
        """Return the same features with other row arrays; see `Rows.with_row_arrays`."""
        other = copy(self)  # (fits on kept logits ask for it in every trial)
        other._arrays = (self._arrays[0], *row_arrays)
        other._float32_rows = None
        other._make_blocks(self._size)
        return other

    def with_features(self, X: Array) -> "ArrayRows":
        """Return the same row arrays with other features; see `Rows.with_features`."""
        return ArrayRows(self.context.wide, X, *self._arrays[1:], **self._settings)

    # --- sums over blocks of columns ---

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Add up the arrays that a function of columns returns; see `Rows.sum_over_columns`."""
        wide, options = self.context.wide, self._options
        run = wide.compile(function, **static)
        compiled_standardise = wide.compile(standardise)
        n, p = self.shape
        size = p
        if self.context.blocks.features is not None:
            numbers = self.context.blocks.features // 8
            if self._arrays[0].dtype == wide.dtype and not self.copies_columns:
                numbers *= options.uncopied_column_factor
            size = max(options.min_columns, numbers // n)
        total: Any = None
        for start in range(0, p, size):
            stop = min(start + size, p)
            arrays = (None if a is None else a[..., start:stop] for a in column_arrays)
            features = self._column_block(start, stop)
            if self._standardisation is not None:
                centre, scale = self._standardisation
                features = compiled_standardise(features, centre[start:stop], scale[start:stop])
            part = run(features, *arrays)
            if total is None:
                total = part
            else:
                total = tuple(map(_add, total, part)) if isinstance(part, tuple) else total + part
        return total


def _add(left: Array, right: Array) -> Array:
    return left + right
