"""Tables as rows: of pyarrow (also datasets and record batches), pandas and polars."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from logitron.data.readers.arrow import ArrowReader, is_list
from logitron.data.readers.base import RowReader
from logitron.data.readers.choices import refuse
from logitron.data.readers.frames import FrameReader, pandas_columns, polars_columns
from logitron.data.readers.optional import needed
from logitron.data.readers.parts import ArrayReader, PartsReader
from logitron.data.readers.streams import DatasetReader, ParquetReader

__all__ = ["is_dataset", "is_table", "of_dataset", "of_large_table", "of_table"]

#: types of pyarrow that are numbers
NUMERIC = {"bool", "halffloat", "float", "double"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def _library(X: Any) -> str:
    return type(X).__module__.partition(".")[0]


def is_table(X: Any) -> bool:
    """Whether it is a table in memory."""
    is_two = len(getattr(X, "shape", ())) == 2
    return is_two and _library(X) in ("pandas", "polars", "pyarrow")


def is_dataset(X: Any) -> bool:
    """Whether it is a dataset of pyarrow."""
    return _library(X) == "pyarrow" and hasattr(X, "get_fragments")


def of_table(table: Any, name: str | None, columns: Sequence[str] | None) -> RowReader:
    """Open a table in memory; ``name`` is refused."""
    refuse("a table", name=name)
    if _library(table) == "pyarrow":
        return ArrowReader(_whole(table), "a table of pyarrow", columns)
    table = table if columns is None else _chosen(table, list(columns))
    found = _columns(table)
    if found is not None:
        return _of_columns(table, found)
    if _library(table) == "pandas" and _has_numbers_only(table):
        return ArrayReader(table.to_numpy(), "a data frame", table.iloc[:0])  # (a view)
    kinds = sorted(set(map(str, table.dtypes)))
    raise ValueError(
        f"X must hold numbers only, got columns of dtypes {kinds}. Choose columns with "
        "logitron.open_rows(table, columns=[...]), or encode them"
    )


def _chosen(frame: Any, columns: list[str]) -> Any:
    """Choose columns of a data frame by their names."""
    unknown = [name for name in columns if name not in frame.columns]
    if unknown:
        raise ValueError(
            f"columns must be of the data frame, which has no {unknown}; got {list(frame.columns)}"
        )
    return frame[columns]


def of_large_table(table: Any) -> RowReader | None:
    """Open a table of numbers whose columns would be copied; None for other tables."""
    if _library(table) == "pyarrow":
        whole = _whole(table)
        is_read = NUMERIC.issuperset(str(field.type) for field in table.schema)
        if table.num_columns == 1:  # (arrays in one piece are a matrix already)
            is_read |= whole.column(0).num_chunks > 1 and is_list(table.schema.field(0).type)
        return ArrowReader(whole, "a table of pyarrow") if is_read else None
    found = _columns(table)
    return None if found is None else _of_columns(table, found)


def _columns(table: Any) -> list[Any] | None:
    """Return the columns of a data frame that can be stacked block by block."""
    return pandas_columns(table) if _library(table) == "pandas" else polars_columns(table)


def _of_columns(table: Any, columns: list[Any]) -> FrameReader:
    dtype = np.result_type(*{np.asarray(column[:0]).dtype for column in columns})
    empty = table.iloc[:0] if hasattr(table, "iloc") else table[:0]
    return FrameReader(columns, dtype, empty, "a data frame")


def _has_numbers_only(frame: Any) -> bool:
    """Whether all columns of a data frame of pandas have dtypes of NumPy that are numbers."""
    return all(isinstance(kind, np.dtype) and kind.kind in "biuf" for kind in frame.dtypes)


def _whole(source: Any) -> Any:
    """Return a table for a record batch of pyarrow; tables unchanged."""
    if hasattr(source, "combine_chunks"):
        return source
    return needed("pyarrow", "a record batch").Table.from_batches([source])


def of_dataset(
    dataset: Any,
    name: str | None,
    columns: Sequence[str] | None,
    label: str = "a dataset of pyarrow",
) -> RowReader:
    """Open the files of a dataset one by one if they are local Parquet, else as one stream.

    ``name`` is refused.
    """
    refuse(label, name=name)
    fragments = list(dataset.get_fragments())
    is_local = type(getattr(dataset, "filesystem", None)).__name__ == "LocalFileSystem"
    if not (fragments and is_local and all(map(_is_whole_file, fragments))):
        return DatasetReader(dataset, label, columns)
    chosen = dataset.schema.names if columns is None else columns
    return PartsReader([ParquetReader(fragment.path, chosen) for fragment in fragments], label)


def _is_whole_file(fragment: Any) -> bool:
    """Whether a fragment is a Parquet file, all row groups of it, without columns of its path."""
    groups = getattr(fragment, "row_groups", None)
    return (
        groups is not None
        and len(groups) == fragment.metadata.num_row_groups
        and str(fragment.partition_expression) == "true"
    )
