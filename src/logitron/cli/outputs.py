"""Where results go: messages to stderr, JSON to stdout, and files that are checked before work."""

import json
import math
import sys
from pathlib import Path
from typing import Any

from logitron.cli.exits import UserError

__all__ = ["check_output", "print_json", "say", "to_json", "write_text"]


def say(text: str) -> None:
    """Print a message for people, on stderr."""
    print(text, file=sys.stderr)


def to_json(value: Any) -> str:
    """Return strict JSON: arrays are lists; NaN and infinity are null."""
    return json.dumps(_plain(value), allow_nan=False, indent=2)


def print_json(value: Any) -> None:
    """Print JSON on stdout."""
    print(to_json(value))


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: after an error, the old file is there."""
    from logitron.persistence.atomic_file import write_atomically

    write_atomically(path, text.encode())


def check_output(option: str, path: Path | None, endings: tuple[str, ...] = ()) -> None:
    """Check, before any work, that a file can be written.

    The file is opened for appending; a file that did not exist is removed again.

    Parameters
    ----------
    option : str
        Name of the option, for messages.
    path : Path or None
        None is checked by nothing.
    endings : tuple of str
        What the name may end in, such as ".safetensors"; empty for anything.

    Raises
    ------
    UserError
    """
    if path is None:
        return
    if endings and path.suffix.lower() not in endings:
        raise UserError(
            f"{option} must name a file that ends in {' or '.join(endings)}, got {path}"
        )
    if not path.parent.is_dir():
        raise UserError(f"{option} must name a file in a folder that exists, got {path}")
    try:
        new = not path.exists()
        with path.open("ab"):  # keeps the contents
            pass
        if new:
            path.unlink()
    except OSError as error:
        raise UserError(
            f"{option} must name a file that can be written, got {path}: {error.strerror}; choose "
            "another file or folder"
        ) from error


def _plain(value: Any) -> Any:
    """Return an object of JSON's own types."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    return _plain(value.tolist())  # an array or a number of NumPy
