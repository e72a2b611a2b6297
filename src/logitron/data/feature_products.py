"""The two products of a pass with the features of a block: logits, and the gradient.

Where the library multiplies numbers of 16 bits, block functions that `reads_stored` marks receive
such features as they are stored, and no block of them is widened.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from logitron.backend.dtypes import is_half
from logitron.backend.libraries import library_of
from logitron.backend.split_products import is_split, multiplied
from logitron.backend.types import Array, Namespace
from logitron.neuron import formulas

__all__ = ["backward", "logits", "reads_stored", "stays_stored"]

#: numbers of the features from which on a product takes longer than to see that it is zero
LONG = 1 << 16


def logits(xp: Namespace, X: Array, W: Array, b: Array | None, *, by_row: bool = False) -> Array:
    """Compute ``X @ W + b``, see `logitron.neuron.formulas.logits`.

    The product with zeros, with which most fits begin, is left out where it takes no wait to see
    that they are zeros.
    """
    if isinstance(W, np.ndarray) and X.shape[0] * X.shape[1] >= LONG and not W.any():
        return _without_product(xp, X, W, b, by_row=by_row)
    if not is_split(X, W):
        return formulas.logits(xp, X, W, b, by_row=by_row)
    Z = multiplied(X, W, by_row=by_row)
    return Z if b is None else Z + b


def _without_product(xp: Namespace, X: Array, W: Array, b: Array | None, *, by_row: bool) -> Array:
    """Repeat the intercepts (m,) for each row, in the order of `formulas.logits`."""
    n, m = X.shape[0], W.shape[1]
    own = xp.zeros((m,), dtype=W.dtype) if b is None else b
    if by_row:
        return xp.zeros((n, m), dtype=W.dtype) + own
    return xp.matrix_transpose(xp.zeros((m, n), dtype=W.dtype) + own[:, None])


def backward(xp: Namespace, X: Array, R: Array) -> Array:
    """Compute ``X.T @ R``, see `logitron.neuron.formulas.backward`."""
    if not is_split(X, R):
        return formulas.backward(xp, X, R)
    return multiplied(xp.matrix_transpose(X), R)


def reads_stored(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a block function that uses features of 16 bits in `logits` and `backward` alone."""
    function.reads_stored = True  # type: ignore[attr-defined]
    return function


def stays_stored(function: Callable[..., Any], X: Array, precision: str) -> bool:
    """Whether a block function receives the features as they are stored, in 16 bits."""
    return (
        precision == "float32"
        and getattr(function, "reads_stored", False)
        and is_half(X.dtype)
        and library_of(X).multiplies_half(X)
    )
