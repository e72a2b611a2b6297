"""`SparseSource`: a sparse matrix of SciPy as an argument."""

from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data.block_options import BlockOptions
from logitron.data.csr_products import CsrProducts
from logitron.data.cupy_products import CupyProducts
from logitron.data.product_rows import ProductRows
from logitron.data.products import Products, products_pay
from logitron.data.rows import Rows
from logitron.data.source import Source, move_row_arrays
from logitron.data.sparse_format import check_sparse, in_canonical_format, to_cupy
from logitron.data.sparse_rows import SparseRows

__all__ = ["SparseSource"]


class SparseSource(Source):
    """A sparse matrix of SciPy, in any format."""

    sparse = on_host = True

    @property
    def meta(self) -> Array:
        """The stored entries."""
        return self.array.data

    def checked(self) -> "SparseSource":
        """Reject indices that do not fit the shape of the matrix; see `check_sparse`."""
        return SparseSource(self.name, check_sparse(self.name, self.array))

    def to_canonical_csr(self) -> Any:
        """Return a copy in canonical CSR format: sorted indices, no duplicates."""
        copy = self.array.tocsr(copy=True)
        copy.sum_duplicates()
        return copy

    def dense(self) -> HostArray:
        """Return the values as a dense array."""
        values: HostArray = self.array.toarray()
        return values

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Make `Rows` of a matrix in CSR format; see `Source.rows`.

        It is copied only if it is not in canonical format, or to a GPU.
        """
        moved = move_row_arrays(context, row_arrays)
        X = self.array
        if block_rows is None and products_pay(X):
            canonical = in_canonical_format(X)
            products: Products = CsrProducts(canonical)
            if context.library.name == "cupy":
                products = CupyProducts(to_cupy(canonical), context)
            return ProductRows(context, products, *moved, width=width, options=options)
        return SparseRows(context, X, *moved, width=width, block_rows=block_rows, options=options)

    def take(self, rows: HostArray) -> Any:
        """Copy the rows with these indices, as a sparse matrix."""
        return self.array.tocsr()[rows]

    def drawn(self, count: int) -> list[Any]:
        """Copy rows at equal distances; see `Source.drawn`."""
        return [self.array.tocsr()[:: max(1, self.shape[0] // count)]]
