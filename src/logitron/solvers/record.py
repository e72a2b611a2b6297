"""What became of each group of a run, also of those that are done and no longer computed."""

from typing import Any

import numpy as np

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.solvers.result import Iteration, Solution, Status
from logitron.solvers.stopping import RUNNING

__all__ = ["Record"]


class Record:
    """A log of all groups, kept on the host.

    Groups that are done are taken out of the computation now and then. ``active`` are the numbers
    of those that still take part, and ``done`` says which of those are done.
    """

    def __init__(self, groups: int) -> None:
        self.active = np.arange(groups)
        self.done = np.zeros(groups, bool)
        self.n_running = groups
        """Active groups that are not done."""
        self.low_precision = np.zeros(groups, bool)
        """Whether an active group's value was computed in float32."""
        self.status = np.full(groups, int(Status.MAX_ITER))
        self.n_iter = np.zeros(groups, np.int32)
        self.gap = np.full(groups, np.inf)
        self.values: list[Any] = []
        """Of each iteration, the value of the single group, or of all (G,)."""
        self.finished: list[tuple[HostArray, Array]] = []
        """Numbers and parameters of groups that were taken out."""

    def copy(self) -> "Record":
        """Return a log that later iterations do not change."""
        other = Record(0)
        for name, value in vars(self).items():
            setattr(other, name, value.copy() if hasattr(value, "copy") else value)
        return other

    @property
    def last(self) -> HostArray:
        """Value of each group when it was last evaluated (G,)."""
        return np.atleast_1d(self.values[-1]) if self.values else np.full(len(self.gap), np.inf)

    def add(self, iteration: int, value: Any, gap: Any, status: Any) -> None:
        """Log an iteration of the active groups: numbers, or arrays (g,)."""
        if isinstance(value, float):  # plain assignments take a tenth of the time
            self.values.append(value)
            self.gap[0], self.n_iter[0] = gap, iteration
            if status != RUNNING:
                self.status[0], self.done[0], self.n_running = status, True, 0
            return
        last = self.last.copy()
        status = np.broadcast_to(status, self.done.shape)
        fresh = ~self.done
        groups = self.active[fresh]
        last[groups] = value[fresh]
        self.gap[groups] = gap[fresh]
        self.n_iter[groups] = iteration
        ends = fresh & (status != RUNNING)
        self.status[self.active[ends]] = status[ends]
        self.done |= ends
        self.n_running = int(self.done.size - np.count_nonzero(self.done))
        self.values.append(last)

    def drop_finished(self, theta: Array) -> HostArray:
        """Take out the groups that are done; return the places of the others among the active."""
        keep = np.flatnonzero(~self.done)
        self.finished.append((self.active, theta))
        self.active = self.active[keep]
        self.low_precision = self.low_precision[keep]
        self.done = np.zeros(len(keep), bool)
        return keep

    def parameters(self, theta: Array, context: ArrayContext) -> Array:
        """Parameters (G, K, q) of all groups, where the active ones have ``theta``."""
        if not self.finished:
            return theta
        parts = [*self.finished, (self.active, theta)]
        stacked = context.xp.concat([part for _, part in parts], axis=0)
        place = np.zeros(len(self.status), np.int64)
        offset = 0
        for groups, _ in parts:  # the last part that a group is in has its last parameters
            place[groups] = offset + np.arange(len(groups))
            offset += len(groups)
        return context.xp.take(stacked, context.asarray(place, keep_dtype=True), axis=0)

    def describe(self, iteration: int, theta: Array, context: ArrayContext) -> Iteration:
        """Describe an iteration that ended with ``theta``, for callbacks."""
        return Iteration(
            iteration, self.last, self.n_running, lambda: self.parameters(theta, context)
        )

    def solution(self, theta: Array, context: ArrayContext, *, stopped: bool) -> Solution:
        """Outcome of the run."""
        status = self.status
        if stopped:
            status = np.where(status == Status.MAX_ITER, int(Status.STOPPED), status)
        # a run that was cut short can end with a value in float32
        rounded = bool((self.low_precision & ~self.done).any())
        return Solution(
            self.parameters(theta, context),
            status,
            self.n_iter,
            np.reshape(self.values, (-1, len(self.gap))),
            self.gap,
            as_evaluated=not rounded,
        )
