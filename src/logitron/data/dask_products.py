"""`DaskProducts`: a Dask array of sparse chunks, of which products are computed where they are.

The parameters of a product are sent to the chunks, and logits or a sum come back: one computation
of Dask for each product.
"""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data.csr_products import CsrProducts
from logitron.data.dask_chunks import check_finite, chunk_place
from logitron.data.dask_parts import Parts
from logitron.data.dask_rows import DaskRows
from logitron.data.dask_tasks import Held, csr_of_chunk
from logitron.data.occurring_columns import worth_taking

__all__ = ["DaskProducts", "logits_of_chunk"]

Survey = tuple[int, float, HostArray]


class DaskProducts:
    """The features of a Dask array of sparse chunks, as `logitron.data.Products`.

    Parameters
    ----------
    array : dask.array.Array (n, p)
        With chunks of complete rows.
    parts : Parts
        The chunks, which are kept or computed in each product.
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
        parts: Parts,
        dtype: str,
        columns: HostArray | None = None,
        known: Survey | None = None,
    ) -> None:
        self._known = known
        self._array, self._parts = array, parts
        self._dtype = dtype
        self._columns = columns
        p = array.shape[1] if columns is None else len(columns)
        self.shape: tuple[int, int] = (array.shape[0], p)

    @property
    def kept(self) -> bool:
        """Whether the chunks are in the memory of their workers."""
        return self._parts.kept

    def astype(self, dtype: str) -> "DaskProducts":
        """Return the features with entries of another dtype; chunks are cast for each product."""
        if dtype == self._dtype:
            return self
        return DaskProducts(self._array, self._parts, dtype, self._columns, self._survey)

    def bring(self, array: Array) -> HostArray:
        """Move an array to the host; see `Products.bring`."""
        return to_host(array)

    @property
    def entries(self) -> int:
        """Numbers that are stored."""
        return self._survey[0]

    def forward(self, W: HostArray, start: int = 0, stop: int | None = None) -> HostArray:
        """Multiply all rows of kept chunks by columns (p, m); see `Products.forward`."""
        run = partial(_forward, self._columns, self._dtype, W)
        found: HostArray = self._parts.stack(self._parts.each(run))
        return found if stop is None else found[start:stop]

    def map_logits(self, run: Callable[..., Array], meta: HostArray) -> Array:
        """Stack the rows that ``run(columns, chunk, block_info=...)`` returns, lazily.

        ``meta`` is such rows, or none of them, for their dtype and shape.
        """
        keep = {} if meta.ndim == 2 else {"drop_axis": 1}
        chunks = (self._array.chunks[0], *((size,) for size in meta.shape[1:]))
        apply = partial(run, self._columns)
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
        return DaskProducts(self._array, self._parts, self._dtype, columns, known)

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
        return DaskRows(
            context,
            X,
            *row_arrays,
            width=settings.get("width", 1),
            parts=self._parts,
            columns=self._columns,
        )

    @cached_property
    def _survey(self) -> Survey:
        """Count the entries, add up their squares, and find their columns, in one pass."""
        if self._known is not None:
            return self._known
        parts = self._parts.each(partial(_survey, self._columns))
        counts, squares, columns = zip(*parts, strict=True)
        return sum(counts), float(sum(squares)), np.unique(np.concatenate(columns))

    def _sums(self, method: str, rows: HostArray) -> tuple[Array, ...]:
        """Add up what a method of each part's products makes of the part's rows of an array."""
        run = partial(_product, self._columns, method, self._dtype)
        return self._parts.total(run, self._parts.split(rows))


# --- tasks ----------------------------------------------------------------------------------------


def logits_of_chunk(
    context: ArrayContext,
    function: Callable[..., Array],
    static: dict[str, Any],
    coef: HostArray,
    intercept: HostArray,
    columns: HostArray | None,
    chunk: Any,
    block_info: Any = None,
) -> HostArray:
    """Apply a function to the logits of a sparse chunk, in the precision of a context."""
    place = chunk_place(block_info)
    checked = csr_of_chunk("X", place, chunk)
    check_finite("X", place, checked)
    products = _products(columns, Held([checked])).astype(context.precision)
    with context.scope(in_worker_thread=True):
        Z = products.forward(coef.T) + intercept.astype(context.precision)
        return to_host(context.compile(function, **static)(context.asarray(Z)))


def _products(columns: HostArray | None, held: Held) -> CsrProducts:
    """Make the products of a part, of some of its columns, or of all for None."""
    products = CsrProducts(held.arrays[0])
    return products if columns is None else products.take_columns(columns)


def _forward(columns: HostArray | None, dtype: str, W: HostArray, held: Held) -> list[HostArray]:
    return [_products(columns, held).astype(dtype).forward(W)]


def _product(
    columns: HostArray | None, method: str, dtype: str, held: Held, rows: HostArray
) -> tuple[Array, ...]:
    found = getattr(_products(columns, held).astype(dtype), method)(rows)
    return found if isinstance(found, tuple) else (found,)


def _survey(columns: HostArray | None, held: Held) -> Survey:
    products = _products(columns, held)
    return products.entries, products.sum_of_squares(), np.unique(products.matrix.indices)


def _dense(chunk: Any, *, columns: HostArray | None) -> HostArray:
    taken: HostArray = (chunk if columns is None else chunk.tocsr()[:, columns]).toarray()
    return taken
