"""What line searches on kept logits compute: losses along rays, and points that are evaluated."""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.solvers.logit_state import LogitState, ObjectiveOfLogits

__all__ = ["LogitLine", "LogitPoint", "along", "evaluated", "evaluated_near", "read"]

#: Part of a value by which it may grow by rounding.
ROUNDING = 1e-13


class LogitLine(NamedTuple):
    """The groups without a step length yet, their logits and those of their directions."""

    objective: ObjectiveOfLogits
    logits: Array
    change: Array
    groups: HostArray

    @classmethod
    def of(cls, objective: ObjectiveOfLogits, logits: Array, change: Array) -> "LogitLine":
        """Begin with all groups."""
        return cls(objective, logits, change, np.arange(objective.groups))

    def along(self, step_size: HostArray) -> tuple[HostArray, HostArray]:
        """Loss and slope of each group (g,) at step sizes (g,)."""
        context = self.objective.context
        found = self.objective.along(self.logits, self.change, context.asarray(step_size))
        loss, slope = read(context, *found)
        return loss, slope

    def without(self, done: HostArray) -> "LogitLine":
        """Leave out the groups that are done (G,), if those are at least half of those here."""
        left = np.flatnonzero(~done[self.groups])
        if 2 * len(left) > len(self.groups):
            return self
        take = self.objective.take_logits
        parts = take(self.logits, left), take(self.change, left)
        return LogitLine(self.objective.take(left), *parts, self.groups[left])


class LogitPoint(NamedTuple):
    """Parameters, their logits, and what was evaluated there."""

    theta: Array
    logits: Array
    evaluation: Any
    value: HostArray
    unbounded: HostArray
    curvature: HostArray
    """Summed curvature of the logits (G,)."""


def along(context: ArrayContext, state: LogitState, step_size: HostArray) -> Array:
    """Parameters (G, K, q) at step lengths (G,) along the directions."""
    theta: Array = state.theta + context.asarray(step_size)[:, None, None] * state.direction
    return theta


def evaluated(objective: ObjectiveOfLogits, theta: Array, logits: Array) -> LogitPoint:
    """Evaluate an objective at parameters, and read its values."""
    evaluation, xp = objective.evaluate(theta, logits), objective.context.xp
    curvature = xp.sum(xp.linalg.diagonal(evaluation.intercept_hessian), axis=1)
    numbers = evaluation.value, evaluation.unbounded, curvature
    return LogitPoint(theta, logits, evaluation, *read(objective.context, *numbers))


def evaluated_near(
    objective: ObjectiveOfLogits, theta: Array, logits: Array, running: HostArray
) -> LogitPoint:
    """Evaluate an objective after a step in the intercepts, unless a running group gets worse.

    Near a minimum, bounds of the distance are loose by orders of magnitude in the intercepts, which
    have no penalty. The step costs no pass.
    """
    if not objective.has_intercept:
        return evaluated(objective, theta, logits)
    step = objective.with_newton_intercepts(theta, logits)
    point, (before,) = (
        evaluated(objective, step.theta, step.logits),
        read(objective.context, step.value),
    )
    most = before + max(ROUNDING, objective.eps) * np.abs(before)
    return point if (point.value <= most)[running].all() else evaluated(objective, theta, logits)


def read(context: ArrayContext, *numbers: Array) -> HostArray:
    """Bring numbers (G,) of the groups to the host, with one read."""
    if context.library.is_host:
        return np.asarray(numbers)
    found: HostArray = to_host(context.xp.stack(numbers))
    return found
