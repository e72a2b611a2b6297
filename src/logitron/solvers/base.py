"""The loop that all solvers of this room share, and the objective that they minimise.

A solver is a frozen set of settings with two functions: ``init`` makes a state of the parameters
to start from, ``step`` makes the next state of a state. `run` calls them until nothing is left to
do. What a solver may use of an objective is in `SmoothObjective`, and nothing else.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.solvers.result import Iteration

__all__ = ["Callback", "SmoothObjective", "Solver", "map_iterations", "run"]

Callback = Callable[[Iteration], bool | None] | None
_State = TypeVar("_State")


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


def run(solver: Solver[_State], state: _State, callback: Callback = None) -> tuple[_State, bool]:
    """Iterate until nothing is left, ``max_iter`` is reached, a callback says stop, or Ctrl-C.

    Returns
    -------
    state
        The last one.
    stopped : bool
        Whether it was stopped: by the callback, or, if the solver is ``interruptible``, by Ctrl-C.
    """
    for _ in range(solver.max_iter):
        if not solver.is_running(state):
            break
        try:
            state = solver.step(state)
        except KeyboardInterrupt:
            if not solver.interruptible:
                raise
            return state, True
        if callback is None:
            continue
        stops = [bool(callback(one)) for one in solver.iterations(state)]
        if any(stops):
            return state, True
    return state, False
