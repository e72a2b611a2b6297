"""`CupySparseSource`: a sparse matrix on a GPU, of ``cupyx.scipy.sparse``, as an argument."""

import sys
from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data.array_rows import ArrayRows
from logitron.data.block_options import BlockOptions
from logitron.data.cupy_products import CupyProducts
from logitron.data.product_rows import ProductRows
from logitron.data.products import products_pay
from logitron.data.rows import Rows
from logitron.data.source import Source, move_row_arrays
from logitron.data.sparse_source import SparseSource

__all__ = ["CupySparseSource", "is_cupy_sparse"]


def is_cupy_sparse(array: Any) -> bool:
    """Whether an object is a sparse matrix of CuPy; does not import CuPy."""
    module = sys.modules.get("cupyx.scipy.sparse")
    return module is not None and bool(module.issparse(array))


class CupySparseSource(Source):
    """A sparse matrix of CuPy, in any format."""

    sparse, on_host = True, False

    @property
    def meta(self) -> Array:
        """The stored entries."""
        return self.array.data

    def checked(self) -> "CupySparseSource":
        """Return the matrix in canonical CSR format, after a check of its indices.

        Kernels would write outside of their memory for wrong ones. A matrix that is in that format
        is not copied.

        Raises
        ------
        ValueError
            If an index is outside of the shape.
        """
        given = self.array
        if given.format in ("csr", "csc") and not _fits(given):
            raise ValueError(
                f"{self.name} must be a well-formed sparse matrix, got a {type(given).__name__} of "
                f"shape {tuple(given.shape)} whose indices do not fit it"
            )
        matrix = given.tocsr()
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        return CupySparseSource(self.name, matrix)

    def to_canonical_csr(self) -> Any:
        """Return a copy on the host, in canonical CSR format."""
        return self._on_host().to_canonical_csr()

    def dense(self) -> Array:
        """Return the values as a dense array on the device."""
        return self.array.toarray()

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Make `Rows` of a checked matrix; see `Source.rows`.

        In a context of another library, the matrix is copied to the host first. A matrix of few
        columns, or of few zeros, is made dense.
        """
        settings: Any = {"width": width, "options": options}
        if context.library.name != "cupy":
            return self._on_host().rows(context, *row_arrays, block_rows=block_rows, **settings)
        moved = move_row_arrays(context, row_arrays)
        if block_rows is None and products_pay(self.array):
            return ProductRows(context, CupyProducts(self.array, context), *moved, **settings)
        dense = context.asarray_for_storage(self.array.toarray())
        return ArrayRows(context, dense, *moved, block_rows=block_rows, **settings)

    def take(self, rows: HostArray) -> Any:
        """Copy the rows with these indices to the host, as a sparse matrix."""
        return self._on_host().take(rows)

    def drawn(self, count: int) -> list[Any]:
        """Copy rows to the host; see `Source.drawn`."""
        return self._on_host().drawn(count)

    def to_host(self) -> Any:
        """Copy the matrix to the host; see `Source.to_host`."""
        return self.array.get().tocsr()

    def _on_host(self) -> SparseSource:
        return SparseSource(self.name, self.to_host())


def _fits(matrix: Any) -> bool:
    """Whether the indices of a CSR or CSC matrix fit its shape; few numbers come to the host."""
    major, minor = matrix.shape if matrix.format == "csr" else matrix.shape[::-1]
    indices, pointers = matrix.indices, matrix.indptr
    if len(pointers) != major + 1:
        return False
    ends = to_host(pointers[:: max(major, 1)])  # the first and the last one
    if (pointers[1:] < pointers[:-1]).any() or ends[0] != 0 or ends[-1] > len(indices):
        return False
    return not len(indices) or bool((indices >= 0).all() and (indices < minor).all())
