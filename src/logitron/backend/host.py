"""Reads from a device to the host. All reads of the package use these functions and are counted.

A read waits until the device has finished its work, so a loop that reads often is limited by the
host, however fast the device is. Tests check the number of reads.
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
    """Number of reads from arrays to the host, and number of values that were read."""

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
    """Read an array to the host, as a NumPy array, and count the read.

    Parameters
    ----------
    array : array of any library, or Dask array

    Returns
    -------
    numpy.ndarray
        May share memory with the array, so it must not be written to.
    """
    if is_dask_array(array):
        values = np.asarray(array.compute())
    else:
        values = library_of(array).to_numpy(array)
    count_read(values.size)
    return values


def to_host_all(arrays: Sequence[Array]) -> list[np.ndarray[Any, Any]]:
    """Read several arrays of one library and dtype to the host, counted as one read.

    Parameters
    ----------
    arrays : sequence of arrays

    Returns
    -------
    list of numpy.ndarray
        They may share memory with the arrays, so they must not be written to.
    """
    values = library_of(arrays[0]).to_numpy_all(arrays)
    count_read(sum(part.size for part in values))
    return values


def count_read(values: int) -> None:
    """Count one read of ``values`` numbers that was made without `to_host`."""
    for counter in _counters.get():
        counter.reads += 1
        counter.values += values
