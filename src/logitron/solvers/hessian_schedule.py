"""Which part of the Hessian an evaluation sums, and when: its cost against what it saves."""

from dataclasses import dataclass
from math import log10
from typing import NamedTuple, Protocol

__all__ = ["EveryIteration", "HessianSchedule", "Schedule", "WhenSlow"]


class Schedule(NamedTuple):
    """The state of a schedule, after some iterations."""

    memory: int
    """Steps that the L-BFGS history keeps."""
    subspace: bool
    """Whether the preconditioner is the Kronecker model, corrected now and then on a subspace."""
    reuses: bool
    """Whether a Hessian is solved with many times."""
    n_refreshes: int = 0
    newton: bool = False
    """Whether every iteration sums the whole Hessian from now on."""
    deferred: bool = False
    """Whether the groups that are left are to be fitted otherwise."""
    to_logits: bool = False
    """Whether that is by line searches on kept logits."""
    since_refresh: int = 0
    """Iterations since the Hessian was last summed."""
    ratios: tuple[float, ...] = ()
    """How many times above its target the worst group was thought to be, after each of the last
    iterations; of many groups, the best of the worst quarter, since all are refreshed at once."""

    def after(self, ratio: float) -> "Schedule":
        """Return the state after one more iteration."""
        recent = (*self.ratios[-WINDOW:], ratio)
        return self._replace(ratios=recent, since_refresh=self.since_refresh + 1)

    @property
    def newton_ends(self) -> bool:
        """Whether the next Newton step should be the last, so that its Hessian is of no use.

        Newton's method converges quadratically: near the optimum, the factor by which the distance
        shrinks is squared with each step. If it was not the last, the next one uses an old Hessian,
        and sums a new one.
        """
        if self.since_refresh > 1 or len(self.ratios) < 2 or self.ratios[-2] <= 0.0:
            return False
        before, last = self.ratios[-2:]
        return last * (last / before) ** 2 <= 1.0


class HessianSchedule(Protocol):
    """Decides which part of the Hessian the next evaluation sums."""

    @property
    def rescales(self) -> bool:
        """Whether the size of the preconditioner is left to the last step to correct."""

    def start(self) -> Schedule:
        """State before the first iteration."""

    def next(self, state: Schedule, iteration: int, n_groups: int) -> tuple[str, Schedule]:
        """Choose "intercept", "subspace", "block_diagonal" or "full" for an iteration."""

    def after(self, state: Schedule, iteration: int, ratio: float, fall: float) -> Schedule:
        """Return the state after an iteration.

        Parameters
        ----------
        state : Schedule
        iteration : int
        ratio : float
            How many times above its target the worst group was before it; see `Schedule`.
        fall : float
            Value after it relative to that before it, or zero where a fall of more than the value
            was predicted; of many groups, the median.
        """


#: iterations over which the rate of progress is measured
WINDOW = 3


@dataclass(frozen=True)
class EveryIteration:
    """Newton's method: the whole Hessian in every iteration, and no history."""

    rescales: bool = False

    def start(self) -> Schedule:
        """State before the first iteration."""
        return Schedule(memory=0, subspace=False, reuses=False)

    def next(self, state: Schedule, iteration: int, n_groups: int) -> tuple[str, Schedule]:
        """Choose the whole Hessian, but for what should be the last iteration."""
        return ("intercept" if state.newton_ends else "full"), state

    def after(self, state: Schedule, iteration: int, ratio: float, fall: float) -> Schedule:
        """Return the state after an iteration."""
        return state.after(ratio)


@dataclass(frozen=True)
class WhenSlow:
    """L-BFGS on a preconditioner that is refreshed when progress is slow.

    If refreshing does not help for long, it becomes Newton's method: far from the minimum of
    classes that are nearly separable, curvature changes with every step.

    Parameters
    ----------
    pass_cost, refresh_cost : float
        Nominal seconds of a pass, and of a Hessian that is summed and inverted, for one group.
    subspace : bool
        Whether the first preconditioner is the Kronecker model, to be corrected on a subspace.
    batch : int
        Groups whose Hessians fit the memory together; 0 is none. While more of them are slow, they
        are ``deferred``, for their batches to go on one after the other.
    classes : int
        Columns of a group; for more than one, only diagonal blocks of the Hessian are summed.
    refresh_first : bool
        Whether to begin with a Hessian in any case.
    rescales : bool
        Whether the size of the preconditioner is left to the last step to correct.
    memory : int
        Steps that the L-BFGS history keeps.
    passes_after_refresh : float
        Passes that are still needed after a refresh, as a rule.
    patience : int
        Refreshes after which Newton's method takes over.
    spent : float
        Part of the cost of a refresh that passes must have cost since the last one: a short stall
        is no reliable rate.
    subspace_at : frozenset of int
        Iterations that correct the Kronecker model on a subspace.
    on_logits : bool
        Whether groups can be deferred to line searches on kept logits: where the first step made
        the objective fall below the part ``hard_below`` of its value, as it does where classes can
        be separated; and slow groups of several classes.
    hard_below : float
    switch_passes : float
        Passes that going over must save.
    """

    pass_cost: float
    refresh_cost: float
    subspace: bool
    batch: int
    classes: int = 1
    refresh_first: bool = False
    rescales: bool = False
    memory: int = 10
    passes_after_refresh: float = 3.0
    patience: int = 2
    spent: float = 0.1
    subspace_at: frozenset[int] = frozenset((2, 4, 8, 16, 32, 64))
    on_logits: bool = False
    hard_below: float = 0.3
    switch_passes: float = 20.0

    def start(self) -> Schedule:
        """State before the first iteration."""
        return Schedule(memory=self.memory, subspace=self.subspace, reuses=True)

    def after(self, state: Schedule, iteration: int, ratio: float, fall: float) -> Schedule:
        """Return the state after an iteration, and defer groups that logits serve better."""
        state = state.after(ratio)
        if not self.on_logits:
            return state
        hard = iteration == 1 and fall < self.hard_below
        if hard or (self.classes > 1 and self._is_slow(state, self.switch_passes * self.pass_cost)):
            return state._replace(deferred=True, to_logits=True)
        return state

    def next(self, state: Schedule, iteration: int, n_groups: int) -> tuple[str, Schedule]:
        """Weigh the passes that are left against a refresh and the few that then are left."""
        if iteration == 0:
            return ("full" if self.refresh_first else "intercept"), state
        if state.newton:
            return ("intercept" if state.newton_ends else "full"), state
        if self.batch and self._is_slow(state, self.refresh_cost):
            if n_groups > self.batch:
                return "intercept", state._replace(deferred=True)
            count = state.n_refreshes + 1
            state = state._replace(subspace=False, n_refreshes=count)
            if self.classes > 1:
                return "block_diagonal", state
            if count > self.patience:
                state = state._replace(newton=True, reuses=False, memory=0)
            return "full", state
        corrects = state.subspace and not self.rescales and iteration in self.subspace_at
        return ("subspace" if corrects else "intercept"), state

    def _is_slow(self, state: Schedule, cost: float) -> bool:
        recent = state.ratios[-WINDOW - 1 :]
        if state.since_refresh < WINDOW or len(recent) <= WINDOW or recent[-1] <= 1.0:
            return False
        if state.since_refresh * self.pass_cost < self.spent * cost:
            return False
        rate = log10(max(recent[0] / recent[-1], 1.0)) / WINDOW
        left = log10(recent[-1]) / max(rate, 0.01)
        return (left - self.passes_after_refresh) * self.pass_cost > cost
