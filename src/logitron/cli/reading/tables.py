"""Files of columns: .csv, .tsv, .parquet and .feather, and CSV on the standard input."""

import sys
from dataclasses import dataclass, field
from typing import Any

from logitron.backend.libraries import missing_library_error
from logitron.cli.exits import UserError
from logitron.cli.reading.formats import STDIN, format_of, read_error
from logitron.data.readers.arrow import is_list

__all__ = ["Table", "cell_text", "read_table"]


@dataclass(frozen=True)
class Table:
    """The columns of a file."""

    path: str
    frame: Any
    """Data frame of pandas: columns of numbers and text."""
    lists: dict[str, Any] = field(default_factory=dict)
    """Columns of lists of numbers, such as embeddings, as columns of pyarrow."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return (*map(str, self.frame.columns), *self.lists)

    def require(self, names: tuple[str, ...], option: str) -> None:
        """Check that columns exist.

        Raises
        ------
        UserError
        """
        for name in names:
            if name not in self.names:
                shown = ", ".join(self.names[:20]) + (", ..." if len(self.names) > 20 else "")
                raise UserError(
                    f"{option} must name columns of {self.path}, which are {shown}; got {name!r}"
                )


def read_table(path: str) -> Table:
    """Read a file of columns; the first line of CSV holds their names.

    Raises
    ------
    UserError
        If the file cannot be read, has no rows, or two columns of one name.
    ImportError
        If pandas or pyarrow is not installed.
    """
    form = format_of(path)
    try:
        table = _text(path, "," if form == "csv" else "\t") if form in ("csv", "tsv") else None
        table = table or _arrow(path, form)
    except (UserError, ImportError):
        raise
    except Exception as error:  # of the libraries' own types
        raise read_error(path, form, error) from error
    if len(set(table.names)) < len(table.names):
        raise UserError(f"columns of {path} must have different names; rename them")
    if not len(table.frame):
        raise UserError(f"{path} must hold at least one row below the names of its columns")
    return table


def cell_text(value: Any) -> str:
    """Return a cell as text; whole numbers have no point, whether cells are missing or not."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text(path: str, separator: str) -> Table:
    try:
        import pandas as pd
    except ImportError:
        raise missing_library_error("pandas", "cli") from None
    source = sys.stdin if path == STDIN else path
    shown = "the standard input" if path == STDIN else path
    try:
        frame = pd.read_csv(source, sep=separator, low_memory=False)
    except pd.errors.EmptyDataError:
        raise UserError(f"{shown} is empty; its first line must name the columns") from None
    frame.columns = [str(name) for name in frame.columns]
    return Table(shown, frame)


def _arrow(path: str, form: str) -> Table:
    try:
        from pyarrow import feather, parquet
    except ImportError:
        raise missing_library_error("pyarrow", "cli") from None
    try:
        import pandas  # noqa: F401  (pyarrow makes data frames with it)
    except ImportError:
        raise missing_library_error("pandas", "cli") from None
    read = parquet.read_table if form == "parquet" else feather.read_table
    table = read(path)
    lists = [column.name for column in table.schema if is_list(column.type)]
    frame = table.drop_columns(lists).to_pandas()
    if not len(frame.columns):  # (which loses the number of rows)
        frame = frame.reindex(range(table.num_rows))
    return Table(path, frame.reset_index(drop=True), {name: table[name] for name in lists})
