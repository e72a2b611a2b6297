"""`FrameReader`: the columns of a data frame, stacked block by block; there is no copy of all."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader, RowsError

__all__ = ["FrameReader", "pandas_columns", "polars_columns"]


class FrameReader(RowReader):
    """Columns (n,) in memory, of pandas or polars.

    Parameters
    ----------
    columns : sequence
        Arrays of NumPy, or series of polars.
    dtype : numpy.dtype
    empty : object
        The data frame without rows.
    name : str
    """

    def __init__(self, columns: Sequence[Any], dtype: Any, empty: Any, name: str) -> None:
        super().__init__(name, (len(columns[0]), len(columns)), dtype, empty_table=empty)
        self._columns = columns

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Copy some rows of each column into a block; see `RowReader.read_rows`."""
        block = np.empty((stop - start, self.shape[1]), self.dtype, "F")
        for place, column in enumerate(self._columns):
            part = column[start:stop]
            if not isinstance(part, np.ndarray):
                if part.null_count():
                    missing = part.is_null().arg_true()[0]
                    raise RowsError(
                        f"X must have no missing values, got one in row {start + missing} of "
                        f"column {column.name!r}. Impute them, or leave out their rows"
                    )
                part = part.to_numpy()
            block[:, place] = part
        return block


def pandas_columns(frame: Any) -> list[HostArray] | None:
    """Return views of the columns of a data frame of pandas; None where there are none.

    None, too, if the columns are evenly spaced in memory: then they are one array already, and are
    not copied.
    """
    if any(not isinstance(dtype, np.dtype) or dtype.kind not in "biuf" for dtype in frame.dtypes):
        return None
    columns = [frame.iloc[:, place].to_numpy() for place in range(frame.shape[1])]
    places = np.diff([column.__array_interface__["data"][0] for column in columns])
    is_even = len(set(places.tolist())) <= 1
    is_one_array = is_even and len({(column.dtype, id(_owner(column))) for column in columns}) == 1
    return None if is_one_array else columns


def _owner(array: HostArray) -> HostArray:
    """Return the array whose memory a view shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def polars_columns(frame: Any) -> list[Any] | None:
    """Return the columns of a data frame of polars; None if some are not numbers."""
    columns = list(frame.get_columns())
    numeric = all(column.dtype.is_numeric() or str(column.dtype) == "Boolean" for column in columns)
    decimals = any(str(column.dtype).startswith("Decimal") for column in columns)
    return columns if columns and numeric and not decimals else None
