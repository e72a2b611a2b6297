"""Saved models, and the features that they take of files."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from logitron.cli.columns import features_of
from logitron.cli.data import Dataset, is_table, read_dataset
from logitron.cli.exits import UserError
from logitron.cli.options import Columns
from logitron.cli.outputs import say
from logitron.cli.preparation import encode, notes
from logitron.cli.reading import read_array, read_table
from logitron.persistence.column_encoding import ColumnEncoding
from logitron.persistence.model_file import read_model

__all__ = ["SavedModel", "open_model"]


@dataclass(frozen=True)
class SavedModel:
    """A model of a file, and how it makes features of columns."""

    model: Any
    encoding: ColumnEncoding | None

    @property
    def many(self) -> bool:
        """Whether the model has a neuron for each of many targets."""
        return bool(self.model._multilabel)

    @property
    def feature_names(self) -> list[str]:
        """Names of the features that the coefficients belong to."""
        if self.encoding is not None:
            return self.encoding.features
        names = getattr(self.model, "feature_names_in_", None)
        count = self.model.n_features_in_
        return [f"x{j}" for j in range(count)] if names is None else list(map(str, names))

    @property
    def label_names(self) -> list[Any]:
        """Classes, or names of the targets."""
        names: list[Any] = getattr(self.model, "target_names_", self.model.classes_).tolist()
        return names

    def features(self, data: str, columns: Columns) -> Any:
        """Read the features of a file, in the order of the model.

        Raises
        ------
        UserError
            If the file does not have the features of the model.
        """
        if is_table(data):
            return self.encoded(features_of(read_table(data), columns, self._own))
        return self.encoded(read_array(data, columns.key))

    def dataset(self, data: str, labels: str | None, columns: Columns) -> Dataset:
        """Read features, labels and weights of files."""
        if labels is None and not columns.target and self.encoding is not None:
            columns = replace(columns, target=self.encoding.target)
        rows = read_dataset(data, labels, columns, multilabel=self.many, own=self._own)
        if self.many and rows.y.shape[1] != len(self.label_names):
            raise UserError(
                f"labels must have the {len(self.label_names)} columns of the model, got "
                f"{rows.y.shape[1]}"
            )
        return replace(rows, X=self.encoded(rows.X))

    def encoded(self, X: Any) -> Any:
        """Return the features of an array, or of the columns of a data frame.

        Missing numbers and unknown categories are counted on stderr.
        """
        p, is_frame = self.model.n_features_in_, not isinstance(X, np.ndarray)
        if self.encoding is not None and self.encoding.numbers is not None:
            if not is_frame:
                raise UserError(
                    "the model takes a table with named columns, such as .csv or .parquet; got an "
                    "array"
                )
            made = encode(self.encoding, X)
            for note in notes(self.encoding, X):
                say(note)
            return made
        if is_frame:
            X = self._matrix(X)
        if X.ndim != 2 or X.shape[1] != p:
            raise UserError(f"features must have the shape (rows, {p}), got {X.shape}")
        return X if self.encoding is None else encode(self.encoding, X)

    @property
    def _own(self) -> tuple[str, ...]:
        """Columns of a table that the model takes; empty for an array."""
        own = self.encoding
        return () if own is None or own.numbers is None else (*own.numbers, *own.categories)

    def _matrix(self, frame: Any) -> Any:
        """Return the columns of a data frame as a matrix, for a model that takes an array."""
        names, p = self.feature_names, self.model.n_features_in_
        if all(name in frame.columns for name in names):
            frame = frame[names]
        if frame.shape[1] != p or any(dtype.kind not in "biuf" for dtype in frame.dtypes):
            raise UserError(
                f"the model takes {p} numbers a row, got {frame.shape[1]} columns; choose them by "
                "--features A,B,C, or a column of lists by --embedding"
            )
        return frame.to_numpy(dtype=float, na_value=np.nan)


def open_model(path: Path) -> SavedModel:
    """Load a model for the command line, with arrays of NumPy.

    Raises
    ------
    ModelFileError, OSError
    """
    if not path.is_file():
        raise UserError(f"MODEL must be a file that logitron saved, and {path} does not exist")
    return SavedModel(*read_model(path))
