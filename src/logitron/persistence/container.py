"""The outer layer of a model file: safetensors, checked before anything is allocated.

A file starts with the length of a JSON header (8 bytes, little-endian), then the header, which
gives each tensor's dtype, shape and place, and then the tensors' bytes, one after another.
"""

import json
import os
import stat
from math import prod
from os import PathLike
from typing import Any

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray
from logitron.persistence.atomic_file import write_atomically
from logitron.persistence.errors import ModelFileError

__all__ = [
    "parse_json",
    "read_container",
    "require_safetensors",
    "write_container",
]

#: bytes of a header, at most: a million names of features fit
MAX_HEADER = 1 << 26
#: dimensions of a tensor, at most
MAX_DIMENSIONS = 8
#: bytes of a number by safetensors' names of dtypes
ITEM_SIZES = {
    **dict.fromkeys(("BOOL", "I8", "U8"), 1),
    **dict.fromkeys(("I16", "U16", "F16"), 2),
    **dict.fromkeys(("I32", "U32", "F32"), 4),
    **dict.fromkeys(("I64", "U64", "F64"), 8),
}
#: key of our own header among the file's metadata
KEY = "logitron"


def write_container(path: str | PathLike[str], tensors: dict[str, HostArray], text: str) -> None:
    """Write tensors and the text of the header to a file, atomically.

    Raises
    ------
    ImportError
        If safetensors is not installed.
    ValueError
        If the header would be longer than `read_container` accepts.
    OSError
        If the file cannot be written; an existing file is unchanged then.
    """
    data = _safetensors().save(tensors, {KEY: text})
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER:
        raise ValueError(
            f"the names of features, targets and classes must fit {MAX_HEADER} bytes, got {length}"
            ". Fit on an array without names, or with shorter ones"
        )
    write_atomically(path, data)


def read_container(path: str | PathLike[str]) -> tuple[dict[str, HostArray], str]:
    """Read the tensors of a file, and the text of its header.

    Memory is allocated for the file's own length, whatever its header claims.

    Raises
    ------
    ImportError
        If safetensors is not installed.
    ModelFileError
        If the file is no model file, or is truncated or malformed.
    OSError
        If the file does not exist or cannot be read.
    """
    library = _safetensors()
    data = _read(path)
    length = int.from_bytes(data[:8], "little")
    entries = parse_json(data[8 : 8 + length])
    if not isinstance(entries, dict):
        raise ModelFileError("the safetensors header must be an object")
    metadata = entries.pop("__metadata__", None)
    if not isinstance(metadata, dict) or set(metadata) != {KEY}:
        raise ModelFileError(
            f"the safetensors metadata must have the key {KEY!r} and no other; tensors of another "
            "program are read with safetensors.numpy.load_file"
        )
    _check_places(entries, len(data) - 8 - length)
    if not isinstance(metadata[KEY], str):
        raise ModelFileError(f"the metadata {KEY!r} must be a string")
    try:
        return library.load(data), metadata[KEY]
    except Exception as error:  # of the library's own types
        raise ModelFileError(f"safetensors cannot read it ({error})") from error


def parse_json(text: str | bytes) -> Any:
    """Parse strict JSON: no name twice in an object, no NaN or infinity.

    Raises
    ------
    ModelFileError
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        return json.loads(decoded, object_pairs_hook=_distinct, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"its header is no valid JSON ({error})") from error


def _read(path: str | PathLike[str]) -> bytes:
    """Read a regular file whole, after a look at its length and at that of its header."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # (to open a pipe would wait for its writer)
        raise ModelFileError("it must be a regular file")
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        start = file.read(8)
        length = int.from_bytes(start, "little")
        room = status.st_size - 8
        if len(start) < 8 or not 2 <= length <= min(room, MAX_HEADER):
            raise ModelFileError(
                f"a safetensors header must have 2 to {MAX_HEADER} bytes and lie within the file, "
                f"which has {status.st_size} bytes; its first 8 bytes announce {length}"
            )
        data = start + file.read(room)
    if len(data) != status.st_size:
        raise ModelFileError("its length changed while it was read")
    return data


def _check_places(entries: dict[str, Any], size: int) -> None:
    """Check that the tensors fill ``size`` bytes, one after another."""
    places = []
    for name, entry in entries.items():
        match entry:
            case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end], **rest}:
                counts = [*shape, start, end]
                valid = (
                    not rest
                    and dtype in ITEM_SIZES
                    and len(shape) <= MAX_DIMENSIONS
                    and all(type(count) is int and count >= 0 for count in counts)
                    and prod(shape) * ITEM_SIZES[dtype] == end - start
                )
            case _:
                valid = False
        if not valid:
            raise ModelFileError(
                f"tensor {name!r} must have a dtype, a shape and offsets that agree"
            )
        places.append((start, end))
    position = 0
    for start, end in sorted(places):
        if start != position:
            raise ModelFileError("tensors must lie one after another")
        position = end
    if position != size:
        raise ModelFileError(
            f"tensors must fill the file: {position} bytes of {size} are described"
        )


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has one name twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def require_safetensors() -> None:
    """Check that model files can be written and read.

    Raises
    ------
    ImportError
        If safetensors is not installed.
    """
    _safetensors()


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise missing_library_error("safetensors", "files") from None
    return safetensors.numpy
