"""Tables of pyarrow as rows: columns of numbers, or one column of arrays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader, RowsError

__all__ = ["ArrowReader", "Fields", "is_list", "matrix", "numeric_fields"]


class Fields(NamedTuple):
    """The columns of a table that are features."""

    names: list[str]
    dtype: Any
    """dtype of NumPy that holds the numbers of all columns."""
    width: int | None
    """Numbers in each row of the only column, which holds arrays; None for columns of numbers."""

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.names) if self.width is None else self.width

    def empty_table(self, schema: Any) -> Any:
        """Return an empty table with the names of the features; None for a column of arrays."""
        if self.width is not None:
            return None
        return schema.empty_table().select(self.names)


def numeric_fields(schema: Any, columns: Sequence[str] | None, first: Any, name: str) -> Fields:
    """Choose the columns of a schema: the named ones, or all.

    Parameters
    ----------
    schema : pyarrow.Schema
    columns : sequence of str or None
    first : callable
        Returns the first row of a column of lists, whose length is not in the schema.
    name : str
        For messages.
    """
    names = list(schema.names if columns is None else columns)
    unknown = [column for column in names if column not in schema.names]
    if unknown:
        raise ValueError(f"columns must be of {name}, which has no {unknown}; got {schema.names}")
    types = {column: schema.field(column).type for column in names}
    lists = [column for column, kind in types.items() if is_list(kind)]
    if lists and len(names) > 1:
        raise ValueError(
            f"X must hold numbers, or one column of arrays and no other, got {len(names)} columns "
            f"of {name}, of which {lists[0]!r} holds arrays. Choose it with "
            f"logitron.open_rows(..., columns=[{lists[0]!r}])"
        )
    if lists:
        kind = _storage(types[names[0]])
        width = getattr(kind, "list_size", None)
        width = len(first(names[0])) if width is None or width < 0 else width
        return Fields(names, _dtype(kind.value_type, names[0], name), width)
    if not names:
        raise ValueError(f"X must hold at least one feature, got no columns in {name}")
    dtypes = {_dtype(kind, column, name) for column, kind in types.items()}
    return Fields(names, np.result_type(*dtypes), None)


def _storage(kind: Any) -> Any:
    return getattr(kind, "storage_type", kind)


def is_list(kind: Any) -> bool:
    """Whether the values of a type are lists, or arrays of one shape."""
    return str(_storage(kind)).startswith(("fixed_size_list", "list", "large_list"))


def _dtype(kind: Any, column: str, name: str) -> np.dtype[Any]:
    """Return the dtype of NumPy for a type of numbers; raise an error for other types."""
    try:
        dtype: np.dtype[Any] = np.dtype(kind.to_pandas_dtype())
    except (NotImplementedError, TypeError):
        dtype = np.dtype(object)
    if dtype.kind not in "biuf":
        raise ValueError(
            f"X must hold numbers only, got type {kind} in column {column!r} of {name}. Choose "
            "columns with logitron.open_rows(..., columns=[...]), or encode them"
        )
    return dtype


def matrix(table: Any, fields: Fields, start: int, name: str) -> HostArray:
    """Read a table or batch of the chosen columns as an array.

    Columns of numbers are copied next to each other, in Fortran order; arrays of one column are
    read where they are.

    Parameters
    ----------
    table : pyarrow.Table or pyarrow.RecordBatch
    fields : Fields
    start : int
        Number of its first row, for messages.
    name : str
        For messages.
    """
    rows = table.num_rows
    if fields.width is not None:
        column = _without_missing(table.column(0), fields.names[0], start, name)
        return _list_matrix(column, fields, start, name)
    block = np.empty((rows, len(fields.names)), fields.dtype, "F")
    for place, label in enumerate(fields.names):
        column = _without_missing(table.column(place), label, start, name)
        block[:, place] = _numbers(column)
    return block


def _numbers(column: Any) -> HostArray:
    """Return numbers of an array or chunked array, without a copy where possible."""
    if hasattr(column, "chunks"):
        values: HostArray = column.to_numpy()
        return values
    values = column.to_numpy(zero_copy_only=False)
    return values


def _list_matrix(column: Any, fields: Fields, start: int, name: str) -> HostArray:
    """Read arrays of one length as rows."""
    parts = column.chunks if hasattr(column, "chunks") else [column]
    blocks = []
    for part in parts:
        stored = getattr(part, "storage", part)
        flat = stored.flatten()
        lengths = stored.value_lengths().to_numpy(zero_copy_only=False)
        other = np.flatnonzero(lengths != fields.width)
        if len(other):
            raise RowsError(
                f"X must hold arrays of one length, got {lengths[other[0]]} instead of "
                f"{fields.width} in row {start + other[0]} of {name}"
            )
        flat = _without_missing(flat, fields.names[0], start, name, width=fields.width or 1)
        blocks.append(flat.to_numpy(zero_copy_only=False).reshape(len(stored), fields.width))
        start += len(stored)
    if not blocks:
        return np.empty((0, fields.width or 0), fields.dtype)
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _without_missing(column: Any, label: str, start: int, name: str, width: int = 1) -> Any:
    if column.null_count:
        missing = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))
        raise RowsError(
            f"X must have no missing values, got one in row {start + missing[0] // width} of "
            f"column {label!r} of {name}. Impute them, or leave out their rows"
        )
    return column


class ArrowReader(RowReader):
    """A table of pyarrow in memory.

    Parameters
    ----------
    table : pyarrow.Table
    name : str
    columns : sequence of str, optional
        Columns to choose; by default, all.
    """

    def __init__(self, table: Any, name: str, columns: Sequence[str] | None = None) -> None:
        fields = numeric_fields(table.schema, columns, lambda label: table[label][0], name)
        empty = fields.empty_table(table.schema)
        super().__init__(name, (table.num_rows, fields.n_features), fields.dtype, empty_table=empty)
        self._table, self._fields = table.select(fields.names), fields

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Copy the columns of some rows into a block; see `RowReader.read_rows`."""
        return matrix(self._table.slice(start, stop - start), self._fields, start, self.name)
