"""Files of pyarrow that are decoded in order, from the first row of a row group on: Parquet."""

from collections.abc import Iterator, Sequence
from os import PathLike, fsdecode
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.arrow import Fields, matrix, numeric_fields
from logitron.data.readers.base import RowReader, reblocked
from logitron.data.readers.optional import needed

__all__ = ["DatasetReader", "ParquetReader", "StreamReader"]

#: bytes that are buffered of all columns of a Parquet file, and of one at least and at most
BUFFERED, LEAST, MOST = 1 << 24, 1 << 12, 1 << 20


class StreamReader(RowReader):
    """Rows that are decoded in order; a pass decodes each of them once.

    Parameters
    ----------
    name : str
    starts : numpy.ndarray
        First rows of the groups at which decoding can begin, and the number of all rows.
    fields : Fields
    schema : pyarrow.Schema
        Of all columns of the file.
    """

    def __init__(self, name: str, starts: HostArray, fields: Fields, schema: Any) -> None:
        shape, empty = (int(starts[-1]), fields.n_features), fields.empty_table(schema)
        super().__init__(name, shape, fields.dtype, empty_table=empty)
        self.run_rows = max(1, int(np.diff(starts).max(initial=1)))
        self._starts, self._fields = starts, fields

    def _batches(self, group: int) -> Iterator[Any]:
        """Decode batches from the first row of a group on."""
        raise NotImplementedError

    def _stream(self, start: int) -> Iterator[HostArray]:
        """Decode arrays of rows from ``start`` on."""
        group = int(np.searchsorted(self._starts[:-1], start, side="right")) - 1
        place = int(self._starts[group])
        for batch in self._batches(group):
            end = place + batch.num_rows
            if end > start:
                skipped = max(0, start - place)
                yield matrix(batch.slice(skipped), self._fields, place + skipped, self.name)
            place = end

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Decode from the group of the first row on; see `RowReader.read_rows`."""
        return next(reblocked(self._stream(start), np.asarray([start, stop])))

    def scan(
        self, edges: HostArray, buffers: Sequence[HostArray | None] = (None,)
    ) -> Iterator[HostArray]:
        """Decode each row once; see `RowReader.scan`."""
        return reblocked(self._stream(int(edges[0])), edges)

    def take_rows(self, rows: HostArray) -> HostArray:
        """Decode the groups of these rows, as far as the last one; see `RowReader.take_rows`."""
        taken = np.empty((len(rows), self.shape[1]), self.dtype)
        groups = np.searchsorted(self._starts[:-1], rows, side="right") - 1
        for group in np.unique(groups).tolist():
            own = np.flatnonzero(groups == group)
            place, last = int(self._starts[group]), int(rows[own[-1]])
            for block in self._stream(place):
                end = place + len(block)
                a, b = np.searchsorted(rows[own], (place, end))
                taken[own[a:b]] = block[rows[own[a:b]] - place]
                place = end
                if place > last:
                    break
        return taken

    def run_at(self, row: int) -> tuple[int, int]:
        """Return the rows of the group of a row."""
        group = int(np.searchsorted(self._starts[:-1], row, side="right")) - 1
        return int(self._starts[group]), int(self._starts[group + 1])


class ParquetReader(StreamReader):
    """A Parquet file. Row groups may be larger than memory: they are decoded batch by batch.

    Parameters
    ----------
    path : str or path-like
    columns : sequence of str, optional
        Columns to choose; by default, all.
    """

    def __init__(self, path: str | PathLike[str], columns: Sequence[str] | None = None) -> None:
        parquet = needed("pyarrow.parquet", fsdecode(path))
        self._file = parquet.ParquetFile(path)
        schema = self._file.schema_arrow
        n_columns = len(schema.names if columns is None else columns)
        size = max(LEAST, min(MOST, BUFFERED // max(1, n_columns)))
        self._file = parquet.ParquetFile(path, buffer_size=size)
        metadata = self._file.metadata
        rows = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        starts = np.concatenate([[0], np.cumsum(rows, dtype=np.int64)])

        def first(column: str) -> Any:
            return next(self._file.iter_batches(batch_size=1, columns=[column])).column(0)[0]

        fields = numeric_fields(schema, columns, first, fsdecode(path))
        super().__init__(fsdecode(path), starts, fields, schema)

    def _batches(self, group: int) -> Iterator[Any]:
        groups = range(group, len(self._starts) - 1)
        names = self._fields.names
        batches = self._file.iter_batches(
            batch_size=self.block_rows, row_groups=list(groups), columns=names
        )
        return (batch.select(names) for batch in batches)


class DatasetReader(StreamReader):
    """A dataset of pyarrow, of any format; decoding begins with its first row.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
    name : str
    columns : sequence of str, optional
        Columns to choose; by default, all.
    """

    def __init__(self, dataset: Any, name: str, columns: Sequence[str] | None = None) -> None:
        def first(column: str) -> Any:
            return dataset.head(1, columns=[column]).column(0)[0]

        starts = np.asarray([0, dataset.count_rows()])
        self._dataset = dataset
        fields = numeric_fields(dataset.schema, columns, first, name)
        super().__init__(name, starts, fields, dataset.schema)

    def _batches(self, group: int) -> Iterator[Any]:
        settings = {"batch_readahead": 1, "fragment_readahead": 1, "batch_size": self.block_rows}
        batches: Iterator[Any] = self._dataset.to_batches(columns=self._fields.names, **settings)
        return batches
