"""Objects that data come from, but are not data: refused, by errors that name what to call."""

from collections.abc import Iterator, Mapping
from os import PathLike, fsdecode
from pathlib import PurePath
from typing import Any

__all__ = ["reject_unread"]

#: how a file is read, by its suffix
READERS = {
    ".csv": "pandas.read_csv(path)",
    ".feather": "pandas.read_feather(path)",
    ".npy": "numpy.load(path)",
    ".npz": "numpy.load(path)[name]",
    ".parquet": "pandas.read_parquet(path)",
    ".pt": "torch.load(path, weights_only=True)",
    ".safetensors": "safetensors.numpy.load_file(path)[name]",
    ".tsv": "pandas.read_csv(path, sep='\\t')",
}
#: how a loader or data set of PyTorch is read
BATCHES = "X, y = map(torch.cat, zip(*loader))"
ROWS = (
    "X = torch.stack([features for features, _ in dataset]) and y = [label for _, label in dataset]"
)


def reject_unread(name: str, value: Any) -> None:
    """Reject paths, files, loaders, iterators, dicts and sets.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : object

    Raises
    ------
    TypeError
        If the value is such an object. The message names a call that reads it.
    """
    advice = _advice(name, value)
    if advice:
        raise TypeError(f"{name} must be an array, a table or a list, got {advice}")


def _advice(name: str, value: Any) -> str:
    """Describe the value and how to read it; an empty string for all other values."""
    if isinstance(value, str | bytes | PathLike):
        return _text(value)
    kind = f"({type(value).__module__}.{type(value).__qualname__})"
    advice = ""
    if any(base.__module__.startswith("torch.utils.data") for base in type(value).__mro__):
        batched = hasattr(value, "batch_size")
        noun, call = ("loader", BATCHES) if batched else ("dataset", ROWS)
        advice = f"a {noun} of PyTorch {kind}. Read all of it first: {call}"
    elif hasattr(value, "read") and hasattr(value, "close") and not hasattr(value, "shape"):
        advice = f"an open file {kind}. Read it first, for example with numpy.load"
    elif isinstance(value, Iterator):
        advice = f"an iterator {kind}, which can be read only once. Pass list({name})"
        if name == "X":
            advice += ", of rows or of blocks of rows; or an object that reads its rows in blocks, "
            advice += "as often as they are needed: see logitron.RowSource"
    elif isinstance(value, Mapping) and not hasattr(value, "shape"):  # (SciPy's DOK matrices have)
        advice = f"a mapping {kind}. Pass one of its values, or pandas.DataFrame({name})"
    elif isinstance(value, set | frozenset):
        advice = "a set, which has no order. Pass a list"
    return advice


def _text(value: str | bytes | PathLike[Any]) -> str:
    """Say how to read a file of this path; or a column of this name, without a known suffix."""
    path = fsdecode(value)
    reader = READERS.get(PurePath(path).suffix.lower())
    if reader is None and not isinstance(value, PathLike):
        return (
            f"the text {value!r}. Pass a column of a table, table[{value!r}], or read a file "
            "first, for example with numpy.load or pandas.read_csv"
        )
    call = reader or "numpy.load(path) or pandas.read_csv(path)"
    return f"the path {path!r}. Read the file first: {call}"
