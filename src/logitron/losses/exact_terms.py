"""Cross-entropy and its derivatives to all digits, where a row is saturated too.

With all but 1e-8 of the probability in one class, ``1 - p`` and ``p - p ** 2`` have eight digits if
they are computed by a difference. Here the complement of a probability is the sum of the other
classes' probabilities, and residuals and curvatures are products of both. These terms cost more
than those of `Loss.terms`, and are for bounds, not for training.
"""

from typing import NamedTuple

from logitron.backend.types import Array, Namespace

__all__ = ["ExactTerms", "exact_terms"]


class ExactTerms(NamedTuple):
    """Cross-entropy of the rows of one group, and its derivatives."""

    value: Array
    """(n,)"""
    residual: Array
    """First derivatives by the logits (n, K)."""
    probability: Array
    """(n, K)"""
    complement: Array
    """One minus the probability (n, K)."""
    size: Array
    """Sum of the two terms whose difference a residual is (n, K); their rounding is its own."""


def exact_terms(xp: Namespace, Z: Array, Y: Array) -> ExactTerms:
    """Compute the terms of one group.

    Parameters
    ----------
    xp : namespace
    Z : array (n, K)
        Logits: of a sigmoid neuron for ``K = 1``, else of a softmax group.
    Y : array (n, K)
        Targets between 0 and 1; those of a softmax group add up to one.
    """
    value, P, Q = _binomial(xp, Z, Y) if Z.shape[1] == 1 else _multinomial(xp, Z, Y)
    above, below = P * (1.0 - Y), Y * Q
    return ExactTerms(value, above - below, P, Q, above + below)


def _binomial(xp: Namespace, Z: Array, Y: Array) -> tuple[Array, Array, Array]:
    e = xp.exp(-xp.abs(Z))
    small, large = e / (1.0 + e), 1.0 / (1.0 + e)
    positive = xp.where(Z > 0.0, Z, 0.0 * Z)
    # log(1 + e) and the logit of the wrong label, in parts where targets are between 0 and 1
    value = (xp.log1p(e) + positive * (1.0 - Y) + (positive - Z) * Y)[:, 0]
    return value, xp.where(Z > 0.0, large, small), xp.where(Z > 0.0, small, large)


def _multinomial(xp: Namespace, Z: Array, Y: Array) -> tuple[Array, Array, Array]:
    below = Z - xp.max(Z, axis=1, keepdims=True)
    E = xp.exp(below)
    top = xp.astype(below == 0.0, E.dtype)
    ties = xp.sum(top, axis=1, keepdims=True) - 1.0
    others = xp.sum(E * (1.0 - top), axis=1, keepdims=True) + ties
    total = 1.0 + others
    value = xp.log1p(others[:, 0]) - xp.sum(Y * below, axis=1)
    return value, E / total, xp.where(top > 0.0, others, total - E) / total
