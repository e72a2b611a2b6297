"""Predictions as a table of named columns, and the files that they are written to."""

import csv
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray
from logitron.cli.saved import SavedModel
from logitron.persistence.atomic_file import write_atomically

__all__ = ["ENDINGS", "print_csv", "print_csv_rows", "table_of", "write_predictions"]

#: endings of files of predictions
ENDINGS = (".csv", ".tsv", ".parquet", ".npy")


def table_of(saved: SavedModel, X: Any, kind: str) -> tuple[list[str], HostArray]:
    """Predict.

    Parameters
    ----------
    saved : SavedModel
    X : array (n, p)
    kind : {"labels", "proba", "logits"}

    Returns
    -------
    names : list of str
        Of the columns: "label", the classes, or the targets.
    values : numpy.ndarray (n, columns)
    """
    names = list(map(str, saved.label_names))
    if kind == "labels":
        found = np.asarray(saved.model.predict(X))
        return (names, found) if saved.many else (["label"], found[:, None])
    if kind == "proba":
        return names, np.asarray(saved.model.predict_proba(X))
    found = np.asarray(saved.model.decision_function(X))
    return (names, found) if found.ndim == 2 else (names[1:], found[:, None])


def print_csv(names: list[str], values: HostArray) -> None:
    """Print predictions as CSV on stdout."""
    sys.stdout.write(_csv(names, values, ","))


def print_csv_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows of the same names as CSV on stdout."""
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def write_predictions(path: Path, names: list[str], values: HostArray) -> None:
    """Write predictions to a file, in one step.

    A .npy file holds the numbers alone, as (n,) if there is one column.

    Raises
    ------
    ImportError
        If pyarrow is not installed, for .parquet.
    """
    write_atomically(path, _content(path.suffix.lower(), names, values))


def _content(ending: str, names: list[str], values: HostArray) -> bytes:
    if ending in (".csv", ".tsv"):
        return _csv(names, values, "," if ending == ".csv" else "\t").encode()
    file = io.BytesIO()
    if ending == ".npy":
        plain = values.astype(str) if values.dtype.kind == "O" else values
        np.save(file, plain[:, 0] if plain.shape[1] == 1 else plain, allow_pickle=False)
        return file.getvalue()
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise missing_library_error("pyarrow", "cli") from None
    columns = [pa.array(values[:, j].tolist()) for j in range(values.shape[1])]
    parquet.write_table(pa.Table.from_arrays(columns, names), file)
    return file.getvalue()


def _csv(names: list[str], values: HostArray, separator: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(values.tolist())
    return text.getvalue()
