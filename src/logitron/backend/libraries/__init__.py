"""The array libraries that users can name, in one file each, and the functions that these call.

A library's file, and those whose names begin with its name (SciPy's serve NumPy), hold everything
that is special to it: kernels, casts, sums, factorisations. The rest of the project is written
against the array API standard.
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
    """Return the library of a name, after checking that it can be used.

    Raises
    ------
    ValueError
        If no library has that name.
    ImportError
        If it is not installed (the message names the extra to install), or cannot be used on this
        machine.
    """
    if name == "dask":
        raise ValueError(
            "backend='dask' needs features that are a Dask array already, and computes in its "
            f"chunks' library; name the library of the computation: {', '.join(LIBRARIES)}"
        )
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
    """Return the error for a library that is not installed; it names the package to install."""
    install = f"logitron[{extra}]" if extra else name
    return ImportError(f"{name} is not installed; install it with: pip install '{install}'")


def library_of(array: Array) -> Library:
    """Return the library of an array.

    Arrays of a conforming library that is not listed are served by `Library` itself.

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
    """Return the array API namespace of an array."""
    found = _namespaces.get(type(array))
    if found is None:
        found = _namespaces[type(array)] = library_of(array).namespace()
    return found


#: cache: the namespace of each array type
_namespaces: dict[type, Namespace] = {}
#: cache: the library of each array type, None if it is not listed
_owners: dict[type, Library | None] = {}


class _ConformingLibrary(Library):
    """A conforming library that is not listed, known by the namespace of one of its arrays."""

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
