"""Features, labels and weights of the files that a command names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.cli.columns import features_of, labels_of, split_names, target_columns
from logitron.cli.exits import UserError
from logitron.cli.options import Columns
from logitron.cli.reading import ARRAYS, TABLES, ArrayFile, Table, format_of, read_table
from logitron.cli.reading.formats import STDIN

__all__ = ["Dataset", "is_shares", "is_table", "read_dataset"]


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
    categories: tuple[str, ...] = ()
    """Names of the columns with a feature for each text."""

    @property
    def is_frame(self) -> bool:
        """Whether the features are columns of a table."""
        return not isinstance(self.X, np.ndarray)

    @property
    def targets(self) -> int:
        """Number of targets; 1 for labels of classes."""
        return self.y.shape[1] if self.y.ndim == 2 else 1

    @property
    def shares(self) -> bool:
        """Whether labels are proportions, floats between 0 and 1, and no classes."""
        return is_shares(self.y)

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


def is_shares(y: Any) -> bool:
    """Return whether labels (n,) are fractions, and no classes."""
    return bool(y.ndim == 1 and y.dtype.kind == "f" and (np.mod(y, 1.0) > 0.0).any())


def is_table(path: str) -> bool:
    """Return whether a file has columns with names."""
    return format_of(path) in TABLES.values()


def read_dataset(
    data: str,
    labels: str | None,
    columns: Columns,
    *,
    multilabel: bool = False,
    own: Sequence[str] = (),
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
    own : sequence of str
        Columns that a model takes, see `features_of`.

    Raises
    ------
    UserError
        If the labels are in neither file, or numbers of rows differ.
    """
    columns = split_names(columns)
    if labels is None and not columns.target:
        raise UserError(
            "labels must be a second file, LABELS, or a part of the first one, --target NAME"
        )
    here = columns if labels is None else replace(columns, target=())
    y: Any
    target: tuple[str, ...] = ()
    if is_table(data):
        table = read_table(data)
        target = target_columns(here.target, table.names)
        table.require(target, "--target")
        here = replace(here, target=target)
        X = features_of(table, here, own)
        weights = _table_weights(table, here)
        y = None if labels is not None else labels_of(table, target)
    else:
        file = ArrayFile.open(data)
        key = here.target[0] if here.target else None
        _one_array(here.target)
        X = _checked_features(data, file.array(here.key, "--key", beside=key))
        y = None if labels is not None else file.array(key, "--target")
        weights = _file_weights(here)
    if labels is not None:
        y = _read_labels(labels, columns)
    y = _checked_labels(y, multilabel=multilabel)
    for name, part in (("labels", y), ("weights", weights)):
        if part is not None and len(part) != len(X):
            raise UserError(f"{name} must have a row for each of {len(X)} rows, got {len(part)}")
    return Dataset(X, y, weights, target, columns.categories)


def _checked_features(path: str, X: HostArray) -> HostArray:
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise UserError(
            f"features must be numbers of the shape (rows, features), got {X.dtype} of the shape "
            f"{X.shape} in {path}"
        )
    if 0 in X.shape:
        raise UserError(f"features must have at least one row and one column, got {X.shape}")
    return X


def _one_array(target: Sequence[str]) -> None:
    if len(target) > 1:
        raise UserError(f"--target must name one array of labels, got {', '.join(target)}")


def _read_labels(path: str, columns: Columns) -> Any:
    """Read the labels of a file of their own."""
    if is_table(path):
        table = read_table(path)
        target = target_columns(columns.target, table.names) or table.names
        table.require(target, "--target")
        return labels_of(table, target)
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
    if y.ndim not in (1, 2):
        raise UserError(f"labels must have one or two axes, got the shape {y.shape}")
    if y.ndim == 2 and y.shape[1] == 1 and not multilabel:
        y = y.iloc[:, 0] if hasattr(y, "iloc") else y[:, 0]
    if multilabel != (y.ndim == 2):
        raise UserError(
            f"labels have {y.shape[1]} columns; pass --multilabel to train a neuron for each, or "
            "--target with the one column"
            if y.ndim == 2
            else "--multilabel needs several columns of labels, got one; leave it out"
        )
    if isinstance(y, np.ndarray):
        if y.dtype.kind not in "biufUS":
            raise UserError(f"labels must be numbers or text, got {y.dtype}")
        return np.char.decode(y, "utf-8") if y.dtype.kind == "S" else y
    if y.ndim == 2:
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
