"""Features of a block as block functions receive them: cast, and standardised."""

from collections.abc import Callable
from typing import Any

from logitron.backend.libraries import namespace_of
from logitron.backend.types import Array
from logitron.neuron import formulas

__all__ = [
    "Standardisation",
    "apply_to_logits",
    "standardise",
    "sum_of_squares",
    "with_cast_features",
    "with_standardised_features",
]

#: centre and scale of each feature, arrays (p,)
Standardisation = tuple[Array, Array]


def sum_of_squares(X: Array, *row_arrays: Array | None) -> tuple[Array]:
    """Multiply all features with themselves, as one long row: at the speed of memory."""
    xp = namespace_of(X)
    return (xp.reshape(X, (1, -1)) @ xp.reshape(X, (-1, 1)),)


def apply_to_logits(
    X: Array, *rest: Array | None, logits_function: Callable[..., Any], **static: Any
) -> Any:
    """Call a function with the logits of a block; the last arguments are coef and intercept."""
    coef, intercept = rest[-2:]
    xp = namespace_of(X)
    W = xp.matrix_transpose(coef)
    return logits_function(formulas.logits(xp, X, W, intercept), **static)


def with_cast_features(
    X: Array,
    *row_arrays: Array | None,
    block_function: Callable[..., Any],
    precision: str,
    **static: Any,
) -> Any:
    """Call a block function with features in the precision that is computed in."""
    xp = namespace_of(X)
    return block_function(xp.astype(X, getattr(xp, precision), copy=False), *row_arrays, **static)


def standardise(X: Array, centre: Array, scale: Array) -> Array:
    """Centre and scale features; differences first, so that no digit of nearby numbers is lost."""
    return (X - centre) * scale


def with_standardised_features(
    X: Array,
    centre: Array,
    scale: Array,
    *row_arrays: Array | None,
    block_function: Callable[..., Any],
    precision: str,
    **static: Any,
) -> Any:
    """Call a block function with standardised features, in the precision that is computed in."""
    xp = namespace_of(X)
    wide = xp.astype(X, getattr(xp, precision), copy=False)
    return block_function(standardise(wide, centre, scale), *row_arrays, **static)
