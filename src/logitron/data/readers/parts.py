"""`PartsReader`: lists of blocks as one source; and `ArrayReader`: one block in memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader, reblocked

__all__ = ["ArrayReader", "PartsReader"]


class ArrayReader(RowReader):
    """An array of NumPy (n, p) in memory; blocks are views."""

    def __init__(self, array: HostArray, name: str, empty_table: Any = None) -> None:
        super().__init__(name, array.shape, array.dtype, empty_table=empty_table)
        self._array = array

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """View some rows; see `RowReader.read_rows`."""
        return self._array[start:stop]

    def take_rows(self, rows: HostArray) -> HostArray:
        """Copy some rows; see `RowReader.take_rows`."""
        return self._array[rows]


class PartsReader(RowReader):
    """Several readers of the same features, one after the other.

    Parameters
    ----------
    parts : sequence of RowReader
    name : str
    """

    def __init__(self, parts: Sequence[RowReader], name: str) -> None:
        widths = {part.shape[1] for part in parts}
        if len(widths) > 1:
            first = parts[0].shape[1]
            number = next(i for i, part in enumerate(parts) if part.shape[1] != first)
            raise ValueError(
                f"X must be blocks with the same features, got {first} in block 0 and "
                f"{parts[number].shape[1]} in block {number} ({parts[number].name})"
            )
        sizes = [part.shape[0] for part in parts]
        shape = sum(sizes), widths.pop()
        dtype = np.result_type(*{part.dtype for part in parts})
        names = _names(parts[0])
        for number, part in enumerate(parts):
            if _names(part) != names:
                raise ValueError(
                    f"X must be blocks with the same columns in the same order, got {names} in "
                    f"block 0 and {_names(part)} in block {number} ({part.name})"
                )
        super().__init__(name, shape, dtype, empty_table=parts[0].empty_table)
        self.run_rows = max(part.run_rows for part in parts)
        self._parts = parts
        self._starts = np.concatenate([[0], np.cumsum(sizes)])

    def _within(self, start: int, stop: int) -> Iterator[tuple[RowReader, int]]:
        """Find the parts that have rows from ``start`` to ``stop`` - 1, and their first rows."""
        first = int(np.searchsorted(self._starts, start, side="right")) - 1
        for part, place in zip(self._parts[first:], self._starts[first:].tolist(), strict=False):
            if place >= stop:
                return
            if part.shape[0]:
                yield part, place

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Read from each part; see `RowReader.read_rows`."""
        return next(self.scan(np.asarray([start, stop])))

    def edges(self, rows: int) -> HostArray:
        """Divide the rows at edges of the parts' own blocks; small blocks are joined."""
        whole = zip(self._parts, self._starts.tolist(), strict=False)
        own = np.concatenate([part.edges(rows)[:-1] + place for part, place in whole])
        edges, places = [0], np.unique(np.append(own, self.shape[0])).tolist()
        for place, following in zip(places, [*places[1:], None], strict=True):
            full = following is None or following - edges[-1] > rows
            if full and place > edges[-1]:
                edges.append(place)
        return np.asarray(edges)

    def scan(
        self, edges: HostArray, buffers: Sequence[HostArray | None] = (None,)
    ) -> Iterator[HostArray]:
        """Read the blocks of one part after the other; see `RowReader.scan`."""
        return reblocked(self._pieces(edges), edges)

    def _pieces(self, edges: HostArray) -> Iterator[HostArray]:
        for part, place in self._within(int(edges[0]), int(edges[-1])):
            own = np.unique(np.clip(edges - place, 0, part.shape[0]))
            for block in part.scan(own):
                yield block.astype(self.dtype, copy=False)

    def take_rows(self, rows: HostArray) -> HostArray:
        """Take rows from each part; see `RowReader.take_rows`."""
        numbers = np.searchsorted(self._starts, rows, side="right") - 1
        taken = np.empty((len(rows), self.shape[1]), self.dtype)
        for number in np.unique(numbers).tolist():
            own = np.flatnonzero(numbers == number)
            taken[own] = self._parts[number].take_rows(rows[own] - self._starts[number])
        return taken

    def run_at(self, row: int) -> tuple[int, int]:
        """Return the rows that are read together with a row, within its part."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        place = int(self._starts[number])
        start, stop = self._parts[number].run_at(row - place)
        return start + place, stop + place


def _names(part: RowReader) -> list[object] | None:
    """Return the names of the features of a reader; None where they have none."""
    table = part.empty_table
    if table is None:
        return None
    return list(table.column_names if hasattr(table, "column_names") else table.columns)
