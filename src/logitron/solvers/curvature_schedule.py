"""When a preconditioner made of curvature is refreshed: when the curvature has changed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.row_schedule import Progress

__all__ = ["CurvatureSchedule", "CurvatureScheduleState"]


class CurvatureScheduleState(NamedTuple):
    """The state of the schedule."""

    curvature: HostArray | None = None
    """Summed curvature of each group (G,) when the model was made; None before that is known."""


@dataclass(frozen=True)
class CurvatureSchedule:
    """Settings.

    Parameters
    ----------
    change : float
        The model is refreshed when the logarithm of a group's summed curvature has changed by this.
    """

    change: float = 0.15

    def start(self) -> CurvatureScheduleState:
        """State before the first iteration."""
        return CurvatureScheduleState()

    def after(
        self, state: CurvatureScheduleState, progress: Progress
    ) -> tuple[bool, CurvatureScheduleState]:
        """Decide whether to refresh after an iteration."""
        now = progress.curvature
        if state.curvature is None or state.curvature.shape != now.shape:
            return state.curvature is not None, CurvatureScheduleState(now)
        with np.errstate(divide="ignore", invalid="ignore"):
            changed = np.abs(np.log(now / state.curvature)) > self.change
        return (True, CurvatureScheduleState(now)) if changed.any() else (False, state)

    def at_once(self, state: CurvatureScheduleState, wrong: float) -> None:
        """Never refresh because of a predicted decrease: lengths of steps are searched for."""
