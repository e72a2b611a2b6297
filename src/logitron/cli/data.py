"""Features, labels and weights of the files that a command names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.cli.exits import UserError
from logitron.cli.options import Columns
from logitron.cli.reading import ARRAYS, TABLES, ArrayFile, Table, format_of, read_table
from logitron.cli.reading.formats import STDIN
from logitron.estimators.validation.embedding_columns import read_embeddings

__all__ = ["Dataset", "features_of", "is_table", "read_dataset"]


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from, or to be scored on."""

    X: Any
    """numpy.ndarray (n, p), or a data frame of columns of numbers and text."""
    y: Any = None
    """Labels (n,), or (n, T) as an array or a data frame; None where there are none."""
    weights: HostArray | None = None
    target: tuple[str, ...] = ()
    """Names of the columns of labels, if they are columns of the table of features."""

    @property
    def is_frame(self) -> bool:
        """Whether the features are columns of a table."""
        return not isinstance(self.X, np.ndarray)

    @property
    def targets(self) -> int:
        """Number of targets; 1 for labels of classes."""
        return self.y.shape[1] if self.y.ndim == 2 else 1

    def take(self, rows: HostArray) -> "Dataset":
        """Return some of the rows, in an order."""
        parts = {name: _take(getattr(self, name), rows) for name in ("X", "y", "weights")}
        return replace(self, **parts)

    def joined(self, other: "Dataset") -> "Dataset":
        """Return the rows of both, one after the other.

        Raises
        ------
        UserError
            If their columns differ.
        """
        if self.is_frame != other.is_frame or self.X.shape[1] != other.X.shape[1]:
            raise UserError(
                "all files of features must have the same columns, got "
                f"{self.X.shape[1]} and {other.X.shape[1]} of them"
            )
        if (self.weights is None) != (other.weights is None):
            raise UserError("--weights must name a column of all files, or none")
        return Dataset(
            _join(self.X, other.X),
            _join(self.y, other.y),
            None if self.weights is None else _join(self.weights, other.weights),
            self.target,
        )


def is_table(path: str) -> bool:
    """Return whether a file has columns with names."""
    return format_of(path) in TABLES.values()


def read_dataset(
    data: str, labels: str | None, columns: Columns, *, multilabel: bool = False
) -> Dataset:
    """Read features, labels and weights.

    Parameters
    ----------
    data : str
        File of features, which may have the labels too.
    labels : str or None
        File of labels.
    columns : Columns
    multilabel : bool, default False
        Whether labels are a table of targets.

    Raises
    ------
    UserError
        If the labels are in neither file, or numbers of rows differ.
    """
    columns = _split(columns)
    if labels is None and not columns.target:
        raise UserError(
            "labels must be a second file, LABELS, or a part of the first one, --target NAME"
        )
    own = columns if labels is None else replace(columns, target=())
    y: Any
    target: tuple[str, ...] = ()
    if is_table(data):
        table = read_table(data)
        target = _expand(own.target, table.names)
        table.require(target, "--target")
        own = replace(own, target=target)
        X = features_of(table, own)
        weights = _table_weights(table, own)
        y = None if labels is not None else _table_labels(table, target)
    else:
        file = ArrayFile.open(data)
        key = own.target[0] if own.target else None
        _one_array(own.target)
        X = _checked_features(data, file.array(own.key, "--key", beside=key))
        y = None if labels is not None else file.array(key, "--target")
        weights = _file_weights(own)
    if labels is not None:
        y = _read_labels(labels, columns)
    y = _checked_labels(y, multilabel=multilabel)
    for name, part in (("labels", y), ("weights", weights)):
        if part is not None and len(part) != len(X):
            raise UserError(f"{name} must have a row for each of {len(X)} rows, got {len(part)}")
    return Dataset(X, y, weights, target)


def features_of(table: Table, columns: Columns) -> Any:
    """Return the features of a table: a matrix of a column of lists, or a data frame.

    Raises
    ------
    UserError
        If the choice of columns is ambiguous, or names others than there are.
    """
    columns = _split(columns)
    if columns.key is not None:
        raise UserError("--key names an array of a file of several; of a table, pass --embedding")
    for option in ("features", "ignore"):
        table.require(getattr(columns, option), f"--{option}")
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
    return table.frame[list(names)]


def _split(columns: Columns) -> Columns:
    """Split names at commas; those of labels are split where the columns are known."""

    def parts(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(part for name in names for part in name.split(","))

    return replace(columns, features=parts(columns.features), ignore=parts(columns.ignore))


def _expand(given: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Split names at commas, unless a column has the whole name."""
    return tuple(part for name in given for part in ([name] if name in names else name.split(",")))


def _checked_features(path: str, X: HostArray) -> HostArray:
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise UserError(
            f"features must be numbers of the shape (rows, features), got {X.dtype} of the shape "
            f"{X.shape} in {path}"
        )
    return X


def _one_array(target: Sequence[str]) -> None:
    if len(target) > 1:
        raise UserError(f"--target must name one array of labels, got {', '.join(target)}")


def _table_labels(table: Table, target: tuple[str, ...]) -> Any:
    lists = [name for name in target if name in table.lists]
    if lists and len(target) == 1:
        return read_embeddings(table.lists[lists[0]])
    if lists:
        raise UserError(f"--target must name columns of labels, and {lists[0]!r} holds lists")
    return table.frame[target[0]] if len(target) == 1 else table.frame[list(target)]


def _read_labels(path: str, columns: Columns) -> Any:
    """Read the labels of a file of their own."""
    if is_table(path):
        table = read_table(path)
        target = _expand(columns.target, table.names) or table.names
        table.require(target, "--target")
        return _table_labels(table, target)
    _one_array(columns.target)
    name = columns.target[0] if columns.target else None
    return ArrayFile.open(path).array(name, "--target")


def _table_weights(table: Table, columns: Columns) -> HostArray | None:
    name = columns.weights
    if name is None or name not in table.frame.columns:
        return _file_weights(columns)
    return _numbers(f"column {name!r} of weights", table.frame[name])


def _file_weights(columns: Columns) -> HostArray | None:
    path = columns.weights
    if path is None:
        return None
    if not path.lower().endswith((*ARRAYS, *TABLES)) or path == STDIN:
        raise UserError(f"--weights must name a column of DATA, or a file, got {path!r}")
    return _numbers(f"weights of {path}", _read_labels(path, Columns()))


def _numbers(name: str, values: Any) -> HostArray:
    try:
        numbers: HostArray = np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise UserError(f"{name} must be numbers") from error
    return numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers


def _checked_labels(y: Any, *, multilabel: bool) -> Any:
    """Return labels of the shape that was asked for; a column as an array."""
    if y.ndim == 2 and y.shape[1] == 1 and not multilabel:
        y = y.iloc[:, 0] if hasattr(y, "iloc") else y[:, 0]
    if multilabel != (y.ndim == 2):
        raise UserError(
            f"labels have {y.shape[1]} columns; pass --multilabel to train a neuron for each, or "
            "--target with the one column"
            if y.ndim == 2
            else "--multilabel needs several columns of labels, got one; leave it out"
        )
    if y.ndim > 2:
        raise UserError(f"labels must have one or two axes, got the shape {y.shape}")
    if y.ndim == 2 or isinstance(y, np.ndarray):
        return y
    missing = int(y.isna().sum())
    if missing:
        raise UserError(
            f"column {y.name!r} of labels lacks {missing} of {len(y)} labels; leave these rows out"
        )
    values = np.asarray(y.tolist())
    if values.dtype.kind not in "biufU":
        raise UserError(f"column {y.name!r} of labels must hold numbers or text, got {y.dtype}")
    return values


def _take(part: Any, rows: HostArray) -> Any:
    return part.iloc[rows] if hasattr(part, "iloc") else None if part is None else part[rows]


def _join(first: Any, second: Any) -> Any:
    if not hasattr(first, "iloc"):
        return np.concatenate([np.asarray(first), np.asarray(second)])
    import pandas as pd

    if list(first.columns) != list(second.columns):
        raise UserError("all tables must have the same columns, in the same order")
    return pd.concat([first, second], ignore_index=True)
