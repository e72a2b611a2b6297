"""What the bounds by curved rows and by curved pairs have in common, see `curved_rows`.

Rows of much curvature are drawn, a linear system gives a trial ``u``, and the trial gives a bound,
however inaccurate it is.
"""

from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates.strong_convexity import concordant_bound, rounding
from logitron.objective import Objective, gram_norm_bound, sums

__all__ = [
    "CURVED",
    "EPS",
    "LARGER",
    "SQUARE",
    "applies_to",
    "bound_by_trial",
    "drawn_features",
    "gradient_errors",
    "worthwhile",
]

#: curvature of a row, at least, as a multiple of the distance asked for: kappa delta is then about
#: the root of twice its inverse
CURVED = 16.0
#: operations of products of square matrices in the time of one of a pass
SQUARE = 3.0
#: precision that sums must have
EPS = float(np.finfo(np.float64).eps)
#: iterations in which a bound by the penalty falls by a factor of e, about
ITERATIONS = 4.0
#: what the rounding of its sums may add to a squared length
LARGER = 1.001


def applies_to(objective: Objective) -> bool:
    """Whether rows can be drawn, and the loss and the penalty are those of the bounds."""
    rows, layout, loss = objective.rows, objective.layout, objective.loss
    dense = rows.in_memory and rows.entries is None and not layout.intercept_is_column
    known = loss.self_concordance is not None and objective.strongly_convex
    return dense and known and objective.penalty.feature_factors is None


def worthwhile(
    objective: Objective, gap: HostArray, enough: HostArray, estimate: HostArray, *, cost: float
) -> HostArray:
    """Decide for which groups a bound by rows may pay; for none where its sums are not in float64.

    Parameters
    ----------
    objective : Objective
    gap, enough, estimate : numpy.ndarray (G,)
        The bounds by the penalty, what they should be, and what those by rows may come to.
    cost : float
        Of a bound by rows, in evaluations of the group: it pays if the iterations in which the
        bound by the penalty would fall to ``enough`` are as many.

    Returns
    -------
    numpy.ndarray (G,) of bool
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pays: HostArray = (ITERATIONS * np.log(gap / enough) >= cost) & (estimate <= enough)
    if not (pays.any() and objective.eps <= EPS and applies_to(objective)):
        return np.zeros_like(pays)
    return pays


def drawn_features(objective: Objective, places: HostArray) -> tuple[HostArray, HostArray]:
    """Draw the centred features of rows (g, r): of the distinct ones, and which are whose."""
    distinct, inverse = np.unique(places, return_inverse=True)
    drawn = objective.rows.select(distinct)
    assert drawn is not None
    centre = objective.to_rows(objective.layout.centre)
    features: HostArray = to_host(drawn.in_float64().map(sums.with_constant, centre))
    return features[:, :-1], inverse.reshape(places.shape)


def gradient_errors(objective: Objective, value: HostArray, theta: Array) -> HostArray:
    """Bound the rounding of gradients: lengths by coefficients and by intercepts (G, 2)."""
    gram, weight = float(to_host(gram_norm_bound(objective))), objective.data.max_total_weight
    squares = objective.statistics.column_squares
    squares = np.asarray(gram if squares is None else squares)
    noise = rounding(value + weight, theta[:, :, : objective.rows.shape[1]], squares, EPS)
    errors: HostArray = noise[:, None] * np.sqrt([gram, weight])
    return errors


def bound_by_trial(
    grad: HostArray,
    trial: HostArray,
    along: HostArray,
    back: HostArray,
    *,
    penalty: float,
    error: float,
    of_intercept: float,
    curvature: HostArray,
) -> Any:
    """Bound the distance of a group by a trial ``u`` near ``M^-1 g``; M is ``penalty I + A'A``.

    Parameters
    ----------
    grad, trial : numpy.ndarray (D,) or (K, p)
        ``g``, after the intercepts are eliminated, and ``u``.
    along, back : numpy.ndarray (r,), and of the shape of ``grad``
        ``A u`` and ``A'A u``.
    penalty : float
    error : float
        By which the length of ``g`` can be off.
    of_intercept : float
        The intercepts' part of the squared length.
    curvature : numpy.ndarray (r,)
        Of the rows ``A``.
    """
    left = grad - penalty * trial - back
    squared = 2.0 * np.vdot(grad, trial) - penalty * np.vdot(trial, trial) - along @ along
    squared += np.vdot(left, left) / penalty
    length = np.sqrt(abs(squared)) + error / np.sqrt(penalty)
    delta = np.sqrt(LARGER * (length * length + of_intercept))
    return concordant_bound(delta, curvature.min() ** -0.5)
