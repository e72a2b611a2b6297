"""Every read from a device to the host goes through here, and is counted.

A read waits until the device has finished its work, so a loop that reads often is bound by the
host however fast the device is. Counting in one place makes the number of reads a fact that tests
can hold.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import is_dask_array

from logitron.backend.libraries import library_of
from logitron.backend.types import Array

__all__ = ["HostReads", "count_host_reads", "to_host", "to_host_all"]


@dataclass
class HostReads:
    """How often, and how many numbers, were read from arrays to the host."""

    reads: int = 0
    values: int = 0


_counters: ContextVar[tuple[HostReads, ...]] = ContextVar("host_read_counters", default=())


@contextmanager
def count_host_reads() -> Iterator[HostReads]:
    """Count the reads made inside the ``with`` block.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron.backend import count_host_reads, to_host
    >>> with count_host_reads() as counted:
    ...     values = to_host(np.zeros(3))
    >>> counted
    HostReads(reads=1, values=3)
    """
    counter = HostReads()
    token = _counters.set((*_counters.get(), counter))
    try:
        yield counter
    finally:
        _counters.reset(token)


def to_host(array: Array) -> np.ndarray[Any, Any]:
    """Read an array's values to the host, as NumPy, and count it.

    Parameters
    ----------
    array : array of any library, or Dask array

    Returns
    -------
    numpy.ndarray
        May share memory with the array; do not write to it.
    """
    if is_dask_array(array):
        values = np.asarray(array.compute())
    else:
        values = library_of(array).to_numpy(array)
    count_read(values.size)
    return values


def to_host_all(arrays: Sequence[Array]) -> list[np.ndarray[Any, Any]]:
    """Read the values of several arrays of one library and dtype to the host, counted as one read.

    Parameters
    ----------
    arrays : sequence of arrays

    Returns
    -------
    list of numpy.ndarray
        They may share memory with the arrays; do not write to them.
    """
    values = library_of(arrays[0]).to_numpy_all(arrays)
    count_read(sum(part.size for part in values))
    return values


def count_read(values: int) -> None:
    """Count one read of so many values that was not made by `to_host`."""
    for counter in _counters.get():
        counter.reads += 1
        counter.values += values
