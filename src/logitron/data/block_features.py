"""Wrappers of block functions, which cast or standardise the features of a block, or use logits.

A block function takes the features and the row arrays of a block, then its parameters; see
`logitron.data.Rows`.
"""

from collections.abc import Callable
from typing import Any

from logitron.backend.libraries import library_of, namespace_of
from logitron.backend.types import Array
from logitron.data.feature_products import backward, logits, reads_stored
from logitron.neuron import formulas

__all__ = [
    "Standardisation",
    "apply_to_logits",
    "signed_counts",
    "squared_products",
    "standardise",
    "sum_of_squares",
    "with_cast_features",
    "with_products",
    "with_standardised_features",
    "without_features",
]

#: centre and scale of the features, arrays (p,)
Standardisation = tuple[Array, Array]


def sum_of_squares(X: Array, *row_arrays: Array | None) -> tuple[Array]:
    """Add up the squares of all features (1, 1); row arrays are not used."""
    return (library_of(X).sum_of_squares(X),)


@reads_stored
def apply_to_logits(
    X: Array,
    *rest: Array | None,
    logits_function: Callable[..., Any],
    by_row: bool = False,
    **static: Any,
) -> Any:
    """Call a function with the logits of a block; ``rest`` ends with coef and intercept."""
    coef, intercept = rest[-2:]
    xp = namespace_of(X)
    W = xp.matrix_transpose(coef)
    return logits_function(logits(xp, X, W, intercept, by_row=by_row), **static)


def without_features(
    X: Array, *rest: Array | None, row_function: Callable[..., Any], **static: Any
) -> Any:
    """Call a row function, which does not use the features."""
    return row_function(*rest, **static)


@reads_stored
def with_products(
    X: Array, *rest: Array | None, row_function: Callable[..., Any], **static: Any
) -> tuple[Array, ...]:
    """Call a row function, and multiply the last array that it returns by the features."""
    *sums, R = row_function(*rest, **static)
    return (*sums, backward(namespace_of(X), X, R))


def squared_products(X: Array, *row_arrays: Array | None) -> tuple[Array]:
    """Multiply the last row array (n, m) by the squared features: (p, m)."""
    return (formulas.backward(namespace_of(X), X * X, row_arrays[-1]),)


def signed_counts(X: Array, *row_arrays: Array | None) -> tuple[Array, Array]:
    """Multiply the last row array (n, m) by the places of positive and of negative features."""
    xp, weights = namespace_of(X), row_arrays[-1]
    parts = (xp.astype(part, X.dtype) for part in (X > 0.0, X < 0.0))
    positive, negative = (formulas.backward(xp, part, weights) for part in parts)
    return positive, negative


def with_cast_features(
    X: Array,
    *row_arrays: Array | None,
    block_function: Callable[..., Any],
    precision: str,
    **static: Any,
) -> Any:
    """Call a block function with features cast to ``precision``."""
    xp = namespace_of(X)
    return block_function(xp.astype(X, getattr(xp, precision), copy=False), *row_arrays, **static)


def standardise(X: Array, centre: Array, scale: Array) -> Array:
    """Compute ``(X - centre) * scale``.

    The difference comes first: features close to their centre then lose no digits.
    """
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
    """Call a block function with features cast to ``precision`` and standardised."""
    xp = namespace_of(X)
    wide = xp.astype(X, getattr(xp, precision), copy=False)
    return block_function(standardise(wide, centre, scale), *row_arrays, **static)
