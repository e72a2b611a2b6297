"""`wrap` makes a `Source` of an argument. No other function of the package tests its kind."""

from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array
from logitron.data.block_options import BlockOptions
from logitron.data.cupy_sparse_source import CupySparseSource, is_cupy_sparse
from logitron.data.dask_chunks import is_dask
from logitron.data.dask_frames import column_of_frame, is_dask_frame
from logitron.data.dask_source import DaskSource
from logitron.data.dask_sparse_source import DaskSparseSource
from logitron.data.reader_source import ReaderSource
from logitron.data.readers import RowReader
from logitron.data.rows import Rows
from logitron.data.source import Source
from logitron.data.sparse_format import is_sparse
from logitron.data.sparse_source import SparseSource

__all__ = ["make_rows", "wrap"]


def wrap(name: str, array: Any) -> Source:
    """Wrap an argument of a user in the `Source` of its kind.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    array : object
        An array of any library, a sparse matrix of SciPy or CuPy, a Dask array, a reader of rows, a
        table, a list or a number. A `Source` is returned unchanged.

    Returns
    -------
    Source

    Examples
    --------
    >>> import numpy as np
    >>> from logitron.data import wrap
    >>> values, inverse = wrap("y", np.asarray([3, 1, 3])).unique_inverse()
    >>> values, inverse
    (array([1, 3]), array([1, 0, 1]))
    """
    if type(array) is np.ndarray:
        return Source(name, array)
    if isinstance(array, Source):
        return array
    if is_dask_frame(array):
        if name == "X":
            return DaskSource.of_frame(name, array)
        array = column_of_frame(array)
    return _kind(array)(name, array)


def _kind(array: Any) -> type[Source]:
    """Return the class of source for an argument."""
    kind = Source
    if is_sparse(array):
        kind = SparseSource
    elif is_cupy_sparse(array):
        kind = CupySparseSource
    elif is_dask(array):
        kind = DaskSparseSource if is_sparse(array._meta) else DaskSource
    elif isinstance(array, RowReader):
        kind = ReaderSource
    return kind


def make_rows(
    context: ArrayContext,
    X: Array | Source,
    *row_arrays: Array | None,
    width: int = 1,
    block_rows: int | None = None,
    options: BlockOptions | None = None,
) -> Rows:
    """Make `Rows` of features and row arrays, in a context; see `Source.rows`."""
    return wrap("X", X).rows(
        context, *row_arrays, width=width, block_rows=block_rows, options=options
    )
