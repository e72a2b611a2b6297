"""What type checkers know of an array: the members that arrays of all libraries have.

A function annotated ``(Z: ArrayT) -> ArrayT`` takes an array of any library and returns one of the
same class; lists are errors. Functions whose result has another number of axes return `Array`: a
checker knows the number of axes of some arrays of NumPy.
"""

from typing import Any, Protocol, TypeVar

__all__ = ["ArrayT", "StandardArray"]


class StandardArray(Protocol):
    """An array of a library that implements the array API standard, or of Dask."""

    @property
    def shape(self) -> Any:
        """Sizes of the axes."""

    @property
    def dtype(self) -> Any:
        """Type of the elements."""

    @property
    def ndim(self) -> int:
        """Number of axes."""

    def __float__(self) -> float: ...


ArrayT = TypeVar("ArrayT", bound=StandardArray)
