"""Products of a CSR matrix with few columns: the linear maps that a solver needs.

SciPy's products release the interpreter's lock, so that threads share the rows. Slices of rows
share the memory of the matrix.
"""

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.threads import parallel_map, workers
from logitron.backend.types import Array, HostArray
from logitron.data.occurring_columns import renumbered, worth_taking
from logitron.data.sparse_rows import SparseRows

__all__ = ["CsrProducts"]

#: multiplications of a product from which on threads share its rows
MIN_SHARED = 1 << 21
#: entries that a function is applied to at a time
ENTRIES_AT_A_TIME = 1 << 20


class CsrProducts:
    """A CSR matrix ``X (n, p)`` of SciPy in canonical format, as `logitron.data.Products`.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
    """

    lazy = False

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix
        self.shape: tuple[int, int] = matrix.shape
        self.entries = int(matrix.nnz)
        self._cast: dict[str, CsrProducts] = {}

    def astype(self, dtype: str) -> "CsrProducts":
        """Return the matrix with entries of another dtype; the indices are shared."""
        if self.matrix.dtype == dtype:
            return self
        if dtype not in self._cast:
            X = self.matrix
            self._cast[dtype] = CsrProducts(_like(X, X.data.astype(dtype), X.indices, X.indptr))
        return self._cast[dtype]

    def bring(self, array: Array) -> HostArray:
        """Move an array to the host; see `Products.bring`."""
        return to_host(array)

    def forward(self, W: HostArray, start: int = 0, stop: int | None = None) -> HostArray:
        """Multiply rows by columns (p, m); see `Products.forward`."""
        stop = self.shape[0] if stop is None else stop
        W, m = np.ascontiguousarray(W, self.matrix.dtype), W.shape[1]
        if m == 1:  # (SciPy has a faster product with a vector)
            W = W[:, 0]
        if (start, stop) == (0, self.shape[0]) and self._is_long(m):
            parts = parallel_map(lambda part: part @ W, self._shares)
            return np.concatenate(parts).reshape(stop, m)
        product: HostArray = self.rows(start, stop) @ W
        return product.reshape(stop - start, m)

    def backward(self, R: HostArray) -> HostArray:
        """Multiply the transpose by columns (n, m); see `Products.backward`."""
        R, m = np.ascontiguousarray(R, self.matrix.dtype), R.shape[1]
        R = R[:, 0] if m == 1 else R
        if self._is_long(m):
            ends = np.cumsum([part.shape[0] for part in self._shares])[:-1]
            shares = list(zip(self._shares, np.split(R, ends), strict=True))
            total = sum(parallel_map(lambda share: share[0].T @ share[1], shares))
            return np.reshape(total, (self.shape[1], m))
        product: HostArray = self.matrix.T @ R
        return product.reshape(self.shape[1], m)

    def backward_squared(self, S: HostArray) -> HostArray:
        """Multiply the transpose of the squared entries; see `Products.backward_squared`.

        In float64 the squares are made anew, some at a time; in float32 they are kept, for many
        such products of less precision.
        """
        if self.matrix.dtype == np.float32:
            return self._squared.backward(S)
        return self._backward_by(lambda entries: np.square(entries, dtype=np.float64), S)

    def signed_counts(self, S: HostArray) -> tuple[HostArray, HostArray]:
        """Multiply columns by the places of each sign; see `Products.signed_counts`."""
        positive = self._backward_by(lambda entries: (entries > 0).astype(np.float64), S)
        return positive, self._backward_by(lambda entries: (entries < 0).astype(np.float64), S)

    def _backward_by(self, function: Callable[[HostArray], HostArray], S: HostArray) -> HostArray:
        """Multiply the transpose of a function of the entries by columns (n, m), in float64."""
        S = np.ascontiguousarray(S, np.float64)
        total = np.zeros((self.shape[1], S.shape[1]))
        for start, stop in self._blocks:
            part = self.rows(start, stop)
            made = _like(part, function(part.data), part.indices, part.indptr)
            total += made.T @ S[start:stop]
        return total

    def sum_of_squares(self) -> float:
        """Add up the squares of all entries; see `Products.sum_of_squares`."""
        return self._sum_of_squares

    @cached_property
    def _sum_of_squares(self) -> float:
        entries = self.matrix.data
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                np.square(entries[start : start + ENTRIES_AT_A_TIME], dtype=np.float64).sum()
                for start in range(0, len(entries), ENTRIES_AT_A_TIME)
            ]
            return float(np.sum(parts))

    def rows(self, start: int, stop: int) -> Any:
        """Return rows, which share the memory of the matrix."""
        if (start, stop) == (0, self.shape[0]):
            return self.matrix
        X = self.matrix
        first, last = X.indptr[start], X.indptr[stop]
        pointers = X.indptr[start : stop + 1] - first
        return _like(X, X.data[first:last], X.indices[first:last], pointers)

    def take(self, rows: HostArray) -> "CsrProducts":
        """Copy the rows with these indices; see `Products.take`."""
        return CsrProducts(self.matrix[rows])

    def occurring_columns(self) -> HostArray | None:
        """Return the columns that have entries; see `Products.occurring_columns`."""
        p = self.shape[1]
        if self.matrix.nnz >= p:
            occurs = np.zeros(p, bool)
            occurs[self.matrix.indices] = True
            found = np.flatnonzero(occurs)
        else:
            found = np.unique(self.matrix.indices)
        return worth_taking(found, p)

    def take_columns(self, columns: HostArray) -> "CsrProducts":
        """Return the same entries, in fewer columns; see `Products.take_columns`."""
        X = self.matrix
        indices = renumbered(columns, self.shape[1])[X.indices].astype(X.indices.dtype, copy=False)
        return CsrProducts(_like(X, X.data, indices, X.indptr, len(columns)))

    def gram(self, weights: HostArray) -> HostArray:
        """Multiply the transpose by weighted rows; see `Products.gram`."""
        X = self.matrix
        scaled = X.data * np.repeat(weights, np.diff(X.indptr))
        product: HostArray = (X.T @ _like(X, scaled, X.indices, X.indptr)).toarray()
        return product

    def select_columns(self, columns: HostArray) -> "CsrProducts":
        """Copy the entries of some columns; see `Products.select_columns`."""
        selected = self.columns(columns)
        products = CsrProducts(selected.tocsr())
        products.__dict__["_by_column"] = selected
        return products

    def columns(self, columns: HostArray) -> Any:
        """Return some columns as a CSC array; see `Products.columns`."""
        whole = self._by_column
        if len(columns) == self.shape[1] and (np.diff(columns) == 1).all():
            return whole
        return whole[:, columns]

    @cached_property
    def _by_column(self) -> Any:
        return self.matrix.tocsc()

    def in_blocks(
        self, context: ArrayContext, *row_arrays: Array | None, **settings: Any
    ) -> SparseRows:
        """Return dense blocks; see `Products.in_blocks`."""
        return SparseRows(context, self.matrix, *row_arrays, **settings)

    @cached_property
    def _squared(self) -> "CsrProducts":
        X = self.matrix
        return CsrProducts(_like(X, np.square(X.data), X.indices, X.indptr))

    def _is_long(self, columns: int) -> bool:
        long = self.matrix.nnz * columns >= MIN_SHARED
        return bool(long and workers() > 1 and len(self._shares) > 1)

    @cached_property
    def _shares(self) -> list[Any]:
        """The rows of each worker, with about as many entries."""
        pointers, count = self.matrix.indptr, workers()
        goals = np.linspace(0, pointers[-1], count + 1)[1:-1]
        edges = [0, *np.searchsorted(pointers, goals).tolist(), self.shape[0]]
        return [self.rows(a, b) for a, b in pairwise(edges) if b > a]

    @property
    def _blocks(self) -> list[tuple[int, int]]:
        """Rows between which about `ENTRIES_AT_A_TIME` entries lie."""
        pointers = self.matrix.indptr
        goals = np.arange(ENTRIES_AT_A_TIME, pointers[-1], ENTRIES_AT_A_TIME)
        edges = np.unique([0, *np.searchsorted(pointers, goals).tolist(), self.shape[0]])
        return list(pairwise(edges.tolist()))


def _like(
    X: Any, data: HostArray, indices: HostArray, pointers: HostArray, columns: int | None = None
) -> Any:
    """Make a CSR matrix of its parts, which SciPy's constructor would copy if they are short."""
    columns = X.shape[1] if columns is None else columns
    made = type(X)((len(pointers) - 1, columns), dtype=data.dtype)
    made.data, made.indices, made.indptr = data, indices, pointers
    made.has_canonical_format = X.has_canonical_format
    return made
