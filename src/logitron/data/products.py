"""`Products`: the interface of sparse features that offer products with all rows.

SciPy's matrices, CuPy's and Dask arrays of sparse chunks each have a class of their own. Arrays
with a number for each row or feature are NumPy arrays, but for CuPy.
"""

from typing import Any, Protocol

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data.rows import Rows

__all__ = ["Products", "products_pay"]

#: features from which on, and part of the entries stored up to which, products of the sparse matrix
#: are cheaper than a Gram matrix of dense blocks
FEWEST_FEATURES, MOST_STORED = 200, 0.3


class Products(Protocol):
    """Sparse features ``X (n, p)`` without duplicate entries."""

    shape: tuple[int, int]
    lazy: bool
    """Whether the features are not in memory."""

    @property
    def entries(self) -> int:
        """Numbers that are stored."""

    def astype(self, dtype: str) -> "Products":
        """Return the features with entries of another dtype, which products are computed in."""

    def bring(self, array: Array) -> Array:
        """Move an array of any library to where products are computed."""

    def forward(self, W: Array, start: int = 0, stop: int | None = None) -> Array:
        """Multiply rows from ``start`` to ``stop`` by columns (p, m), for example to logits."""

    def backward(self, R: Array) -> Array:
        """Multiply the transpose by columns (n, m), for example residuals to a gradient (p, m)."""

    def backward_squared(self, S: Array) -> Array:
        """Multiply the transpose of the squared entries by columns (n, m)."""

    def signed_counts(self, S: Array) -> tuple[Array, Array]:
        """Multiply columns (n, m) by the places of positive and of negative entries: (p, m)."""

    def sum_of_squares(self) -> float:
        """Add up the squares of all entries, in float64; may overflow. The sum is kept."""

    def take(self, rows: HostArray) -> "Products | None":
        """Copy the rows with these indices; None if that is not cheap."""

    def occurring_columns(self) -> HostArray | None:
        """Return the columns that have entries; None if most columns have."""

    def take_columns(self, columns: HostArray) -> "Products":
        """Return the same entries, in a matrix of some columns, which has all entries."""

    def gram(self, weights: Array) -> HostArray | None:
        """Multiply the transpose by the rows times weights (n,): (p, p); None if that is dear."""

    def select_columns(self, columns: HostArray) -> "Products | None":
        """Copy the entries of some columns; None if that is not cheap."""

    def columns(self, columns: HostArray) -> Any | None:
        """Return some columns as a CSC array of SciPy; None if entries are not on the host."""

    def in_blocks(self, context: ArrayContext, *row_arrays: Array | None, **settings: Any) -> Rows:
        """Return the same features, with row arrays, in dense blocks."""


def products_pay(X: Any) -> bool:
    """Whether products of a sparse matrix are cheaper than dense blocks."""
    n, p = X.shape
    return bool(p >= FEWEST_FEATURES and X.nnz <= MOST_STORED * n * p)
