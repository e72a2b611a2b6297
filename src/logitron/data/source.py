"""`Source`: an argument of a user, of any kind, behind one interface.

`logitron.data.wrap` makes a source of features, labels or weights. The rest of the package uses its
methods (rows, unique values, values on the host) and does not test the kind of the array.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from array_api_compat import is_array_api_obj, is_dask_array, is_numpy_array
from sklearn.utils import _safe_indexing

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.libraries import library_of
from logitron.backend.types import Array, HostArray
from logitron.data.array_rows import ArrayRows
from logitron.data.block_options import BlockOptions
from logitron.data.rows import Rows

__all__ = ["Source"]

#: methods of sparse arrays of other libraries that make them dense
DENSIFY = "to_dense", "todense"


class Source:
    """An array of any library in memory; or a list, a table or a number before its conversion.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    array : object
        The argument itself.
    """

    lazy: ClassVar[bool] = False
    """Whether values are computed only when a result is needed."""
    sparse: ClassVar[bool] = False
    """Whether the array stores its nonzero entries only."""
    in_blocks: ClassVar[bool] = False
    """Whether blocks of rows are read from elsewhere, again in each pass."""

    def __init__(self, name: str, array: Any) -> None:
        self.name = name
        self.array = array

    @property
    def names(self) -> Any:
        """What has the shape and the column names of the argument, for scikit-learn's checks."""
        return self.array

    @property
    def on_host(self) -> bool:
        """Whether it is an array of NumPy, a sparse matrix of SciPy, or becomes one."""
        return not is_array_api_obj(self.array) or is_numpy_array(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.array.shape)

    @property
    def meta(self) -> Array:
        """An array with the library, device and dtype of the values."""
        return self.array

    def checked(self) -> "Source":
        """Reject a malformed array, by checks that do not read the values of a dense array.

        Returns
        -------
        Source
            A source of the checked array.

        Raises
        ------
        TypeError
            If it is a sparse array of another library than SciPy, or a Dask array of sparse chunks.
        ValueError
            If the indices of a sparse matrix do not fit its shape, or the sizes of a Dask array's
            chunks are unknown.
        """
        array = self.array
        if is_numpy_array(array):
            return self
        densify = next((name for name in DENSIFY if hasattr(array, name)), None)
        known = is_array_api_obj(array)
        if library_of(array).is_dense(array) if known else densify is None:
            return self
        raise TypeError(
            f"{self.name} must be dense, or a sparse matrix of SciPy, got a sparse "
            f"{type(array).__module__}.{type(array).__name__}; call .{densify or DENSIFY[0]}() "
            "first, or make a scipy.sparse.csr_array of its parts"
        )

    def dense(self) -> Any:
        """Return the values as a dense array."""
        return self.array

    def rows(
        self,
        context: ArrayContext,
        *row_arrays: Array | None,
        width: int = 1,
        block_rows: int | None = None,
        options: BlockOptions | None = None,
    ) -> Rows:
        """Make `Rows` of this array as features, and of row arrays, in a context.

        Arrays in memory are moved to the context's device; see
        `ArrayContext.asarray_for_storage`. Chunks of a Dask array and sparse features (in CSR
        format) stay where they are: each block is moved when it is used.

        Parameters
        ----------
        context : ArrayContext
            Library, device and precision of the computation.
        *row_arrays : array (n, ...) or None
            Arrays with one entry for each row, such as targets and weights.
        width : int, default 1
            Outputs: numbers computed for each row.
        block_rows : int, optional
            Rows in a block; by default, chosen by library and sizes.
        options : BlockOptions, optional
            Tuning constants for arrays in memory.

        Returns
        -------
        Rows
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
        """Apply an element-wise function that returns arrays of ``dtype``."""
        return function(self.array)

    def in_reach(self) -> Any:
        """Return the argument itself; of a Dask array of labels, its values, computed once."""
        return self.array

    def take(self, rows: HostArray) -> Any:
        """Copy the rows with these indices to the host."""
        return _safe_indexing(self.to_host(), rows)

    def drawn(self, count: int) -> list[Any]:
        """Copy at most ``2 * count`` rows to the host, the same each time, for a comparison.

        Returns
        -------
        list of numpy.ndarray or sparse matrix of SciPy
            Of rows at equal distances; of a Dask array, the first and the last; of features that
            are read in blocks, of runs of neighbours.
        """
        step = max(1, self.shape[0] // count)
        return [to_host(self.array[::step, ...])]

    def to_host(self) -> Any:
        """Return the array on the host: of NumPy or SciPy, or what becomes so."""
        return to_host(self.array) if is_array_api_obj(self.array) else self.array

    def unique_inverse(self) -> tuple[HostArray, Array]:
        """Return the sorted unique values, and the index of each value among them.

        Integers in a narrow range are counted instead of sorted, which is many times faster for a
        million values.

        Returns
        -------
        values : numpy.ndarray (K,)
        inverse : array (n,) of integers
            ``values[inverse]`` is the array.
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
        if high - low == 1:  # (binary labels: both occur)
            return np.asarray([low, high], dtype=values.dtype), offsets
        present = np.flatnonzero(np.bincount(offsets, minlength=high - low + 1))
        unique = (present + low).astype(values.dtype)
        if len(present) == high - low + 1:
            return unique, offsets
        index_of_offset = np.zeros(high - low + 1, np.intp)
        index_of_offset[present] = np.arange(len(present))
        return unique, index_of_offset[offsets]


def move_row_arrays(
    context: ArrayContext, row_arrays: tuple[Array | None, ...]
) -> list[Array | None]:
    """Move row arrays to a context's device, in its widest precision.

    They are not rounded to the context's precision: block functions cast what they need.
    """
    return [
        None if array is None else context.wide.asarray_for_storage(_computed(array))
        for array in row_arrays
    ]


def _computed(array: Array) -> Array:
    """Compute a Dask array."""
    return to_host(array) if is_dask_array(array) else array


def _whole_numbers(values: HostArray) -> HostArray | None:
    """Return values as integers if all of them are whole numbers; None otherwise."""
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.view(np.uint8)
    if values.dtype.kind == "f" and values.dtype.itemsize >= 4:
        with np.errstate(invalid="ignore"):
            whole = values.astype(np.int64)
        return whole if np.array_equal(whole, values) else None
    return None
