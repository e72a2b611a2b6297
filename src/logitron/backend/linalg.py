"""Small dense systems, solved without a look from the host where the library allows that.

Factorising a matrix can fail, and a library that reports it must wait for its device to find out:
once more in every iteration. Here failures stay in the numbers, where the solvers meet them anyway:
what is not finite, or leads uphill, is refused by the next step. (NumPy, which waits for nothing,
does raise.)
"""

from logitron.backend.libraries import library_of, namespace_of
from logitron.backend.types import Array

__all__ = ["dots", "eigh", "eye_like", "inv", "largest", "range_like", "solve", "upper_like"]


def dots(left: Array, right: Array) -> Array:
    """Compute the inner product of each of G pairs of arrays (G, ...): (G,)."""
    xp, G = namespace_of(left), left.shape[0]
    return (xp.reshape(left, (G, 1, -1)) @ xp.reshape(right, (G, -1, 1)))[:, 0, 0]


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


def largest(values: Array, count: int) -> tuple[Array, Array]:
    """Find the ``count`` largest of ``values (m, n)`` along each row, in any order.

    Returns
    -------
    places : array (m, count) of integers
    values : array (m, count)
    """
    xp, library = namespace_of(values), library_of(values)
    m, n = values.shape
    places = library.largest(values, count)
    flat = places + n * library.range_like(values, m)[:, None]
    found = xp.take(xp.reshape(values, (-1,)), xp.reshape(flat, (-1,)), axis=0)
    return places, xp.reshape(found, places.shape)


def range_like(array: Array, size: int) -> Array:
    """Count to ``size``, in whole numbers, where an array is: under tracing and sharding too."""
    return library_of(array).range_like(array, size)


def eye_like(array: Array, size: int) -> Array:
    """Make an identity (size, size) where an array is, of its dtype."""
    return library_of(array).eye_like(array, size)


def upper_like(array: Array, size: int) -> Array:
    """Make ones (size, size) strictly above the diagonal where an array is, of its dtype."""
    return library_of(array).upper_like(array, size)
