"""`ReaderSource`: features that are read in blocks, as an argument."""

from typing import Any, NoReturn

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data.block_options import BlockOptions
from logitron.data.reader_rows import ReaderRows
from logitron.data.readers.drawing import drawn_rows
from logitron.data.readers.read_ahead import BLOCKS
from logitron.data.rows import Rows
from logitron.data.source import Source, move_row_arrays

__all__ = ["ReaderSource"]


class ReaderSource(Source):
    """A `RowReader`. Predictions are in memory, as arrays of NumPy."""

    on_host = False
    """False: it becomes an array only if `to_host` is called."""
    in_blocks = True

    def __init__(self, name: str, array: Any) -> None:
        super().__init__(name, array)
        self._known: dict[str, Any] = {}

    @property
    def meta(self) -> HostArray:
        """An empty array of the features' dtype."""
        return np.empty((0, self.array.shape[1]), self.array.dtype)

    def checked(self) -> "ReaderSource":
        """Return this source: readers were checked when they were opened."""
        return self

    def dense(self) -> NoReturn:
        """Raise TypeError: rows are read in blocks."""
        raise TypeError(f"{self.name} is read in blocks")

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Make `Rows` that are read in each pass; see `Source.rows`.

        Features that are not larger than the blocks that would be in memory are read once.
        """
        settings: dict[str, Any] = {"width": width, "block_rows": block_rows, "options": options}
        reader = self.array
        if reader.nbytes <= BLOCKS * reader.block_bytes:
            return Source(self.name, self.to_host()).rows(context, *row_arrays, **settings)
        moved = move_row_arrays(context, row_arrays)
        return ReaderRows(context, reader, *moved, known=self._known, **settings)

    def take(self, rows: HostArray) -> HostArray:
        """Read the rows with these indices."""
        found: HostArray = self.array.take(rows)
        return found

    def drawn(self, count: int) -> list[HostArray]:
        """Read all rows if they are few, and rows of few chunks otherwise; see `Source.drawn`."""
        if self.shape[0] <= 2 * count:
            return [self.to_host()]
        return [self.take(drawn_rows(self.array, count, 0))]

    def to_host(self) -> HostArray:
        """Read all rows."""
        found: HostArray = self.array.read(0, self.shape[0])
        return found
