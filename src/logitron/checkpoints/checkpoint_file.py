"""The file of a checkpoint: entries of the parts of a fit, and what the fit was made of.

A safetensors file whose metadata hold a JSON object, as a file of a model: ``checkpoint`` is the
version of the format, ``version`` that of logitron, ``facts`` what a fit that goes on must have in
common with the one that was interrupted, ``entries`` the parts, see `packing`, and ``sha256`` the
checksum of all of it.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from os import PathLike, fspath
from typing import Any, NamedTuple

from logitron.backend.types import HostArray
from logitron.persistence.checksum import checksum
from logitron.persistence.container import parse_json, read_container, write_container
from logitron.persistence.errors import ModelFileError
from logitron.solvers import CheckpointError

__all__ = ["FORMAT", "Content", "read_checkpoint", "write_checkpoint"]

#: version of the format; it grows when other versions of logitron could not read a file
FORMAT = 1
FIELDS = {"checkpoint", "version", "facts", "entries", "sha256"}


class Content(NamedTuple):
    """What a file holds."""

    facts: dict[str, str]
    entries: dict[str, Any]
    tensors: dict[str, HostArray]


def write_checkpoint(
    path: str | PathLike[str],
    facts: Mapping[str, str],
    entries: Mapping[str, Any],
    tensors: dict[str, HostArray],
) -> None:
    """Write a file in one step.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is unchanged then.
    """
    content = {
        "checkpoint": FORMAT,
        "version": version("logitron"),
        "facts": dict(facts),
        "entries": dict(entries),
    }
    text = json.dumps({**content, "sha256": checksum(content, tensors)}, allow_nan=False)
    write_container(path, tensors, text)


def read_checkpoint(path: str | PathLike[str]) -> Content:
    """Read and check a file.

    Raises
    ------
    CheckpointError
        If it is no checkpoint, is damaged, or has another format.
    OSError
        If it cannot be read.
    """
    try:
        tensors, text = read_container(path)
        content = parse_json(text)
        _check(content, tensors)
    except ModelFileError as error:
        raise CheckpointError(
            f"{fspath(path)} is no checkpoint that logitron {version('logitron')} can go on from: "
            f"{error}. Pass the path of another file, or resume=False to begin anew and replace it"
        ) from error
    return Content(content["facts"], content["entries"], tensors)


def _check(content: Any, tensors: dict[str, HostArray]) -> None:
    """Check the header of a file."""
    if not isinstance(content, dict) or "checkpoint" not in content:
        raise ModelFileError("its header has no field 'checkpoint'")
    found = content["checkpoint"]
    if found != FORMAT:
        raise ModelFileError(
            f"it has format {found!r:.20}, written by logitron {content.get('version')!s:.20}, and "
            f"this version reads format {FORMAT}"
        )
    if set(content) != FIELDS:
        raise ModelFileError(f"its header must have the fields {', '.join(sorted(FIELDS))}")
    if content.pop("sha256") != checksum(content, tensors):
        raise ModelFileError("the checksum differs from the contents: the file is damaged")
    facts, entries = content["facts"], content["entries"]
    if not (isinstance(facts, dict) and isinstance(entries, dict)):
        raise ModelFileError("facts and entries must be objects")
    if not all(isinstance(fact, str) for fact in facts.values()):
        raise ModelFileError("facts must be strings")
