"""Small dense systems, solved without a look from the host where the library allows that.

Factorising a matrix can fail, and a library that reports it must wait for its device to find out:
once more in every iteration. Here failures stay in the numbers, where the solvers meet them anyway:
what is not finite, or leads uphill, is refused by the next step. (NumPy, which waits for nothing,
does raise.)
"""

from logitron.backend.libraries import library_of
from logitron.backend.types import Array

__all__ = ["eigh", "eye_like", "inv", "range_like", "solve"]


def solve(A: Array, B: Array) -> Array:
    """Solve ``A X = B`` for stacks of matrices (..., D, D) and (..., D, k)."""
    return library_of(A).solve(A, B)


def inv(A: Array) -> Array:
    """Invert stacks of matrices (..., D, D)."""
    return library_of(A).inv(A)


def eigh(A: Array) -> tuple[Array, Array]:
    """Decompose stacks of symmetric matrices: values (..., D), ascending, and vectors in columns.

    torch waits for its device here, and offers no other way.
    """
    return library_of(A).eigh(A)


def range_like(array: Array, size: int) -> Array:
    """Count to ``size``, in whole numbers, where an array is: under tracing and sharding too."""
    return library_of(array).range_like(array, size)


def eye_like(array: Array, size: int) -> Array:
    """Make an identity (size, size) where an array is, of its dtype."""
    library = library_of(array)
    index = library.range_like(array, size)
    return library.namespace().astype(index[:, None] == index[None, :], array.dtype)
