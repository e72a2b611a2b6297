"""An argument as it came: the one place that knows what kinds of arrays, tables and lists exist.

`wrap` makes a `Source` of features, labels or weights. Whoever holds one asks for what it needs
(rows, distinct labels, values on the host), and never what kind of array there is.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from array_api_compat import is_array_api_obj, is_numpy_array
from sklearn.utils import _safe_indexing

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.libraries import library_of
from logitron.backend.types import Array, HostArray
from logitron.data.array_rows import ArrayRows
from logitron.data.block_options import BlockOptions
from logitron.data.rows import Rows

__all__ = ["Source"]


class Source:
    """An array of any library in memory; or a list, a table or a number, not yet an array.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    array : object
        As it came.
    """

    lazy: ClassVar[bool] = False
    """Whether values are computed only when they are needed."""
    sparse: ClassVar[bool] = False
    """Whether only entries that are not zero are stored."""

    def __init__(self, name: str, array: Any) -> None:
        self.name = name
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.array.shape)

    @property
    def meta(self) -> Array:
        """An array of the library, device and dtype that the values have."""
        return self.array

    def checked(self) -> "Source":
        """Refuse an array that is malformed, as far as it can be seen without reading it.

        Raises
        ------
        TypeError
            If it is a sparse array of another library than SciPy.
        ValueError
            If its parts do not fit together.
        """
        array = self.array
        if not is_array_api_obj(array) or is_numpy_array(array):
            return self
        if not library_of(array).is_dense(array):
            raise TypeError(
                f"{self.name} must be dense, or a sparse matrix of SciPy, got a sparse "
                f"{type(array).__module__}.{type(array).__name__}; call .to_dense() first"
            )
        return self

    def dense(self) -> Any:
        """Return the values as an array that stores them all."""
        return self.array

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Bring features, and whatever goes with each row, to a context, as rows.

        Arrays are moved to the context's library and device, see
        `ArrayContext.asarray_for_storage`; chunks of a Dask array, and sparse features in CSR
        format, stay where they are, and are moved block by block when they are worked on.

        Parameters
        ----------
        context : ArrayContext
        *row_arrays : array (n, ...) or None
        width : int, default 1
            Numbers that are computed for each row.
        block_rows : int, optional
            Rows in a block.
        options : BlockOptions, optional
        """
        moved = move_row_arrays(context, row_arrays)
        return ArrayRows(
            context,
            context.asarray_for_storage(self.array),
            *moved,
            width=width,
            block_rows=block_rows,
            options=options,
        )

    def map(self, function: Callable[[Array], Array], dtype: Any) -> Array:
        """Apply an element-wise function whose answers are of ``dtype``."""
        return function(self.array)

    def take(self, rows: HostArray) -> Any:
        """Copy some rows, by their numbers, on the host."""
        array = self.array
        return _safe_indexing(to_host(array) if is_array_api_obj(array) else array, rows)

    def unique_inverse(self) -> tuple[HostArray, Array]:
        """Find the sorted distinct values, and each value's place among them.

        Whole numbers in a narrow range are counted rather than sorted, which is many times faster
        for a million of them.

        Returns
        -------
        values : numpy.ndarray (K,)
        places : array (n,) of integers
        """
        values = np.asarray(self.array)
        whole = _whole_numbers(values)
        if whole is None or not len(whole):
            return np.unique(values, return_inverse=True)
        low, high = int(whole.min()), int(whole.max())
        if high - low >= max(len(whole), 1024) or max(abs(low), abs(high)) >= 2**62:
            return np.unique(values, return_inverse=True)
        offsets = whole if low == 0 else whole.astype(np.int64) - low
        offsets = offsets.astype(np.intp, copy=False)
        if high - low == 1:  # as are most: both are there
            return np.asarray([low, high], dtype=values.dtype), offsets
        there = np.flatnonzero(np.bincount(offsets, minlength=high - low + 1))
        found = (there + low).astype(values.dtype)
        if len(there) == high - low + 1:
            return found, offsets
        places = np.zeros(high - low + 1, np.intp)
        places[there] = np.arange(len(there))
        return found, places[offsets]


def move_row_arrays(
    context: ArrayContext, row_arrays: tuple[Array | None, ...]
) -> list[Array | None]:
    """Bring what goes with each row to a context, in its widest precision.

    Block functions narrow it block by block: weights are to be the user's.
    """
    return [
        None if array is None else context.wide.asarray_for_storage(array) for array in row_arrays
    ]


def _whole_numbers(values: HostArray) -> HostArray | None:
    """Return whole numbers as integers; None for anything else."""
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.view(np.uint8)
    if values.dtype.kind == "f" and values.dtype.itemsize >= 4:
        with np.errstate(invalid="ignore"):
            whole = values.astype(np.int64)
        return whole if np.array_equal(whole, values) else None
    return None
