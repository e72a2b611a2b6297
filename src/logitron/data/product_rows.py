"""`ProductRows`: sparse features whose products with all rows are cheaper than dense blocks."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data.block_options import BlockOptions
from logitron.data.products import Products
from logitron.data.row_blocks import evenly_drawn
from logitron.data.row_stack import RowStack
from logitron.data.rows import Rows

__all__ = ["ProductRows"]

#: numbers in a block of a row function: its temporary arrays then fit a cache
BLOCK_NUMBERS = 1 << 16
#: rows of a block, at least
FEWEST_ROWS = 32
#: largest number of logits in one product, unless they are kept
MAX_LOGITS = 1 << 22


class ProductRows:
    """A sparse matrix and row arrays, as `logitron.data.Rows`.

    Products with the coefficients and with residuals are sparse products of all rows, where the
    features are. Row functions are computed block by block, in the library of the context. Block
    functions receive dense blocks.

    Parameters
    ----------
    context : ArrayContext
    products : Products
        With the features, in any dtype.
    *row_arrays : array (n, ...) or None
    width : int, default 1
        Outputs: numbers computed for each row.
    options : BlockOptions, optional
    """

    one_block = False

    @property
    def draws_rows(self) -> bool:
        """Whether rows can be selected; see `Rows.draws_rows`."""
        return not self.lazy

    def __init__(
        self,
        context: ArrayContext,
        products: Products,
        *row_arrays: Array | None,
        width: int = 1,
        options: BlockOptions | None = None,
    ) -> None:
        self.context = context
        self.shape = products.shape
        self.entries: int | None = products.entries
        self.lazy = products.lazy
        self.in_memory = not products.lazy
        self.row_arrays = row_arrays
        self._given = products
        self._settings: dict[str, Any] = {"width": width, "options": options}
        self._products = products.astype(context.precision)

    # --- products with the features ---

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
        n, products = self.shape[0], self._products
        W, b = products.bring(coef).T, products.bring(intercept)
        run = self.context.compile(function, **static)
        step = max(1, MAX_LOGITS // W.shape[1])

        def part(start: int, stop: int) -> Array:
            Z = products.forward(W, start, stop)
            Z += b
            return run(self.context.asarray(Z))

        if step >= n:
            return part(0, n)
        edges = [(start, min(start + step, n)) for start in range(0, n, step)]
        if not self.context.library.writes_in_place:
            return self.context.xp.concat([part(*edge) for edge in edges], axis=0)
        stack = RowStack(self.context, n)
        for edge in edges:
            stack.write(edge[0], part(*edge))
        return stack.array

    def sum_products(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Multiply the last array of a row function by the features; see `Rows.sum_products`."""
        run = self._compiled(function, static)
        sums, R = self._add_up(run, parameters, stacks=True)
        products = self._products
        return (*sums, self.context.wide.asarray(products.backward(products.bring(R))))

    def squared_products(self, weights: Array) -> Array:
        """Multiply the squared features by a row array; see `Rows.squared_products`."""
        products = self._products
        return self.context.wide.asarray(products.backward_squared(products.bring(weights)))

    def signed_counts(self, weights: Array) -> tuple[Array, Array]:
        """Multiply a row array by the places of each sign; see `Rows.signed_counts`."""
        found = self._given.signed_counts(self._given.bring(weights))
        positive, negative = map(self.context.wide.asarray, found)
        return positive, negative

    def sum_of_squares(self) -> float:
        """Add up the squares of all features; see `Rows.sum_of_squares`."""
        return self._given.sum_of_squares()

    # --- functions of the row arrays ---

    def sum_rows(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns; see `Rows.sum_rows`."""
        sums, _ = self._add_up(self._compiled(function, static), parameters, stacks=False)
        return sums

    def map_rows(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a row function returns; see `Rows.map_rows`."""
        run = self._compiled(function, static)
        _, stacked = self._add_up(lambda *arrays: (run(*arrays),), parameters, stacks=True)
        return stacked

    def _compiled(self, function: Callable[..., Any], static: dict[str, Any]) -> Callable[..., Any]:
        return self.context.compile(function, dtype=self.context.precision, **static)

    def _add_up(
        self,
        run: Callable[..., tuple[Array, ...]],
        parameters: tuple[Array | None, ...],
        *,
        stacks: bool,
    ) -> tuple[tuple[Array, ...], Array | None]:
        """Add up the arrays of all blocks, in the widest precision; ``stacks`` the last of them."""
        context, (n, _) = self.context, self.shape
        cast, wide = context.cast_all(parameters), context.wide
        stack = RowStack(context, n)

        def add_up(blocks: list[tuple[int, int]]) -> list[Array]:
            total: list[Array] = []
            for start, stop in blocks:
                arrays = (_slice(array, start, stop, n) for array in self.row_arrays)
                found = list(run(*arrays, *cast))
                if stacks:
                    stack.write(start, found.pop())
                found = [context.xp.astype(part, wide.dtype, copy=False) for part in found]
                total = [a + b for a, b in zip(total, found, strict=True)] if total else found
            return total

        blocks = self._blocks
        if len(blocks) == 1:
            found = list(run(*self.row_arrays, *cast))
            stacked = found.pop() if stacks else None
            return tuple(context.xp.astype(a, wide.dtype, copy=False) for a in found), stacked
        team = self._team(len(blocks))
        if team == 1:
            totals = [add_up(blocks)]
        else:
            shares = [blocks[part] for part in _parts(len(blocks), team)]
            totals = context.library.parallel_map(add_up, shares)
        sums = tuple(sum(parts[1:], start=parts[0]) for parts in zip(*totals, strict=True))
        return sums, stack.array if stacks else None

    @property
    def _blocks(self) -> list[tuple[int, int]]:
        n, library = self.shape[0], self.context.library
        step = max(FEWEST_ROWS, BLOCK_NUMBERS // self._settings["width"])
        if self.context.blocks.features is None or not library.writes_in_place:
            step = n
        return [(start, min(start + step, n)) for start in range(0, n, step)]

    def _team(self, blocks: int) -> int:
        """Workers that share the blocks."""
        options = self._settings["options"] or BlockOptions()
        numbers = self.shape[0] * self._settings["width"]
        if numbers < options.parallel_min_numbers:
            return 1
        return max(1, min(self.context.workers(), blocks // 2))

    # --- dense blocks of features ---

    def in_blocks(self) -> Rows:
        """Return the same rows in dense blocks; see `Rows.in_blocks`."""
        return self._given.in_blocks(self.context, *self.row_arrays, **self._settings)

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a block function returns; see `Rows.sum`."""
        return self.in_blocks().sum(function, *parameters, **static)

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a block function returns; see `Rows.map`."""
        return self.in_blocks().map(function, *parameters, **static)

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Add up the arrays of dense blocks of columns; see `Rows.sum_over_columns`."""
        return self.in_blocks().sum_over_columns(function, *column_arrays, **static)

    def standardised(self, centre: Array, scale: Array) -> Rows:
        """Return dense blocks of standardised features; see `Rows.standardised`."""
        return self.in_blocks().standardised(centre, scale)

    def with_features(self, X: Array) -> Rows:
        """Return the same row arrays with other features; see `Rows.with_features`."""
        return self.in_blocks().with_features(X)

    # --- some of the rows or columns, and other precisions ---

    def sample(self, count: int, seed: int) -> "ProductRows | None":
        """Select ``count`` rows, evenly over all rows; see `Rows.sample`."""
        return self.select(evenly_drawn(self.shape[0], count, seed))

    def select(self, rows: HostArray) -> "ProductRows | None":
        """Copy the rows with these indices; see `Rows.select`."""
        products = self._given.take(rows)
        if products is None:
            return None
        index = self.context.asarray(rows, keep_dtype=True)
        take = self.context.library.take_rows
        taken = [None if array is None else take(array, index) for array in self.row_arrays]
        return type(self)(self.context, products, *taken, **self._settings)

    def gram(self, weights: Array) -> Array | None:
        """Multiply the features with each other; see `Rows.gram`."""
        found = self._given.gram(self._given.bring(weights))
        return None if found is None else self.context.wide.asarray(found)

    def take_columns(self, features: HostArray) -> "ProductRows | None":
        """Copy the features with these numbers; see `Rows.take_columns`."""
        products = self._given.select_columns(features)
        if products is None:
            return None
        return type(self)(self.context, products, *self.row_arrays, **self._settings)

    def columns(self, features: HostArray) -> Any | None:
        """Return some features as a CSC array; see `Rows.columns`."""
        return self._given.columns(features)

    def with_occurring_columns(self) -> "tuple[ProductRows, HostArray] | None":
        """Return rows of the columns that have entries; see `Rows.with_occurring_columns`."""
        columns = self._given.occurring_columns()
        if columns is None:
            return None
        products = self._given.take_columns(columns)
        return type(self)(self.context, products, *self.row_arrays, **self._settings), columns

    def with_row_arrays(self, *row_arrays: Array) -> "ProductRows":
        """Return the same features with other row arrays; see `Rows.with_row_arrays`."""
        last = row_arrays[-1] if row_arrays else None
        width = self._settings["width"]
        if last is not None and last.ndim == 2:  # logits, of which there may be fewer than targets
            width = last.shape[1]
        return self._with(self.context, self._products, *row_arrays, width=width)

    def in_float64(self) -> "ProductRows":
        """Return rows computed in the widest precision; see `Rows.in_float64`."""
        return self._with(self.context.wide, self._given, *self.row_arrays)

    def in_float32(self) -> "ProductRows | None":
        """Return rows computed in float32; see `Rows.in_float32`."""
        low_precision = self.context.low_precision
        if low_precision is None:
            return None
        return self._with(low_precision, self._given, *self.row_arrays)

    def _with(
        self,
        context: ArrayContext,
        products: Products,
        *row_arrays: Array | None,
        **settings: Any,
    ) -> "ProductRows":
        rows = type(self)(context, products, *row_arrays, **{**self._settings, **settings})
        rows._given = self._given
        return rows

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Change nothing: products of sparse matrices do not use BLAS."""
        return nullcontext()


def _slice(array: Array | None, start: int, stop: int, n: int) -> Array | None:
    """Return some rows of an array, without copying it."""
    if array is None or (start, stop) == (0, n):
        return array
    return array[start:stop, ...]


def _parts(count: int, team: int) -> list[slice]:
    """Divide the blocks among workers, in order."""
    edges = np.linspace(0, count, team + 1).astype(int)
    return [slice(a, b) for a, b in pairwise(edges)]
