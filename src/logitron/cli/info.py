"""``logitron info``: array libraries and devices of this machine."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from logitron.backend import LIBRARIES
from logitron.cli.tables import print_table

__all__ = ["libraries", "show"]


def show() -> None:
    """Print the array libraries with their versions and devices, or the problem with them."""
    rows = [
        (one["backend"], one["version"] or "-", one["problem"] or ", ".join(one["devices"]))
        for one in libraries()
    ]
    print_table("Array libraries", ("backend", "version", "devices"), rows)


def libraries() -> list[dict[str, Any]]:
    """Return name, version and devices of each library, and the problem with it.

    Returns
    -------
    list of dict
        ``version`` is None if a library is not installed; ``problem`` is None if it can be used.
    """
    return [*map(_library, LIBRARIES), _dask()]


def _library(name: str) -> dict[str, Any]:
    library = LIBRARIES[name]
    found = library.version()
    if found is None:
        return _missing(name, library.extra)
    problem = library.problem()
    if problem is not None:
        return _entry(name, found, problem=f"cannot be used: {problem}")
    return _entry(name, found, list(library.devices()))


def _dask() -> dict[str, Any]:
    try:
        found = version("dask")
    except PackageNotFoundError:
        return _missing("dask", "dask")
    return _entry("dask", found, ["row blocks, computed in the chunks' own library"])


def _missing(name: str, extra: str | None) -> dict[str, Any]:
    install = f"logitron[{extra}]" if extra else name
    return _entry(name, None, problem=f"not installed: pip install '{install}'")


def _entry(
    name: str, version: str | None, devices: list[str] | None = None, problem: str | None = None
) -> dict[str, Any]:
    return {"backend": name, "version": version, "devices": devices or [], "problem": problem}
