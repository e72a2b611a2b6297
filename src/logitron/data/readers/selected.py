"""`SelectedReader`: some rows of another reader, in ascending order."""

from collections.abc import Iterator, Sequence

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader, reblocked

__all__ = ["SelectedReader"]


class SelectedReader(RowReader):
    """Rows of another reader.

    Where rows are stored together, each chunk is read once in a pass, and rows are taken out of it.

    Parameters
    ----------
    reader : RowReader
    rows : numpy.ndarray
        Numbers of the rows, ascending; a row may occur several times.
    """

    def __init__(self, reader: RowReader, rows: HostArray) -> None:
        super().__init__(reader.name, (len(rows), reader.shape[1]), reader.dtype)
        self.block_bytes = reader.block_bytes
        self._reader, self._rows = reader, rows
        self._is_distinct = bool((np.diff(rows) > 0).all())

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Take the rows with these numbers among the chosen ones."""
        rows = self._rows[start:stop]
        if self._is_distinct:
            return self._reader.take_rows(rows)
        distinct, inverse = np.unique(rows, return_inverse=True)
        return self._reader.take_rows(distinct)[inverse]

    def take_rows(self, rows: HostArray) -> HostArray:
        """Take some of the chosen rows."""
        return self._reader.take_rows(self._rows[rows])

    def scan(
        self, edges: HostArray, buffers: Sequence[HostArray | None] = (None,)
    ) -> Iterator[HostArray]:
        """Take rows block by block, or out of the blocks of all rows; see `RowReader.scan`."""
        if self._reader.run_rows == 1:
            return super().scan(edges)
        return reblocked(self._chosen(int(edges[0]), int(edges[-1])), edges)

    def _chosen(self, start: int, stop: int) -> Iterator[HostArray]:
        """Choose rows out of blocks of the other reader, those with chosen rows alone."""
        rows = self._rows[start:stop]
        edges = self._reader.edges(self._reader.block_rows)
        places = np.searchsorted(rows, edges)
        used = np.flatnonzero(np.diff(places) > 0)
        for run in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1):
            blocks = self._reader.scan(edges[run[0] : run[-1] + 2])
            for number, block in zip(run.tolist(), blocks, strict=True):
                own = rows[places[number] : places[number + 1]]
                yield block[own - edges[number]]
