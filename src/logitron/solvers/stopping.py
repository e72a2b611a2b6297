r"""When a group is done: converged, at the precision of its arithmetic, stalled or diverged.

A group has converged when a bound proves that its value is within ``tol ** 2`` of the minimum,
relative to the minimum. Where there is no bound, half of the squared Newton decrement,
:math:`-\tfrac12 \nabla f^\top d`, estimates that distance. One more step then polishes the answer,
unless the bound is far below the target already.

The rules are pure functions of numbers, one for each group: ``xp`` is NumPy for arrays (G,), and
`scalars` for the floats of a single group.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from logitron.backend.types import Namespace, Number
from logitron.solvers.line_search import ROUNDING
from logitron.solvers.result import Status

__all__ = ["RUNNING", "Iterate", "Progress", "Stopping"]


#: the status of a group that is not done
RUNNING = -1
TINY = float(np.finfo(np.float64).tiny)
#: a value so small has nothing left to be gained
NOTHING = TINY / float(np.finfo(np.float64).eps)
#: part of the tolerance that the parameters have before they are stored, by their precision then
STORED = {"float32": 0.9, "float64": 0.999}


class Iterate(NamedTuple):
    """What an iteration showed of each group."""

    value: Number
    gap: Number
    """Bound of the distance from the minimum; infinite where none was computed."""
    decrement: Number
    """Estimate of the distance from the minimum before the step."""
    decrease: Number
    """How much the value fell."""
    accepted: Any
    n_backtracks: Number


class Progress(NamedTuple):
    """What earlier iterations showed of each group."""

    best_gap: Number
    """Gap that a later one must halve to count as progress: slow progress adds up."""
    best_decrement: Number
    """Decrement that a later one must halve."""
    n_stalled: Number
    """Iterations near the minimum in a row that brought nothing."""
    within_tol: Any
    """Whether the target was met before."""


@dataclass(frozen=True)
class Stopping:
    """Settings of the stopping rules.

    Parameters
    ----------
    tol : float
        A group has converged when its gap is at most ``tol ** 2`` times its minimum.
    gap : float
        A group has also converged when its gap is at most this.
    polish : bool
        Whether one more step is made when the target is met.
    polished : float
        Part of the target below which a bound needs no further step.
    near : float
        A group is near its minimum if its decrement is at most this part of its value; only then
        is a bound worth its cost.
    stall_near : float
        A group can only stall if its decrement is at most this part of its value.
    as_predicted : float
        A step counts as progress if the decrease is at least this part of the predicted one,
    above_rounding : float
        and at least this many times the rounding of the value.
    max_stalled, max_stalled_flat : int
        Iterations in a row without progress; and where the predicted decrease is rounding.
    max_backtracks, max_backtracks_flat : int
        Rejected steps in a row; and where the predicted decrease is rounding.
    """

    tol: float = 1e-4
    gap: float = 0.0
    polish: bool = True
    polished: float = 0.1
    near: float = 0.05
    stall_near: float = 1e-6
    as_predicted: float = 0.1
    above_rounding: float = 100.0
    max_stalled: int = 12
    max_stalled_flat: int = 3
    max_backtracks: int = 30
    max_backtracks_flat: int = 1

    @classmethod
    def stored(cls, tol: float, precision: str) -> "Stopping":
        """Make the settings for parameters that are stored in a precision.

        The bound of the gap at the parameters that are stored, after rounding, is larger than where
        the method ended.
        """
        return cls(tol=STORED[precision] * tol)

    def target(self, xp: Namespace, value: Number, gap: Number, *, attained: bool) -> Number:
        """Gap that is small enough; ``attained`` if a minimum is known to exist."""
        target = xp.maximum(self.tol**2 * (value - gap), self.gap)
        return xp.where(xp.abs(value) <= NOTHING, np.inf, target) if attained else target

    def sufficient_gap(
        self, xp: Namespace, value: Number, decrement: Number, progress: Progress
    ) -> Number:
        """Gap that ends a group in this iteration: a sharper bound changes nothing."""
        square = self.tol**2
        enough = square / (1.0 + square) * value
        to_be_polished = xp.logical_not(progress.within_tol) & (decrement > enough)
        return xp.where(to_be_polished, self.polished * enough, enough)

    def check(
        self,
        xp: Namespace,
        seen: Iterate,
        progress: Progress,
        *,
        eps: float,
        attained: bool,
        bounded: bool,
    ) -> tuple[Any, Progress]:
        """Decide which groups are done.

        Parameters
        ----------
        xp : namespace
        seen : Iterate
        progress : Progress
        eps : float
            Relative precision of the values.
        attained : bool
            Whether the minimum is known to exist, for all groups.
        bounded : bool
            Whether gaps are proven bounds.

        Returns
        -------
        status : int or array (G,)
            A `Status`, or `RUNNING`.
        progress : Progress
        """
        value, gap, decrement, decrease, accepted, n_backtracks = seen
        size = xp.abs(value)
        rounding = ROUNDING * eps * size
        target = self.target(xp, value, gap, attained=attained)
        met = accepted & (gap <= target)
        polished = progress.within_tol | (gap <= self.polished * target) | (decrement <= target)
        if not (self.polish and bounded):
            polished = polished | True
        near = decrement <= self.stall_near * size
        # while steps are rejected, a decrement that was small before still says what is near
        near = near | ((n_backtracks > 0) & (progress.best_decrement <= self.stall_near * size))
        finite = xp.isfinite(value)
        judged = met | near | (n_backtracks > 0) | xp.logical_not(finite)
        if not xp.any(judged):
            return RUNNING, progress
        within_tol = progress.within_tol | met
        flat = decrement <= rounding
        predicted = xp.maximum(decrement, self.above_rounding * rounding)
        nearer = gap < 0.5 * progress.best_gap
        flatter = decrement < 0.5 * progress.best_decrement
        improves = accepted & ((decrease >= self.as_predicted * predicted) | nearer | flatter)
        n_stalled = xp.where(improves | xp.logical_not(near), 0, progress.n_stalled + 1)
        most = xp.where(flat, self.max_stalled_flat, self.max_stalled)
        over = (n_stalled >= most) | ((n_backtracks > self.max_backtracks_flat) & flat)

        ends = (
            (met & polished, Status.CONVERGED),
            (over & within_tol, Status.CONVERGED),
            (over, Status.AT_PRECISION),
            (n_backtracks > self.max_backtracks, Status.STALLED),
            (xp.logical_not(finite), Status.DIVERGED),
        )
        status: Any = RUNNING
        for which, reason in reversed(ends):
            status = xp.where(which, reason.value, status)
        moved = accepted & judged
        return status, Progress(
            best_gap=xp.where(moved & nearer, gap, progress.best_gap),
            best_decrement=xp.where(moved & flatter, decrement, progress.best_decrement),
            n_stalled=xp.where(judged, n_stalled, progress.n_stalled),
            within_tol=within_tol,
        )

    def ratio(self, xp: Namespace, value: Number, decrement: Number) -> Number:
        """How many times above its target a group is thought to be."""
        size = xp.abs(value)
        goal = xp.maximum(self.tol**2 * size, self.gap) + TINY
        return xp.minimum(decrement, size) / goal
