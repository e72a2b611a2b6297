"""Newton's method for one group, where the host can look at numbers for nothing.

The same rules as those of `quasi_newton` and `steps`, which serve many groups on any device, in
plain numbers: a third of the calls. Of a thousand rows, calls are most of what a fit costs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, isfinite, sqrt
from typing import Any

import numpy as np

from logitron.solvers.loop import descend
from logitron.solvers.quasi_newton import (
    FLAT_MISSES,
    MOST_MISSES,
    NEAR,
    POLISHED,
    SEPARATED,
    STANDING,
)
from logitron.solvers.status import Iteration, Solution, Status
from logitron.solvers.steps import GROWTH, LONGEST, MOST, NOISE, SHORTEST, SUFFICIENT

__all__ = ["Newton"]

Array = Any


@dataclass(frozen=True)
class Newton:
    """Settings of the descent; see `QuasiNewton`."""

    tol: float = 1e-4
    max_iter: int = 200
    interruptible: bool = False

    def minimize(
        self,
        objective: Any,
        theta: Array,
        *,
        on_iteration: Callable[[Iteration], bool | None] | None = None,
    ) -> Solution:
        """Descend from ``theta (1, K, q)`` until the group is done; see `QuasiNewton.minimize`."""
        run = _Run(self, objective, theta)
        stopped = descend(
            run,
            max_iter=self.max_iter,
            interruptible=self.interruptible,
            on_iteration=on_iteration,
        )
        return run.solution(stopped)


class _Run:
    """One descent."""

    def __init__(self, settings: Newton, objective: Any, theta: Array) -> None:
        self.settings, self.objective = settings, objective
        self.iteration, self.status = 0, None if settings.max_iter else Status.MAX_ITER
        self.theta = theta
        evaluation = objective.evaluate(theta, "hessian")
        self.value = float(evaluation.value[0])
        self.by_theta = evaluation.by_theta
        self.heading = 0.0 * theta
        self.gap, self.step, self.slope, self.misses = inf, 1.0, -inf, 0
        self.best, self.least, self.stuck = inf, inf, 0
        self.reached = self.near = False
        self.before = inf
        self.values: list[float] = []
        self._look(evaluation, moved=isfinite(self.value))
        if self.running:
            self._turn(evaluation)

    @property
    def running(self) -> bool:
        return self.status is None

    def told(self) -> Iteration:
        return Iteration(
            self.iteration, np.asarray([self.value]), int(self.running), lambda: self.theta
        )

    def advance(self) -> None:
        """One iteration: `steps.step`, then `steps.turn`."""
        self.iteration += 1
        step, slope = self.step, self.slope
        trial = self.theta + step * self.heading
        evaluation = self.objective.evaluate(trial, "hessian")
        value, by_theta = float(evaluation.value[0]), evaluation.by_theta
        change, along = value - self.value, _dot(by_theta, self.heading)
        falls = change <= SUFFICIENT * step * slope
        noise = NOISE * self.objective.eps * abs(self.value)
        flat = abs(change) <= noise and abs(along) <= -slope
        moved = isfinite(value + along) and (falls or flat)
        if moved:
            gap = inf
            if self.near and self.objective.bounded:
                gap = float(self.objective.bound(evaluation, trial, before=self.before)[0])
            self.theta, self.value, self.by_theta, self.gap = trial, value, by_theta, gap
            self.misses = 0
            # longer than the model says, where the slope shrinks no faster than it does when all
            # margins grow alike
            fading = along <= GROWTH * exp(-step) * slope
            # where this one had to be shortened, the model is off by as much
            between = step * slope / (slope - along) if along > slope and step < 1.0 else 1.0
            self.step = (step + 1.0 if step < MOST else step) if fading else min(between, 1.0)
        else:
            self.misses += 1
            # the minimum of the parabola through what is known of the line, within limits
            excess = change - step * slope
            shorter = (
                -0.5 * slope * step * step / excess if isfinite(excess) and excess > 0 else 0.0
            )
            self.step = min(max(shorter, SHORTEST * step), LONGEST * step)
        self._look(evaluation, moved=moved)
        if self.running and moved:
            self._turn(evaluation)

    def _turn(self, evaluation: Any) -> None:
        """Choose a new direction."""
        metric = self.objective.metric(evaluation, self.theta, None, None)
        heading = -self.objective.solve(metric, self.by_theta)
        slope = _dot(self.by_theta, heading)
        if not slope < 0.0:
            # rounding can spoil a model; down the slope, as far as the last step went, is always
            # a way
            squares = _dot(self.by_theta, self.by_theta)
            reach = _dot(self.heading, self.heading) / (squares if squares > 0.0 else 1.0)
            heading, slope = -sqrt(reach) * self.by_theta, -sqrt(reach) * squares
        self.heading, self.slope = heading, slope

    def _look(self, evaluation: Any, *, moved: bool) -> None:
        """Decide whether the group is done; see `quasi_newton`."""
        settings, bounded = self.settings, self.objective.bounded
        value, size, estimate = self.value, abs(self.value), -0.5 * self.slope
        self.values.append(value)
        if not bounded and not isfinite(self.gap):
            self.gap = estimate
        gap = self.gap
        target = max(settings.tol**2 * (value - gap), 0.0)
        met = moved and gap <= target
        near = estimate <= STANDING * size or (self.misses > 0 and self.least <= STANDING * size)
        if met or near or self.misses or not isfinite(value):
            flat = estimate <= NOISE * self.objective.eps * size
            polished = not bounded or self.reached or gap <= POLISHED * target or estimate <= target
            if met and polished:
                self._end(Status.CONVERGED)
            self.reached |= met
            improves = moved and (gap < 0.5 * self.best or estimate < 0.5 * self.least)
            if moved:
                self.best, self.least = min(self.best, gap), min(self.least, estimate)
            self.stuck = 0 if improves or not near else self.stuck + 1
            over = self.stuck >= (3 if flat else 12) or (self.misses > FLAT_MISSES and flat)
            if over:
                self._end(Status.CONVERGED if self.reached else Status.AT_PRECISION)
            if self.misses > MOST_MISSES:
                self._end(Status.STALLED)
            if not isfinite(value):
                self._end(Status.DIVERGED)
        if not bounded and size < SEPARATED and float(evaluation.errors[0]) == 0.0:
            self._end(Status.SEPARABLE)
        self.before = estimate
        self.near = estimate <= NEAR * size

    def _end(self, status: Status) -> None:
        if self.status is None:
            self.status = status

    def solution(self, stopped: bool) -> Solution:
        """Tell how the descent ended."""
        status = self.status
        if status is None:
            status = Status.STOPPED if stopped else Status.MAX_ITER
        return Solution(
            self.theta,
            np.asarray([status]),
            np.asarray([self.iteration], np.int32),
            np.asarray(self.values)[:, None],
            np.asarray([self.gap]),
        )


def _dot(left: Array, right: Array) -> float:
    """Inner product."""
    return float((left * right).sum())
