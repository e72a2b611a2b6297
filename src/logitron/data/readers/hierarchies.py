"""Arrays in files that hold several: HDF5 and Zarr."""

from collections.abc import Sequence
from typing import Any

from logitron.data.readers.base import RowReader
from logitron.data.readers.choices import refuse
from logitron.data.readers.chunked import ChunkedReader
from logitron.data.readers.raw import only_one

__all__ = ["is_node", "of_node"]


def is_node(source: Any) -> bool:
    """Whether it is an array, a group or a file of h5py or zarr."""
    return type(source).__module__.partition(".")[0] in ("h5py", "zarr")


def of_node(
    node: Any,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = None,
) -> RowReader:
    """Open an array of h5py or zarr; of a group, the named one, or the only one (n, p).

    Parameters
    ----------
    node : object
    name : str, optional
    columns : None
        Arrays have no columns with names.
    label : str, optional
        Name for messages.
    """
    label = str(getattr(node, "name", "") or node) if label is None else label
    refuse(label, columns=columns)
    if hasattr(node, "shape"):
        refuse(label, name=name)
        return ChunkedReader(node, label)
    if name is None:
        found = [key for key in node if len(getattr(node[key], "shape", ())) == 2]
        name = only_one(label, found)
    if name not in node:
        raise KeyError(f"{label} has no array {name!r}; it has {sorted(node)}")
    return of_node(node[name], label=f"{label}[{name!r}]")
