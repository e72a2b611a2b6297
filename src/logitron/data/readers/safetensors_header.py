"""`tensors_of`: where a .safetensors file has its tensors, by their names."""

import json
from os import PathLike, fsdecode, stat
from typing import Any, NamedTuple

import numpy as np

from logitron.data.readers.base import RowsError

__all__ = ["DTYPES", "Tensor", "tensors_of"]

#: the dtypes of .safetensors that NumPy has
DTYPES = {
    "BOOL": "?",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I8": "<i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "U8": "<u1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
}
#: bytes of the header's length, and of the header at most
PREFIX, MOST_HEADER = 8, 100_000_000


class Tensor(NamedTuple):
    """A tensor of a file."""

    shape: tuple[int, ...]
    dtype: str
    """As the file names it: one of `DTYPES`, or of others that NumPy does not have."""
    place: int
    """Byte of the file where its numbers begin."""
    n_bytes: int


def tensors_of(path: str | PathLike[str]) -> dict[str, Tensor]:
    """Read the header of a file.

    Raises
    ------
    ValueError
        If it is no .safetensors file.
    RowsError
        If a tensor is not where the header says.
    """
    name = fsdecode(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(PREFIX), "little")
        if length > MOST_HEADER:
            raise ValueError(f"{name} is not a .safetensors file: its header is too long")
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {key: _tensor(name, key, entry, PREFIX + length) for key, entry in header.items()}


def _tensor(path: str, name: str, entry: dict[str, Any], first: int) -> Tensor:
    shape, (start, stop) = tuple(entry["shape"]), entry["data_offsets"]
    dtype = entry["dtype"]
    if dtype in DTYPES:
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(DTYPES[dtype]).itemsize
        if start < 0 or stop - start != n_bytes:
            raise RowsError(
                f"{path} is malformed: tensor {name!r} of shape {shape} has {n_bytes} bytes, but "
                f"the header has the places {start} to {stop}"
            )
    if first + stop > stat(path).st_size:
        raise RowsError(
            f"{path} must have {first + stop} bytes for tensor {name!r}, got "
            f"{stat(path).st_size}: the file is incomplete"
        )
    return Tensor(shape, dtype, first + start, stop - start)
