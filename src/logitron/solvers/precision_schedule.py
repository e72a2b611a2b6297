"""When an evaluation may be computed in float32, at half of the cost.

Far from the minimum, a gradient that is right to seven digits leads as well as one that is right to
sixteen. Groups near their target are evaluated in float64, and only such groups are ever done: the
answer and its bound are those of float64.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.float32_limits import NEAR, QUORUM

__all__ = ["PrecisionSchedule"]


@dataclass(frozen=True)
class PrecisionSchedule:
    """Decides whether the next evaluation is computed in float32.

    Parameters
    ----------
    possible : bool
        Whether any evaluation may be.
    ready : float
        A group is ready for float64 when it was at most this many times above its target,
    floor : float
        or its decrement at most this part of its value.
    quorum : float
        Part of the groups that are ready when all further evaluations are computed in float64.
    near : float
        Part of its value that a group's decrement must exceed for float32 to do no harm.
    patience : int
        Evaluations in float32 in a row that may fail to halve the distance; as many in float64
        follow.
    max_rejected : float
        Part of the groups that may reject a step.
    max_failures : int
        Failures after which rounding is taken for their cause.
    """

    possible: bool
    ready: float = 20.0
    floor: float = 1e-9
    quorum: float = QUORUM
    near: float = NEAR
    patience: int = 3
    max_rejected: float = 0.2
    max_failures: int = 2
    best: float = np.inf
    """Least distance that evaluations in float32 came to."""
    n_stalled: int = 0
    """Evaluations in float32 in a row that did not come nearer."""
    n_failures: int = 0
    resting: int = 0
    """Evaluations in float64 that are to come first."""
    is_last: bool = False
    """Whether no evaluation can follow the next."""

    @cached_property
    def low(self) -> bool:
        """Whether the next evaluation is computed in float32."""
        return self.possible and self.resting <= 0 and not self.is_last

    def after(
        self, ratio: HostArray, relative: HostArray, rejected: HostArray, *, is_last: bool
    ) -> "PrecisionSchedule":
        """Decide by how far the running groups were from their minima before the last step.

        Parameters
        ----------
        ratio : numpy.ndarray (G,)
            Their decrements, relative to their targets,
        relative : numpy.ndarray (G,)
            and relative to their values.
        rejected : numpy.ndarray (G,) of bool
            Whether that step was rejected.
        is_last : bool
            Whether no evaluation can follow the next.
        """
        if not self.possible or not len(relative):
            return replace(self, possible=False)
        possible: bool = True
        best, resting = self.best, self.resting
        n_stalled, n_failures = self.n_stalled, self.n_failures
        if self.low:
            level = float(np.median(relative))
            known = level != np.inf  # before the first step, it is not
            n_stalled = n_stalled + 1 if known and not level < 0.5 * best else 0
            best = min(best, level)
            if n_stalled >= self.patience or float(rejected.mean()) > self.max_rejected:
                n_stalled, n_failures, resting = 0, n_failures + 1, self.patience
                possible = n_failures < self.max_failures
        else:
            resting -= 1
            # groups that came near in float64 would be thrown back by rounding
            possible = bool((relative > self.near).all())
        ready = (ratio <= self.ready) | (relative <= self.floor)
        return replace(
            self,
            possible=possible and float(ready.mean()) < self.quorum,
            best=best,
            n_stalled=n_stalled,
            n_failures=n_failures,
            resting=resting,
            is_last=is_last,
        )
