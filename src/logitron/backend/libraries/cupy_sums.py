"""Sums for which CuPy compiles nothing: by its own copy of CUB, or by cuBLAS.

CuPy compiles a kernel for each kind of sum that those two do not have, in tenths of a second. They
add up whole arrays, the last axes of arrays in C order, and products.
"""

from functools import cache
from typing import Any

from logitron.backend.libraries.namespaces import with_functions
from logitron.backend.types import Array, Namespace

__all__ = ["namespace_with_sums", "sum_of_squares"]

#: kinds of numbers that cuBLAS multiplies in their own precision
MULTIPLIED = "fd"


@cache
def namespace_with_sums(xp: Namespace) -> Namespace:
    """Return CuPy's array API namespace with `add_up` for its sum."""
    return with_functions(xp, "cupy", sum=add_up)


def add_up(
    x: Array,
    *,
    axis: int | tuple[int, ...] | None = None,
    dtype: Any = None,
    keepdims: bool = False,
) -> Array:
    """Add up; the rows of an array as a whole array, or by a product with ones."""
    import cupy

    by_product = x.dtype.char in MULTIPLIED and dtype is None and not keepdims
    if axis == 0 and x.ndim > 1 and by_product:
        n, *others = x.shape
        if x.size == n:
            return cupy.sum(x.reshape(-1)).reshape(others)
        if x.flags.c_contiguous:
            return (cupy.ones(n, x.dtype) @ x.reshape(n, -1)).reshape(others)
    return cupy.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)


def sum_of_squares(X: Array) -> Array | None:
    """Add up the squares of a matrix's numbers (1, 1); None where cuBLAS cannot read them in place.

    CuPy's own product of a row and a column is an array of products first, as large as the matrix.
    """
    from cupy import cublas

    flat = X if X.flags.c_contiguous else X.T
    if X.dtype.char not in MULTIPLIED or not flat.flags.c_contiguous or not X.size:
        return None
    flat = flat.reshape(-1)
    return cublas.dot(flat, flat).reshape(1, 1)
