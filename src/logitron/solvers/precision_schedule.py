"""When an evaluation may be rough: computed in float32, at half of the cost.

Far from the optimum, a gradient that is right to seven digits leads as well as one that is right to
sixteen. What is near its target is evaluated precisely, and only that is ever taken for done: the
answer and its bound are those of the precise arithmetic.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["PrecisionSchedule"]

HostArray = np.ndarray[Any, Any]

#: times above its target that a group was before a step that may have brought it there
READY = 20.0
#: a distance below this part of the value may be the rounding of rough evaluations
FLOOR = 1e-9
#: a distance that rough evaluations might make larger, relative to the value
NEAR = 1e-4
#: part of the groups that are ready when evaluations become precise for good
QUORUM = 0.25
#: rough evaluations in a row that may fail to halve the distance; precise ones that then follow
PATIENCE = 3
#: part of the groups that may have to shorten their steps
MISSES = 0.2
#: failures after which it is the rounding that is in the way
FAILURES = 2


@dataclass
class PrecisionSchedule:
    """Decides how precise the next evaluation is.

    Parameters
    ----------
    possible : bool
        Whether any evaluation may be rough.
    """

    possible: bool
    rough: bool = False
    """Whether the next evaluation is rough."""
    best: float = np.inf
    standing: int = 0
    """Rough evaluations in a row that did not come nearer."""
    failures: int = 0
    rests: int = 0
    """Precise evaluations that are to come first."""

    def __post_init__(self) -> None:
        self.rough = self.possible

    def look(self, above: HostArray, part: HostArray, missed: HostArray, *, last: bool) -> None:
        """Decide by how far the running groups were from their optima before the last step.

        Parameters
        ----------
        above : numpy.ndarray (G,)
            Relative to their targets.
        part : numpy.ndarray (G,)
            Relative to their values.
        missed : numpy.ndarray (G,) of bool
            Whether that step was too long.
        last : bool
            Whether no evaluation can follow the next.
        """
        if not self.possible or not len(part):
            self.rough = False
            return
        if self.rough:
            level = float(np.median(part))
            known = level != np.inf  # before the first step, it is not
            self.standing = self.standing + 1 if known and not level < 0.5 * self.best else 0
            self.best = min(self.best, level)
            if self.standing >= PATIENCE or float(missed.mean()) > MISSES:
                self.standing, self.failures, self.rests = 0, self.failures + 1, PATIENCE
                self.possible = self.failures < FAILURES
        else:
            self.rests -= 1
            # what has come near in precise arithmetic would be thrown back by rounding
            self.possible &= bool((part > NEAR).all())
        ready = (above <= READY) | (part <= FLOOR)
        self.possible &= float(ready.mean()) < QUORUM
        self.rough = self.possible and self.rests <= 0 and not last
