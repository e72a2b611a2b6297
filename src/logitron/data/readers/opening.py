"""`open_rows` makes a reader of a path or an object; `opened` does so where X should be read so."""

import os
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from typing import Any

import numpy as np

from logitron.data.readers.base import RowReader
from logitron.data.readers.choices import refuse
from logitron.data.readers.hierarchies import is_node, of_node
from logitron.data.readers.parts import ArrayReader, PartsReader
from logitron.data.readers.paths import is_path, of_path
from logitron.data.readers.raw import reader_of_memmap
from logitron.data.readers.read_ahead import BLOCKS
from logitron.data.readers.tables import (
    is_dataset,
    is_table,
    of_dataset,
    of_large_table,
    of_table,
)
from logitron.data.readers.user import UserReader

__all__ = ["open_rows", "opened"]

#: part of the machine's memory from which on a memory map is read in blocks
LARGE_MAP = 0.5


def open_rows(
    source: Any,
    name: str | None = None,
    *,
    columns: Sequence[str] | None = None,
    block_bytes: int | None = None,
) -> RowReader:
    """Open a file, a table or a list of blocks, to be read in blocks of rows.

    What it returns can be X wherever an X is. Estimators open paths and objects themselves: call
    it to choose an array of a file, columns of a table, or the size of blocks.

    Parameters
    ----------
    source : path, object or list of these
        A path to a .npy, .safetensors, HDF5 (.h5, .hdf5), Zarr, Parquet (.parquet, .pq) or Arrow
        (.arrow, .feather) file, or a directory of Zarr or of Parquet files; a dataset of h5py, an
        array of zarr, a table or dataset of pyarrow, a data frame of pandas or polars, a memory
        map or an array of NumPy, or a `RowSource`. A list of these is read one after the other.
    name : str, optional
        Which array of an HDF5, Zarr or .safetensors file; can be left out if there is only one.
    columns : sequence of str, optional
        Columns of a table, and of nothing else; by default, all. One column of arrays of equal
        lengths is a matrix.
    block_bytes : int, optional
        Bytes of a block, about; by default, 16 MiB. Three blocks are in memory at a time. Sources
        that are not larger than these three are read into memory as a whole.

    Returns
    -------
    RowReader
        With ``shape``, ``dtype`` and ``read_rows(start, stop)``.

    Raises
    ------
    TypeError
        If the source is an iterator, which can be read only once, or of another kind.
    ValueError
        If it has no numbers, or other than two axes, or several arrays and no ``name``; or if
        ``name`` or ``columns`` are given where there is no such choice.
    OSError
        If a file cannot be read.
    ImportError
        If the library that reads the file is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import LogisticRegression, open_rows
    >>> blocks = [np.arange(12.0).reshape(6, 2) % 5, np.arange(6.0).reshape(3, 2) % 4]
    >>> X = open_rows(blocks)
    >>> X.shape
    (9, 2)
    >>> LogisticRegression().fit(X, [0, 1, 1, 0, 0, 1, 0, 1, 1]).coef_.shape
    (1, 2)
    """
    reader = _reader(source, name, columns)
    if block_bytes is not None:
        if block_bytes < 1:
            raise ValueError(f"block_bytes must be at least 1, got {block_bytes}")
        reader.block_bytes = int(block_bytes)
    return reader


def opened(X: Any) -> Any:
    """Return a reader if X should be read in blocks; every other object unchanged.

    Arrays and tables in memory stay as they are, unless they would have to be copied and are large.
    """
    if type(X) is np.ndarray or isinstance(X, RowReader):
        return X
    found: RowReader | None = None
    if isinstance(X, np.memmap):
        found = reader_of_memmap(X) if X.nbytes > LARGE_MAP * _memory() else None
    elif is_table(X):
        size = getattr(X, "nbytes", 8 * X.shape[0] * X.shape[1])  # (tables of pyarrow know it)
        found = of_large_table(X) if size > BLOCKS * RowReader.block_bytes else None
    elif _is_read(X) or (isinstance(X, list | tuple) and len(X) and all(map(_is_block, X))):
        found = open_rows(X)
    return X if found is None else found


def _is_source(X: Any) -> bool:
    return hasattr(X, "read_rows") and hasattr(X, "shape")


def _is_read(X: Any) -> bool:
    """Whether X is not in memory, but is read in blocks."""
    return is_path(X) or is_node(X) or is_dataset(X) or _is_source(X)


def _is_block(value: Any) -> bool:
    """Whether an entry of a list is a block of rows, rather than one row."""
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.dtype.kind in "biuf"
    return is_table(value) or _is_read(value)


def _of_reader(source: RowReader, name: str | None, columns: Sequence[str] | None) -> RowReader:
    refuse(source.name, name=name, columns=columns)
    return source


def _of_list(source: Any, name: str | None, columns: Sequence[str] | None) -> RowReader:
    if not source:
        raise ValueError("X must hold at least one block, got an empty list")
    return PartsReader([_reader(part, name, columns) for part in source], "a list of blocks")


def _of_array(source: Any, name: str | None, columns: Sequence[str] | None) -> RowReader:
    refuse("an array", name=name, columns=columns)
    if source.ndim != 2:
        raise ValueError(
            "X must be 2-dimensional, with shape (n_samples, n_features), got a block of shape "
            f"{source.shape}"
        )
    reader = reader_of_memmap(source) if isinstance(source, np.memmap) else None
    return reader or ArrayReader(np.asarray(source), "an array")


def _of_source(source: Any, name: str | None, columns: Sequence[str] | None) -> RowReader:
    refuse("an object with read_rows", name=name, columns=columns)
    return UserReader(source)


def _is_type(*types: type) -> Callable[[Any], bool]:
    return lambda source: isinstance(source, types)


#: tests of a source, and what opens those that pass it; the first one counts
KINDS: tuple[tuple[Callable[[Any], bool], Callable[..., RowReader]], ...] = (
    (_is_type(RowReader), _of_reader),
    (_is_type(str, PathLike), of_path),
    (_is_type(list, tuple), _of_list),
    (_is_type(np.ndarray), _of_array),
    (is_node, of_node),
    (is_dataset, of_dataset),
    (is_table, of_table),
    (_is_source, _of_source),
)


def _reader(source: Any, name: str | None, columns: Sequence[str] | None) -> RowReader:
    """Make a reader of one source, or of a list of them."""
    for is_of_kind, make in KINDS:
        if is_of_kind(source):
            return make(source, name, columns)
    if isinstance(source, Iterator):
        raise TypeError(
            "X must be read several times, got an iterator, which can be read only once. Pass a "
            "list of its blocks, list(X), or an object with shape, dtype and "
            "read_rows(start, stop); see logitron.RowSource"
        )
    raise TypeError(
        f"X must be a path, a table, an array or an object with shape, dtype and "
        f"read_rows(start, stop), got {type(source).__module__}.{type(source).__qualname__}"
    )


def _memory() -> float:
    """Return the bytes of the machine's memory; a large number where they are not known."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return 1 << 40
