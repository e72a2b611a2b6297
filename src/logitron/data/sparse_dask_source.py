"""`SparseDaskSource`: a Dask array of sparse chunks as features."""

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.block_options import BlockOptions
from logitron.data.dask_chunks import check_chunks
from logitron.data.dask_product_rows import DaskProductRows
from logitron.data.dask_products import DaskProducts
from logitron.data.dask_source import DaskSource
from logitron.data.rows import Rows
from logitron.data.source import move_row_arrays

__all__ = ["SparseDaskSource"]


class SparseDaskSource(DaskSource):
    """A Dask array whose chunks are sparse matrices of SciPy, as its meta is."""

    sparse = True

    @property
    def meta(self) -> Array:
        """An empty array with the dtype of the entries."""
        return self.array._meta.data[:0]

    def checked(self) -> "SparseDaskSource":
        """Reject chunks of unknown sizes, and sparse chunks of anything but features."""
        check_chunks(self.array, self.name, sparse=self.name == "X")
        return self

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Make `Rows` of products with the chunks; row arrays come to the host.

        See `Source.rows`.
        """
        values = [None if array is None else to_host(array) for array in row_arrays]
        moved = move_row_arrays(context, tuple(values))
        X = self.array
        X = X if len(X.chunks[1]) == 1 else X.rechunk({1: -1})
        products = DaskProducts(X, context.precision)
        return DaskProductRows(context, products, *moved, width=width, options=options)
