"""NumPy: the default, and the host that every other library is read to."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache, partial
from math import log
from operator import attrgetter
from types import ModuleType
from typing import Any

import numpy as np

from logitron.backend import threads
from logitron.backend.libraries.base import Library
from logitron.backend.types import Array, Device, Namespace

#: cubed rows of matrices that take a hundredth of a second or more to decompose or to solve with
INTERRUPTIBLE_SIZE = 400**3

#: rows of identities that are kept
MAX_CACHED_EYE_ROWS = 256


class NumpyLibrary(Library):
    is_host = has_single_device = True
    # A block stays in cache, so that it is read from memory once for its logits and its gradient.
    # Smaller blocks would stay in a nearer cache, and cost more in calls than they save.
    block_bytes = 1 << 22
    # NumPy asks the system for the memory of large arrays anew each time, and the system clears it
    # page by page, which can take longer than the arithmetic.
    temporary_bytes = 3 << 19
    # of many neurons, whose logits fill a near cache sooner
    many_outputs_block_rows = (128, 1024)

    def __init__(self, name: str, module: str | None = None) -> None:
        super().__init__(name, module)
        self.fused_losses = {"binomial": _fused_binomial}

    def namespace(self) -> Namespace:
        return _namespace()

    def solve(self, A: Array, B: Array) -> Array:
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            return np.linalg.solve(A, B)
        return threads.run_interruptibly(np.linalg.solve, A, B)

    def inv(self, A: Array) -> Array:
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            return np.linalg.inv(A)
        return threads.run_interruptibly(np.linalg.inv, A)

    def eigh(self, A: Array) -> tuple[Array, Array]:
        if A.size * A.shape[-1] < INTERRUPTIBLE_SIZE:
            values, vectors = np.linalg.eigh(A)
        else:
            values, vectors = threads.run_interruptibly(np.linalg.eigh, A)
        return values, vectors

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
    """Make NumPy's array API namespace, with shortcuts where most of the time goes to the calls.

    A fit of a thousand rows is a thousand calls for arrays of a few numbers. What stands here gives
    the same arrays with fewer functions in between.
    """
    import array_api_compat.numpy as xp

    fast = ModuleType("logitron.backend.libraries.numpy.namespace", xp.__doc__)
    vars(fast).update(
        {name: value for name, value in vars(xp).items() if not name.startswith("__")},
        __array_namespace_info__=xp.__array_namespace_info__,
        reshape=np.ndarray.reshape,
        matrix_transpose=attrgetter("mT"),
        sum=partial(_reduce, np.add.reduce),
        max=partial(_reduce, np.maximum.reduce),
        astype=_astype,
        zeros_like=_zeros_like,
        ones_like=_ones_like,
        stack=_stack,
    )
    return fast


def _fused_binomial(Z: Array, Y: Array, min_exponent: float | None) -> tuple[Array, Array, Array]:
    """Compute loss, residual and curvature of sigmoid neurons, for targets of 0 and 1, in place.

    The logit of the label that a row does not have, ``a = (1 - 2 y) z``, gives all of them from one
    exponential: loss ``log(1 + exp(a))``, the probability of that label ``q = exp(a) / (1 +
    exp(a))``, residual ``(1 - 2 y) q`` and curvature ``q (1 - q) = q / (1 + exp(a))``.
    """
    signs = Y * -2.0  # (n, m), or (n, 1) where all neurons share their labels
    signs += 1.0
    loss = signs * Z  # a, until the loss is added to what exceeds the largest exponent
    e = np.minimum(loss, _max_exponent(Z.dtype))
    loss -= e
    if min_exponent is not None:
        np.maximum(e, min_exponent, out=e)
    np.exp(e, out=e)
    loss += np.log1p(e)
    whole = e + 1.0
    e /= whole
    residual = np.multiply(signs, e, out=signs if signs.shape == e.shape else None)
    return loss, residual, np.divide(e, whole, out=e)


@cache
def _cached_eye(size: int, dtype: Any) -> Array:
    """Make an identity once; it cannot be written to."""
    found = np.eye(size, dtype=dtype)
    found.flags.writeable = False
    return found


@cache
def _cached_upper(size: int, dtype: Any) -> Array:
    """Make ones above the diagonal once; they cannot be written to."""
    found = np.triu(np.ones((size, size), dtype), k=1)
    found.flags.writeable = False
    return found


@cache
def _max_exponent(dtype: Any) -> float:
    """Give an exponent that is as large as can be, nearly."""
    return 0.98 * log(float(np.finfo(dtype).max))


def _reduce(
    reduce: Callable[..., Any],
    x: Array,
    *,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> Array:
    return reduce(x, axis=axis, keepdims=keepdims)


def _astype(x: Array, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    return x.astype(dtype, copy=copy)


def _zeros_like(x: Array, *, dtype: Any = None) -> Array:
    return np.zeros(x.shape, dtype or x.dtype)


def _ones_like(x: Array, *, dtype: Any = None) -> Array:
    return np.ones(x.shape, dtype or x.dtype)


def _stack(arrays: Sequence[Array], *, axis: int = 0) -> Array:
    return np.array(arrays) if axis == 0 else np.stack(arrays, axis=axis)


def ignore_overflow() -> AbstractContextManager[Any]:
    """Silence NumPy about overflow.

    A diverging neuron is found and reported by its loss; NumPy's warnings would only repeat it,
    once for every operation.
    """
    return np.errstate(over="ignore", invalid="ignore")
