"""Small dense systems, solved without waiting for the device if the library supports that.

A factorisation can fail. A library that raises an error in that case must wait for its device, in
every iteration. The functions here do not check: after a failure the result is not finite or no
descent direction, and the line search rejects the step. (NumPy does raise.)
"""

from logitron.backend.libraries import library_of, namespace_of
from logitron.backend.types import Array, DType

__all__ = [
    "cholesky_solve",
    "dots",
    "eigh",
    "eye_like",
    "indicators",
    "inv",
    "inv_definite",
    "largest",
    "plus_product",
    "range_like",
    "shifted_cholesky",
    "solve",
    "sum_by_code",
    "upper_like",
]


def dots(left: Array, right: Array) -> Array:
    """Compute the inner products of G pairs of arrays (G, ...), as an array (G,)."""
    xp, G = namespace_of(left), left.shape[0]
    return (xp.reshape(left, (G, 1, -1)) @ xp.reshape(right, (G, -1, 1)))[:, 0, 0]


def solve(A: Array, B: Array) -> Array:
    """Solve ``A X = B`` for stacks of matrices (..., D, D) and (..., D, k)."""
    return library_of(A).solve(A, B)


def inv(A: Array) -> Array:
    """Invert stacks of matrices (..., D, D)."""
    return library_of(A).inv(A)


def inv_definite(A: Array) -> Array:
    """Invert stacks of symmetric positive definite matrices (..., D, D), in their precision.

    NaN where a matrix is not positive definite, an error of the library, or the inverse of a matrix
    that is not.
    """
    return library_of(A).inv_definite(A)


def shifted_cholesky(A: Array, scale: Array, shift: Array) -> Array:
    """Factorise ``scale A + shift 1`` of a symmetric matrix, for each scale and shift.

    Parameters
    ----------
    A : array (D, D)
    scale, shift : arrays (G,)

    Returns
    -------
    array (G, D, D)
        For `cholesky_solve`: a triangle of each matrix is its Cholesky factor. NaN where a sum is
        not positive definite, or an error of the library.
    """
    return library_of(A).shifted_cholesky(A, scale, shift)


def cholesky_solve(factors: Array, B: Array) -> Array:
    """Solve systems of matrices that were factorised by `shifted_cholesky`, for B (G, D, k)."""
    return library_of(factors).cholesky_solve(factors, B)


def eigh(A: Array) -> tuple[Array, Array]:
    """Decompose stacks of symmetric matrices (..., D, D).

    torch waits for its device: it has no eigendecomposition that does not check for failure.

    Returns
    -------
    values : array (..., D)
        In ascending order.
    vectors : array (..., D, D)
        One eigenvector a column.
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


def sum_by_code(values: Array, codes: Array, count: int) -> Array:
    """Add up the rows of ``values (n, m)`` with the same code: (count, m).

    Parameters
    ----------
    values : array (n, m)
    codes : array (n,) of integers
        From 0 to ``count - 1``; not all need to occur.
    count : int
    """
    return library_of(values).sum_by_code(values, codes, count)


def range_like(array: Array, size: int) -> Array:
    """Make the integers from 0 to ``size - 1`` on the device of an array, even a traced one."""
    return library_of(array).range_like(array, size)


def indicators(codes: Array, classes: int, dtype: DType) -> Array:
    """Make ones where a code (n,) is the class's, and zeros elsewhere: (classes, n)."""
    return library_of(codes).indicators(codes, classes, dtype)


def plus_product(A: Array, x: Array, y: Array) -> Array:
    """Compute ``A + x * y``, in one operation where the library has one."""
    return library_of(A).plus_product(A, x, y)


def eye_like(array: Array, size: int) -> Array:
    """Make an identity matrix (size, size) of the device and dtype of an array."""
    return library_of(array).eye_like(array, size)


def upper_like(array: Array, size: int) -> Array:
    """Make a matrix (size, size) of ones strictly above the diagonal, zeros elsewhere."""
    return library_of(array).upper_like(array, size)
