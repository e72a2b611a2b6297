"""The loop that all solvers of this room share, and the objective that they minimise.

A solver is a frozen set of settings with two functions: ``init`` makes a state of the parameters
to start from, ``step`` makes the next state of a state. `run` calls them until nothing is left to
do. What a solver may use of an objective is in `SmoothObjective`, and nothing else.
"""

from collections.abc import Callable
from math import isclose, isfinite
from typing import Any, Protocol, TypeVar

from logitron.backend import ArrayContext, namespace_of, to_host
from logitron.backend.types import Array, HostArray
from logitron.solvers.journal import (
    MISSING,
    CheckpointError,
    Entry,
    Part,
    begin_part,
    stop_recording,
)
from logitron.solvers.result import Iteration

__all__ = ["Callback", "Resumable", "SmoothObjective", "Solver", "map_iterations", "run"]

Callback = Callable[[Iteration], bool | None] | None
_State = TypeVar("_State")
#: relative difference of the gradients of one objective by the order of its sums, at most
SAME = 1e-2


def map_iterations(callback: Callback, change: Callable[[Iteration], Iteration]) -> Callback:
    """Return a callback that passes ``change(iteration)`` on.

    Parameters
    ----------
    callback : callable or None
        None stays None.
    change : callable
    """
    if callback is None:
        return None

    def mapped(iteration: Iteration) -> bool | None:
        return callback(change(iteration))

    return mapped


class SmoothObjective(Protocol):
    """A smooth convex function of the parameters of ``G`` independent groups."""

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
    def strongly_convex(self) -> bool:
        """Whether every group has a minimum and a bound of the distance from it."""

    @property
    def supports_float32(self) -> bool:
        """Whether `evaluate` has ``low_precision``."""

    def evaluate(
        self, theta: Array, curvature: str, preconditioner: Any, *, low_precision: bool
    ) -> Any:
        """Value (G,), gradient (G, K, q) and the part of the Hessian that is asked for."""

    def take(self, groups: HostArray) -> "SmoothObjective":
        """Return the objective of some of the groups; ``groups`` are their numbers (g,)."""


class Solver(Protocol[_State]):
    """Settings of an iterative method."""

    @property
    def max_iter(self) -> int:
        """Iterations at most."""

    @property
    def interruptible(self) -> bool:
        """Whether Ctrl-C ends the run and keeps what is done."""

    def step(self, state: _State) -> _State:
        """Make one iteration; several where the host would wait for each."""

    def is_running(self, state: _State) -> bool:
        """Whether anything is left to do."""

    def iterations(self, state: _State) -> list[Iteration]:
        """Describe the iterations that the last step made, for callbacks."""


class Resumable(Protocol):
    """A solver whose runs can be interrupted and continued, with the same result."""

    def freeze(self, state: Any) -> Any:
        """Return what a state is without its objective, which the next step does not change."""

    def thaw(self, found: Any, state: Any) -> Any:
        """Return the state that was frozen, for the objective of a state to start from."""


def run(solver: Solver[_State], state: _State, callback: Callback = None) -> tuple[_State, bool]:
    """Iterate until nothing is left, ``max_iter`` is reached, a callback says stop, or Ctrl-C.

    Where parts of the fit are kept in a journal, the run goes on from its entry there.

    Returns
    -------
    state
        The last one.
    stopped : bool
        Whether it was stopped: by the callback, or, if the solver is ``interruptible``, by Ctrl-C.
    """
    log = _Log.of(solver)
    steps, state, finished = log.resumed(state)
    if finished:
        return state, False
    while steps < solver.max_iter and solver.is_running(state):
        steps += 1
        try:
            state = solver.step(state)
            log.note(steps, state)
        except KeyboardInterrupt:
            stop_recording()
            if not solver.interruptible:
                raise
            return state, True
        if callback is None:
            continue
        stops = [bool(callback(one)) for one in solver.iterations(state)]
        if any(stops):
            stop_recording()
            return state, True
    log.finish(steps, state)
    return state, False


class _Log:
    """A run's entry in a journal, if there is one and the solver can be resumed."""

    def __init__(self, solver: Resumable, part: Part | None) -> None:
        self.solver, self.part, self.begun = solver, part, 0.0

    @classmethod
    def of(cls, solver: Any) -> "_Log":
        """Begin a part of the fit, if the solver is `Resumable`."""
        # (to ask for all members of a protocol takes a hundredth of a small fit)
        return cls(solver, begin_part("run") if hasattr(solver, "freeze") else None)

    def resumed(self, state: _State) -> tuple[int, _State, bool]:
        """Return the steps that were made, the state after them, and whether it is the last."""
        if self.part is None:
            return 0, state, False
        self.begun, entry = _gradient_size(state), self.part.recall()
        if entry is MISSING:
            return 0, state, False
        known = isfinite(self.begun) and isfinite(entry.begun)
        if known and not isclose(self.begun, entry.begun, rel_tol=SAME):
            raise CheckpointError(
                f"{self.part.journal} holds a run that began at a gradient of {entry.begun:.6g}; "
                f"these data give {self.begun:.6g}. Rows of X that differ are a possible cause. "
                "Pass the data of that fit"
            )
        try:
            thawed = self.solver.thaw(entry.value, state)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self.part.journal} holds a state that is none of {type(self.solver).__name__} "
                f"({error})"
            ) from error
        return entry.steps, thawed, entry.finished

    def note(self, steps: int, state: Any) -> None:
        """Note the state after a step."""
        if self.part is not None:
            entry = Entry(self.solver.freeze(state), steps, finished=False, begun=self.begun)
            self.part.journal.note(self.part.name, entry, state.iteration)

    def finish(self, steps: int, state: Any) -> None:
        """Keep the last state."""
        if self.part is not None:
            self.part.keep(Entry(self.solver.freeze(state), steps, begun=self.begun))


def _gradient_size(state: Any) -> float:
    """Sum of the absolute values of the gradient; 0 if the state has none."""
    grad = getattr(state, "grad", None)
    if grad is None:
        return 0.0
    xp = namespace_of(grad)
    return float(to_host(xp.sum(xp.abs(grad))))
