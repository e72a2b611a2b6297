"""The groups of a fit that a fast solver left unproven, refined one by one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from logitron.automatic.refinement import (
    Refined,
    n_affordable_steps,
    refine,
    standardised,
    unstandardised,
)
from logitron.backend.types import Array, HostArray
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

__all__ = ["RefinementOptions", "refine_groups"]


@dataclass(frozen=True)
class RefinementOptions:
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
        if found.stopped:
            return Status.STOPPED
        if found.is_proven(self.relative):
            return Status.CONVERGED
        if found.separation is not None:
            complete = found.separation.complete
            return Status.SEPARABLE if complete else Status.QUASI_SEPARABLE
        if not found.stalled and n_iter >= self.most:
            return Status.MAX_ITER
        return Status.AT_PRECISION


def refine_groups(
    objective: Objective,
    solution: Solution,
    groups: HostArray,
    options: RefinementOptions,
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
    options : RefinementOptions
    callback : callable, optional
        Receives iterations with coefficients and intercepts of all groups.
    """
    refinement = _Refinement(objective, options, callback)
    outcomes = _Outcomes.of(objective, solution)
    for group in groups.tolist():
        try:
            found = refinement.of(group, outcomes)
        except KeyboardInterrupt:
            if not options.interruptible:
                raise
            outcomes.status[group] = Status.STOPPED
            break
        if not np.isfinite(found.value):
            continue
        outcomes.put(group, found, options)
        if found.stopped:
            break
    return outcomes.put_into(solution, len(groups)), outcomes.done


@dataclass
class _Outcomes:
    """What became of each group so far: parameters, and arrays (G,) on the host."""

    objective: Objective
    theta: Array
    status: HostArray
    gap: HostArray
    n_iter: HostArray
    value: HostArray
    running_away: dict[int, HostArray]
    done: list[int] = field(default_factory=list)
    """Groups that have refined parameters."""

    @classmethod
    def of(cls, objective: Objective, solution: Solution) -> "_Outcomes":
        """Begin with what a fast solver found."""
        status, gap = solution.status.copy(), solution.gap
        if gap is None or not objective.strongly_convex:  # (nothing is proven without a penalty)
            gap = np.full(len(status), np.inf)
        last, n_iter = solution.loss_curve[-1].copy(), solution.n_iter.copy()
        away = dict(solution.running_away)
        return cls(objective, solution.theta, status, gap.copy(), n_iter, last, away)

    def put(self, group: int, found: Refined, options: RefinementOptions) -> None:
        """Replace the outcome of a group."""
        objective = self.objective
        some = np.asarray([group])
        refined = objective.take(some).start(found.coef, found.intercept)
        self.theta = put_groups(self.theta, some, refined, objective.context)
        self.value[group], self.gap[group] = found.value, found.gap
        self.n_iter[group] += found.n_iter
        self.status[group] = options.status(found, int(self.n_iter[group]))
        self.done.append(group)
        if found.separation is not None and not found.is_proven(options.relative):
            columns, features = objective.layout.columns, found.separation.features
            self.running_away[group] = features if columns is None else columns[features]

    def put_into(self, solution: Solution, count: int) -> Solution:
        """Return the solution with these outcomes, after ``count`` groups were to be refined."""
        return replace(
            solution,
            theta=self.theta,
            status=self.status,
            gap=self.gap,
            n_iter=self.n_iter,
            loss_curve=np.concatenate([solution.loss_curve, self.value[None, :]]),
            running_away=self.running_away,
            proven=True,
            as_evaluated=solution.as_evaluated or count == len(self.status),
        )


@dataclass
class _Refinement:
    """The refinement of one group at a time."""

    objective: Objective
    options: RefinementOptions
    callback: Callback

    def of(self, group: int, outcomes: _Outcomes) -> Refined:
        """Bound the gap of a group where it is, and refine it if that does not prove it."""
        objective, relative = self.objective, self.options.relative
        some, context = np.asarray([group]), objective.context
        own, is_finite = objective.take(some), bool(np.isfinite(outcomes.value[group]))
        index = context.asarray(some, keep_dtype=True)
        start = context.xp.take(outcomes.theta, index, axis=0) if is_finite else own.start()
        parts = own.split(start)
        named: dict[str, Any] = {"relative": relative, "group": group}
        if self._unscaled is not None and is_finite:
            make = partial(refine, self._unscaled, *parts, max_iter=0, **named)
            found: Refined = remember("bound", make)
            if found.is_proven(relative):
                return found
        n_before, theta = int(outcomes.n_iter[group]), outcomes.theta
        whole = partial(objective.split, theta)
        change = partial(_continued, n_before=n_before, parameters=whole)
        named |= {"max_iter": self.options.steps(objective, n_before)}
        named |= {"stored": self.options.stored}
        named |= {"on_iteration": map_iterations(self.callback, change)}
        make = partial(refine, self._scaled, *parts, **named)
        refined: Refined = remember("refinement", make, unless=lambda one: one.stopped)
        return refined

    @cached_property
    def _unscaled(self) -> Objective | None:
        return unstandardised(self.objective)

    @cached_property
    def _scaled(self) -> Objective:
        return standardised(self.objective)


def _continued(iteration: Iteration, *, n_before: int, parameters: Callable[[], Any]) -> Iteration:
    """Add the iterations before refinement, and replace the parameters by those of all groups."""
    return replace(iteration.after(n_before), parameters=parameters)
