"""Blocks of rows of arrays that are in memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.block_features import (
    Standardisation,
    apply_to_logits,
    standardise,
    sum_of_squares,
    with_cast_features,
    with_standardised_features,
)

__all__ = ["ArrayRows"]

#: fewer rows than this are not worth the calls that a further block costs
MIN_BLOCK_ROWS = 512
#: so many are worth it as long as a block is no more than so many times too large
PREFERRED_BLOCK_ROWS, MAX_BLOCK_EXCESS = 2048, 4
#: rows below which smaller blocks would not be what is missing, when there is no memory
MIN_RETRY_BLOCK_ROWS = 64
#: numbers computed for each row, and for all, from which on several workers are worth it; of so
#: many rows they are for one neuron too: reading is what takes long, and one core cannot ask for
#: more
MANY_OUTPUTS, PARALLEL_MIN_NUMBERS = 16, 1 << 18
#: multiplications in a pass, below which nothing is gained by making them cheaper
FLOAT32_MIN_PRODUCTS = 1 << 24
#: columns from which on half as wide numbers save more than it costs to make them
FLOAT32_MIN_OUTPUTS = 16
#: and so many of their rows are summed in float32 at most
FLOAT32_MAX_BLOCK_ROWS = 1 << 16
#: and samples are worked on in blocks of so many, where blocks are to stay in cache; of so many
#: times as many as features at least, whose products take as long to add up as to compute
SAMPLE_BLOCK_ROWS, SAMPLE_BLOCK_FEATURE_FACTOR = 1024, 4
#: blocks of columns are so many times as large where they need not be copied to be worked on:
#: products of more columns are faster
UNCOPIED_COLUMN_FACTOR = 8


class ArrayRows:
    """Rows of arrays that are in memory, on one device or sharded by their library.

    Parameters
    ----------
    context : ArrayContext
        Where the arrays are, and the precision to compute in.
    X : array (n, p)
    *row_arrays : array (n, ...) or None
        Targets, weights, whatever goes with each row.
    width : int, default 1
        Numbers that are computed for each row, such as the logits of so many neurons.
    block_rows : int, optional
        Rows in a block; by default what the library does best with.
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale: block functions receive ``(X - centre) * scale``.
    """

    lazy = copies_columns = False

    def __init__(
        self,
        context: ArrayContext,
        X: Array,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        standardisation: Standardisation | None = None,
    ) -> None:
        self.context = context
        self.shape = X.shape
        self._arrays = (X, *row_arrays)
        self._float32_rows: ArrayRows | None = None
        self._standardisation = standardisation
        self._settings: dict[str, Any] = {"width": width, "block_rows": block_rows}
        self._xp, self._dtype = context.xp, context.dtype
        self._sum_of_squares: float | None = None
        wide = context.wide
        self._sum_dtype = None if wide.precision == context.precision else wide.dtype
        self._make_blocks(self._block_rows(block_rows))

    def _make_blocks(self, size: int) -> None:
        """Make blocks of so many rows, and share them out among the workers."""
        X, *row_arrays = self._arrays
        width = self._settings["width"]
        # the blocks are views; only libraries without views copy, and those get one block
        self._stored: list[tuple[Any, ...]] = [
            (self._slice_features(X, start, size), *(_rows(a, start, size) for a in row_arrays))
            for start in range(0, X.shape[0], size)
        ]
        #: blocks that one worker adds up
        self._worker_slices = [self._stored]
        n = X.shape[0]
        numbers = n * width if width >= MANY_OUTPUTS else n
        if numbers >= PARALLEL_MIN_NUMBERS:
            team = min(self.context.library.workers(), len(self._stored) // 2)
            if team > 1:
                edges = np.linspace(0, len(self._stored), team + 1).astype(int)
                self._worker_slices = [self._stored[a:b] for a, b in pairwise(edges)]

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the blocks; see `Rows.sum`."""
        while True:
            try:
                return self._sum(function, parameters, static)
            except Exception as error:
                size = self._smaller_blocks(error)
            self._set_block_rows(size)

    def _sum(
        self,
        function: Callable[..., tuple[Array, ...]],
        parameters: tuple[Array | None, ...],
        static: dict[str, Any],
    ) -> tuple[Array, ...]:
        run, cast = self._compiled(function, static), self.context.cast_all(parameters)

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
            return run(*block, *cast)  # type: ignore[no-any-return]
        if len(self._worker_slices) == 1:
            return add_up(self._stored)
        parts = self.context.library.parallel_map(add_up, self._worker_slices)
        total: tuple[Array, ...] = parts[0]
        for part in parts[1:]:
            total = tuple(map(_add, total, part))
        return total

    def sum_of_squares(self) -> float:
        """Add up all squared features; see `Rows.sum_of_squares`."""
        if self._sum_of_squares is None:
            self._sum_of_squares = float(to_host(self.sum(sum_of_squares)[0])[0, 0])
        return self._sum_of_squares

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the blocks' rows; see `Rows.map`."""
        while True:
            try:
                return self._map(function, parameters, static)
            except Exception as error:
                size = self._smaller_blocks(error)
            self._set_block_rows(size)

    def _map(
        self,
        function: Callable[..., Array],
        parameters: tuple[Array, ...],
        static: dict[str, Any],
    ) -> Array:
        run, cast = self._compiled(function, static), self.context.cast_all(parameters)
        parts = [run(*block, *cast) for block in self._blocks(self._stored)]
        return parts[0] if len(parts) == 1 else self.context.xp.concat(parts, axis=0)

    def map_logits(
        self, function: Callable[..., Array], coef: Array, intercept: Array, **static: Any
    ) -> Array:
        """Stack what a function returns of the blocks' logits; see `Rows.map_logits`."""
        return self.map(apply_to_logits, coef, intercept, logits_function=function, **static)

    def _smaller_blocks(self, error: Exception) -> int:
        """Rows of blocks to try next after an error; raise it if those would not help."""
        size: int = min(self._block_rows(self._settings["block_rows"]), self.shape[0])
        if size <= MIN_RETRY_BLOCK_ROWS or not self.context.library.out_of_memory(error):
            raise error
        return max(size // 2, MIN_RETRY_BLOCK_ROWS)

    def _set_block_rows(self, size: int) -> None:
        """Divide the rows anew, after the memory of a failed attempt was released."""
        # (outside of the handler: the error keeps all intermediate results alive)
        self._settings["block_rows"] = size
        self.context.library.release_memory()
        self._make_blocks(size)

    def sample(self, count: int, seed: int) -> "ArrayRows | None":
        """Draw one row at random out of each of ``count`` equal stretches; see `Rows.sample`.

        Neither sorted rows nor rows with a period make such a sample uneven.
        """
        if not self._can_select():
            return None
        edges = np.linspace(0, self.shape[0], count + 1)
        chosen = edges[:-1] + np.random.default_rng(seed).uniform(size=count) * np.diff(edges)
        drawn = self.select(np.minimum(chosen.astype(np.int64), self.shape[0] - 1))
        assert drawn is not None
        return drawn

    @property
    def one_block(self) -> bool:
        """Whether all rows are one block."""
        return len(self._stored) == 1

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """What goes with each row."""
        return self._arrays[1:]

    def select(self, rows: np.ndarray[Any, Any]) -> "ArrayRows | None":
        """Return a copy of some of the rows; see `Rows.select`."""
        if not self._can_select():
            return None
        X, *row_arrays = self._arrays
        index = self.context.asarray(rows, keep_dtype=True)
        taken = [a if a is None else self._xp.take(a, index, axis=0) for a in row_arrays]
        settings = dict(self._settings)
        if self.context.library.many_outputs_block_rows is not None:
            # (what is made of them stays in cache)
            most = max(SAMPLE_BLOCK_ROWS, SAMPLE_BLOCK_FEATURE_FACTOR * self.shape[1])
            settings["block_rows"] = min(self._block_rows(settings["block_rows"]), most)
        drawn = self._take_features(X, rows)
        return type(self)(
            self.context, drawn, *taken, **settings, standardisation=self._standardisation
        )

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Limit BLAS to one thread where several workers share the cores."""
        return (
            self.context.library.limit_blas_threads()
            if len(self._worker_slices) > 1
            else nullcontext()
        )

    def in_float64(self) -> "ArrayRows":
        """Compute blocks in the widest precision; see `Rows.in_float64`."""
        if self._sum_dtype is None:
            return self
        return self._with_arrays(self.context.wide, *self._arrays)

    def standardised(self, centre: Array, scale: Array) -> "ArrayRows":
        """Standardise the features, block by block; see `Rows.standardised`."""
        assert self._standardisation is None
        given = {**self._settings, "standardisation": (centre, scale)}
        return type(self)(self.context.wide, *self._arrays, **given)

    def _with_arrays(self, context: ArrayContext, *arrays: Array | None) -> "ArrayRows":
        """Make rows of other arrays that are cut and standardised as these are."""
        return type(self)(context, *arrays, **self._settings, standardisation=self._standardisation)

    def in_float32(self) -> "ArrayRows | None":
        """Compute blocks in half the width; see `Rows.in_float32`."""
        low_precision = self.context.low_precision
        width, (n, p) = self._settings["width"], self.shape
        if low_precision is None or width < FLOAT32_MIN_OUTPUTS:
            return None
        if n * p * width < FLOAT32_MIN_PRODUCTS:
            return None
        # float32 would lose the digits that it keeps; and one block would copy all features
        if self._standardisation is not None or self.context.library.block_bytes is None:
            return None
        if self._float32_rows is None:
            settings = dict(self._settings)
            if self.context.library.many_outputs_block_rows is None:
                # (blocks are larger than a sum bears)
                most = self._block_rows(settings["block_rows"])
                settings["block_rows"] = min(most, FLOAT32_MAX_BLOCK_ROWS)
            self._float32_rows = type(self)(low_precision, *self._arrays, **settings)
        return self._float32_rows

    def with_row_arrays(self, *row_arrays: Array) -> "ArrayRows":
        """Put other arrays beside the features; see `Rows.with_row_arrays`."""
        return self._with_arrays(self.context, self._arrays[0], *row_arrays)

    def with_features(self, X: Array) -> "ArrayRows":
        """Put other features, in the widest precision, in the place of these."""
        return ArrayRows(self.context.wide, X, *self._arrays[1:], **self._settings)

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Add up what a function returns for each block of columns, in the widest precision.

        ``column_arrays`` are arrays whose last axis goes along with the columns, or None.
        """
        wide = self.context.wide
        run = wide.compile(function, **static)
        compiled_standardise = wide.compile(standardise)
        n, p = self.shape
        size = p
        if self.context.library.block_bytes is not None:
            numbers = self.context.library.block_bytes // 8
            if self._arrays[0].dtype == wide.dtype and not self.copies_columns:
                numbers *= UNCOPIED_COLUMN_FACTOR
            size = max(64, numbers // n)
        total: Any = None
        for start in range(0, p, size):
            stop = min(start + size, p)
            beside = (None if a is None else a[..., start:stop] for a in column_arrays)
            features = self._column_block(start, stop)
            if self._standardisation is not None:
                part_of_each = (a[start:stop] for a in self._standardisation)
                features = compiled_standardise(features, *part_of_each)
            part = run(features, *beside)
            if total is None:
                total = part
            else:
                total = tuple(map(_add, total, part)) if isinstance(part, tuple) else total + part
        return total

    def _compiled(self, function: Callable[..., Any], static: dict[str, Any]) -> Callable[..., Any]:
        """Compile a block function together with widening and standardising its features.

        The features as the function receives them then need not be stored.
        """
        if self._standardisation is not None:
            return self._compiled_standardised(function, static)
        if self._is_cast():
            return self.context.compile(function, **static)
        return self.context.compile(
            with_cast_features, block_function=function, precision=self.context.precision, **static
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

        def standardising(X: Array, *row_arrays: Array | None) -> Any:
            return run(X, centre, scale, *row_arrays)

        return standardising

    def _blocks(self, stored: list[tuple[Any, ...]]) -> Iterator[tuple[Array | None, ...]]:
        """Give blocks, their features as they are stored."""
        yield from stored

    # --- what depends on how the features are stored ---

    def _block_rows(self, requested: int | None) -> int:
        """Rows in a block."""
        n, p = self.shape
        return requested or _default_block_rows(self.context, n, p, self._settings["width"])

    def _slice_features(self, X: Array, start: int, size: int) -> Array:
        """Features of a block, as they are stored."""
        return _rows(X, start, size)

    def _is_cast(self) -> bool:
        """Whether blocks come in the precision that is computed in."""
        return bool(self._arrays[0].dtype == self._dtype)

    def _can_select(self) -> bool:
        return self.context.library.supports_row_indexing(self._arrays[0])

    def _take_features(self, X: Array, rows: np.ndarray[Any, Any]) -> Array:
        """Copy chosen rows of the features."""
        return self._xp.take(X, self.context.asarray(rows, keep_dtype=True), axis=0)

    def _column_block(self, start: int, stop: int) -> Array:
        """Columns of the features, in the widest precision."""
        part = self._arrays[0][:, start:stop]
        return self._xp.astype(part, self.context.wide.dtype, copy=False)


def _default_block_rows(context: ArrayContext, n: int, p: int, width: int) -> int:
    library = context.library
    if library.block_bytes is None:
        return n
    row = 8 * max(p, 1)
    some = min(PREFERRED_BLOCK_ROWS, MAX_BLOCK_EXCESS * library.block_bytes // row)
    rows = max(MIN_BLOCK_ROWS, some, library.block_bytes // row)
    if library.temporary_bytes is not None:
        size = 4 if context.precision == "float32" else 8
        rows = min(rows, library.temporary_bytes // (size * width))
    fewest, most = library.many_outputs_block_rows or (MIN_BLOCK_ROWS, rows)
    return max(fewest, min(rows, most) if width >= MANY_OUTPUTS else rows)


def _rows(array: Array | None, start: int, size: int) -> Array | None:
    if array is None or size >= array.shape[0]:
        return array
    return array[start : min(start + size, array.shape[0]), ...]


def _add(left: Array, right: Array) -> Array:
    return left + right
