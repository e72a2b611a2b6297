r"""Newton's method for softmax groups whose linearisation lags behind: for classes that separate.

Newton's step linearises the loss of each row at the row's logits. Where classes can be separated,
most rows are saturated: their curvature is nearly zero, and a step moves them by tens or hundreds,
to where its model says nothing. Rows that saturate within one step stop holding the next one, and
a line search then ends at a hundredth of the step, because of the one row that went wrong.

Here each row has a point that its loss is linearised at, and the points follow the logits: a step
of Newton's method minimises the quadratic function of all rows, and then no log-probability of a
point moves by more than a constant :math:`c`,

.. math:: \theta \leftarrow \arg\min_\theta \sum_i q_i(x_i^\top \theta; \zeta_i)
   + \text{penalty}, \qquad
   \log p(\zeta_i) \leftarrow \log p(\zeta_i)
   + \max(-c, \min(c, \log p(x_i^\top \theta) - \log p(\zeta_i))) .

A row that a step carried far away still has the curvature that it had a factor of :math:`e^c`
before, and pulls back. Probabilities are variables of their own, as the dual ones of primal-dual
interior point methods are [1]_. Once the points have reached the logits, this is Newton's method,
with its quadratic convergence.

Where classes overlap, or features are of very unequal sizes, the points would go round in circles.
So a step ends where the objective along it stops falling. Where that is at once, the points no
longer describe the objective at the parameters: they are moved to the logits, from which a step
of Newton's method always descends.

References
----------
.. [1] S. J. Wright, "Primal-dual interior-point methods", SIAM 1997.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.solvers.base import Callback, run
from logitron.solvers.longest_descent import longest_descent
from logitron.solvers.record import Record
from logitron.solvers.result import Iteration, Solution, Status
from logitron.solvers.stopping import RUNNING, Iterate, Progress, Stopping

__all__ = ["LaggingNewton", "LinearisableObjective"]


class LinearisableObjective(Protocol):
    """An objective of one group that can be linearised row by row."""

    @property
    def context(self) -> ArrayContext:
        """Where parameters live."""

    @property
    def eps(self) -> float:
        """Relative precision of the values."""

    @property
    def strongly_convex(self) -> bool:
        """Whether there is a minimum and a bound of the distance from it."""

    def logits(self, theta: Array) -> Array:
        """Logits of parameters (1, K, q); linear."""

    def evaluate(self, theta: Array, logits: Array) -> Any:
        """Value (1,), gradient (1, K, q) and intercepts' Hessian at logits."""

    def value_and_slope(
        self, theta: Array, direction: Array, logits: Array, change: Array, step_size: float
    ) -> tuple[float, float]:
        """Value and slope at a part of a direction, whose logits are ``change``."""

    def step_to_minimum(
        self, theta: Array, logits: Array, points: Array, value: float, *, exact: bool
    ) -> Array:
        """Step (1, K, q) to the minimum of the function that is linearised at points.

        Rows that are too small to matter beside the ``value`` may be left out. Where the step has
        to be ``exact``, it may cost more.
        """

    def followed(self, points: Array, logits: Array, most: float, value: float) -> Array:
        """Points moved towards logits, no log-probability by more than ``most``.

        Beside the lowest ``value`` so far, some are too small to matter.
        """


class LaggingState(NamedTuple):
    """The state between two iterations."""

    objective: LinearisableObjective
    iteration: int
    theta: Array
    logits: Array
    points: Array
    value: HostArray
    """(1,)"""
    progress: Progress
    record: Record
    fresh: bool = True
    """Whether the points were moved to the logits."""
    exact: bool = False
    """Whether the next step has to be exact: where others were slow, or did not descend."""
    slow: bool = False
    """Whether the last step was a whole one near the minimum, and the estimate hardly fell."""
    ratio: float = np.inf
    """Estimated distance before the last step, as a multiple of the target."""
    settled: bool = False
    """Whether the estimated distance is far below the target."""


@dataclass(frozen=True)
class LaggingNewton:
    """Settings.

    Parameters
    ----------
    gap_bound : callable, optional
        ``gap_bound(objective, evaluation, theta, logits)`` bounds the distance of the value from
        the minimum (1,).
    max_iter : int, default 150
    interruptible : bool, default False
    most : float
        Change of a point's log-probabilities in an iteration, at most.
    settled : float
        Part of the target that the estimated distance must fall to, twice in a row, for the group
        to end without a proof.
    falling : float
        Part of itself that the bound must fall to in a step for the group not to end then.
    near, quick : float
        Steps are slow where the estimated distance is at most ``near`` times the target, a step is
        a whole one, and the estimate is more than ``quick`` times the one before. Rounding of a
        Hessian has that effect: directions of hardly any curvature get some.
    shortest : float
        Part of a step below which the points are moved to the logits.
    stopping : Stopping
    """

    gap_bound: Callable[..., Array] | None = None
    max_iter: int = 150
    interruptible: bool = False
    most: float = 4.0
    settled: float = 1e-3
    falling: float = 0.5
    near: float = 100.0
    quick: float = 0.3
    shortest: float = 1e-2
    stopping: Stopping = field(default_factory=Stopping)

    def minimize(
        self, objective: LinearisableObjective, theta: Array, *, callback: Callback = None
    ) -> Solution:
        """Minimise from ``theta (1, K, q)``."""
        with np.errstate(over="ignore", invalid="ignore"):
            state, stopped = run(self, self.init(objective, theta), callback)
        return state.record.solution(state.theta, objective.context, stopped=stopped)

    def init(self, objective: LinearisableObjective, theta: Array) -> LaggingState:
        """Evaluate the parameters to start from: the points are their logits."""
        logits = objective.logits(theta)
        value, _ = objective.value_and_slope(theta, 0.0 * theta, logits, 0.0 * logits, 0.0)
        start, infinite = np.full(1, value), np.full(1, np.inf)
        record = Record(1)
        record.add(0, start, infinite, RUNNING)
        points = objective.followed(logits, logits, np.inf, value)
        progress = Progress(infinite, infinite, np.zeros(1), np.zeros(1, bool))
        return LaggingState(objective, 0, theta, logits, points, start, progress, record)

    def step(self, state: LaggingState) -> LaggingState:
        """Go towards the minimum of the linearised function, and let the points follow."""
        objective, theta, logits = state.objective, state.theta, state.logits
        value = float(state.value[0])
        direction = objective.step_to_minimum(theta, logits, state.points, value, exact=state.exact)
        change = objective.logits(direction)
        ray = partial(objective.value_and_slope, theta, direction, logits, change)
        length, value, slope = longest_descent(ray, value)
        if length < self.shortest and not (state.fresh and state.exact):
            points = objective.followed(logits, logits, np.inf, float(state.value[0]))
            state.record.add(state.iteration + 1, state.value, np.full(1, np.inf), RUNNING)
            exact = state.exact or state.fresh
            return state._replace(
                iteration=state.iteration + 1, points=points, fresh=True, exact=exact
            )
        theta = theta + length * direction
        logits = objective.logits(theta)
        points = objective.followed(state.points, logits, self.most, value)
        after = state._replace(theta=theta, logits=logits, points=points, fresh=False)
        return self._judged(after, state.value - value, 0.5 * abs(slope), length)

    def _judged(
        self, state: LaggingState, decrease: HostArray, estimate: float, length: float
    ) -> LaggingState:
        """Decide whether a group is done; the ``estimate`` is of the distance before the step."""
        objective, iteration = state.objective, state.iteration + 1
        value, decrement = state.value - decrease, np.full(1, estimate)
        gap = np.full(1, np.inf)
        ratio = float(self.stopping.ratio(np, value, decrement)[0])
        if self.gap_bound is not None and objective.strongly_convex and ratio <= 1.0:
            evaluation = objective.evaluate(state.theta, state.logits)
            gap = _number(self.gap_bound(objective, evaluation, state.theta, state.logits))
        seen = Iterate(value, gap, decrement, decrease, np.ones(1, bool), np.zeros(1))
        status, progress = self.stopping.check(
            np, seen, state.progress, eps=objective.eps, attained=True, bounded=True
        )
        settled = ratio <= self.settled
        slow = ratio <= self.near and length == 1.0 and ratio > self.quick * state.ratio
        # (a bound that can be met falls by a part of itself in every step)
        over = settled and state.settled and not (gap < self.falling * state.record.gap).all()
        # (steps that are slow say little about the distance, unless they are exact)
        if (over and (state.exact or not slow)) or length == 0.0:
            status = np.where(status == RUNNING, Status.AT_PRECISION.value, status)
        state.record.add(iteration, value, gap, status)
        return state._replace(
            settled=settled,
            iteration=iteration,
            value=value,
            progress=progress,
            exact=slow and state.slow,
            slow=slow,
            ratio=ratio,
        )

    def is_running(self, state: LaggingState) -> bool:
        """Whether the group is left to be minimised, and its numbers are finite."""
        return state.record.n_running > 0 and bool(np.isfinite(state.value).all())

    def iterations(self, state: LaggingState) -> list[Iteration]:
        """Describe the last iteration, for callbacks."""
        context = state.objective.context
        return [state.record.describe(state.iteration, state.theta, context)]


def _number(array: Array) -> HostArray:
    """Bring one number to the host (1,)."""
    return np.reshape(np.asarray(to_host(array), np.float64), (1,))
