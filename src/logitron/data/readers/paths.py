"""Readers of files, chosen by their suffix; and of directories, by what they hold."""

import os
from collections.abc import Callable, Sequence
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any

from logitron.data.readers.base import RowReader
from logitron.data.readers.choices import refuse
from logitron.data.readers.hierarchies import of_node
from logitron.data.readers.optional import needed
from logitron.data.readers.raw import open_npy, open_safetensors
from logitron.data.readers.streams import ParquetReader
from logitron.data.readers.tables import of_dataset

__all__ = ["is_path", "of_path"]

Columns = Sequence[str] | None


def _npy(path: str, name: str | None, columns: Columns) -> RowReader:
    refuse(path, name=name, columns=columns)
    return open_npy(path)


def _safetensors(path: str, name: str | None, columns: Columns) -> RowReader:
    refuse(path, columns=columns)
    return open_safetensors(path, name)


def _hdf5(path: str, name: str | None, columns: Columns) -> RowReader:
    return of_node(needed("h5py", path).File(path, "r"), name, columns, path)


def _zarr(path: str, name: str | None, columns: Columns) -> RowReader:
    return of_node(needed("zarr", path).open(path, mode="r"), name, columns, path)


def _parquet(path: str, name: str | None, columns: Columns) -> RowReader:
    if os.path.isfile(path):
        refuse(path, name=name)
        return ParquetReader(path, columns)
    dataset = needed("pyarrow.dataset", path).dataset(path, format="parquet")
    return of_dataset(dataset, name, columns, path)


def _arrow(path: str, name: str | None, columns: Columns) -> RowReader:
    dataset = needed("pyarrow.dataset", path).dataset(path, format="feather")
    return of_dataset(dataset, name, columns, path)


#: what opens the files of each suffix
OPENERS: dict[str, Callable[[str, str | None, Columns], RowReader]] = {
    ".npy": _npy,
    ".safetensors": _safetensors,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".zarr": _zarr,
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
}
#: files that a directory of Zarr has
ZARR = {".zarray", ".zgroup", "zarr.json"}


def is_path(value: Any) -> bool:
    """Whether a value is the path of a file that is read in blocks, or of a directory."""
    if not isinstance(value, str | PathLike):
        return False
    return Path(fsdecode(value)).suffix.lower() in OPENERS or os.path.isdir(value)


def of_path(path: str | PathLike[Any], name: str | None, columns: Columns) -> RowReader:
    """Open a file by its suffix, or a directory by what it holds."""
    text = fsdecode(path)
    if not os.path.exists(text):
        raise FileNotFoundError(f"X must be a file that exists, got the path {text!r}")
    make = OPENERS.get(Path(text).suffix.lower())
    if make is None and os.path.isdir(text):
        entries = os.listdir(text)
        if ZARR.intersection(entries):
            make = _zarr
        elif any(entry.endswith((".parquet", ".pq")) for entry in entries):
            make = _parquet
    if make is None:
        raise TypeError(
            f"X must be a file of a known kind ({', '.join(OPENERS)}), got the path {text!r}. Read "
            "it first, or write an object with shape, dtype and read_rows(start, stop); see "
            "logitron.RowSource"
        )
    return make(text, name, columns)
