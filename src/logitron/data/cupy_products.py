"""`CupyProducts`: products of a sparse matrix on a GPU, by CuPy.

CuPy's product with the transpose of a CSR matrix is slow, so the transpose is kept as a CSR matrix
of its own from the first such product on. It takes as much memory as the matrix.
"""

from functools import cached_property
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data.array_rows import ArrayRows
from logitron.data.occurring_columns import renumbered, worth_taking

__all__ = ["CupyProducts"]


class CupyProducts:
    """A CSR matrix ``X (n, p)`` of CuPy in canonical format, as `logitron.data.Products`.

    Parameters
    ----------
    matrix : cupyx.scipy.sparse.csr_matrix
    context : ArrayContext
        Of the device.
    """

    lazy = False

    def __init__(self, matrix: Any, context: ArrayContext) -> None:
        self.matrix = matrix
        self.shape: tuple[int, int] = tuple(matrix.shape)
        self.entries = int(matrix.nnz)
        self._context = context
        self._cast: dict[str, CupyProducts] = {}

    def astype(self, dtype: str) -> "CupyProducts":
        """Return the matrix with entries of another dtype; the indices are shared."""
        if self.matrix.dtype == dtype:
            return self
        if dtype not in self._cast:
            X = self.matrix
            data = X.data.astype(dtype)
            self._cast[dtype] = self._like(data, X.indices, X.indptr, self.shape)
        return self._cast[dtype]

    def bring(self, array: Array) -> Array:
        """Move an array to the device; see `Products.bring`."""
        return self._context.asarray(array)

    def forward(self, W: Array, start: int = 0, stop: int | None = None) -> Array:
        """Multiply rows by columns (p, m); see `Products.forward`."""
        stop = self.shape[0] if stop is None else stop
        X = self.matrix if (start, stop) == (0, self.shape[0]) else self.matrix[start:stop]
        return X @ W.astype(self.matrix.dtype, copy=False)

    def backward(self, R: Array) -> Array:
        """Multiply the transpose by columns (n, m); see `Products.backward`."""
        return self._transposed @ R.astype(self.matrix.dtype, copy=False)

    def backward_squared(self, S: Array) -> Array:
        """Multiply the transpose of the squared entries; see `Products.backward_squared`."""
        X = self._transposed
        squared = type(X)((X.data * X.data, X.indices, X.indptr), shape=X.shape)
        return squared @ S.astype(X.dtype, copy=False)

    def signed_counts(self, S: Array) -> tuple[Array, Array]:
        """Multiply columns by the places of each sign; see `Products.signed_counts`."""
        X = self._transposed
        wide = S.astype("float64", copy=False)
        positive, negative = (
            type(X)((places.astype("float64"), X.indices, X.indptr), shape=X.shape) @ wide
            for places in (X.data > 0.0, X.data < 0.0)
        )
        return positive, negative

    def sum_of_squares(self) -> float:
        """Add up the squares of all entries; see `Products.sum_of_squares`."""
        return self._sum_of_squares

    def take(self, rows: HostArray) -> "CupyProducts":
        """Copy the rows with these indices; see `Products.take`."""
        return CupyProducts(
            self.matrix[self._context.asarray(rows, keep_dtype=True)], self._context
        )

    def occurring_columns(self) -> HostArray | None:
        """Return the columns that have entries; see `Products.occurring_columns`."""
        found = to_host(self._context.xp.unique_values(self.matrix.indices))
        return worth_taking(np.sort(found), self.shape[1])

    def take_columns(self, columns: HostArray) -> "CupyProducts":
        """Return the same entries, in fewer columns; see `Products.take_columns`."""
        X, places = self.matrix, renumbered(columns, self.shape[1])
        indices = self._context.asarray(places, keep_dtype=True)[X.indices]
        return self._like(X.data, indices, X.indptr, (self.shape[0], len(columns)))

    def gram(self, weights: Array) -> None:
        """Return None: it would be made entry by entry."""

    def select_columns(self, columns: HostArray) -> None:
        """Return None: entries are not stored by columns."""

    def columns(self, columns: HostArray) -> None:
        """Return None: entries are not on the host."""

    def in_blocks(
        self, context: ArrayContext, *row_arrays: Array | None, **settings: Any
    ) -> ArrayRows:
        """Return a dense array, in blocks; see `Products.in_blocks`."""
        dense = context.asarray_for_storage(self.matrix.toarray())
        return ArrayRows(context, dense, *row_arrays, **settings)

    @cached_property
    def _transposed(self) -> Any:
        return self.matrix.T.tocsr()

    @cached_property
    def _sum_of_squares(self) -> float:
        wide = self.matrix.data.astype("float64", copy=False)
        return float(to_host((wide * wide).sum()))

    def _like(
        self, data: Array, indices: Array, pointers: Array, shape: tuple[int, int]
    ) -> "CupyProducts":
        """Make a matrix of its parts."""
        return CupyProducts(
            type(self.matrix)((data, indices, pointers), shape=shape), self._context
        )
