"""`RowReader`: rows that are read in blocks from a file, a table or an object of a user."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["RowReader", "RowsError", "block_edges", "naming_rows", "reblocked", "take_by_runs"]

#: bytes between two drawn rows that are read, rather than passed over
GAP_BYTES = 1 << 16
#: blocks that a chunk may be as large as
MOST_BLOCKS = 8
#: bytes of a block
BLOCK_BYTES = 1 << 24


class RowsError(ValueError):
    """Rows that were read and cannot be used; the message names them."""


@contextmanager
def naming_rows(name: str, start: int, stop: int) -> Iterator[None]:
    """Name the rows and the file in errors of reading.

    Raises
    ------
    OSError, RuntimeError
        In place of an error of any kind, but for a lack of memory and a `RowsError`.
    """
    try:
        yield
    except (RowsError, MemoryError, GeneratorExit):
        raise
    except Exception as error:
        kind = OSError if isinstance(error, OSError) else RuntimeError
        raise kind(
            f"rows {start} to {stop} of X could not be read from {name} "
            f"({type(error).__name__}: {error})"
        ) from error


class RowReader:
    """Features (n, p) in blocks of rows.

    Parameters
    ----------
    name : str
        Name of the file or object, for messages.
    shape : tuple of int
        Rows and features.
    dtype : object
        dtype of NumPy, or what becomes one.
    chunk_rows : int, default 1
        Rows that are stored together: blocks are made of whole chunks.
    run_rows : int, optional
        Rows of which reading one costs nearly as much as reading all; by default, those of a chunk.
    empty_table : object, optional
        A table without rows that has the names of the features.
    """

    reads_into: bool = False
    """Whether `read_rows` can write to a `buffer`."""
    block_bytes: int = BLOCK_BYTES
    """Bytes of a block of rows, about."""

    def __init__(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any,
        *,
        chunk_rows: int = 1,
        run_rows: int | None = None,
        empty_table: Any = None,
    ) -> None:
        self.name = name
        rows, features = (int(size) for size in shape)
        self.shape = rows, features
        self.dtype = np.dtype(dtype)
        self.chunk_rows = max(1, int(chunk_rows))
        self.run_rows = max(1, min(int(run_rows or chunk_rows), rows))
        self.empty_table = empty_table
        if self.dtype.kind not in "biuf":
            raise ValueError(f"X must hold numbers only, got dtype {self.dtype} in {name}")

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        return f"<rows of {self.name}: {shape}, {self.dtype}>"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return max(1, int(self.dtype.itemsize) * self.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self.shape[0] * self.row_bytes

    @property
    def block_rows(self) -> int:
        """Rows of a block, about."""
        return max(1, self.block_bytes // self.row_bytes)

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Read the rows from ``start`` to ``stop`` - 1, into the first rows of a buffer if given.

        Rows of some formats are not read into ``out``; the array that is returned has them.
        """
        raise NotImplementedError

    def buffer(self, rows: int) -> HostArray | None:
        """Allocate memory that blocks can be read into; None if they cannot."""
        return np.empty((rows, self.shape[1]), self.dtype) if self.reads_into else None

    def edges(self, rows: int) -> HostArray:
        """Divide the rows into blocks of about ``rows`` rows: where they begin, and the end.

        Chunks of more than `MOST_BLOCKS` blocks are divided too, and then read several times.
        """
        is_huge = self.chunk_rows > MOST_BLOCKS * rows
        return block_edges(self.shape[0], rows, 1 if is_huge else self.chunk_rows)

    def scan(
        self, edges: HostArray, buffers: Sequence[HostArray | None] = (None,)
    ) -> Iterator[HostArray]:
        """Read blocks in order; each is in the next of the ``buffers``, in turn, if there are any.

        Parameters
        ----------
        edges : numpy.ndarray
            Where blocks begin, ascending, and where the last one ends.
        buffers : sequence of arrays, default (None,)
        """
        for number in range(len(edges) - 1):
            start, stop = int(edges[number]), int(edges[number + 1])
            yield self.read_rows(start, stop, buffers[number % len(buffers)])

    def take_rows(self, rows: HostArray) -> HostArray:
        """Read the rows with these numbers, ascending and distinct."""
        return take_by_runs(self, rows)

    def read(self, start: int, stop: int) -> HostArray:
        """Call `read_rows`; errors name the rows."""
        with naming_rows(self.name, start, stop):
            return self.read_rows(start, stop)

    def take(self, rows: HostArray) -> HostArray:
        """Call `take_rows` for rows in any order; errors name the first one and the last one."""
        distinct, inverse = np.unique(rows, return_inverse=True)
        with naming_rows(self.name, int(distinct[0]), int(distinct[-1]) + 1):
            found = self.take_rows(distinct)
        return found if np.array_equal(distinct, rows) else found[inverse]

    def run_at(self, row: int) -> tuple[int, int]:
        """Return where the rows begin and end that are read together with this one."""
        start = row // self.run_rows * self.run_rows
        return start, min(start + self.run_rows, self.shape[0])


def block_edges(n: int, rows: int, chunk_rows: int = 1) -> HostArray:
    """Divide ``n`` rows into blocks of whole chunks, of ``rows`` rows or of one chunk."""
    size = max(1, rows // chunk_rows) * chunk_rows
    return np.append(np.arange(0, n, size), n)


def take_by_runs(reader: RowReader, rows: HostArray) -> HostArray:
    """Take rows out of runs that are read together: rows that are stored together or near.

    At most a block is read at a time, or a chunk if that is larger.
    """
    taken = np.empty((len(rows), reader.shape[1]), reader.dtype)
    unit = reader.run_rows * ceil(GAP_BYTES / reader.row_bytes / reader.run_rows)
    most = unit * max(1, reader.block_rows // unit)
    units, blocks = rows // unit, rows // most
    is_new = (np.diff(units) > 1) | (np.diff(blocks) > 0)
    for own in np.split(np.arange(len(rows)), np.flatnonzero(is_new) + 1):
        if len(own):
            first, last = int(rows[own[0]]), int(rows[own[-1]])
            taken[own] = reader.read_rows(first, last + 1)[rows[own] - first]
    return taken


def reblocked(arrays: Iterable[HostArray], edges: HostArray) -> Iterator[HostArray]:
    """Divide consecutive arrays of rows anew, at ``edges``, which begin where the first one does.

    A block within one array is a view of it.
    """
    parts: list[HostArray] = []
    wanted = iter(np.diff(edges).tolist())
    missing = next(wanted, 0)
    for array in arrays:
        rest = array
        while missing and len(rest):
            part, rest = rest[:missing], rest[missing:]
            parts.append(part)
            missing -= len(part)
            if not missing:
                yield parts[0] if len(parts) == 1 else np.concatenate(parts)
                parts, missing = [], next(wanted, 0)
        if not missing:
            return
    if missing:
        raise RowsError(f"X ended {missing} rows before the end of a block: rows are missing")
