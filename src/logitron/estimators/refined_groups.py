"""The groups of a fit that a fast solver left unproven, refined one by one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from logitron.automatic.refinement import (
    Refined,
    n_affordable_steps,
    refine,
    standardised,
    unstandardised,
)
from logitron.backend.types import HostArray
from logitron.objective import Objective
from logitron.solvers import (
    Callback,
    Iteration,
    Solution,
    Status,
    map_iterations,
    put_groups,
    remember,
)

__all__ = ["Options", "refine_groups"]


@dataclass(frozen=True)
class Options:
    """Settings of a refinement.

    Parameters
    ----------
    relative : float
        Target of the gap, relative to the optimum.
    most : int
        Iterations of the fast solver and of the refinement together, at most.
    interruptible : bool
        Whether Ctrl-C keeps the iterations made so far.
    stored : {"float32", "float64"}
        Precision in which the coefficients will be stored.
    """

    relative: float
    most: int
    interruptible: bool
    stored: str

    def steps(self, objective: Objective, n_before: int) -> int:
        """Return the steps of refinement after iterations of the fast solver."""
        left = max(self.most - n_before, 0)
        if objective.classes == 1 or not objective.strongly_convex:
            return left
        return min(left, n_affordable_steps(objective))

    def status(self, found: Refined, n_iter: int) -> Status:
        """Return the status of a group after refinement."""
        if found.gap <= self.relative * (found.value - found.gap):
            return Status.CONVERGED
        if not found.stalled and n_iter >= self.most:
            return Status.MAX_ITER
        return Status.AT_PRECISION


def refine_groups(
    objective: Objective,
    solution: Solution,
    groups: HostArray,
    options: Options,
    callback: Callback = None,
) -> tuple[Solution, list[int]]:
    """Refine groups one by one, by damped Newton steps; return those with parameters of their own.

    Parameters
    ----------
    objective : Objective
        Of all groups.
    solution : Solution
        Of all groups.
    groups : numpy.ndarray (g,)
    options : Options
    callback : callable, optional
        Receives iterations with coefficients and intercepts of all groups.
    """
    context, relative = objective.context, options.relative
    scaled, unscaled = None, unstandardised(objective)
    theta, status = solution.theta, solution.status.copy()
    gaps = solution.gap if solution.gap is not None else np.full(len(status), np.inf)
    gaps, n_iter = gaps.copy(), solution.n_iter.copy()
    last = solution.loss_curve[-1].copy()
    running_away, done = dict(solution.running_away), []
    if not objective.strongly_convex:
        gaps = np.full(len(status), np.inf)
    for group in groups.tolist():
        index = context.asarray(np.asarray([group]), keep_dtype=True)
        own = objective.take(np.asarray([group]))
        is_finite = bool(np.isfinite(last[group]))
        start = context.xp.take(theta, index, axis=0) if is_finite else own.start()
        found, n_before = None, int(n_iter[group])
        named: dict[str, Any] = {"relative": relative, "group": group}
        try:
            if unscaled is not None and is_finite:
                make = partial(refine, unscaled, *own.split(start), max_iter=0, **named)
                found = remember("bound", make)
            if found is None or not found.gap <= relative * (found.value - found.gap):
                scaled = scaled or standardised(objective)
                named |= {"max_iter": options.steps(objective, n_before), "stored": options.stored}
                change = partial(
                    _continued, n_before=n_before, parameters=partial(objective.split, theta)
                )
                on_iteration = map_iterations(callback, change)
                make = partial(
                    refine, scaled, *own.split(start), on_iteration=on_iteration, **named
                )
                found = remember("refinement", make, unless=lambda one: one.stopped)
        except KeyboardInterrupt:
            if not options.interruptible:
                raise
            status[group] = Status.STOPPED
            break
        if not np.isfinite(found.value):
            continue
        refined = own.start(found.coef, found.intercept)
        theta = put_groups(theta, np.asarray([group]), refined, context)
        last[group], gaps[group] = found.value, found.gap
        done.append(group)
        n_iter[group] += found.n_iter
        status[group] = options.status(found, int(n_iter[group]))
        if status[group] != Status.CONVERGED and found.separation is not None:
            complete = found.separation.complete
            status[group] = Status.SEPARABLE if complete else Status.QUASI_SEPARABLE
            columns, features = objective.layout.columns, found.separation.features
            running_away[group] = features if columns is None else columns[features]
        if found.stopped:
            status[group] = Status.STOPPED
            break
    curve = np.concatenate([solution.loss_curve, last[None, :]])
    solution = replace(
        solution,
        theta=theta,
        status=status,
        gap=gaps,
        n_iter=n_iter,
        loss_curve=curve,
        running_away=running_away,
        proven=True,
        as_evaluated=solution.as_evaluated or len(groups) == len(status),
    )
    return solution, done


def _continued(iteration: Iteration, *, n_before: int, parameters: Callable[[], Any]) -> Iteration:
    """Add the iterations before refinement, and replace the parameters by those of all groups."""
    return replace(iteration, number=n_before + iteration.number, parameters=parameters)
