"""`DaskSparseSource`: a Dask array of sparse chunks as features."""

from functools import partial
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data.block_options import BlockOptions
from logitron.data.dask_chunks import check_chunks
from logitron.data.dask_cluster import workers_of
from logitron.data.dask_keeping import keeping, read_sparse
from logitron.data.dask_parts import lazy_parts
from logitron.data.dask_product_rows import DaskProductRows
from logitron.data.dask_products import DaskProducts
from logitron.data.dask_source import DaskSource
from logitron.data.dask_tasks import hold_sparse_chunks
from logitron.data.rows import Rows
from logitron.data.source import move_row_arrays
from logitron.data.sparse_source import SparseSource

__all__ = ["DaskSparseSource"]


class DaskSparseSource(DaskSource):
    """A Dask array whose chunks are sparse matrices of SciPy, as its meta is."""

    sparse = True

    @property
    def meta(self) -> Array:
        """An empty array with the dtype of the entries."""
        return np.empty(0, self.array.dtype)

    def checked(self) -> "DaskSparseSource":
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
        X, now = self._in_whole_rows, keeping()
        here = None if now is None else now.here(self.name, X)
        if here is not None:
            own = SparseSource(self.name, here)
            sizes: dict[str, Any] = {"width": width, "block_rows": block_rows}
            return own.rows(context, *row_arrays, **sizes, options=options)
        moved = move_row_arrays(context, row_arrays)
        lazy = partial(lazy_parts, hold=hold_sparse_chunks)
        parts = lazy(X) if now is None else now.parts(X, sparse=True)
        products = DaskProducts(X, parts, context.precision)
        return DaskProductRows(context, products, *moved, width=width, options=options)

    def take(self, rows: HostArray) -> Any:
        """Copy the rows with these indices to the host, as a sparse matrix."""
        return self.to_host()[rows]

    def to_host(self) -> Any:
        """Compute all chunks, and stack them on the host; see `Source.to_host`."""
        X, now = self._in_whole_rows, keeping()
        here = None if now is None else now.here(self.name, X)
        return read_sparse(self.name, X, workers_of(X)) if here is None else here

    @property
    def _in_whole_rows(self) -> Array:
        """The same array, in chunks of all columns."""
        X = self.array
        return X if len(X.chunks[1]) == 1 else X.rechunk({1: -1})
