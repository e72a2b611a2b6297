"""Libraries that read files, which are imported when a file of theirs is opened."""

from importlib import import_module
from typing import Any

__all__ = ["needed"]


def needed(module: str, name: str) -> Any:
    """Import a library that reads a file.

    Parameters
    ----------
    module : str
        Full name of the module.
    name : str
        Name of the file, for the message.

    Raises
    ------
    ImportError
        If the library is not installed; the message names what to install.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{name} needs {package}, which cannot be imported: {error}. Install it with "
            f"pip install {package}, or all that files need with pip install 'logitron[data]'"
        ) from error
