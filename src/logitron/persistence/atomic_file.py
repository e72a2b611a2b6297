"""Files that are written whole or not at all."""

import os
from contextlib import suppress
from errno import EISDIR
from os import PathLike
from secrets import token_hex

__all__ = ["check_writable", "write_atomically"]


def write_atomically(path: str | PathLike[str], data: bytes) -> None:
    """Write a file in one step: readers see the old file or the new one, never a part.

    The bytes go to a temporary file in the same directory, reach the disk, and then take the place
    of ``path``.

    Parameters
    ----------
    path : path-like
        An existing file is replaced; a symbolic link keeps pointing to the file that it names.
    data : bytes

    Raises
    ------
    OSError
        If the file cannot be written. An existing file is unchanged then, and no temporary file
        stays behind.
    """
    target = os.path.realpath(path)
    temporary, descriptor = _beside(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def check_writable(path: str | PathLike[str]) -> None:
    """Check that a file can be written, without changing one that exists.

    Raises
    ------
    OSError
        If the directory does not exist or cannot be written to, or the path is a directory.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), target)
    temporary, descriptor = _beside(target)
    os.close(descriptor)
    os.unlink(temporary)


def _beside(target: str) -> tuple[str, int]:
    """Create a temporary file in the directory of another one; return its path and descriptor."""
    temporary = f"{target}.{token_hex(8)}.tmp"
    # (os.open applies the user's umask, as open does; tempfile would make a private file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return temporary, os.open(temporary, flags, 0o666)
