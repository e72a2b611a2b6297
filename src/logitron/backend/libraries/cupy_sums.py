"""Sums for which CuPy compiles nothing: by its own copy of CUB, or by cuBLAS.

CuPy compiles a kernel for each kind of sum that those two do not have, in tenths of a second. They
add up whole arrays, the last axes of arrays in C order, and products.
"""

from typing import Any

import numpy as np

from logitron.backend.libraries.cupy_constants import constant
from logitron.backend.libraries.cupy_copies import as_dtype, is_known, ones
from logitron.backend.types import Array

__all__ = ["add_up", "average", "sum_of_squares"]

#: numbers of a row that are averaged by a product
MOST_COLUMNS = 1 << 16
#: kinds of numbers that are added up as int64, and the most that are cast at a time
PROMOTED, MOST_PROMOTED = "?bBi", 1 << 26
#: kinds of numbers that cuBLAS multiplies in their own precision
MULTIPLIED = "fd"


def add_up(
    x: Array,
    *,
    axis: int | tuple[int, ...] | None = None,
    dtype: Any = None,
    keepdims: bool = False,
) -> Array:
    """Add up; the rows of an array as a whole array, or by a product with ones."""
    import cupy

    is_promoted = x.dtype.char in PROMOTED and x.size <= MOST_PROMOTED and is_known(x)
    if dtype in (None, np.int64) and is_promoted:
        x, dtype = as_dtype(x, np.dtype(np.int64)), None
    by_product = x.dtype.char in MULTIPLIED and dtype is None and not keepdims
    if axis == 0 and x.ndim > 1 and by_product:
        n, *others = x.shape
        if x.size == n:
            return cupy.sum(x.reshape(-1)).reshape(others)
        if x.flags.c_contiguous:
            return (ones((n,), x.dtype) @ x.reshape(n, -1)).reshape(others)
    return cupy.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)


def average(
    x: Array, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Array:
    """Compute means; of each row of a matrix by a product."""
    import cupy

    columns = x.shape[-1]
    few = 0 < columns <= MOST_COLUMNS
    if x.ndim == 2 and axis == 1 and few and x.dtype.char in MULTIPLIED and not keepdims:
        return x @ constant(_shares, columns, x.dtype)
    return cupy.mean(x, axis=axis, keepdims=keepdims)


def _shares(size: int, dtype: Any) -> np.ndarray[Any, Any]:
    return np.full(size, 1.0 / size, dtype)


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
