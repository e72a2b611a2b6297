"""Features in one column of a table: each row of the column holds an array or a list.

=========================== ====================================================================
what is taken               how it is read
=========================== ====================================================================
pandas, column of objects   rows are copied into one matrix
polars, Array and List      by polars; rows of lists are copied
pyarrow, lists of all kinds the values of one chunk without a copy
array of objects (NumPy)    rows are copied into one matrix
=========================== ====================================================================

A table that has nothing but such a column is taken as the column.
"""

from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from logitron.backend.types import HostArray
from logitron.data.readers.arrow import is_list

__all__ = ["read_embeddings"]

#: how the names of types of lists begin in polars
POLARS_LISTS = ("Array", "List")


def read_embeddings(X: Any) -> Any:
    """Return the matrix of a column of arrays; every other object unchanged.

    Parameters
    ----------
    X : object

    Returns
    -------
    numpy.ndarray (n, p) or object

    Raises
    ------
    ValueError
        If a column of arrays is beside other columns, has missing rows, or arrays of several
        lengths.
    """
    if isinstance(X, np.ndarray):
        column = X.reshape(-1) if X.ndim == 2 and X.shape[1] == 1 else X
        is_column = X.dtype.kind == "O" and column.ndim == 1 and _holds_arrays(column)
        return _stack(column) if is_column else X
    if not hasattr(X, "shape") and not hasattr(X, "type"):  # (arrays of pyarrow have no shape)
        return X
    columns = _columns(X)
    if columns is None:
        return _matrix(X) if _is_embedding(X) else X
    found = [name for name, column in columns.items() if _is_embedding(column)]
    if not found:
        return X
    total = X.shape[1]
    if len(found) == total == 1:
        return _matrix(columns[found[0]])
    name = found[0]
    named = ", ".join(map(repr, found[:5])) + (", ..." if len(found) > 5 else "")
    raise ValueError(
        f"X must hold numbers, or one column of arrays and no other, got {total} columns, of which "
        f"{named} {'holds' if len(found) == 1 else 'hold'} arrays. Pass X[{name!r}] alone, or join "
        f"columns: numpy.hstack([numpy.stack(X[{name!r}]), X[other_columns]])"
    )


def _library(X: Any) -> str:
    return type(X).__module__.partition(".")[0]


def _columns(X: Any) -> dict[Any, Any] | None:
    """Return the columns of a table that may hold arrays, by name; None if X is no table."""
    if _library(X) == "pandas" and getattr(X, "ndim", 0) == 2:
        kinds = enumerate(zip(X.columns, X.dtypes, strict=True))
        return {name: X.iloc[:, j] for j, (name, dtype) in kinds if dtype.kind == "O"}
    if _library(X) == "polars" and hasattr(X, "get_columns"):
        return {column.name: column for column in X.get_columns()}
    if _library(X) == "pyarrow" and hasattr(X, "column_names"):
        return dict(zip(X.column_names, X.columns, strict=True))
    return None


def _is_embedding(column: Any) -> bool:
    """Return whether the rows of a column are arrays or lists."""
    library = _library(column)
    if library == "pyarrow":
        return is_list(column.type)
    if library == "polars":
        return str(column.dtype).startswith(POLARS_LISTS)
    if library != "pandas" or getattr(column.dtype, "kind", "") != "O":
        return False
    arrow = getattr(column.dtype, "pyarrow_dtype", None)
    return _holds_arrays(column) if arrow is None else is_list(arrow)


def _holds_arrays(column: Any) -> bool:
    """Return whether the first row of a column of objects that is not missing is an array."""
    first: Any = next((row for row in column if not _is_missing(row)), None)
    return isinstance(first, list | tuple) or (is_array_api_obj(first) and first.ndim > 0)


def _matrix(column: Any) -> HostArray:
    """Read a column of arrays as a matrix (n, p)."""
    if _library(column) == "pyarrow":
        return _arrow_matrix(column)
    if getattr(column.dtype, "pyarrow_dtype", None) is not None:
        return _arrow_matrix(column.array.__arrow_array__())
    values: HostArray = column.to_numpy()
    return values if values.ndim > 1 else _stack(values)


def _arrow_matrix(column: Any) -> HostArray:
    """Read lists of pyarrow, the values of one chunk without a copy."""
    if hasattr(column, "chunks"):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    column = getattr(column, "storage", column)
    if column.null_count:
        _reject_missing(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)))
    lengths = np.unique(column.value_lengths().to_numpy(zero_copy_only=False))
    if len(lengths) > 1:
        _reject_lengths(lengths)
    values: HostArray = column.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(column), -1)


def _stack(rows: HostArray) -> HostArray:
    """Copy rows, arrays or lists of one length, into a matrix."""
    missing = [i for i, row in enumerate(rows) if _is_missing(row)]
    if missing:
        _reject_missing(missing)
    lengths = np.unique([len(row) for row in rows])
    if len(lengths) > 1:
        _reject_lengths(lengths)
    return np.stack([np.asarray(row) for row in rows])


def _is_missing(row: Any) -> bool:
    return row is None or isinstance(row, float) or type(row).__name__ == "NAType"


def _reject_missing(rows: Any) -> None:
    raise ValueError(
        f"X must hold an array in each row, got {len(rows)} rows without one, the first is row "
        f"{rows[0]}. Leave out these rows, of y too"
    )


def _reject_lengths(lengths: HostArray) -> None:
    raise ValueError(
        "X must hold arrays of one length, got lengths from "
        f"{lengths.min()} to {lengths.max()}. Pad or pool them to one length"
    )
