"""The loop that descents share: iteration by iteration, watched, and ended when it is time."""

from collections.abc import Callable
from typing import Protocol

from logitron.solvers.result import Iteration

__all__ = ["Descent", "Limits", "descend"]


class Descent(Protocol):
    """A descent on its way."""

    iteration: int
    """Iterations made so far."""

    @property
    def running(self) -> bool:
        """Whether anything is left to do."""

    def advance(self) -> None:
        """Make one iteration."""

    def told(self) -> Iteration:
        """Say what those who watch are told of the last iteration."""


class Limits(Protocol):
    """How long a descent may go on."""

    @property
    def max_iter(self) -> int:
        """Iterations at most."""

    @property
    def interruptible(self) -> bool:
        """Whether Ctrl-C ends it, keeping what is done."""


def descend(
    run: Descent, limits: Limits, on_iteration: Callable[[Iteration], bool | None] | None
) -> bool:
    """Go on until nothing is left, ``max_iter`` is reached, a watcher says stop, or Ctrl-C does.

    Returns
    -------
    bool
        Whether it was stopped: by ``on_iteration``, or, if it is ``interruptible``, by Ctrl-C.
    """
    stopped = False
    while run.running and run.iteration < limits.max_iter and not stopped:
        try:
            run.advance()
        except KeyboardInterrupt:
            if not limits.interruptible:
                raise
            return True
        if on_iteration is not None:
            stopped = bool(on_iteration(run.told()))
    return stopped
