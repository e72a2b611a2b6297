"""Proven lower bounds of the optima: they judge the stored coefficients by their objective alone.

Rounding coefficients to float32 changes the objective little and its gradient much, where the
curvature along some directions is far larger than the penalty. So a bound from the gradient at the
stored coefficients can be large where the one before they were rounded was small.
"""

from typing import Any

import numpy as np

from logitron.automatic import keeps_logits
from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.objective import Objective
from logitron.solvers import Solution

__all__ = [
    "LOGIT_ROUNDINGS",
    "computed_lower_bounds",
    "gap_above",
    "known_lower_bounds",
    "logit_errors",
    "sharp_gaps",
]

#: rounding errors of a stored intercept, in units of eps
LOGIT_ROUNDINGS = 16.0
#: rounding errors of a difference of two objectives, in units of eps
VALUE_ROUNDINGS = 16.0


def known_lower_bounds(
    objective: Objective, solution: Solution, in_float64: HostArray | None
) -> HostArray:
    """Return the bounds (G,) that the last values and gaps give; else -inf.

    Parameters
    ----------
    objective : Objective
    solution : Solution
    in_float64 : numpy.ndarray (G,), optional
        Groups whose last value and gap were computed in float64. None stands for all groups where
        the rows are in float64, and for none where they are not.
    """
    value, gap, rows = solution.loss_curve[-1], solution.gap, objective.rows.context
    proven = objective.strongly_convex or solution.proven
    is_wide = rows.wide.precision == objective.context.precision == "float64"
    if gap is None or not (proven and is_wide):
        return np.full(value.shape, -np.inf)
    known = rows is rows.wide if in_float64 is None else in_float64
    with np.errstate(invalid="ignore"):
        lower = value - gap
    found: HostArray = np.where(known & np.isfinite(lower), lower, -np.inf)
    return found


def computed_lower_bounds(
    objective: Objective, solution: Solution, gap_bound: GapBound, enough: HostArray
) -> HostArray:
    """Compute the bounds (G,) from the parameters before they were stored; -inf without a penalty.

    Parameters
    ----------
    objective : Objective
        With rows in float64.
    solution : Solution
    gap_bound : GapBound
    enough : numpy.ndarray (G,)
        What the distances of the parameters from the optima should be; infinite for groups that
        need no sharper bound.
    """
    if not objective.strongly_convex:
        return np.full(solution.status.shape, -np.inf)
    value, gap = sharp_gaps(objective, solution.theta, gap_bound, enough)
    return value - gap


def sharp_gaps(
    objective: Objective, theta: Array, gap_bound: GapBound, enough: HostArray
) -> tuple[HostArray, HostArray]:
    """Compute values and bounds of gaps (G,) as sharp as the solvers': by curved rows or pairs.

    Parameters
    ----------
    objective : Objective
        With rows in float64, and a penalty.
    theta : array (G, K, q)
    gap_bound : GapBound
    enough : numpy.ndarray (G,)
        What the gaps should be; infinite for groups that need no sharper bound.
    """
    xp = objective.context.xp
    sharp: dict[str, Any] = {}
    if objective.context.library.is_host:
        sharp = {"enough": enough, "estimate": 0.0 * enough}
        if objective.classes > 1 and keeps_logits(objective):
            sharp["logits"] = objective.logits(theta)
    evaluation = objective.evaluate(theta)
    gap = gap_bound(objective, evaluation, theta, **sharp)
    value, gap = to_host(xp.stack([evaluation.value, gap]))
    return value, gap


def logit_errors(squares: HostArray) -> HostArray:
    """Bound the rounding errors of logits, in units of eps, from squared sums of their terms."""
    with np.errstate(over="ignore", invalid="ignore"):
        sizes: HostArray = LOGIT_ROUNDINGS * np.sqrt(squares)
    return sizes


def gap_above(
    objective: Objective, lower: HostArray, value: HostArray, errors: HostArray
) -> HostArray:
    """Bound gaps (G,) by the distances of the objectives from lower bounds of the optima.

    ``errors`` are those of the logits, in units of eps. They and the rounding of the two values are
    added.
    """
    total = objective.data.max_sample_weight * objective.rows.shape[0]
    eps = float(np.finfo(np.float64).eps)
    with np.errstate(invalid="ignore", over="ignore"):
        rounding = VALUE_ROUNDINGS * np.abs(value) + errors * np.sqrt(np.abs(value) * total)
        above: HostArray = np.maximum(value - lower, 0.0) + eps * rounding
    return np.where(np.isfinite(above), above, np.inf)
