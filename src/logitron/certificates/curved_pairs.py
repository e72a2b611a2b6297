r"""A bound from the rows of most curvature, for softmax groups that are near.

As in `curved_rows`, the bound by the penalty alone is 50 to 150 times the true distance where
classes can be separated and the penalty is weak, and a few rows hold most of the curvature. Row
``i`` adds :math:`\log \sum_k p_k e^{\Delta_k}` to the objective, and a linear term, if its logits
change by :math:`\Delta`. With the two classes ``a`` and ``b`` of largest probability, the concavity
of the logarithm bounds that from below by

.. math:: (p_a + p_b) \log \frac{p_a e^{\Delta_a} + p_b e^{\Delta_b}}{p_a + p_b}
   + \sum_{k \ne a, b} p_k \Delta_k ,

with the same value and the same derivative at :math:`\Delta = 0`. The rest of the row is a
sigmoid neuron of the one logit :math:`\Delta_a - \Delta_b`, with the curvature
:math:`h_i = s_i p_a p_b / (p_a + p_b)`, and a linear function. So everything that `curved_rows`
says of rows holds for these pairs: with :math:`z_i = x_i \otimes (e_a - e_b)`,

.. math:: M = \lambda I + \sum_{i \in S} h_i z_i z_i^\top, \qquad
   \delta^2 = g^\top M^{-1} g, \qquad \kappa^2 \le \max_{i \in S} 1 / h_i .

*The intercepts* have no penalty. With :math:`D` the rows :math:`\sqrt{h_i} (e_a - e_b)^\top`,
:math:`L = D^\top D` is the Laplacian of a graph of the classes, which must be connected.
Eliminated, they leave :math:`A = (I - D L^+ D^\top) B` of the rows ``B`` of
:math:`\sqrt{h_i} z_i^\top`, the derivative :math:`\hat g = g_w - B^\top D L^+ g_b`, and
:math:`g_b^\top L^+ g_b` as their own part of :math:`\delta^2`. An error of :math:`g_b` is
multiplied by at most the norm of :math:`B^\top D L^+`.

*Arithmetic.* Products of the pairs are those of their features, times 0, 1 or 2 and a sign. One
system of as many unknowns as pairs is solved, and the bound does not depend on its accuracy.
"""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import linalg, to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates.curved_bounds import (
    CURVED,
    LARGER,
    SQUARE,
    applies_to,
    bound_by_trial,
    drawn_features,
    gradient_errors,
    worthwhile,
)
from logitron.objective import Evaluation, LogitObjective, Objective, operations_of_pass

__all__ = ["bound_below", "sharpened"]

#: part of a group's curvature that the pairs must have, and the most that a row of weight 1 has
SHARE, MOST_CURVATURE = 0.3, 0.25
#: evaluations of a group that a bound may cost, and pairs at most
PASSES, MOST_PAIRS = 0.6, 2048
#: a bound is this many times the estimated distance, about
LOOSE = 8.0
#: part of the distance asked for: an estimate below it has a bound that is small enough as a rule,
#: by the pairs and otherwise
OF_PAIRS, OF_OTHERS = 0.06, 0.01
#: room for the rounding of the parameters on the way to where they are stored
ROOM = 1.1
#: the intercepts are projected out by a large multiple of what they can change, and the system is
#: solved so many times, each with what was left
PROJECTING, REFINEMENTS = 1e3, 3
#: an eigenvalue of the classes' graph that is a smaller part of the largest is none
CONNECTED = 1e-10


class Pairs(NamedTuple):
    """The pairs of a group that were chosen."""

    features: HostArray
    """Centred features of their rows (r, p)."""
    curvature: HostArray
    """(r,)"""
    signs: HostArray
    """1 for one class, -1 for the other (r, K)."""


def sharpened(
    objective: Objective,
    evaluation: Evaluation,
    theta: Array,
    gap: Array,
    enough: Any,
    estimate: Any,
    logits: Array,
) -> Array:
    """Replace bounds that are too large by those of the curved pairs, where that pays.

    See `curved_rows.sharpened` for the parameters; ``logits (n, G K)`` are those of ``theta``.
    """
    (n, p), (_, K, _) = objective.rows.shape, objective.shape
    enough, estimate = np.atleast_1d(enough), LOOSE * np.atleast_1d(estimate)
    worth = worthwhile(objective, np.asarray(gap), enough, estimate, cost=PASSES)
    if not (worth.any() and _of_labels(objective)):
        return gap
    count = _count(n, p, K)
    total = 0.5 * np.trace(np.asarray(evaluation.intercept_hessian), axis1=1, axis2=2)
    most = MOST_CURVATURE * objective.data.max_sample_weight * objective.data.scale * count
    worth &= SHARE * total <= most
    found = np.asarray(gap).copy()
    for group in np.flatnonzero(worth).tolist():
        some = np.asarray([group])
        kept = LogitObjective(objective.take(some))
        own = LogitObjective(objective).take_logits(logits, some)
        pairs = _pairs(kept, own, count, float(enough[group]))
        if not len(pairs.curvature) or pairs.curvature.sum() < SHARE * total[group]:
            continue
        value, grad, W = float(evaluation.value[group]), evaluation.grad[group], theta[some]
        bound = _bound(kept.objective, value, np.asarray(grad), W, pairs)
        found[group] = min(bound, found[group])
    return found


def bound_below(objective: Objective) -> float:
    """Return the part of the distance asked for below which an estimate is worth a bound."""
    return OF_PAIRS if applies_to(objective) and _of_labels(objective) else OF_OTHERS


def _of_labels(objective: Objective) -> bool:
    """Whether groups are of softmax, their targets labels, and their parameters on the host."""
    on_host = objective.context.library.is_host
    return on_host and objective.classes > 1 and not objective.loss.soft


def _count(n: int, p: int, classes: int) -> int:
    """Choose how many pairs: as many as `PASSES` evaluations of a group pay for."""
    budget = PASSES * SQUARE * classes * operations_of_pass(n, p)
    count = min(n, MOST_PAIRS)
    while count > 1 and count * count * (p + classes + count / 3.0) > budget:
        count = int(0.9 * count)
    return count


def _pairs(kept: LogitObjective, logits: Array, count: int, enough: float) -> Pairs:
    """Choose the pairs of most curvature of the only group, none of too little."""
    objective, K = kept.objective, kept.objective.classes
    curvature, first, second = to_host(kept.pair_curvatures(logits)).astype(np.float64).T
    curvature = curvature * objective.data.scale
    places = np.argpartition(curvature, len(curvature) - count)[len(curvature) - count :]
    places = places[curvature[places] >= max(CURVED * enough, np.finfo(np.float64).tiny)]
    signs, each = np.zeros((len(places), K)), np.arange(len(places))
    signs[each, first[places].astype(int)] = 1.0
    signs[each, second[places].astype(int)] = -1.0
    if not len(places):
        return Pairs(np.zeros((0, objective.rows.shape[1])), curvature[places], signs)
    features, whose = drawn_features(objective, places[None, :])
    return Pairs(features[whose[0]], curvature[places], signs)


def _bound(
    objective: Objective, value: float, grad: HostArray, theta: HostArray, pairs: Pairs
) -> float:
    """Bound the distance of one group with the gradient (K, q); infinite if nothing is shown."""
    X, h, signs = pairs
    p, penalty = X.shape[1], float(to_host(objective.penalty.strength)[0])
    ((off, last_off),) = gradient_errors(objective, np.asarray([value]), theta)
    D, g, of_intercept, Q = np.sqrt(h)[:, None] * signs, grad[:, :p], 0.0, None
    products, signed = X @ X.T, D @ D.T
    if objective.layout.fit_intercept:
        eigenvalues, vectors = linalg.eigh(D.T @ D)
        eigenvalues, vectors = eigenvalues[1:], vectors[:, 1:]  # (the same change of all is none)
        if not eigenvalues[0] > CONNECTED * eigenvalues[-1]:
            return np.inf
        root = vectors / np.sqrt(eigenvalues)  # its square is the pseudoinverse
        Q, part = D @ root, root.T @ grad[:, p]
        of_intercept = (np.sqrt(part @ part) + last_off / np.sqrt(eigenvalues[0])) ** 2
        g = g - _back(D, X, Q @ part)
        moved = max(float(np.vdot(Q, (products * signed) @ Q)), 0.0)  # squared, of B' Q
        off += last_off * np.sqrt(LARGER * moved / eigenvalues[0])
        products += PROJECTING * np.mean(np.diagonal(products))
    products *= signed
    factors = linalg.shifted_cholesky(products, np.ones(1), np.asarray([penalty]))
    y, right = np.zeros(len(h)), _project(_along(D, X, g), Q)
    for _ in range(REFINEMENTS):
        rest = right - penalty * y - _project(_along(D, X, _back(D, X, y)), Q)
        y = y + _project(linalg.cholesky_solve(factors, rest[None, :, None])[0, :, 0], Q)
    u = (g - _back(D, X, y)) / penalty
    along = _project(_along(D, X, u), Q)
    settings = {"penalty": penalty, "error": off, "of_intercept": of_intercept}
    bound = ROOM * float(bound_by_trial(g, u, along, _back(D, X, along), curvature=h, **settings))
    return bound if np.isfinite(bound) else np.inf


def _along(D: HostArray, X: HostArray, u: HostArray) -> HostArray:
    """Multiply the pairs' rows ``B`` by a change (K, p) of the coefficients: (r,)."""
    along: HostArray = np.vecdot(D, X @ u.T)
    return along


def _back(D: HostArray, X: HostArray, t: HostArray) -> HostArray:
    """Multiply the transpose of ``B`` by (r,): (K, p)."""
    back: HostArray = (D * t[:, None]).T @ X
    return back


def _project(t: HostArray, Q: HostArray | None) -> HostArray:
    """Leave out of (r,) what the intercepts can change; ``Q (r, K - 1)`` is orthonormal."""
    return t if Q is None else t - Q @ (Q.T @ t)
