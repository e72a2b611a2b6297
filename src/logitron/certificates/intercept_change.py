"""How far the intercepts, which have no penalty, are from their best values.

The bounds of `strong_convexity` and of `duality_gap` hold for the best intercepts of the
coefficients. By self-concordance, the way there has a bound; see `strong_convexity` for formulas.
"""

from typing import Any

from logitron.backend import linalg
from logitron.backend.types import Array
from logitron.losses import Loss

__all__ = ["intercept_change"]


def intercept_change(
    xp: Any, grad_intercept: Array, curvature: Array, loss: Loss
) -> tuple[Array, Array, Array]:
    """Bound the intercepts' way to their optimum: its length x in H, its range nu, and delta."""
    K = curvature.shape[-1]
    if K == 1:
        lowest = curvature[:, 0, 0]
        squares = grad_intercept[:, 0] * grad_intercept[:, 0] / _positive(xp, lowest)
    else:
        lowest, squares = _on_changes(xp, grad_intercept, curvature)
    delta = xp.sqrt(squares)
    kappa = xp.sqrt(loss.self_concordance / _positive(xp, lowest))
    reach = kappa * delta
    near = (reach < 0.5) & (lowest > 0.0)  # far from that, the bound says nothing yet
    x = -xp.log1p(-xp.where(near, reach, xp.zeros_like(reach))) / kappa
    x = xp.where(near, x, xp.full_like(x, float("inf")))
    return x, xp.where(near, kappa * x, xp.zeros_like(x)), delta


def _on_changes(xp: Any, grad_intercept: Array, curvature: Array) -> tuple[Array, Array]:
    """Bound the smallest eigenvalue from below, and ``g' H^-1 g`` from above, for softmax groups.

    Both over changes that add up to zero; to the others, which change nothing, some curvature is
    given. The largest eigenvalue of the inverse is at most the fourth root of the sum of all of
    their fourth powers: that is not sharp, but an eigendecomposition costs ten times as much, and
    waits for the device. A ridge keeps the inverse finite; it is taken off again.
    """
    K = grad_intercept.shape[1]
    eye = linalg.eye_like(curvature, K)
    ridge = 64.0 * K * float(xp.finfo(curvature.dtype).eps)
    mean = _positive(xp, xp.sum(xp.sum(curvature * eye, axis=2), axis=1) / K)
    inverse = linalg.inv(curvature / mean[:, None, None] + (1.0 / K + ridge * eye))
    twice = inverse @ inverse
    largest = xp.sqrt(xp.sqrt(xp.sum(xp.sum(twice * twice, axis=2), axis=1)))
    lowest = 1.0 / largest - 2.0 * ridge  # once for the ridge, and once for the rounding
    squares = (
        xp.abs((grad_intercept[:, None, :] @ inverse @ grad_intercept[:, :, None])[:, 0, 0]) / mean
    )
    return mean * lowest, squares * (1.0 + ridge / _positive(xp, lowest))


def _positive(xp: Any, values: Array) -> Array:
    return xp.where(values > 0.0, values, xp.ones_like(values))
