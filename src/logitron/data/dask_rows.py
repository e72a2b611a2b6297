"""Sums and maps over the chunks of Dask arrays.

Dask's own linear algebra is incomplete and in places wrong, and is not used. The parameters are
sent to the chunks, a block function runs on each chunk in the library of the context, and only the
total is returned: one computation of Dask for each sum.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data.array_rows import ArrayRows
from logitron.data.block_features import (
    Standardisation,
    apply_to_logits,
    signed_counts,
    squared_products,
    sum_of_squares,
)
from logitron.data.dask_chunks import check_chunks
from logitron.data.dask_parts import Parts, lazy_parts
from logitron.data.dask_tasks import PartFunction, map_chunk, map_part, sum_over_part
from logitron.data.row_blocks import evenly_drawn

__all__ = ["DaskRows"]

#: numbers of the features of selected rows, which are copied to this process, at most
MOST_SELECTED = 1 << 23


class DaskRows:
    """The rows of a Dask array, as `logitron.data.Rows`.

    The chunks are the blocks of rows. Within `logitron.data.keep_chunks` they are computed once, if
    they fit the memory of the workers; otherwise anew in every pass.

    Parameters
    ----------
    context : ArrayContext
        Library, device and precision of the computation, in the workers.
    X : dask.array.Array (n, p)
    *row_arrays : dask.array.Array or array (n, ...), or None
        Arrays with one entry for each row, such as targets and weights.
    width : int, default 1
        Outputs: numbers computed for each row.
    parts : Parts, optional
        The chunks that are kept; by default, they are computed in each pass, and NaN and infinity
        are rejected in each.
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale of the features; see `Rows.standardised`.
    columns : array of int, optional
        Which columns of sparse parts are used; X then has these columns.

    Raises
    ------
    ValueError
        If the sizes of the chunks are unknown.
    """

    lazy, one_block = True, False
    entries: int | None = None
    in_memory = False

    def __init__(
        self,
        context: ArrayContext,
        X: Array,
        *row_arrays: Array | None,
        width: int = 1,
        parts: Parts | None = None,
        standardisation: Standardisation | None = None,
        columns: HostArray | None = None,
    ) -> None:
        self.context = context
        self._used_columns = columns
        self._standardisation = standardisation
        self._row_arrays = row_arrays
        self._width = width
        self._given_parts = parts
        self._sum_of_squares: float | None = None
        self._drawn: ArrayRows | None = None
        check_chunks(X)
        self._X = in_whole_rows(X)
        self.shape = X.shape
        #: row arrays that parts have already, by the identity of the array
        self._known_columns: dict[int, tuple[Array, list[Any]]] = {}

    # --- sums ---

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a block function returns; see `Rows.sum`."""
        return self._sum("sum", function, parameters, static)

    def sum_rows(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns; see `Rows.sum_rows`."""
        return self._sum("sum_rows", function, parameters, static)

    def sum_products(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Multiply the last array of a row function by the features; see `Rows.sum_products`."""
        return self._sum("sum_products", function, parameters, static)

    def _sum(
        self,
        method: str,
        function: Callable[..., Any],
        parameters: tuple[Any, ...],
        static: dict[str, Any],
        *,
        finite: bool = False,
    ) -> tuple[Array, ...]:
        run = partial(sum_over_part, self._sent(method, function, parameters, static))
        finite = finite or self._given_parts is None
        return self._parts.total(run, *self._columns, finite=finite)

    def _sent(
        self,
        method: str,
        function: Callable[..., Any],
        parameters: tuple[Any, ...],
        static: dict[str, Any],
    ) -> PartFunction:
        cast = tuple(map(self.context.cast, parameters))
        settings = self._standardisation, self._width, self._used_columns
        return PartFunction(self.context, method, function, static, cast, *settings)

    def squared_products(self, weights: Array) -> Array:
        """Multiply the squared features by a row array; see `Rows.squared_products`."""
        return self.with_row_arrays(weights).sum(squared_products)[0]

    def signed_counts(self, weights: Array) -> tuple[Array, Array]:
        """Multiply a row array by the places of each sign; see `Rows.signed_counts`."""
        positive, negative = self.with_row_arrays(weights).sum(signed_counts)
        return positive, negative

    def sum_of_squares(self) -> float:
        """Add up the squares of all features; see `Rows.sum_of_squares`.

        Raises
        ------
        ValueError
            If a feature is NaN or infinite; the message names the chunk.
        """
        if self._sum_of_squares is None:
            (found,) = self._sum("sum", sum_of_squares, (), {}, finite=True)
            self._sum_of_squares = float(to_host(found)[0, 0])
        return self._sum_of_squares

    @cached_property
    def _parts(self) -> Parts:
        return lazy_parts(self._X) if self._given_parts is None else self._given_parts

    @property
    def _columns(self) -> list[list[Any]]:
        """The row arrays of each part; they are sent or computed once."""
        for array in self._row_arrays:
            if array is not None and id(array) not in self._known_columns:
                self._known_columns[id(array)] = array, self._parts.column(array)
        return [
            self._parts.column(None) if array is None else self._known_columns[id(array)][1]
            for array in self._row_arrays
        ]

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """Arrays with one entry for each row."""
        return self._row_arrays

    # --- selected rows ---

    @property
    def draws_rows(self) -> bool:
        """Whether rows can be drawn: of dense chunks, in a fit; see `Rows.draws_rows`."""
        return self._given_parts is not None and not self._given_parts.sparse

    def sample(self, count: int, seed: int) -> ArrayRows | None:
        """Select ``count`` rows, evenly over all rows; see `Rows.sample`.

        They are copied to this process. Where the chunks are computed anew in each pass, that is
        done once, for the largest sample, of which smaller ones are samples.
        """
        n, p = self.shape
        most = MOST_SELECTED // p
        if count > most or not self.draws_rows:
            return None
        if self._parts.kept:
            return self._selected(evenly_drawn(n, count, seed))
        if self._drawn is None:
            self._drawn = self._selected(evenly_drawn(n, min(most, n), 0))
        return self._drawn.sample(count, seed)

    def select(self, rows: HostArray) -> ArrayRows | None:
        """Copy the rows with these indices to this process; see `Rows.select`."""
        few = len(rows) * self.shape[1] <= MOST_SELECTED
        return self._selected(rows) if few and self.draws_rows and self._parts.kept else None

    def _selected(self, rows: HostArray) -> ArrayRows:
        X, *arrays = self._parts.take(rows, *self._columns)
        context = self.context
        moved = [None if a is None else context.wide.asarray_for_storage(a) for a in arrays]
        return ArrayRows(
            context,
            context.asarray_for_storage(X),
            *moved,
            width=self._width,
            standardisation=self._standardisation,
        )

    # --- the same rows with another precision, other features or other row arrays ---

    def in_blocks(self) -> "DaskRows":
        """Return these rows."""
        return self

    def in_float64(self) -> "DaskRows":
        """Return rows whose chunks are computed in the widest precision; see `Rows.in_float64`."""
        return self._with(self.context.wide, self._standardisation, self._row_arrays)

    def standardised(self, centre: Array, scale: Array) -> "DaskRows":
        """Return rows of standardised features; see `Rows.standardised`."""
        return self._with(self.context.wide, (centre, scale), self._row_arrays)

    def with_row_arrays(self, *row_arrays: Array) -> "DaskRows":
        """Return the same features with other row arrays; see `Rows.with_row_arrays`."""
        return self._with(self.context, self._standardisation, row_arrays)

    def _with(
        self,
        context: ArrayContext,
        standardisation: Standardisation | None,
        row_arrays: tuple[Array | None, ...],
    ) -> "DaskRows":
        rows = DaskRows(
            context,
            self._X,
            *row_arrays,
            width=self._width,
            parts=self._given_parts,
            standardisation=standardisation,
            columns=self._used_columns,
        )
        if self._given_parts is not None:
            own = {id(array) for array in row_arrays}
            rows._known_columns = {k: v for k, v in self._known_columns.items() if k in own}
        return rows

    def gram(self, weights: Array) -> None:
        """Return None: block functions multiply dense chunks."""

    def take_columns(self, features: Any) -> None:
        """Return None: the chunks stay where they are."""

    def columns(self, features: Any) -> None:
        """Return None: features are not sparse."""

    def with_occurring_columns(self) -> None:
        """Return None: the features would have to be read."""

    def in_float32(self) -> None:
        """Return None: chunks are computed in the precision of the context only."""

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Change nothing: the threads of Dask's workers belong to Dask."""
        return nullcontext()

    def map_rows(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Raise TypeError: row arrays of lazy maps are not supported."""
        raise TypeError("functions of the row arrays of a Dask array can only be added up")

    def with_features(self, X: Array) -> "DaskRows":
        """Raise TypeError: features of a Dask array cannot be replaced by those in memory."""
        raise TypeError("the features of a Dask array cannot be replaced")

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Raise TypeError: the chunks of a Dask array are blocks of rows."""
        raise TypeError("a Dask array has blocks of rows, not of columns")

    # --- maps ---

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a block function returns, lazily; see `Rows.map`."""
        return self._map(function, parameters, static, finite=False)

    def map_logits(
        self,
        function: Callable[..., Array],
        coef: Array,
        intercept: Array,
        *,
        by_row: bool = False,
        **static: Any,
    ) -> Array:
        """Stack the rows that a function of logits returns, lazily; see `Rows.map_logits`.

        NaN and infinity are rejected where the result is computed.
        """
        static = {"logits_function": function, "by_row": by_row, **static}
        return self._map(apply_to_logits, (coef, intercept), static, finite=True)

    def _map(
        self,
        function: Callable[..., Array],
        parameters: tuple[Array, ...],
        static: dict[str, Any],
        *,
        finite: bool,
    ) -> Array:
        what = self._sent("map", function, parameters, static)
        if self._given_parts is not None and self._parts.kept:
            return self._parts.stack(self._parts.each(partial(map_part, what)))
        with self.context.scope():
            one = what.rows(self.context.zeros((1, self.shape[1])))
            meta = one.map(function, *what.parameters, **static)[:0, ...]
        to_numpy = not hasattr(meta, "astype")  # (Dask arrays cannot hold torch tensors)
        meta = to_host(meta) if to_numpy else meta
        run = partial(map_chunk, what, to_numpy, finite)
        keep = {} if meta.ndim == 2 else {"drop_axis": 1}
        chunks = (self._X.chunks[0], *((size,) for size in meta.shape[1:]))
        return self._X.map_blocks(run, dtype=meta.dtype, meta=meta, chunks=chunks, **keep)


def in_whole_rows(X: Any) -> Any:
    """Return a Dask array in chunks of complete rows."""
    # (Dask rechunks dtypes of NumPy only, so chunks of complete rows are not rechunked)
    return X if len(X.chunks[1]) == 1 else X.rechunk({1: -1})
