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
from logitron.certificates.strong_convexity import concordant_bound, rounding
from logitron.objective import Evaluation, LogitObjective, Objective, gram_norm_bound, sums

__all__ = ["drawn_features", "serves", "sharpened"]

#: part of a neuron's curvature that the rows must have; and their mean curvature, as a part of
#: their weight, above which they will not
SHARE, CONCENTRATED = 0.9, 1.0 / 16.0
#: rows that are taken of few features
FEW = 128
#: curvature of a row, at least, as a multiple of the distance asked for: kappa delta is then about
#: the root of twice its inverse
CURVED = 16.0
#: iterations in which a bound by the penalty falls by a factor of e, about
ITERATIONS = 4.0
#: multiplications of square matrices in the time of one of a pass
SQUARE = 3.0
#: numbers in the rows of all neurons at a time, at most
MOST_NUMBERS = 1 << 24
#: what the rounding of its sums may add to a squared length
LARGER = 1.001
#: precision that sums must have
EPS = float(np.finfo(np.float64).eps)


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
    enough = np.atleast_1d(enough)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        worth = ITERATIONS * np.log(gap / enough) >= _passes(n, p, count)
    worth &= np.atleast_1d(estimate) <= enough
    if not (worth.any() and objective.eps <= EPS and serves(objective)):
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


def serves(objective: Objective) -> bool:
    """Whether rows can be drawn, and the loss and the penalty are those of the bound."""
    rows, layout, loss = objective.rows, objective.layout, objective.loss
    dense = rows.in_memory and rows.entries is None and not layout.intercept_is_column
    known = loss.self_concordance is not None and objective.strongly_convex
    return dense and known and objective.penalty.feature_factors is None


def _passes(n: int, p: int, count: int) -> float:
    """Cost of the rows of one neuron, in evaluations of it."""
    return (2.0 * count * count * p + count**3) / (SQUARE * n * (4.0 * p + 150.0))


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
    data, squares = objective.data, objective.statistics.column_squares
    curvature, xp = kept.curvatures(logits), objective.rows.context.xp
    places, largest = linalg.largest(curvature, count)
    total = to_host(xp.sum(curvature, axis=1)) * data.scale
    largest = to_host(largest) * data.scale
    largest = np.where(largest >= CURVED * enough[:, None], largest, 0.0)
    found = np.full(len(enough), np.inf)
    those = np.flatnonzero(np.sum(largest, axis=1) >= SHARE * total)
    if not len(those):
        return found
    gram, weight = float(to_host(gram_norm_bound(objective))), data.max_total_weight
    W = theta[:, :, : objective.rows.shape[1]]
    noise = rounding(value + weight, W, np.asarray(gram) if squares is None else squares, EPS)
    features, whose = drawn_features(objective, np.asarray(to_host(places))[those])
    for g, rows in zip(those.tolist(), whose, strict=True):
        there = largest[g] > 0.0
        found[g] = _bound(
            features[rows[there]],
            largest[g, there],
            grad[g, 0],
            float(objective.penalty.strength[g]),
            float(noise[g]),
            np.asarray([gram, weight]),
            fit_intercept=objective.layout.fit_intercept,
        )
    return found


def drawn_features(objective: Objective, places: HostArray) -> tuple[HostArray, HostArray]:
    """Draw the centred features of rows (g, r): of the distinct ones, and which are whose."""
    distinct, inverse = np.unique(places, return_inverse=True)
    drawn = objective.rows.select(distinct)
    assert drawn is not None
    centre = objective.to_rows(objective.layout.centre)
    features: HostArray = to_host(drawn.in_float64().map(sums.with_constant, centre))
    return features[:, :-1], inverse.reshape(places.shape)


def _bound(
    X: HostArray,
    curvature: HostArray,
    grad: HostArray,
    penalty: float,
    noise: float,
    squares: HostArray,
    *,
    fit_intercept: bool,
) -> float:
    """Bound the distance of one neuron by rows (r, p) of some curvature (r,).

    Of the gradient (q,), the coefficients' part is off by at most ``noise`` times the root of the
    first of two ``squares``, the intercept's by at most ``noise`` times the root of the second.
    """
    p = X.shape[1]
    g, (off, last_off) = grad[:p], noise * np.sqrt(squares)
    of_intercept = 0.0
    if fit_intercept:
        total = curvature.sum()
        mean = curvature @ X / total
        X, g = X - mean, g - grad[p] * mean
        of_intercept = (abs(grad[p]) + last_off) ** 2 / total
        off += last_off * np.sqrt(mean @ mean)
    A = np.sqrt(curvature)[:, None] * X
    products = A @ A.T
    products[np.diag_indices(len(A))] += penalty
    u = (g - linalg.solve(products, (A @ g)[:, None])[:, 0] @ A) / penalty
    seen = A @ u
    left = g - penalty * u - seen @ A
    squared = 2.0 * (g @ u) - penalty * (u @ u) - seen @ seen + left @ left / penalty
    length = np.sqrt(abs(squared)) + off / np.sqrt(penalty)
    delta = np.sqrt(LARGER * (length * length + of_intercept))
    return float(concordant_bound(delta, curvature.min() ** -0.5))
