"""Files that are written whole or not at all."""

import os
from contextlib import suppress
from os import PathLike
from secrets import token_hex

__all__ = ["write_atomically"]


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
    temporary = f"{target}.{token_hex(8)}.tmp"
    # (os.open applies the user's umask, as open does; tempfile would make a private file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
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
