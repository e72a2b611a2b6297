"""Installed packages: their versions, their folders, and the reason why one is missing."""

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

#: The names by which modules are distributed, where the two differ.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def lacking(*modules: str) -> list[str]:
    """The modules that are not installed, in the given order."""
    return [name for name in modules if find_spec(name) is None]


def version(module: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return metadata.version(DISTRIBUTIONS.get(module, module))
    except metadata.PackageNotFoundError:
        return None


def home(module: str) -> Path:
    """The folder of an installed package, which is not imported."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
