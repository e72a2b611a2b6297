"""`read_ahead`: a thread reads the next blocks while the last one is computed with."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

import numpy as np

from logitron.backend.types import Array, HostArray
from logitron.data.readers.base import RowReader, naming_rows

__all__ = ["BLOCKS", "read_ahead"]

#: blocks in memory: one is computed with, one waits, one is being read
BLOCKS = 3
#: seconds between two looks at whether the reading should end
PATIENCE = 0.05


def read_ahead(
    reader: RowReader,
    edges: HostArray,
    move: Callable[[HostArray], Array],
    *,
    reuse: bool,
) -> Iterator[Array]:
    """Read blocks in order; the thread ends when the iterator is closed.

    Parameters
    ----------
    reader : RowReader
    edges : numpy.ndarray
        Where blocks begin, and the end.
    move : callable
        Brings a block to where it is computed with; called in the thread.
    reuse : bool
        Whether blocks may be read into the memory of earlier ones. The caller must have done with
        a block when it asks for the next one.

    Raises
    ------
    RowsError
        If rows that were read cannot be used.
    OSError, RuntimeError
        If the reader raised an error; the message names its rows and the file.
    """
    rows = int(np.diff(edges).max(initial=0))
    if len(edges) <= 2:
        yield from (move(block) for block in _located(reader, edges, [None]))
        return
    buffers = [reader.buffer(rows) if reuse else None for _ in range(BLOCKS)]
    queue: Queue[Any] = Queue(maxsize=BLOCKS - 2)
    stop = Event()

    def put(item: Any) -> None:
        while not stop.is_set():
            with suppress(Full):
                queue.put(item, timeout=PATIENCE)
                return

    def fill() -> None:
        try:
            for block in _located(reader, edges, buffers):
                put((move(block), None))
                if stop.is_set():
                    return
            put((None, None))
        except BaseException as error:  # raised again by the thread that waits for the block
            put((None, error))

    thread = Thread(target=fill, name=f"logitron reads {reader.name}", daemon=True)
    thread.start()
    try:
        while True:
            block, error = queue.get()
            if error is not None:
                raise error
            if block is None:
                return
            yield block
            del block
    finally:
        stop.set()
        with suppress(Empty):
            while True:
                queue.get_nowait()
        thread.join()


def _located(
    reader: RowReader, edges: HostArray, buffers: list[HostArray | None]
) -> Iterator[HostArray]:
    """Read blocks; name the rows and the file in errors of the reader."""
    blocks = iter(reader.scan(edges, buffers))
    for start, stop in pairwise(edges.tolist()):
        with naming_rows(reader.name, start, stop):
            block = next(blocks)
        yield block
