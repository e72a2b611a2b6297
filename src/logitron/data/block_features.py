"""Features of a block as block functions receive them: widened, and standardised."""

from collections.abc import Callable
from typing import Any

from logitron.backend.libraries import namespace_of
from logitron.backend.types import Array
from logitron.neuron import formulas

__all__ = [
    "Standardisation",
    "of_logits",
    "on_standardised",
    "standardised",
    "total_squares",
    "widened",
]

#: centre and scale of each feature, arrays (p,)
Standardisation = tuple[Array, Array]


def total_squares(X: Array, *others: Array | None) -> tuple[Array]:
    """Multiply all features with themselves, as one long row: at the speed of memory."""
    xp = namespace_of(X)
    return (xp.reshape(X, (1, -1)) @ xp.reshape(X, (-1, 1)),)


def of_logits(
    X: Array, *rest: Array | None, logits_function: Callable[..., Any], **static: Any
) -> Any:
    """Call a function with the logits of a block; the last arguments are coef and intercept."""
    coef, intercept = rest[-2:]
    xp = namespace_of(X)
    W = xp.matrix_transpose(coef)
    return logits_function(formulas.logits(xp, X, W, intercept), **static)


def widened(
    X: Array,
    *others: Array | None,
    block_function: Callable[..., Any],
    precision: str,
    **static: Any,
) -> Any:
    """Call a block function with features in the precision that is computed in."""
    xp = namespace_of(X)
    return block_function(xp.astype(X, getattr(xp, precision), copy=False), *others, **static)


def standardised(X: Array, centre: Array, scale: Array) -> Array:
    """Centre and scale features; differences first, so that no digit of nearby numbers is lost."""
    return (X - centre) * scale


def on_standardised(
    X: Array,
    centre: Array,
    scale: Array,
    *others: Array | None,
    block_function: Callable[..., Any],
    precision: str,
    **static: Any,
) -> Any:
    """Call a block function with standardised features, in the precision that is computed in."""
    xp = namespace_of(X)
    wide = xp.astype(X, getattr(xp, precision), copy=False)
    return block_function(standardised(wide, centre, scale), *others, **static)
