r"""Feature-sign search: a quadratic function with an L1 penalty, of one column.

It minimises :math:`\tfrac12 u^\top H u - c^\top u + \sum_j \lambda_j |u_j|`. Where the signs of the
solution are known, that is one linear system. Each step solves the system of the present signs,
with parameters of zero whose gradient exceeds :math:`\lambda_j` added, and moves to the lowest
point on the way to its solution; a parameter that would change its sign stops at zero there. The
value falls in every step, so that no set of signs comes twice [1]_. Many parameters are added at
once; after a step that failed, fewer.

References
----------
.. [1] H. Lee, A. Battle, R. Raina, A. Y. Ng, "Efficient sparse coding algorithms", NeurIPS 2006.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["FeatureSign"]

#: systems solved for one set of parameters: newcomers of the wrong sign are left out
ATTEMPTS = 4
#: part by which parameters that may be added become fewer after a step that failed
FEWER = 4


@dataclass(frozen=True)
class FeatureSign:
    """Settings.

    Parameters
    ----------
    max_steps : int
    tol : float
        Part of the largest gradient and threshold up to which a violation counts as rounding; of
        thresholds, those of parameters that are not zero, as the others have no part in a sum.
    """

    max_steps: int = 60
    tol: float = 1e-12

    def minimize(
        self, H: HostArray, c: HostArray, thresholds: HostArray, u: HostArray
    ) -> tuple[HostArray, bool]:
        """Minimise from ``u (s,)``; ``H (s, s)`` has a unit diagonal.

        Returns
        -------
        u : array (s,)
        exact : bool
            Whether it is the minimum, to rounding; not after singular systems or `max_steps`.
        """
        free = thresholds == 0.0
        largest = float(np.abs(c).max(initial=0.0))
        most = len(u)
        for number in range(self.max_steps):
            grad = H @ u - c
            inside = free | (u != 0.0)
            noise = self.tol * (largest + float(thresholds[inside].max(initial=0.0)))
            excess = np.where(inside, 0.0, np.abs(grad) - thresholds)
            beyond = excess > noise
            still = np.abs(grad + thresholds * np.sign(u))[inside].max(initial=0.0) <= noise
            if number and still and not beyond.any():  # (a start is exact to rounding, or less)
                return u, True
            beyond = _largest(excess, beyond, most)
            sign = np.where(inside, np.sign(u), np.where(beyond, -np.sign(grad), 0.0))
            aim = _solution(H, c, thresholds, np.where(free, 0.0, sign), inside, beyond)
            if aim is None:
                return u, False
            step = _Step.of(H, thresholds, free, u, grad, aim)
            if step.change < 0.0:
                u = step.u
            elif most > 1 and int(beyond.sum()) > 1:
                most = max(1, min(most, int(beyond.sum())) // FEWER)
            else:  # nothing lower is found: what is left is rounding
                return u, True
        return u, False


def _largest(excess: HostArray, beyond: HostArray, most: int) -> HostArray:
    """Keep the ``most`` parameters of largest excess."""
    if int(beyond.sum()) <= most:
        return beyond
    kept: HostArray = beyond & (excess >= np.sort(excess)[-most])
    return kept


def _solution(
    H: HostArray,
    c: HostArray,
    thresholds: HostArray,
    sign: HostArray,
    inside: HostArray,
    beyond: HostArray,
) -> HostArray | None:
    """Solve the system of signs; newcomers that come out with the wrong one stay at zero."""
    for _ in range(ATTEMPTS):
        S = np.flatnonzero(inside | beyond)
        found = np.zeros_like(c)
        try:
            found[S] = np.linalg.solve(H[np.ix_(S, S)], c[S] - thresholds[S] * sign[S])
        except np.linalg.LinAlgError:
            return None
        wrong = beyond & (found * sign < 0.0)
        if not wrong.any():
            return found
        beyond = beyond & ~wrong
    return np.where(wrong, 0.0, found)


class _Step(NamedTuple):
    """The lowest of some points on the way to the solution of a system."""

    u: HostArray
    change: float

    @classmethod
    def of(
        cls,
        H: HostArray,
        thresholds: HostArray,
        free: HostArray,
        u: HostArray,
        grad: HostArray,
        aim: HostArray,
    ) -> "_Step":
        """Look where parameters cross zero, at the end, and at the end without those."""
        d = aim - u
        Hd = H @ d
        crossing = np.flatnonzero((u != 0.0) & ~free & (aim * u < 0.0))
        lengths = np.append(u[crossing] / (u[crossing] - aim[crossing]), 1.0)
        sizes = np.abs(u[:, None] + d[:, None] * lengths) - np.abs(u)[:, None]
        changes = 0.5 * (d @ Hd) * lengths**2 + (grad @ d) * lengths + thresholds @ sizes
        best = int(np.argmin(changes))
        there = u + lengths[best] * d
        if best < len(crossing):
            there[crossing[best]] = 0.0
        change = float(changes[best])
        if len(crossing) > 1:
            cut = np.where((u != 0.0) & ~free & (aim * u < 0.0), 0.0, aim)
            e = cut - u
            other = 0.5 * e @ (H @ e) + grad @ e + thresholds @ (np.abs(cut) - np.abs(u))
            if other < change:
                there, change = cut, float(other)
        return cls(there, change)
