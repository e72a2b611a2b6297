r"""A bound from the rows of most curvature, for sigmoid neurons that are near.

The bound by the penalty alone, :math:`\lVert g \rVert^2 / 2 \lambda`, is 5 to 300 times the true
distance where classes can be separated and the penalty is weak. There the curvature of a neuron is
that of few rows. They are witnesses in the sense of `strong_convexity`: with the weighted
curvatures :math:`h_i` of the rows in ``S``,

.. math:: M = \lambda I + \sum_{i \in S} h_i x_i x_i^\top, \qquad
   \delta^2 = g^\top M^{-1} g, \qquad \kappa^2 = \max_{i \in S} x_i^\top M^{-1} x_i
   \le \max_{i \in S} 1 / h_i ,

since :math:`h_i x_i x_i^\top \preceq M`. So :math:`\kappa` costs nothing, and rows with so little
curvature that :math:`\kappa \delta` would not be small are left out.

*The intercept* has no penalty. Eliminated, it leaves the rows about their mean
:math:`\bar x = \sum h_i x_i / s` with :math:`s = \sum_S h_i`, the derivative
:math:`\hat g = g_w - g_b \bar x`, and :math:`g_b^2 / s` as its own part of :math:`\delta^2`.

*Arithmetic.* With ``A`` the rows of :math:`\sqrt{h_i} (x_i - \bar x)^\top`, about as many as
features, a system of as many unknowns as rows gives :math:`u \approx M^{-1} \hat g` by the Woodbury
identity, which a weak penalty makes inaccurate. The bound does not depend on its accuracy: for any
``u``,

.. math:: \hat g^\top M^{-1} \hat g \le 2 \hat g^\top u - u^\top M u
   + \lVert \hat g - M u \rVert^2 / \lambda .
"""

from typing import Any

import numpy as np

from logitron.backend import linalg, to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates.curved_bounds import (
    CURVED,
    SQUARE,
    bound_by_trial,
    drawn_features,
    gradient_errors,
    worthwhile,
)
from logitron.objective import Evaluation, LogitObjective, Objective, operations_of_pass

__all__ = ["sharpened"]

#: part of a neuron's curvature that the rows must have; and their mean curvature, as a part of
#: their weight, above which they will not
SHARE, CONCENTRATED = 0.9, 1.0 / 16.0
#: rows that are taken of few features
FEW = 128
#: numbers in the rows of all neurons at a time, at most
MOST_NUMBERS = 1 << 24


def sharpened(
    objective: Objective,
    evaluation: Evaluation,
    theta: Array,
    gap: Array,
    enough: Any,
    estimate: Any,
    logits: Array | None = None,
) -> Array:
    """Replace bounds that are too large by those of the curved rows, where that pays.

    Parameters
    ----------
    objective : Objective
        Whose parameters are on the host.
    evaluation : Evaluation
        At ``theta``.
    theta : array (G, K, q)
    gap : array (G,)
        Bounds by the penalty.
    enough, estimate : arrays (G,)
        What a bound should be, and the estimated distance. Neurons whose estimate is larger are
        left out, and those where more iterations are thought to cost less than their rows.
    logits : array (n, G K), optional
        Of the parameters, if they are kept.
    """
    n, p = objective.rows.shape
    count = min(n, max(p, FEW))
    enough, estimate = np.atleast_1d(enough), np.atleast_1d(estimate)
    cost = _passes(n, p, count)
    worth = worthwhile(objective, np.asarray(gap), enough, estimate, cost=cost)
    if not worth.any():
        return gap
    most = objective.data.max_sample_weight * objective.data.scale * count
    chosen = np.flatnonzero(worth & (evaluation.intercept_hessian[:, 0, 0] <= CONCENTRATED * most))
    if not len(chosen):
        return gap
    found, size = np.asarray(gap).copy(), max(1, MOST_NUMBERS // (count * p))
    for first in range(0, len(chosen), size):
        some = chosen[first : first + size]
        kept, W = LogitObjective(objective.take(some)), theta[some]
        if logits is None:
            own = kept.logits(W)
            objective.cost.passes += 0.5 * objective.data.pass_cost * len(some) / len(gap)
        else:
            own = LogitObjective(objective).take_logits(logits, some)
        value, grad = evaluation.value[some], evaluation.grad[some]
        bound = _of_groups(kept, value, grad, W, own, enough[some], count)
        found[some] = np.minimum(gap[some], bound)
    return found


def _passes(n: int, p: int, count: int) -> float:
    """Cost of the rows of one neuron, in evaluations of it."""
    return (2.0 * count * count * p + count**3) / (SQUARE * operations_of_pass(n, p))


def _of_groups(
    kept: LogitObjective,
    value: HostArray,
    grad: HostArray,
    theta: HostArray,
    logits: Array,
    enough: HostArray,
    count: int,
) -> HostArray:
    """Bound the distances (G,); infinite where nothing is shown."""
    objective = kept.objective
    scale = objective.data.scale
    curvature, xp = kept.curvatures(logits), objective.rows.context.xp
    places, largest = linalg.largest(curvature, count)
    total = to_host(xp.sum(curvature, axis=1)) * scale
    largest = to_host(largest) * scale
    largest = np.where(largest >= CURVED * enough[:, None], largest, 0.0)
    found = np.full(len(enough), np.inf)
    known = np.sum(largest, axis=1)
    those = np.flatnonzero((known > 0.0) & (known >= SHARE * total))
    if not len(those):
        return found
    errors = gradient_errors(objective, value, theta)
    features, whose = drawn_features(objective, np.asarray(to_host(places))[those])
    for g, rows in zip(those.tolist(), whose, strict=True):
        there = largest[g] > 0.0
        found[g] = _bound(
            features[rows[there]],
            largest[g, there],
            grad[g, 0],
            float(objective.penalty.strength[g]),
            errors[g],
            fit_intercept=objective.layout.fit_intercept,
        )
    return found


def _bound(
    X: HostArray,
    curvature: HostArray,
    grad: HostArray,
    penalty: float,
    errors: HostArray,
    *,
    fit_intercept: bool,
) -> float:
    """Bound the distance of one neuron by rows (r, p) of some curvature (r,).

    The coefficients' part of the gradient (q,), and the intercept's, are off by at most ``errors``.
    """
    p = X.shape[1]
    g, (off, last_off) = grad[:p], errors
    of_intercept = 0.0
    if fit_intercept:
        total = curvature.sum()
        mean = curvature @ X / total
        X, g = X - mean, g - grad[p] * mean
        of_intercept = (abs(grad[p]) + last_off) ** 2 / total
        off += last_off * np.sqrt(mean @ mean)
    A = np.sqrt(curvature)[:, None] * X
    products = A @ A.T
    # (a penalty below the rounding of the products would leave them singular)
    ridge = max(penalty, float(np.trace(products)) * len(A) * np.finfo(np.float64).eps)
    products[np.diag_indices(len(A))] += ridge
    u = (g - linalg.solve(products, (A @ g)[:, None])[:, 0] @ A) / penalty
    along = A @ u
    settings = {"penalty": penalty, "error": off, "of_intercept": of_intercept}
    return float(bound_by_trial(g, u, along, along @ A, curvature=curvature, **settings))
