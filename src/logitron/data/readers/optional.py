"""Libraries that read files, which are imported when a file of theirs is opened."""

from importlib import import_module
from typing import Any

__all__ = ["needed"]

#: the extra of this project that installs a library
EXTRAS = {"h5py": "hdf5", "zarr": "zarr", "pyarrow": "parquet"}


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
        If the library is not installed; the message names the extra that installs it.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{name} needs {package}, which cannot be imported: {error}. Install it with "
            f"pip install 'logitron[{EXTRAS[package]}]'"
        ) from error
