"""Objectives that are functions of logits, and the state of a method that keeps the logits."""

from typing import Any, NamedTuple, Protocol

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.solvers.group_arrays import taken
from logitron.solvers.record import Record
from logitron.solvers.stopping import Progress

__all__ = ["LogitState", "ObjectiveOfLogits", "StepHistory", "drop_finished"]


#: part of the groups that must be done for the others to be copied, which takes part of a pass
DROPPED = 0.2


class ObjectiveOfLogits(Protocol):
    """An objective of ``G`` groups that is a function of logits, and a quadratic penalty."""

    @property
    def context(self) -> ArrayContext:
        """Where parameters live."""

    @property
    def groups(self) -> int:
        """Number of groups, G."""

    @property
    def eps(self) -> float:
        """Relative precision of the values."""

    @property
    def widest_eps(self) -> float:
        """Relative precision of the values ``in_float64``: some devices have none."""

    @property
    def strongly_convex(self) -> bool:
        """Whether every group has a minimum and a bound of the distance from it."""

    @property
    def is_remote(self) -> bool:
        """Whether logits are on a device, where operations cost more than numbers do."""

    def centred_over_classes(self, theta: Array) -> Array:
        """Return parameters without the part that changes nothing but the penalty."""

    def logits(self, theta: Array) -> Array:
        """Logits of parameters (G, K, q); linear."""

    def along(self, logits: Array, change: Array, step_size: Array) -> tuple[Array, Array]:
        """Loss (G,) and slope (G,) at ``logits + step_size * change``, without the penalty."""

    def moved(self, logits: Array, change: Array, step_size: Array) -> Array:
        """Compute ``logits + step_size * change``."""

    def penalty(self, theta: Array, direction: Array) -> tuple[Array, Array, Array]:
        """Value, slope and curvature (G,) of the penalty along a direction."""

    def evaluate(self, theta: Array, logits: Array) -> Any:
        """Value (G,), gradient (G, K, q) and intercepts' Hessian at logits."""

    @property
    def has_intercept(self) -> bool:
        """Whether there are intercepts, which have no penalty."""

    def with_newton_intercepts(self, theta: Array, logits: Array) -> Any:
        """Parameters and logits after Newton's step in the intercepts, and the value before."""

    def gap_of_coefficients(self, evaluation: Any) -> Array:
        """Bound the distance from the minimum (G,), if the intercepts were the best ones."""

    def in_float32(self) -> "ObjectiveOfLogits | None":
        """Return the same objective, evaluated in float32, if that is possible and faster."""

    def cast_logits(self, logits: Array) -> Array:
        """Cast logits to the precision of the evaluation."""

    def in_float64(self) -> "ObjectiveOfLogits":
        """Return the same objective, evaluated in the widest precision."""

    def take(self, groups: HostArray) -> "ObjectiveOfLogits":
        """Return the objective of some of the groups."""

    def take_logits(self, logits: Array, groups: HostArray) -> Array:
        """Return the logits of some of the groups."""


class StepHistory(Protocol):
    """The last steps of each group, for directions of L-BFGS."""

    def append(
        self, step: Array, change: Array, before: HostArray, value: HostArray
    ) -> "StepHistory":
        """Append a step (G, K, q) and the change of the gradient; values (G,) at both ends."""

    def direction(self, grad: Array, preconditioner: Any) -> Array:
        """Compute the search direction (G, K, q)."""

    def without(self, which: HostArray) -> "StepHistory":
        """Drop all pairs of some groups (G,)."""

    def take_groups(self, groups: HostArray) -> "StepHistory":
        """Return the history of some of the groups, by their numbers (g,)."""


class LogitState(NamedTuple):
    """The state between two iterations; numbers of the groups are arrays (G,) on the host."""

    objective: ObjectiveOfLogits
    iteration: int

    # updated by every step
    theta: Array
    logits: Array
    value: HostArray
    grad: Array
    gap: HostArray
    direction: Array
    slope: HostArray
    step_size: HostArray
    """Length of the first trial."""
    n_backtracks: HostArray
    """Grows when a line search finds no lower value."""

    # models of the curvature
    preconditioner: Any
    history: StepHistory
    schedule: Any
    """State of the schedule of refreshes."""

    # used for termination
    progress: Progress
    decrement: float
    record: Record


def drop_finished(state: LogitState) -> LogitState:
    """Take out the groups that are done, when they are enough for the copies to pay."""
    record, context = state.record, state.objective.context
    if record.done.mean() < DROPPED:
        return state
    keep = record.drop_finished(state.theta)
    return state._replace(
        **taken(state, keep, context),
        logits=state.objective.take_logits(state.logits, keep),
        history=state.history.take_groups(keep),
        progress=Progress(*(part[keep] for part in state.progress)),
    )
