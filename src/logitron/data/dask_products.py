"""`DaskProducts`: a Dask array of sparse chunks, of which products are computed where they are.

The parameters of a product are sent to the chunks, and logits or a sum come back: one computation
of Dask for each product.
"""

from collections.abc import Callable
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data.csr_products import CsrProducts
from logitron.data.dask_chunks import chunk_locations
from logitron.data.dask_rows import DaskRows
from logitron.data.dask_tasks import add_up_parts, products_of_chunk, run_on_located_chunk
from logitron.data.occurring_columns import worth_taking

__all__ = ["DaskProducts"]


class DaskProducts:
    """The features of a Dask array of sparse chunks, as `logitron.data.Products`.

    Parameters
    ----------
    array : dask.array.Array (n, p)
        With chunks of complete rows.
    dtype : str
        Which products are computed in.
    columns : array of int, optional
        The columns that are kept; by default all.
    """

    lazy = True

    def __init__(self, array: Array, dtype: str, columns: HostArray | None = None) -> None:
        self._array = array
        self._dtype = dtype
        self._columns = columns
        p = array.shape[1] if columns is None else len(columns)
        self.shape: tuple[int, int] = (array.shape[0], p)
        self._edges = [0, *np.cumsum(array.chunks[0]).tolist()]
        self._chunks = array.to_delayed().ravel().tolist()

    def astype(self, dtype: str) -> "DaskProducts":
        """Return the features with entries of another dtype; chunks are cast for each product."""
        if dtype == self._dtype:
            return self
        return self._sharing(DaskProducts(self._array, dtype, self._columns))

    def bring(self, array: Array) -> HostArray:
        """Move an array to the host; see `Products.bring`."""
        return to_host(array)

    @property
    def entries(self) -> int:
        """Numbers that are stored."""
        return self._survey[0]

    def forward(self, W: HostArray, start: int = 0, stop: int | None = None) -> HostArray:
        """Raise TypeError: logits of chunks are lazy."""
        raise TypeError("logits of a Dask array are lazy, see DaskProductRows.map_logits")

    def map_logits(self, run: Callable[..., Array], meta: HostArray) -> Array:
        """Stack the rows that ``run(columns, location, chunk)`` returns, lazily.

        ``meta`` is such rows, or none of them, for their dtype and shape.
        """
        keep = {} if meta.ndim == 2 else {"drop_axis": 1}
        chunks = (self._array.chunks[0], *((size,) for size in meta.shape[1:]))
        apply = partial(run_on_located_chunk, partial(run, self._columns), True)
        return self._array.map_blocks(apply, dtype=meta.dtype, meta=meta, chunks=chunks, **keep)

    def backward(self, R: HostArray) -> HostArray:
        """Multiply the transpose by columns (n, m); see `Products.backward`."""
        return np.asarray(self._sums(_backward, R)[0])

    def backward_squared(self, S: HostArray) -> HostArray:
        """Multiply the transpose of the squared entries; see `Products.backward_squared`."""
        return np.asarray(self._sums(_backward_squared, S)[0])

    def signed_counts(self, S: HostArray) -> tuple[HostArray, HostArray]:
        """Multiply columns by the places of each sign; see `Products.signed_counts`."""
        positive, negative = self._sums(_signed_counts, S)
        return np.asarray(positive), np.asarray(negative)

    def sum_of_squares(self) -> float:
        """Add up the squares of all entries; see `Products.sum_of_squares`."""
        return self._survey[1]

    def take(self, rows: HostArray) -> None:
        """Return None: selecting rows of chunks costs as much as a pass over all rows."""

    def occurring_columns(self) -> HostArray | None:
        """Return the columns that have entries; see `Products.occurring_columns`."""
        return worth_taking(self._survey[2], self.shape[1])

    def take_columns(self, columns: HostArray) -> "DaskProducts":
        """Return the same entries, in fewer columns; see `Products.take_columns`."""
        return self._sharing(DaskProducts(self._array, self._dtype, columns))

    def in_blocks(
        self, context: ArrayContext, *row_arrays: Array | None, **settings: Any
    ) -> DaskRows:
        """Return dense chunks; see `Products.in_blocks`."""
        run = partial(_dense, columns=self._columns)
        X = self._array.map_blocks(
            run,
            dtype=self._dtype,
            meta=np.empty((0, 0), self._dtype),
            chunks=(self._array.chunks[0], (self.shape[1],)),
        )
        return DaskRows(context, X, *row_arrays)

    @cached_property
    def _survey(self) -> tuple[int, float, HostArray]:
        """Count the entries, add up their squares, and find their columns, in one pass.

        The squares are added up in float64, whatever the dtype of products is.
        """
        from dask import compute

        parts = compute(*self._tasks(_survey, [None] * len(self._chunks)))
        found = np.unique(np.concatenate([part[2] for part in parts]))
        return sum(part[0] for part in parts), float(sum(part[1] for part in parts)), found

    def _sharing(self, other: "DaskProducts") -> "DaskProducts":
        """Give what was counted to the same features in another form."""
        count, squares, columns = self._survey
        other._survey = count, squares, np.arange(len(columns))
        if other._columns is self._columns:
            other._survey = self._survey
        return other

    def _sums(self, function: Callable[..., Any], rows: HostArray) -> tuple[Array, ...]:
        """Add up what a function makes of each chunk and its rows of an array."""
        parts = [rows[a:b] for a, b in pairwise(self._edges)]
        return add_up_parts(self._tasks(function, parts))

    def _tasks(self, function: Callable[..., Any], parts: list[Any]) -> list[Any]:
        """Make the tasks of a function of each chunk's products and its part of an array."""
        from dask import delayed

        run = delayed(partial(_of_chunk, function, self._dtype, self._columns), pure=False)
        every = zip(chunk_locations(self._array), self._chunks, parts, strict=True)
        return [run(location, chunk, part) for location, chunk, part in every]


# --- tasks ----------------------------------------------------------------------------------------


def _of_chunk(
    function: Callable[..., Any],
    dtype: str,
    columns: HostArray | None,
    location: tuple[int, ...],
    chunk: Any,
    part: Any,
) -> Any:
    return function(products_of_chunk(dtype, columns, location, chunk), part)


def _backward(products: CsrProducts, R: HostArray) -> tuple[HostArray]:
    return (products.backward(R),)


def _backward_squared(products: CsrProducts, S: HostArray) -> tuple[HostArray]:
    return (products.backward_squared(S),)


def _signed_counts(products: CsrProducts, S: HostArray) -> tuple[HostArray, HostArray]:
    return products.signed_counts(S)


def _survey(products: CsrProducts, part: None) -> tuple[int, float, HostArray]:
    return products.entries, products.sum_of_squares(), np.unique(products.matrix.indices)


def _dense(chunk: Any, *, columns: HostArray | None) -> HostArray:
    taken: HostArray = (chunk if columns is None else chunk.tocsr()[:, columns]).toarray()
    return taken
