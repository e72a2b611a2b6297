"""Sums over short axes: NumPy's loops cost ten times the additions, products with ones do not."""

from typing import Any

import numpy as np

from logitron.backend.types import Array

__all__ = ["add_up"]

#: numbers of an array from which on, and numbers of its last axis up to which, products with ones
#: are faster than sums; and their dtypes
LEAST_MULTIPLIED, MOST_COLUMNS = 512, 128
MULTIPLIED = np.dtype(np.float32), np.dtype(np.float64)


def add_up(
    x: Array,
    *,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> Array:
    """Add up; by a product with ones where an axis of few numbers makes NumPy's loops short.

    Those are 3 to 25 times faster. In float32 their rounding errors are no larger.
    """
    if x.size >= LEAST_MULTIPLIED and type(axis) is int and x.ndim > 1 and not keepdims:
        columns = x.shape[-1]
        if 1 < columns <= MOST_COLUMNS and x.flags.c_contiguous and x.dtype in MULTIPLIED:
            if axis == 0 and x.ndim == 2:
                return np.ones(x.shape[0], x.dtype) @ x
            if axis in (-1, x.ndim - 1):  # (of more axes, NumPy would make a product for each)
                return (x.reshape(-1, columns) @ np.ones(columns, x.dtype)).reshape(x.shape[:-1])
    reduce: Any = np.add.reduce
    return reduce(x, axis=axis, keepdims=keepdims)
