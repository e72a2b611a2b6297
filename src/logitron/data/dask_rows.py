"""Sums and maps over the chunks of Dask arrays.

Dask's own linear algebra is incomplete and in places wrong, and is not used. The parameters are
sent to the chunks, a block function runs on each chunk in the library of the context, and only the
total is returned: one computation of Dask for each sum.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.block_features import (
    Standardisation,
    apply_to_logits,
    signed_counts,
    squared_products,
    sum_of_squares,
    with_products,
    without_features,
)
from logitron.data.dask_chunks import check_chunks, chunk_locations, is_dask
from logitron.data.dask_tasks import (
    add_up_parts,
    run_on_chunk,
    run_on_located_chunk,
    standardise_first,
)

__all__ = ["DaskRows"]


class DaskRows:
    """The rows of a Dask array, as `logitron.data.Rows`.

    The chunks are the blocks of rows. Dask computes an array that is not persisted anew in every
    pass, so ``X.persist()`` saves time if the array fits the memory of the cluster.

    Parameters
    ----------
    context : ArrayContext
        Library, device and precision of the computation, in the workers.
    X : dask.array.Array (n, p)
    *row_arrays : dask.array.Array or array (n, ...), or None
        Arrays with one entry for each row, such as targets and weights.
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale of the features; see `Rows.standardised`.

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
        standardisation: Standardisation | None = None,
    ) -> None:
        self.context = context
        self._standardisation = standardisation
        self._row_arrays = row_arrays
        self._sum_of_squares: float | None = None
        check_chunks(X)
        # (Dask rechunks dtypes of NumPy only, so chunks of complete rows are not rechunked)
        self._X = X if len(X.chunks[1]) == 1 else X.rechunk({1: -1})
        self.shape = X.shape
        columns = [self._delayed_chunks(array) for array in (self._X, *row_arrays)]
        self._blocks = list(zip(*columns, strict=True))

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a block function returns; see `Rows.sum`."""
        from dask import delayed

        function, static, parameters = self._standardising(
            function, static, parameters, len(self._row_arrays)
        )
        run = delayed(partial(run_on_chunk, self.context, function, static), pure=False)
        sent = delayed(parameters, traverse=False)  # (one node of the graph, shared by all tasks)
        parts = [
            run(sent, location, *block)
            for location, block in zip(chunk_locations(self._X), self._blocks, strict=True)
        ]
        return add_up_parts(parts)

    def sum_rows(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns; see `Rows.sum_rows`."""
        return self.sum(without_features, *parameters, **self._of_rows(function), **static)

    def sum_products(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Multiply the last array of a row function by the features; see `Rows.sum_products`."""
        return self.sum(with_products, *parameters, **self._of_rows(function), **static)

    def map_rows(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Raise TypeError: row arrays of lazy maps are not supported."""
        raise TypeError("functions of the row arrays of a Dask array can only be added up")

    def squared_products(self, weights: Array) -> Array:
        """Multiply the squared features by a row array; see `Rows.squared_products`."""
        return self.with_row_arrays(weights).sum(squared_products)[0]

    def signed_counts(self, weights: Array) -> tuple[Array, Array]:
        """Multiply a row array by the places of each sign; see `Rows.signed_counts`."""
        positive, negative = self.with_row_arrays(weights).sum(signed_counts)
        return positive, negative

    def _of_rows(self, function: Callable[..., Any]) -> dict[str, Any]:
        return {"row_function": function, "dtype": self.context.precision}

    def sum_of_squares(self) -> float:
        """Add up the squares of all features; see `Rows.sum_of_squares`."""
        if self._sum_of_squares is None:
            self._sum_of_squares = float(to_host(self.sum(sum_of_squares)[0])[0, 0])
        return self._sum_of_squares

    def sample(self, count: int, seed: int) -> None:
        """Return None: selecting rows of chunks costs as much as a pass over all rows."""

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """Arrays with one entry for each row."""
        return self._row_arrays

    def select(self, rows: Any) -> None:
        """Return None: selecting rows of chunks costs as much as a pass over all rows."""

    def in_blocks(self) -> "DaskRows":
        """Return these rows."""
        return self

    def gram(self, weights: Array) -> None:
        """Return None: block functions multiply dense chunks."""

    def take_columns(self, features: Any) -> None:
        """Return None: the chunks stay where they are."""

    def columns(self, features: Any) -> None:
        """Return None: features are not sparse."""

    def with_occurring_columns(self) -> None:
        """Return None: the features would have to be read."""

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Change nothing: the threads of Dask's workers belong to Dask."""
        return nullcontext()

    def in_float64(self) -> "DaskRows":
        """Return rows whose chunks are computed in the widest precision; see `Rows.in_float64`."""
        return DaskRows(
            self.context.wide, self._X, *self._row_arrays, standardisation=self._standardisation
        )

    def standardised(self, centre: Array, scale: Array) -> "DaskRows":
        """Return rows of standardised features; see `Rows.standardised`."""
        given = self._row_arrays
        return DaskRows(self.context.wide, self._X, *given, standardisation=(centre, scale))

    def in_float32(self) -> None:
        """Return None: chunks are computed in the precision of the context only."""

    def with_row_arrays(self, *row_arrays: Array) -> "DaskRows":
        """Return the same features with other row arrays; see `Rows.with_row_arrays`."""
        return DaskRows(self.context, self._X, *row_arrays, standardisation=self._standardisation)

    def with_features(self, X: Array) -> "DaskRows":
        """Raise TypeError: features of a Dask array cannot be replaced by those in memory."""
        raise TypeError("the features of a Dask array cannot be replaced")

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Raise TypeError: the chunks of a Dask array are blocks of rows."""
        raise TypeError("a Dask array has blocks of rows, not of columns")

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a block function returns, lazily; see `Rows.map`."""
        function, static, parameters = self._standardising(function, static, parameters, 0)
        run = partial(run_on_chunk, self.context, function, static, parameters)
        with self.context.scope():
            one = self.context.zeros((1, self.shape[1]))
            meta = run((0, *one.shape), one)[:0, ...]  # (an empty result, for dtype and shape)
        to_numpy = not hasattr(meta, "astype")  # (Dask arrays cannot hold torch tensors)
        meta = to_host(meta) if to_numpy else meta
        run = partial(run_on_located_chunk, run, to_numpy)
        keep = {} if meta.ndim == 2 else {"drop_axis": 1}
        chunks = (self._X.chunks[0], *((size,) for size in meta.shape[1:]))
        return self._X.map_blocks(run, dtype=meta.dtype, meta=meta, chunks=chunks, **keep)

    def map_logits(
        self,
        function: Callable[..., Array],
        coef: Array,
        intercept: Array,
        *,
        by_row: bool = False,
        **static: Any,
    ) -> Array:
        """Stack the rows that a function of logits returns, lazily; see `Rows.map_logits`."""
        static = {"logits_function": function, "by_row": by_row, **static}
        return self.map(apply_to_logits, coef, intercept, **static)

    def _standardising(
        self,
        function: Callable[..., Any],
        static: dict[str, Any],
        parameters: tuple[Any, ...],
        n_row_arrays: int,
    ) -> tuple[Callable[..., Any], dict[str, Any], tuple[Any, ...]]:
        """Cast parameters; wrap a block function so that it receives standardised features."""
        cast = tuple(map(self.context.cast, parameters))
        if self._standardisation is None:
            return function, static, cast
        settings = {
            "block_function": function,
            "precision": self.context.precision,
            "n_row_arrays": n_row_arrays,
            **static,
        }
        standardisation = map(self.context.cast, self._standardisation)
        return standardise_first, settings, (*standardisation, *cast)

    def _delayed_chunks(self, array: Array | None) -> list[Any]:
        """Return an array's chunks, aligned with those of the features, as delayed objects."""
        import dask.array as da

        chunks = self._X.chunks[0]
        if array is None:
            return [None] * len(chunks)
        rows = chunks, *((size,) for size in array.shape[1:])
        if not is_dask(array):
            array = da.from_array(array, chunks=rows)
        elif array.chunks != rows:
            array = array.rechunk(rows)
        return list(array.to_delayed().ravel())
