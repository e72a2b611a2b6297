"""Bounds of the distance from the minimum, in fits on kept logits: when one is worth its cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.solvers.logit_line import LogitPoint
from logitron.solvers.logit_state import LogitState, ObjectiveOfLogits
from logitron.solvers.stopping import Progress, Stopping

__all__ = ["LogitBounds", "Seen"]


class Seen(NamedTuple):
    """What the steps before the last one showed of each group (G,)."""

    running: HostArray
    """Whether it is not done."""
    value: HostArray
    """Objective before the last step."""
    decrement: HostArray
    """Estimate of the distance from the minimum before it."""
    progress: Progress
    least: float
    """The least estimate before the step before that."""

    @classmethod
    def of(cls, state: LogitState) -> "Seen":
        """Read a state before its step."""
        decrement = -0.5 * state.slope
        return cls(~state.record.done, state.value, decrement, state.progress, state.decrement)


@dataclass(frozen=True)
class LogitBounds:
    """Settings.

    Parameters
    ----------
    gap_bound : callable, optional
        See `LogitQuasiNewton`; without it, there are no bounds.
    stopping : Stopping
    below : float
        Groups are bounded when their decrement is at most so many times their target.
    """

    gap_bound: Callable[..., Array] | None
    stopping: Stopping
    below: float

    def pay(self, objective: ObjectiveOfLogits, seen: Seen) -> bool:
        """Whether a group is so near its minimum that a bound may end it."""
        if self.gap_bound is None or not objective.strongly_convex:
            return False
        ratio = self.stopping.ratio(np, seen.value, seen.decrement)
        return bool((ratio <= self.below)[seen.running].any())

    def at(self, objective: ObjectiveOfLogits, point: LogitPoint, seen: Seen) -> HostArray:
        """Bound the distance (G,) after a step; infinite if rounding leaves no bound a chance."""
        assert self.gap_bound is not None
        known: dict[str, Any] = {"before": seen.least}
        if objective.context.library.is_host:
            if self._is_rounded(objective, point, seen):
                return np.full(objective.groups, np.inf)
            enough = self.stopping.sufficient_gap(np, point.value, seen.decrement, seen.progress)
            known["enough"] = enough
            known["estimate"] = np.where(seen.running, seen.decrement, np.inf)
            known["logits"] = point.logits
        return to_host(self.gap_bound(objective, point.evaluation, point.theta, **known))

    def _is_rounded(self, objective: ObjectiveOfLogits, point: LogitPoint, seen: Seen) -> bool:
        """Whether the bounds of points without a slope, in float32, exceed the wanted distance."""
        if not objective.eps > np.finfo(np.float64).eps:
            return False
        assert self.gap_bound is not None
        flat = point.evaluation._replace(grad=0.0 * point.evaluation.grad)
        least = to_host(self.gap_bound(objective, flat, point.theta))
        target = self.stopping.target(np, point.value, least, attained=True)
        return not (least <= target)[seen.running].any()
