"""Fits of sparse features, and of wide ones that are hardly correlated, one group at a time.

L-BFGS is preconditioned by the diagonal of the Hessian.

A product of a sparse matrix with many columns costs nearly as much as one product for each, and
groups need different numbers of iterations. So each group is fitted alone. The first iterations are
in float32, the last ones in float64, see `LogitQuasiNewton`.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from logitron.automatic.diagonal_models import diagonal_of_curvature
from logitron.automatic.one_by_one import minimize_one_by_one
from logitron.backend import ArrayContext
from logitron.backend.types import Array
from logitron.objective import LogitObjective, Objective
from logitron.reductions import is_flat
from logitron.solvers import (
    Callback,
    CurvatureSchedule,
    Float32Limits,
    LogitQuasiNewton,
    RingHistory,
    SlopeSearch,
    Solution,
    Status,
    Stopping,
    map_iterations,
    ring_size,
)

__all__ = ["in_blocks", "is_diagonal", "minimize_on_hessian_diagonal"]

#: part of the first slope that the slope at the end of a line search may have: a trial costs more
#: for softmax groups, whose exponentials take as long as their products
SHRINK_BINARY, SHRINK_SOFTMAX = 0.1, 0.3
#: rounding of the values, times so much, down to which float32 leads: sparse products cost nearly
#: as much in float64
FINEST = 16.0


def is_diagonal(objective: Objective) -> bool:
    """Whether the Hessian's diagonal is the better model of wide features than their spectrum.

    It is for features that are hardly correlated. One group at a time, on the host: for many, dense
    products cost less together.
    """
    alone = objective.groups == 1 and objective.rows.context.library.is_host
    return alone and is_flat(objective, standardised=True)


def minimize_on_hessian_diagonal(
    objective: Objective,
    theta: Array,
    *,
    gap_bound: Callable[..., Array] | None,
    max_iter: int,
    tol: float,
    warm: bool = False,
    interruptible: bool = False,
    callback: Callback = None,
) -> Solution:
    """Minimise from ``theta (G, K, q)``."""
    solver = LogitQuasiNewton(
        diagonal_of_curvature,
        CurvatureSchedule(),
        history=_ring,
        gap_bound=gap_bound,
        max_iter=max_iter,
        interruptible=interruptible,
        float32=Float32Limits(finest=FINEST),
        stopping=Stopping.stored(tol, objective.rows.context.precision),
        search=SlopeSearch(
            shrink=SHRINK_BINARY if objective.classes == 1 else SHRINK_SOFTMAX, longest_first=1.0
        ),
    )
    rows = objective.rows.in_float32()
    rough = objective if rows is None else objective.with_data(rows=rows)
    if objective.groups == 1:
        return solver.minimize(LogitObjective.of(rough), theta, callback=callback)

    def minimize(own: Objective, start: Array, callback: Callback) -> Solution:
        return solver.minimize(LogitObjective.of(own), start, callback=callback)

    return minimize_one_by_one(
        rough, theta, minimize, warm=warm, interruptible=interruptible, callback=callback
    )


def _ring(context: ArrayContext, theta: Array) -> RingHistory:
    G, K, q = theta.shape
    return RingHistory(G, K * q, ring_size(G * K * q))


def in_blocks(
    objective: Objective,
    theta: Array,
    solution: Solution,
    minimize: Callable[[Objective, Array, int, Callback], tuple[Solution, Objective]],
    callback: Callback = None,
) -> Solution:
    """Minimise groups that did not converge in dense blocks of their features, from ``theta``.

    Features that are correlated and few are not what a diagonal is good for. ``minimize`` returns a
    solution, and the objective whose parameters it has.
    """
    left = np.flatnonzero(solution.status != Status.CONVERGED)
    spent, context = int(solution.n_iter.max()), objective.context
    part = objective.with_data(rows=objective.rows.in_blocks()).take(left)
    start = context.xp.take(theta, context.asarray(left, keep_dtype=True), axis=0)
    observer = map_iterations(callback, lambda one: one.after(spent))
    found, own = minimize(part, start, spent, observer)
    moved = found.moved(part.start(*own.split(found.theta)))
    whole = solution.replaced(left, moved, context, after=spent)
    return replace(whole, as_evaluated=False)
