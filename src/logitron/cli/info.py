"""``logitron info``: array libraries and devices of this machine."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from logitron.backend import LIBRARIES
from logitron.cli.tables import print_table

__all__ = ["libraries", "show"]


def show() -> None:
    """Print the array libraries with their versions and devices, or the problem with them."""
    rows = [_row(name) for name in LIBRARIES]
    print_table("Array libraries", ("backend", "version", "devices"), [*rows, _dask_row()])


def libraries() -> list[dict[str, Any]]:
    """Return the libraries as `show` prints them, with the names of their columns."""
    rows = [*(_row(name) for name in LIBRARIES), _dask_row()]
    return [dict(zip(("backend", "version", "devices"), row, strict=True)) for row in rows]


def _row(name: str) -> tuple[str, str, str]:
    library = LIBRARIES[name]
    found = library.version()
    if found is None:
        return name, "-", f"not installed: pip install '{_install(name, library.extra)}'"
    problem = library.problem()
    if problem is not None:
        return name, found, f"cannot be used: {problem}"
    return name, found, ", ".join(library.devices())


def _dask_row() -> tuple[str, str, str]:
    try:
        return "dask", version("dask"), "row blocks, computed in the chunks' own library"
    except PackageNotFoundError:
        return "dask", "-", f"not installed: pip install '{_install('dask', 'dask')}'"


def _install(name: str, extra: str | None) -> str:
    return f"logitron[{extra}]" if extra else name
