"""Which rows a sample takes of a reader: evenly, and out of few chunks."""

from math import ceil

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader
from logitron.data.row_blocks import evenly_drawn

__all__ = ["drawn_rows", "part_read"]

#: runs of neighbouring rows that a sample has at least: a sorted file has other rows elsewhere
FEWEST_RUNS = 64


def drawn_rows(reader: RowReader, count: int, seed: int) -> HostArray:
    """Draw about ``count`` rows, ascending and distinct.

    Single rows where these can be read; otherwise runs of neighbours, one from
    each of many intervals of equal lengths.
    """
    n = reader.shape[0]
    if reader.run_rows == 1:
        return evenly_drawn(n, count, seed)
    runs = min(count, max(FEWEST_RUNS, ceil(count / reader.run_rows)))
    length, found = ceil(count / runs), []
    for first in evenly_drawn(n, runs, seed).tolist():
        start, stop = reader.run_at(first)
        place = max(start, min(first, stop - length))
        found.append(np.arange(place, min(place + length, stop)))
    return np.unique(np.concatenate(found))


def part_read(reader: RowReader, rows: HostArray) -> float:
    """Estimate which part of all rows is read, or decompressed, to take some of them."""
    if reader.run_rows == 1:
        return len(rows) / reader.shape[0]
    read, place = 0, -1
    for row in rows.tolist():
        if row >= place:
            start, place = reader.run_at(row)
            read += place - start
    return read / reader.shape[0]
