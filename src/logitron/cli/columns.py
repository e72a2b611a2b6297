"""Which columns of a table are features and which are labels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from logitron.cli.exits import UserError
from logitron.cli.options import Columns
from logitron.cli.reading import Table
from logitron.cli.reading.tables import cell_text
from logitron.estimators.validation.embedding_columns import read_embeddings

__all__ = ["features_of", "labels_of", "split_names", "target_columns"]


def features_of(table: Table, columns: Columns, own: Sequence[str] = ()) -> Any:
    """Return the features of a table: a matrix of a column of lists, or a data frame.

    Parameters
    ----------
    table : Table
    columns : Columns
    own : sequence of str
        Columns that a model takes, which are chosen unless others are named.

    Raises
    ------
    UserError
        If the choice of columns is ambiguous, or names others than there are.
    """
    columns = split_names(columns)
    if columns.key is not None:
        raise UserError("--key names an array of a file of several; of a table, pass --embedding")
    for option in ("features", "ignore", "categories"):
        table.require(getattr(columns, option), f"--{option}")
    chosen = columns.features or columns.embedding or columns.ignore
    if own and not chosen:
        missing = [name for name in own if name not in table.frame.columns]
        if missing:
            raise UserError(
                f"the table must have the columns of the model, and {table.path} lacks "
                f"{', '.join(map(repr, missing[:5]))}"
            )
        return table.frame[list(own)]
    if columns.embedding is not None:
        table.require((columns.embedding,), "--embedding")
        if columns.embedding not in table.lists:
            raise UserError(
                f"--embedding must name a column of lists of numbers, got {columns.embedding!r}"
            )
        return read_embeddings(table.lists[columns.embedding])
    left_out = {*columns.target, *columns.ignore, columns.weights}
    names = columns.features or tuple(name for name in table.names if name not in left_out)
    lists = [name for name in names if name in table.lists]
    if lists and len(names) == 1:
        return read_embeddings(table.lists[lists[0]])
    if lists:
        raise UserError(
            f"column {lists[0]!r} of {table.path} holds lists; pass --embedding {lists[0]} to use "
            f"it alone, or --ignore {lists[0]} to use the others"
        )
    if not names:
        raise UserError(f"{table.path} must have columns of features besides the labels")
    return _as_text(
        table.frame[list(names)], [name for name in columns.categories if name in names]
    )


def labels_of(table: Table, target: tuple[str, ...]) -> Any:
    """Return a column of labels, or a data frame of several."""
    lists = [name for name in target if name in table.lists]
    if lists and len(target) == 1:
        return read_embeddings(table.lists[lists[0]])
    if lists:
        raise UserError(f"--target must name columns of labels, and {lists[0]!r} holds lists")
    return table.frame[target[0]] if len(target) == 1 else table.frame[list(target)]


def target_columns(given: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Split names at commas, unless a column has the whole name."""
    return tuple(part for name in given for part in ([name] if name in names else name.split(",")))


def split_names(columns: Columns) -> Columns:
    """Split names at commas; those of labels are split where the columns are known."""

    def parts(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(part for name in names for part in name.split(","))

    return replace(
        columns,
        features=parts(columns.features),
        ignore=parts(columns.ignore),
        categories=parts(columns.categories),
    )


def _as_text(frame: Any, names: Sequence[str]) -> Any:
    """Return a data frame with columns of numbers as text; whole numbers without a point."""
    if not names:
        return frame
    texts = {name: frame[name].map(cell_text, na_action="ignore").astype(object) for name in names}
    return frame.assign(**texts)
