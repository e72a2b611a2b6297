"""Predictions inside the transformations of a library: ``jax.jit``, ``jax.grad``, ``torch.func``.

A function that is being transformed sees arrays without values. Predictions of such rows are one
pure function of them, with the model's coefficients as constants: nothing is read, checked for NaN,
or divided into blocks.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from array_api_compat import is_array_api_obj

from logitron import neuron
from logitron.backend import ArrayContext, library_of
from logitron.backend.dtypes import precision_of
from logitron.backend.types import Array
from logitron.data import Source

__all__ = ["is_traced", "predict_traced"]


def is_traced(*arrays: Any) -> bool:
    """Whether any of the arguments is an array without values."""
    return any(is_array_api_obj(one) and library_of(one).is_traced(one) for one in arrays)


def predict_traced(
    X: Source,
    coef: Array,
    intercept: Array,
    function: Callable[..., Array],
    offset: Any = None,
    **static: Any,
) -> Array:
    """Apply a function of the logits to rows that are traced.

    Parameters
    ----------
    X : Source (n, p)
    coef, intercept : arrays (m, p), (m,)
    function : callable
    offset : array (n,) or (n, m), optional
        Added to the logits.
    **static
        Keyword arguments of the function.

    Raises
    ------
    ValueError
        If X is in another library than the coefficients, or the shape of the offset is wrong.
    """
    library, fitted = library_of(X.array), ArrayContext.of(coef)
    if fitted.library is not library:
        raise ValueError(
            f"X must use the same namespace as the fitted model, which is on "
            f"{fitted.library.name}, while X is on {library.name}. Move the model with "
            f".to({library.name!r})"
        )
    context = replace(fitted, precision=precision_of(X.array, library, fitted.device))
    xp = context.xp
    W, b = xp.astype(xp.matrix_transpose(coef), context.dtype), xp.astype(intercept, context.dtype)
    with library.exact_products():
        Z = neuron.logits(xp.astype(X.array, context.dtype), W, b)
    if offset is not None:
        Z = Z + _column(xp.asarray(offset, dtype=context.dtype), Z)
    return function(Z, **static)


def _column(offset: Array, Z: Array) -> Array:
    """Return an offset (n,) as a column, and one (n, m) unchanged."""
    n, m = Z.shape
    if offset.shape not in ((n,), (n, m)):
        raise ValueError(f"offset must have shape {(n,)} or {(n, m)}, got {tuple(offset.shape)}")
    return offset[:, None] if offset.ndim == 1 else offset
