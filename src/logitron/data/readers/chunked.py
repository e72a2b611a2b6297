"""`ChunkedReader`: arrays that are read by slices, of HDF5 and Zarr."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader

__all__ = ["ChunkedReader"]


class ChunkedReader(RowReader):
    """An array (n, p) with ``shape``, ``dtype`` and slices of rows, and perhaps ``chunks``.

    Blocks begin and end with chunks, so that each chunk is decompressed once in a pass.

    Parameters
    ----------
    array : object
        For example a dataset of h5py, or an array of zarr.
    name : str
    """

    def __init__(self, array: Any, name: str) -> None:
        chunks = getattr(array, "shards", None) or getattr(array, "chunks", None)
        rows = chunks[0] if isinstance(chunks, tuple) and chunks else 1
        if len(array.shape) != 2:
            raise ValueError(
                "X must be 2-dimensional, with shape (n_samples, n_features), got shape "
                f"{tuple(array.shape)} in {name}"
            )
        super().__init__(name, array.shape, array.dtype, chunk_rows=min(rows, array.shape[0]))
        self._array = array
        self.reads_into = hasattr(array, "read_direct")

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Read a slice; see `RowReader.read_rows`."""
        if out is not None and self.reads_into:
            self._array.read_direct(out, np.s_[start:stop], np.s_[: stop - start])
            return out[: stop - start]
        return np.asarray(self._array[start:stop])
