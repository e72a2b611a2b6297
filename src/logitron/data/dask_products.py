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

Survey = tuple[int, float, HostArray]


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
    known : tuple, optional
        Number of entries, sum of their squares, and columns that have entries, if they are known;
        by default, they are found in one pass, when they are needed.
    """

    lazy = True

    def __init__(
        self,
        array: Array,
        dtype: str,
        columns: HostArray | None = None,
        known: Survey | None = None,
    ) -> None:
        self._known = known
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
        return DaskProducts(self._array, dtype, self._columns, self._survey)

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
        return np.asarray(self._sums("backward", R)[0])

    def backward_squared(self, S: HostArray) -> HostArray:
        """Multiply the transpose of the squared entries; see `Products.backward_squared`."""
        return np.asarray(self._sums("backward_squared", S)[0])

    def signed_counts(self, S: HostArray) -> tuple[HostArray, HostArray]:
        """Multiply columns by the places of each sign; see `Products.signed_counts`."""
        positive, negative = self._sums("signed_counts", S)
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
        count, squares, found = self._survey
        known = count, squares, np.arange(len(found))
        return DaskProducts(self._array, self._dtype, columns, known)

    def gram(self, weights: Array) -> None:
        """Return None: it would be made entry by entry."""

    def select_columns(self, columns: HostArray) -> None:
        """Return None: entries are not stored by columns."""

    def columns(self, columns: HostArray) -> None:
        """Return None: entries are not on the host."""

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
    def _survey(self) -> Survey:
        """Count the entries, add up their squares, and find their columns, in one pass."""
        from dask import compute

        if self._known is not None:
            return self._known
        parts = compute(*self._tasks(_survey, [None] * len(self._chunks)))
        counts, squares, columns = zip(*parts, strict=True)
        return sum(counts), float(sum(squares)), np.unique(np.concatenate(columns))

    def _sums(self, method: str, rows: HostArray) -> tuple[Array, ...]:
        """Add up what a method of each chunk's products makes of the chunk's rows of an array."""
        parts = [rows[a:b] for a, b in pairwise(self._edges)]
        return add_up_parts(self._tasks(partial(_product, method, self._dtype), parts))

    def _tasks(self, function: Callable[..., Any], parts: list[Any]) -> list[Any]:
        """Make the tasks of a function of each chunk's products and its part of an array."""
        from dask import delayed

        run = delayed(partial(_of_chunk, function, self._columns), pure=False)
        every = zip(chunk_locations(self._array), self._chunks, parts, strict=True)
        return [run(location, chunk, part) for location, chunk, part in every]


# --- tasks ----------------------------------------------------------------------------------------


def _of_chunk(
    function: Callable[..., Any],
    columns: HostArray | None,
    location: tuple[int, ...],
    chunk: Any,
    part: Any,
) -> Any:
    return function(products_of_chunk(columns, location, chunk), part)


def _product(method: str, dtype: str, products: CsrProducts, rows: HostArray) -> tuple[Array, ...]:
    found = getattr(products.astype(dtype), method)(rows)
    return found if isinstance(found, tuple) else (found,)


def _survey(products: CsrProducts, part: None) -> Survey:
    return products.entries, products.sum_of_squares(), np.unique(products.matrix.indices)


def _dense(chunk: Any, *, columns: HostArray | None) -> HostArray:
    taken: HostArray = (chunk if columns is None else chunk.tocsr()[:, columns]).toarray()
    return taken
