"""NumPy: the default library, and the library of the host."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache, partial
from operator import attrgetter
from typing import Any

import numpy as np

from logitron.backend import threads
from logitron.backend.block_sizes import BlockSizes
from logitron.backend.libraries import scipy_cholesky, scipy_eigh
from logitron.backend.libraries.base import Library
from logitron.backend.libraries.namespaces import with_functions
from logitron.backend.libraries.numpy_casts import cast
from logitron.backend.libraries.numpy_kernels import (
    fused_binomial,
    fused_multinomial,
    fused_multinomial_ray,
    fused_proportions,
)
from logitron.backend.libraries.numpy_sums import add_up
from logitron.backend.types import Array, Device, Namespace

#: elements times rows of a stack of matrices; from here on, LAPACK takes 0.01 seconds or more, and
#: is called in a helper thread
INTERRUPTIBLE_SIZE = 400**3

#: rows; larger identity matrices are not cached
MAX_CACHED_EYE_ROWS = 256


class NumpyLibrary(Library):
    is_host = has_single_device = True
    holds_any_dtype = True
    blocks = BlockSizes(
        # A block fits the last-level cache, so that its logits and its gradient need one read from
        # memory. Blocks for a smaller cache cost more in calls than they save.
        features=1 << 22,
        # The memory of larger arrays is allocated by the system anew each time, and cleared page by
        # page, which can take longer than the arithmetic.
        temporary=3 << 19,
        # Many logits for each row fill a near cache earlier.
        many_outputs_rows=(128, 1024),
    )

    def __init__(self, name: str, module: str | None = None) -> None:
        super().__init__(name, module)
        self.fused_losses = {
            "binomial": fused_binomial,
            "multinomial": fused_multinomial,
            "mixtures": fused_multinomial,
            "proportions": fused_proportions,
        }
        self.fused_rays = {"multinomial": fused_multinomial_ray}

    def namespace(self) -> Namespace:
        return _namespace()

    def largest(self, values: Array, count: int) -> Array:
        n = values.shape[1]
        # (a view would keep the places of all values)
        return np.argpartition(values, n - count, axis=1)[:, n - count :].copy()

    def solve(self, A: Array, B: Array) -> Array:
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            return np.linalg.solve(A, B)
        return threads.run_interruptibly(np.linalg.solve, A, B)

    def inv(self, A: Array) -> Array:
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            return np.linalg.inv(A)
        return threads.run_interruptibly(np.linalg.inv, A)

    def inv_definite(self, A: Array) -> Array:
        matrices = A.reshape(-1, *A.shape[-2:])
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            return scipy_cholesky.inverse(matrices).reshape(A.shape)
        return threads.run_interruptibly(scipy_cholesky.inverse, matrices).reshape(A.shape)

    def shifted_cholesky(self, A: Array, scale: Array, shift: Array) -> Array:
        is_long = A.size * A.shape[-1] >= INTERRUPTIBLE_SIZE
        call = threads.run_interruptibly if is_long else None
        return scipy_cholesky.shifted_cholesky(A, scale, shift, call)

    def cholesky_solve(self, factors: Array, B: Array) -> Array:
        return scipy_cholesky.solve(factors, B)

    def eigh(self, A: Array) -> tuple[Array, Array]:
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            return scipy_eigh.eigh(A)
        values, vectors = threads.run_interruptibly(scipy_eigh.eigh, A)
        return values, vectors

    def sum_by_code(self, values: Array, codes: Array, count: int) -> Array:
        order = np.argsort(codes, kind="stable")
        found, first = np.unique(codes[order], return_index=True)
        sums = np.zeros((count, values.shape[1]), values.dtype)
        sums[found] = np.add.reduceat(values[order], first, axis=0)
        return sums

    def eye_like(self, array: Array, size: int) -> Array:
        return (
            _cached_eye(size, array.dtype)
            if size <= MAX_CACHED_EYE_ROWS
            else np.eye(size, dtype=array.dtype)
        )

    def upper_like(self, array: Array, size: int) -> Array:
        return _cached_upper(size, array.dtype)

    def range_like(self, array: Array, size: int) -> Array:
        return np.arange(size)

    def device(self, name: str | None) -> Device:
        if name in (None, "cpu"):
            return "cpu"
        raise self.unknown_device_error(name)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        return np.asarray(array)

    def strides(self, array: Array) -> tuple[int, ...] | None:
        size: int = array.itemsize
        strides: tuple[int, ...] = array.strides
        if any(stride % size for stride in strides):  # (a field of records)
            return (0,) * len(strides)  # (no product reads such strides)
        return tuple(stride // size for stride in strides)

    def sum_of_squares(self, X: Array) -> Array:
        if X.flags.c_contiguous:
            return super().sum_of_squares(X)
        # (numbers that are not side by side would be copied first)
        if abs(X.strides[0]) < abs(X.strides[1]):
            X = X.T
        return np.sum(np.vecdot(X, X)).reshape(1, 1)

    def column_squares(self, X: Array, weights: Array, centre: Array | None = None) -> Array:
        if centre is not None:
            return super().column_squares(X, weights, centre)
        # (without an array of squares: a half to a third of the time)
        if (weights == 1.0).all():
            return np.einsum("ij,ij->j", X, X)
        return np.einsum("i,ij,ij->j", weights, X, X)

    def take_rows(self, array: Array, index: Array) -> Array:
        return array[index]  # (`take` copies arrays that are not in C order as a whole)

    def take_columns(self, array: Array, index: Array) -> Array:
        # (`take` is several times as fast in C order, and copies other orders as a whole)
        return np.take(array, index, axis=1) if array.flags.c_contiguous else array[:, index]

    def oversubscription_guard(self) -> AbstractContextManager[Any]:
        return threads.oversubscription_guard

    def workers(self) -> int:
        return threads.workers()

    def parallel_map(self, function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
        return threads.parallel_map(function, parts)

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        return threads.one_blas_thread


@cache
def _namespace() -> Namespace:
    """Make NumPy's array API namespace, with fewer Python calls in frequent functions.

    A fit of a thousand rows makes a thousand calls for arrays of a few numbers, and is limited by
    them. The replacements return the same arrays.
    """
    import array_api_compat.numpy as xp

    return with_functions(
        xp,
        "numpy",
        reshape=np.ndarray.reshape,
        matrix_transpose=attrgetter("mT"),
        sum=add_up,
        max=partial(_reduce, np.maximum.reduce),
        astype=_astype,
        zeros_like=_zeros_like,
        ones_like=_ones_like,
        stack=_stack,
    )


@cache
def _cached_eye(size: int, dtype: Any) -> Array:
    """Make a read-only identity matrix, once for each size and dtype."""
    found = np.eye(size, dtype=dtype)
    found.flags.writeable = False
    return found


@cache
def _cached_upper(size: int, dtype: Any) -> Array:
    """Make read-only ones above the diagonal, once for each size and dtype."""
    found = np.triu(np.ones((size, size), dtype), k=1)
    found.flags.writeable = False
    return found


def _reduce(
    reduce: Callable[..., Any],
    x: Array,
    *,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> Array:
    return reduce(x, axis=axis, keepdims=keepdims)


def _astype(x: Array, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    return x.astype(dtype, copy=copy) if x.dtype.itemsize != 2 else cast(x, dtype, copy=copy)


def _zeros_like(x: Array, *, dtype: Any = None) -> Array:
    return np.zeros(x.shape, dtype or x.dtype)


def _ones_like(x: Array, *, dtype: Any = None) -> Array:
    return np.ones(x.shape, dtype or x.dtype)


def _stack(arrays: Sequence[Array], *, axis: int = 0) -> Array:
    return np.array(arrays) if axis == 0 else np.stack(arrays, axis=axis)


def ignore_overflow() -> AbstractContextManager[Any]:
    """Suppress NumPy's warnings of overflow and invalid values.

    Divergence is detected by the loss and reported once. NumPy would warn at every operation.
    """
    return np.errstate(over="ignore", invalid="ignore")
