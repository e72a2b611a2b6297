"""`UserReader`: an object of a user that has the members of a `RowSource`."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader, RowsError

__all__ = ["UserReader"]

#: bytes that are read at least for a drawn row, where rows cannot be drawn
RUN_BYTES = 1 << 18


class UserReader(RowReader):
    """Reads rows of a `RowSource`, and checks what it returns.

    Parameters
    ----------
    source : RowSource
    """

    def __init__(self, source: Any) -> None:
        name = str(getattr(source, "name", None) or type(source).__qualname__)
        if len(source.shape) != 2:
            raise ValueError(
                "X must be 2-dimensional, with shape (n_samples, n_features), got shape "
                f"{tuple(source.shape)} of {name}"
            )
        chunk_rows = max(1, int(getattr(source, "chunk_rows", None) or 1))
        super().__init__(name, source.shape, source.dtype, chunk_rows=chunk_rows)
        self._take = getattr(source, "take_rows", None)
        if chunk_rows == 1 and self._take is None:
            self.run_rows = max(1, RUN_BYTES // self.row_bytes)
        self._read = source.read_rows

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Call ``read_rows`` of the source; see `RowReader.read_rows`."""
        return self._checked(self._read(start, stop), stop - start, f"read_rows({start}, {stop})")

    def take_rows(self, rows: HostArray) -> HostArray:
        """Call ``take_rows`` of the source if it has one; see `RowReader.take_rows`."""
        if self._take is None:
            return super().take_rows(rows)
        return self._checked(self._take(rows), len(rows), f"take_rows(<{len(rows)} rows>)")

    def _checked(self, found: Any, count: int, call: str) -> HostArray:
        """Check the shape and dtype of an array that a source returned."""
        array = np.asarray(found)
        if array.shape != (count, self.shape[1]):
            raise RowsError(
                f"{self.name}.{call} must return an array of shape {(count, self.shape[1])}, got "
                f"{array.shape}"
            )
        if array.dtype != self.dtype:
            if not np.can_cast(array.dtype, self.dtype, "same_kind"):
                raise RowsError(
                    f"{self.name}.{call} must return dtype {self.dtype}, got {array.dtype}"
                )
            array = array.astype(self.dtype)
        return array
