"""Dask arrays as a source of row blocks.

Dask's chunks are blocks of rows; nothing is ever computed *on* a Dask array, whose linear algebra
is incomplete and in places wrong. Parameters travel to the chunks, each chunk's sums are computed
there in the chunk's own library, and only their total comes back: one round trip a sum.
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
    sum_of_squares,
    with_standardised_features,
)
from logitron.data.dask_chunks import check_chunk, check_chunks, chunk_location, is_dask

__all__ = ["DaskRows"]

#: sums are gathered in a tree, so that no task waits for more parts than this
MAX_PARTS_PER_TASK = 16


class DaskRows:
    """The rows of a Dask array, as `logitron.data.Rows`.

    Chunks are used as they come. An array that is not persisted is computed anew in every pass:
    call ``X.persist()`` first where the cluster's memory holds it.

    Parameters
    ----------
    context : ArrayContext
        Where the chunks are computed, inside the workers.
    X : dask.array.Array (n, p)
    *row_arrays : dask.array.Array or array (n, ...), or None
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale of the features; see `Rows.standardised`.

    Raises
    ------
    ValueError
        If the sizes of the chunks are unknown.
    """

    lazy, one_block = True, False

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
        # Dask can rechunk NumPy's dtypes only; chunks that hold whole rows need none of it
        self._X = X if len(X.chunks[1]) == 1 else X.rechunk({1: -1})
        self.shape = X.shape
        columns = [self._delayed_chunks(array) for array in (self._X, *row_arrays)]
        self._blocks = list(zip(*columns, strict=True))

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the chunks in one computation of Dask's; see `Rows.sum`."""
        from dask import compute, delayed

        function, static, parameters = self._standardising(
            function, static, parameters, len(self._row_arrays)
        )
        run = delayed(partial(_run_on_chunk, self.context, function, static), pure=False)
        sent = delayed(parameters, traverse=False)  # one node of the graph, not one for each task
        parts = [
            run(sent, location, *block)
            for location, block in zip(self._chunk_locations, self._blocks, strict=True)
        ]
        add = delayed(_add, pure=False)
        while len(parts) > 1:
            parts = [
                add(parts[i : i + MAX_PARTS_PER_TASK])
                for i in range(0, len(parts), MAX_PARTS_PER_TASK)
            ]
        (total,) = compute(parts[0])
        return tuple(total)

    def sum_of_squares(self) -> float:
        """Add up all squared features; see `Rows.sum_of_squares`."""
        if self._sum_of_squares is None:
            self._sum_of_squares = float(to_host(self.sum(sum_of_squares)[0])[0, 0])
        return self._sum_of_squares

    def sample(self, count: int, seed: int) -> None:
        """Drawing rows out of chunks costs as much as a pass over them."""

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """What goes with each row."""
        return self._row_arrays

    def select(self, rows: Any) -> None:
        """Drawing rows out of chunks costs as much as a pass over them."""

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Workers are not ours to arrange; see `Rows.limit_blas_threads`."""
        return nullcontext()

    def in_float64(self) -> "DaskRows":
        """Compute chunks in the widest precision; see `Rows.in_float64`."""
        return DaskRows(
            self.context.wide, self._X, *self._row_arrays, standardisation=self._standardisation
        )

    def standardised(self, centre: Array, scale: Array) -> "DaskRows":
        """Standardise the features of each chunk; see `Rows.standardised`."""
        given = self._row_arrays
        return DaskRows(self.context.wide, self._X, *given, standardisation=(centre, scale))

    def in_float32(self) -> None:
        """Chunks are computed in one precision only; see `Rows.in_float32`."""

    def with_row_arrays(self, *row_arrays: Array) -> "DaskRows":
        """Put array arrays beside the features; see `Rows.with_row_arrays`."""
        return DaskRows(self.context, self._X, *row_arrays, standardisation=self._standardisation)

    def with_features(self, X: Array) -> "DaskRows":
        """Columns cannot be taken of chunks of rows; see `Rows.sum_over_columns`."""
        raise TypeError("chunks of rows cannot be rotated")

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Columns cannot be taken of chunks of rows; see `Rows.sum_over_columns`."""
        raise TypeError("columns cannot be taken of chunks of rows")

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the blocks' rows; see `Rows.map`."""
        function, static, parameters = self._standardising(function, static, parameters, 0)
        run = partial(_run_on_chunk, self.context, function, static, parameters)
        with self.context.scope():
            one = self.context.zeros((1, self.shape[1]))
            meta = run((0, *one.shape), one)[:0, ...]  # what a chunk becomes
        to_numpy = not hasattr(meta, "astype")  # a torch tensor: Dask itself cannot hold the answer
        meta = to_host(meta) if to_numpy else meta
        run = partial(_run_on_located_chunk, run, to_numpy)
        keep = {} if meta.ndim == 2 else {"drop_axis": 1}
        chunks = (self._X.chunks[0], *((size,) for size in meta.shape[1:]))
        return self._X.map_blocks(run, dtype=meta.dtype, meta=meta, chunks=chunks, **keep)

    def map_logits(
        self, function: Callable[..., Array], coef: Array, intercept: Array, **static: Any
    ) -> Array:
        """Stack what a function returns of the chunks' logits; see `Rows.map_logits`."""
        return self.map(apply_to_logits, coef, intercept, logits_function=function, **static)

    def _standardising(
        self,
        function: Callable[..., Any],
        static: dict[str, Any],
        parameters: tuple[Any, ...],
        n_row_arrays: int,
    ) -> tuple[Callable[..., Any], dict[str, Any], tuple[Any, ...]]:
        """Put what standardises the features around a block function, and before its parameters."""
        cast = tuple(map(self.context.cast, parameters))
        if self._standardisation is None:
            return function, static, cast
        around = {
            "block_function": function,
            "precision": self.context.precision,
            "n_row_arrays": n_row_arrays,
            **static,
        }
        return _standardise_first, around, (*map(self.context.cast, self._standardisation), *cast)

    def _delayed_chunks(self, array: Array | None) -> list[Any]:
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

    @property
    def _chunk_locations(self) -> list[tuple[int, ...]]:
        """Each block's number and shape."""
        return [(i, rows, self.shape[1]) for i, rows in enumerate(self._X.chunks[0])]


def _run_on_chunk(
    context: ArrayContext,
    function: Callable[..., Any],
    static: dict[str, Any],
    parameters: tuple[Array, ...],
    location: tuple[int, ...],
    X: Array,
    *row_arrays: Array | None,
) -> Any:
    """Run a block function where the block is: in a thread or process of Dask's."""
    check_chunk("X", location, X)
    for array in row_arrays:
        if array is not None:
            check_chunk("y or sample_weight", (*location[:2], *array.shape[1:]), array)
    with context.scope(in_worker_thread=True):
        moved = [None if a is None else context.wide.asarray_for_storage(a) for a in row_arrays]
        part = context.compile(function, **static)(context.asarray(X), *moved, *parameters)
        # sums are gathered in the widest precision, the rows of a map stay as they are
        return tuple(map(context.wide.asarray, part)) if isinstance(part, tuple) else part


def _standardise_first(X: Array, *rest: Array | None, n_row_arrays: int = 0, **static: Any) -> Any:
    """Call `with_standardised_features`, whose parameters follow the arrays of the rows here."""
    arrays, (centre, scale, *parameters) = rest[:n_row_arrays], rest[n_row_arrays:]
    return with_standardised_features(X, centre, scale, *arrays, *parameters, **static)


def _run_on_located_chunk(
    run: Callable[..., Array], to_numpy: bool, X: Array, block_info: Any = None
) -> Array:
    """Run on a chunk of an array, of which Dask tells where it is in the whole."""
    found = run(chunk_location(block_info), X)
    return to_host(found) if to_numpy else found


def _add(parts: list[tuple[Array, ...]]) -> tuple[Array, ...]:
    return tuple(sum(arrays[1:], start=arrays[0]) for arrays in zip(*parts, strict=True))
