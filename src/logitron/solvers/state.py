"""The state of a quasi-Newton run between two iterations."""

from typing import Any, NamedTuple

from logitron.backend.types import Array, Number
from logitron.solvers.base import SmoothObjective
from logitron.solvers.group_arrays import taken
from logitron.solvers.hessian_schedule import Schedule
from logitron.solvers.lbfgs import History
from logitron.solvers.precision_schedule import PrecisionSchedule
from logitron.solvers.record import Record
from logitron.solvers.stopping import Progress

__all__ = ["Assessment", "State", "drop_finished"]


class Assessment(NamedTuple):
    """How far the groups are, after an iteration."""

    progress: Progress
    precision: PrecisionSchedule
    decrement: float
    """Least estimate of the running groups' distance from their minima, one step before."""
    near: bool
    """Whether a bound is worth its cost."""
    worst: float
    """How many times above its target the worst group was; see `Schedule`."""


class State(NamedTuple):
    """Where the active groups are, and what the next step needs."""

    objective: SmoothObjective
    """Of the active groups."""
    iteration: int

    # updated by accepted steps
    theta: Array
    value: Number
    grad: Array
    gap: Number

    # updated by every step
    direction: Array
    slope: Number
    """Directional derivative along it; on a device until the next report is read."""
    step_size: Number
    """Length of the next trial."""
    n_backtracks: Number

    # models of the curvature
    preconditioner: Any
    history: History
    schedule: Schedule

    # used for termination
    assessment: Assessment
    record: Record


def drop_finished(state: State) -> State:
    """Take out the groups that are done, when they are many enough to be worth it.

    Or when an evaluation in float32 is next, which would move them by its rounding.
    """
    record, context = state.record, state.objective.context
    if len(record.done) == 1:
        return state
    # where everything is compiled for its shape, fewer groups must be worth a compilation
    enough = 0.875 if context.library.is_jit else 0.25
    at_once = state.assessment.precision.low and record.done.any()
    if record.done.mean() < enough and not at_once:
        return state
    keep = record.drop_finished(state.theta)
    progress = Progress(*(part[keep] for part in state.assessment.progress))
    return state._replace(
        **taken(state, keep, context),
        history=state.history.take_groups(context.asarray(keep, keep_dtype=True)),
        assessment=state.assessment._replace(progress=progress),
    )
