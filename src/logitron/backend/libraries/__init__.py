"""The array libraries that users can name, and what the backend layer knows of each.

One file a library. Anything that is special to a library belongs into its file; the rest of the
project is written against the standard.
"""

from importlib import import_module
from typing import Any

from logitron.backend.libraries.base import Library
from logitron.backend.libraries.cupy import CupyLibrary
from logitron.backend.libraries.jax import JaxLibrary
from logitron.backend.libraries.numpy import NumpyLibrary
from logitron.backend.libraries.strict import StrictLibrary
from logitron.backend.libraries.torch import TorchLibrary
from logitron.backend.types import Array, Namespace

__all__ = [
    "LIBRARIES",
    "Library",
    "library_named",
    "library_of",
    "missing_library_error",
    "namespace_of",
]

LIBRARIES: dict[str, Library] = {
    library.name: library
    for library in (
        NumpyLibrary("numpy"),
        TorchLibrary("torch"),
        CupyLibrary("cupy"),
        JaxLibrary("jax"),
        StrictLibrary("array-api-strict", module="array_api_strict"),
    )
}


def library_named(name: str) -> Library:
    """Find a library by the name a user gives, and make sure that it can be used.

    Raises
    ------
    ValueError
        If no library has that name.
    ImportError
        If it is not installed (the message names the extra to install) or does not work here.
    """
    if name not in LIBRARIES:
        raise ValueError(
            f"backend must be one of {', '.join(map(repr, (*LIBRARIES, 'dask')))} or None, "
            f"got {name!r}"
        )
    library = LIBRARIES[name]
    if library.version() is None:
        raise missing_library_error(name, library.extra)
    problem = library.problem()
    if problem is not None:
        raise ImportError(f"backend={name!r} is installed but cannot be used here: {problem}")
    return library


def missing_library_error(name: str, extra: str | None) -> ImportError:
    """Make the error that tells what to install."""
    install = f"logitron[{extra}]" if extra else name
    return ImportError(f"{name} is not installed; install it with: pip install '{install}'")


def library_of(array: Array) -> Library:
    """Find the library of an array; a conforming one without a name gets the standard's answers.

    Raises
    ------
    TypeError
        If the object is not an array of a library that implements the array API standard.
    """
    kind = type(array)
    if kind not in _owners:
        _owners[kind] = next((one for one in LIBRARIES.values() if one.owns(kind)), None)
    return _owners[kind] or _conforming(array)


def namespace_of(array: Array) -> Namespace:
    """Find the array API namespace of an array."""
    found = _namespaces.get(type(array))
    if found is None:
        found = _namespaces[type(array)] = library_of(array).namespace()
    return found


#: the namespace of each type of array that was met
_namespaces: dict[type, Namespace] = {}
#: the library of each type of array that was met; asked in every iteration
_owners: dict[type, Library | None] = {}


class _ConformingLibrary(Library):
    """A namespace that is known only through an array of it that was passed."""

    def __init__(self, namespace: Any) -> None:
        super().__init__(namespace.__name__)
        self._namespace = namespace

    def __reduce__(self) -> tuple[Any, ...]:
        return _conforming_named, (self._namespace.__name__,)

    def namespace(self) -> Any:
        return self._namespace


def _conforming_named(module: str) -> _ConformingLibrary:
    return _ConformingLibrary(import_module(module))


def _conforming(array: Array) -> Library:
    from array_api_compat import array_namespace, is_array_api_obj

    if not is_array_api_obj(array):
        raise TypeError(
            "expected an array of a library that implements the Python array API standard, "
            f"got {type(array).__module__}.{type(array).__name__}"
        )
    return _ConformingLibrary(array_namespace(array))
