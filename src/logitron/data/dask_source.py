"""`DaskSource`: a Dask array as an argument. Its chunks are computed when a result is needed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.host import count_read, to_host
from logitron.backend.types import Array, HostArray
from logitron.data.block_options import BlockOptions
from logitron.data.dask_chunks import check_chunks, with_checked_chunks
from logitron.data.dask_rows import DaskRows
from logitron.data.rows import Rows
from logitron.data.source import Source

__all__ = ["DaskSource"]


class DaskSource(Source):
    """A Dask array."""

    lazy, on_host = True, False

    @property
    def meta(self) -> Array:
        """An empty array with the library and dtype of the chunks."""
        return self.array._meta

    def checked(self) -> "DaskSource":
        """Reject chunks of unknown sizes or of sparse matrices; see `check_chunks`."""
        check_chunks(self.array, self.name)
        return self

    def dense(self) -> Array:
        """Return the same array, with a check of each chunk when it is computed."""
        return with_checked_chunks(self.array, self.name)

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Make `Rows` whose blocks are the chunks; see `Source.rows`."""
        return DaskRows(context, self.array, *row_arrays)

    def map(self, function: Callable[[Array], Array], dtype: Any) -> Array:
        """Apply an element-wise function to each chunk, lazily; see `Source.map`."""
        return self.array.map_blocks(function, dtype=dtype)

    def drawn(self, count: int) -> list[Any]:
        """Compute the first rows and the last; see `Source.drawn`."""
        parts = [part.compute() for part in (self.array[:count], self.array[-count:])]
        return [part if hasattr(part, "tocsr") else to_host(part) for part in parts]

    def unique_inverse(self) -> tuple[HostArray, Array]:
        """Return the sorted unique values of all chunks, and a lazy array of indices.

        Returns
        -------
        values : numpy.ndarray (K,)
        inverse : dask.array.Array (n,) of int64
            ``values[inverse]`` is the array.
        """
        from dask import compute, delayed

        array = self.dense()
        found = compute(*[delayed(np.unique)(block) for block in array.to_delayed().ravel()])
        count_read(sum(values.size for values in found))
        values = np.unique(np.concatenate(found))
        return values, array.map_blocks(partial(np.searchsorted, values), dtype=np.int64)
