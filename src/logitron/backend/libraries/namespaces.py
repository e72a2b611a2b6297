"""Namespaces of the array API, some functions of which are replaced by faster ones."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from logitron.backend.types import Namespace

__all__ = ["with_functions"]


def with_functions(xp: Namespace, library: str, **functions: Callable[..., Any]) -> Namespace:
    """Copy a namespace, with other functions of some names.

    Parameters
    ----------
    xp : namespace
        Of array-api-compat.
    library : str
        For the name of the copy.
    **functions : callable
        Those that replace the functions of these names.
    """
    found = ModuleType(f"logitron.backend.libraries.{library}.namespace", xp.__doc__)
    vars(found).update(
        {name: value for name, value in vars(xp).items() if not name.startswith("__")},
        __array_namespace_info__=xp.__array_namespace_info__,
        **functions,
    )
    return found
