"""When the preconditioner of rows is refreshed, and of how many rows it is made."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["Progress", "RowSchedule", "RowScheduleState"]

#: Iterations that a refresh is worth, as a part of those that cost as much.
WORTH = 2.0


class Progress(NamedTuple):
    """What an iteration did, for a schedule."""

    iteration: int
    step_size: HostArray
    """Of each running group (g,)."""
    distance: float
    """Estimate of the distance from the minimum, relative to the value."""
    curvature: HostArray
    """Summed curvature of each group (G,)."""


class RowScheduleState(NamedTuple):
    """The state of the schedule."""

    rank: int
    """Rows of each column."""
    since: int = 0
    """Iterations since the last refresh."""
    in_trouble: bool = False
    """Whether that refresh was made because steps were short or the model was wrong."""
    helps: bool = True
    """Whether the last refresh of that kind lengthened the next step."""
    distance: float = float("inf")
    """Estimate of the distance from the minimum when the last period began."""


@dataclass(frozen=True)
class RowSchedule:
    """Settings.

    Parameters
    ----------
    rank, max_rank : int
        Rows of each column to begin with, and at most.
    first : frozenset of int
        Iterations after which it is refreshed in any case,
    period : int
        and after so many further iterations, or after as many as cost `WORTH` of a refresh,
    longest : int
        but no more than these.
    short : float
        Steps below this length are short: the model underestimates the curvature.
    quorum : float
        Part of the groups that must have a short step, or a wrong model, for a refresh at once.
    gain : float
        Factor by which the estimated distance must fall in a period; else the rank is doubled.
    width : int
        Features of each column's rows.
    evaluation : float
        Operations of an iteration for each column; infinite if refreshes cost nothing.
    """

    rank: int
    max_rank: int
    first: frozenset[int] = frozenset((1, 2, 4, 8))
    period: int = 6
    longest: int = 20
    short: float = 0.2
    quorum: float = 0.1
    gain: float = 4.0
    width: int = 0
    evaluation: float = float("inf")

    def start(self) -> RowScheduleState:
        """State before the first iteration."""
        return RowScheduleState(self.rank)

    def after(self, state: RowScheduleState, progress: Progress) -> tuple[bool, RowScheduleState]:
        """Decide whether to refresh after an iteration.

        Parameters
        ----------
        state : RowScheduleState
        progress : Progress

        Returns
        -------
        due : bool
        state : RowScheduleState
        """
        iteration, step_size, distance, _ = progress
        short = float(np.mean(step_size < self.short)) if len(step_size) else 0.0
        troubled, since = short > self.quorum, state.since + 1
        helps = state.helps
        if state.in_trouble and since == 1:
            helps = not troubled
        period = self._period(state.rank)
        scheduled = iteration in self.first or since >= period
        if scheduled:
            slow = since >= period and distance * self.gain > state.distance
            rank = min(2 * state.rank, self.max_rank) if slow else state.rank
            return True, RowScheduleState(rank, 0, False, True, distance)
        if troubled and helps and since >= self._soonest(state.rank):
            return True, state._replace(since=0, in_trouble=True, helps=helps)
        return False, state._replace(since=since, helps=helps, in_trouble=False)

    def at_once(self, state: RowScheduleState, wrong: float) -> RowScheduleState | None:
        """Decide whether a model that predicts impossible decreases is refreshed at once.

        ``wrong`` is the part of the groups whose predicted decrease is more than their value.
        Returns the state after a refresh; None if there is none.
        """
        ready = state.since >= self._soonest(state.rank)
        if wrong > self.quorum and ready and state.helps:
            return state._replace(since=0, in_trouble=True)
        return None

    def _period(self, rank: int) -> int:
        """Return the iterations between refreshes: more where a refresh costs as much as many."""
        return max(self.period, self._worth(rank))

    def _soonest(self, rank: int) -> int:
        """Return the fewest iterations from a refresh to one at once."""
        return max(1, self._worth(rank) // 4)

    def _worth(self, rank: int) -> int:
        """Return the iterations that a refresh is worth."""
        refresh = float(rank) * rank * (self.width + rank)
        return int(min(WORTH * refresh / self.evaluation, self.longest))
