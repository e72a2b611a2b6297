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
from logitron.data.dask_frames import rows_of_frame
from logitron.data.dask_keeping import keeping
from logitron.data.dask_rows import DaskRows, in_whole_rows
from logitron.data.rows import Rows
from logitron.data.source import Source

__all__ = ["DaskSource"]


class DaskSource(Source):
    """A Dask array."""

    lazy, on_host = True, False
    _frame: Any = None

    @classmethod
    def of_frame(cls, name: str, frame: Any) -> "DaskSource":
        """Make a source of a Dask data frame, whose partitions become chunks."""
        source = cls(name, rows_of_frame(name, frame))
        source._frame = frame
        return source

    @property
    def names(self) -> Any:
        """An empty table with the columns of a data frame, or the array; see `Source.names`."""
        return self.array if self._frame is None else self._frame._meta

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
        """Make `Rows` whose blocks are the chunks; see `Source.rows`.

        Within `logitron.data.keep_chunks`, they are computed once if they fit the memory.
        """
        now = keeping()
        if now is None:
            return DaskRows(context, self.array, *row_arrays, width=width)
        here = now.here(self.name, self.array, context)
        if here is not None:
            own = Source(self.name, here)
            sizes: dict[str, Any] = {"width": width, "block_rows": block_rows}
            return own.rows(context, *row_arrays, **sizes, options=options)
        X = in_whole_rows(self.array)
        return DaskRows(context, X, *row_arrays, width=width, parts=now.parts(X))

    def in_reach(self) -> Any:
        """Return an array of few numbers, such as labels; see `Source.in_reach`."""
        now = keeping()
        return self.array if now is None else now.column(self.checked().array)

    def to_host(self) -> Any:
        """Compute all chunks; see `Source.to_host`."""
        now = keeping()
        here = None if now is None else now.here(self.name, self.array)
        return super().to_host() if here is None else here

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
