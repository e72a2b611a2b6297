"""The descent of one group, where the host can look at numbers for nothing.

The same rules as those of `quasi_newton`, `steps` and `memory`, which serve many groups on any
device, in plain numbers: a third of the calls. Of a thousand rows, calls are most of what a fit
costs. (Where steps are refused, what is remembered differs: there, a step of zeros takes the place
of one.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, isfinite, sqrt
from typing import Any

import numpy as np

from logitron.solvers.loop import descend
from logitron.solvers.quasi_newton import (
    AS_FORESEEN,
    FLAT_MISSES,
    MOST_MISSES,
    NEAR,
    NO_ROUNDING,
    NOTHING,
    POLISHED,
    SEPARATED,
    STANDING,
    TINY,
    Curvature,
    Progress,
)
from logitron.solvers.result import Iteration, Solution, Status
from logitron.solvers.steps import GROWTH, LONGEST, MOST, NOISE, SHORTEST, SUFFICIENT

__all__ = ["Alone"]

Array = Any


@dataclass(frozen=True)
class Alone:
    """Settings of the descent; see `QuasiNewton`."""

    curvature: Curvature
    tol: float = 1e-4
    gap: float = 0.0
    max_iter: int = 200
    polish: bool = True
    bounds: bool = True
    interruptible: bool = False

    @staticmethod
    def suits(objective: Any) -> bool:
        """Whether a function is one that this descent is for."""
        free: bool = objective.context.library.is_host
        return free and objective.groups == 1 and not objective.supports_float32

    def minimize(
        self,
        objective: Any,
        theta: Array,
        *,
        preconditioner: Any = None,
        on_iteration: Callable[[Iteration], bool | None] | None = None,
    ) -> tuple[Solution, Any]:
        """Descend from ``theta (1, K, q)`` until the group is done; see `QuasiNewton.minimize`."""
        run = _Run(self, objective, theta, preconditioner)
        return run.solution(descend(run, self, on_iteration)), run.preconditioner


class _Run:
    """One descent."""

    def __init__(self, settings: Alone, objective: Any, theta: Array, preconditioner: Any) -> None:
        self.settings, self.objective, self.preconditioner = settings, objective, preconditioner
        self.bounded = settings.bounds and objective.bounded
        self.iteration, self.status = 0, None if settings.max_iter else Status.MAX_ITER
        self.progress = Progress(0, 1, 0)
        asked = settings.curvature.ask(self.progress)
        evaluation = objective.evaluate(theta, asked, preconditioner)
        self.theta, self.grad = theta, evaluation.grad
        self.value = float(evaluation.value[0])
        self.heading = 0.0 * theta
        self.memory = _Memory()
        self.gap, self.reported_gap = inf, inf
        self.step, self.slope, self.misses = 1.0, -inf, 0
        self.best, self.least, self.stuck = inf, inf, 0
        self.reached = self.near = False
        self.before = inf
        self.values: list[float] = []
        moved = isfinite(self.value)
        self._look(evaluation, moved=moved)
        if self.running:
            self._turn(evaluation, theta, asked, moved=moved)

    @property
    def running(self) -> bool:
        return self.status is None

    def told(self) -> Iteration:
        return Iteration(
            self.iteration, np.asarray([self.value]), int(self.running), lambda: self.theta
        )

    def advance(self) -> None:
        """One iteration: `steps.step`, then `steps.turn`."""
        curvature = self.settings.curvature
        self.iteration += 1
        self.progress.iteration = self.iteration
        asked = curvature.ask(self.progress)
        step, slope = self.step, self.slope
        trial = self.theta + step * self.heading
        evaluation = self.objective.evaluate(trial, asked, self.preconditioner)
        value, grad = float(evaluation.value[0]), evaluation.grad
        change, along = value - self.value, _dot(grad, self.heading)
        falls = change <= SUFFICIENT * step * slope
        noise = NOISE * self.objective.eps * abs(self.value)
        flat = abs(change) <= noise and abs(along) <= -slope
        moved = isfinite(value + along) and (falls or flat)
        if moved:
            gap = inf
            if self.near and self.bounded:
                square = self.settings.tol**2
                enough = square / (1.0 + square) * value
                if not self.reached and -0.5 * slope > enough:  # then it is to be polished
                    enough *= POLISHED
                bound = self.objective.bound(evaluation, trial, before=self.before, enough=enough)
                gap = float(bound[0])
            if curvature.memory:
                self.memory.remember(trial - self.theta, grad - self.grad, most=curvature.memory)
            self.theta, self.value, self.grad, self.gap = trial, value, grad, gap
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
        if self.running:
            self._turn(evaluation, trial, asked, moved=moved)

    def _turn(self, evaluation: Any, theta: Array, asked: str, *, moved: bool) -> None:
        """Choose a new direction if the group moved, with what is new of the curvature."""
        self.progress.since_refresh += 1
        curvature = self.settings.curvature
        if asked != "intercept" or (self.iteration == 0 and curvature.coarse):
            whole = asked in ("block_diagonal", "full")
            if moved or curvature.memory:  # without a memory, there is a new one in every step
                self.preconditioner = self.objective.preconditioner(
                    evaluation,
                    theta,
                    self.preconditioner if curvature.memory else None,
                    np.asarray([moved]),
                    reuse=whole and curvature.reuses,
                )
            self.progress.since_refresh *= not whole
        if not moved:
            return
        if curvature.memory == 0:  # it may have forgotten on the way
            self.memory = _Memory()
        heading = self.memory.direction(
            self.grad, self.preconditioner, solve=self.objective.solve, rescales=curvature.rescales
        )
        slope = _dot(self.grad, heading)
        if not slope < 0.0:
            # rounding can spoil a model; down the slope, as far as the last step went, is always
            # a way
            squares = _dot(self.grad, self.grad)
            reach = _dot(self.heading, self.heading) / (squares if squares > 0.0 else 1.0)
            heading, slope = -sqrt(reach) * self.grad, -sqrt(reach) * squares
        self.heading, self.slope = heading, slope

    def _look(self, evaluation: Any, *, moved: bool) -> None:
        """Decide whether the group is done; see `quasi_newton`."""
        settings = self.settings
        value, size, estimate = self.value, abs(self.value), -0.5 * self.slope
        fell = self.values[-1] - value if self.values else -inf
        self.values.append(value)
        # without a bound, an estimate
        self.reported_gap = gap = self.gap if self.bounded or isfinite(self.gap) else estimate
        target = max(settings.tol**2 * (value - gap), settings.gap)
        if self.objective.bounded and size <= NOTHING:
            target = inf
        met = moved and gap <= target
        near = estimate <= STANDING * size or (self.misses > 0 and self.least <= STANDING * size)
        if met or near or self.misses or not isfinite(value):
            noise = NOISE * self.objective.eps * size
            flat = estimate <= noise
            polished = self.reached or gap <= POLISHED * target or estimate <= target
            if met and (polished or not (settings.polish and self.bounded)):
                self._end(Status.CONVERGED)
            self.reached |= met
            goes_on = fell >= AS_FORESEEN * max(estimate, NO_ROUNDING * noise)
            falls = gap < 0.5 * self.best or estimate < 0.5 * self.least
            improves = moved and (goes_on or falls)
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
        if not self.objective.bounded and size < SEPARATED and float(evaluation.errors[0]) == 0.0:
            self._end(Status.SEPARABLE)
        self.before = estimate
        self.near = estimate <= NEAR * size
        goal = max(settings.tol**2 * size, settings.gap) + TINY
        self.progress.history.append(min(estimate, size) / goal)

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
            np.asarray([len(self.values) - 1], np.int32),
            np.asarray(self.values)[:, None],
            np.asarray([self.reported_gap]),
        )


class _Memory:
    """The last steps, and the changes of the derivative along them; see `memory`."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Array, Array, float]] = []

    def remember(self, step: Array, change: Array, *, most: int) -> None:
        """Add a step, and the change along it, if that says something of the curvature."""
        product = _dot(step, change)
        sizes = _dot(step, step) * _dot(change, change)
        if product > 0.0 and product * product > np.finfo(step.dtype).eps ** 2 * sizes:
            self.pairs = [*self.pairs, (step, change, product)][-most:]

    def direction(
        self,
        grad: Array,
        preconditioner: Any,
        *,
        solve: Callable[[Any, Array], Array],
        rescales: bool,
    ) -> Array:
        """Choose the direction by the two loops of Nocedal and Wright, algorithm 7.4.

        References
        ----------
        J. Nocedal, S. J. Wright, "Numerical Optimization", Springer 2006.
        """
        way, alphas = grad, []
        for step, change, product in reversed(self.pairs):
            alpha = _dot(step, way) / product
            way = way - alpha * change
            alphas.append(alpha)
        way = solve(preconditioner, way)
        if rescales and self.pairs:
            _, change, product = self.pairs[-1]
            size = _dot(change, solve(preconditioner, change))
            way = way * (product / size if size > 0.0 else 1.0)
        for (step, change, product), alpha in zip(self.pairs, reversed(alphas), strict=True):
            way = way + (alpha - _dot(change, way) / product) * step
        return -way


def _dot(left: Array, right: Array) -> float:
    """Inner product."""
    return float(np.vdot(left, right))
