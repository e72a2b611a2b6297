r"""Newton's method with Levenberg's damping, for one group of columns that other methods leave.

Each step minimises the quadratic model with a multiple of a fixed diagonal added,

.. math:: (M + \mu D_0) \, s = -g ,

where :math:`D_0` is the Hessian's diagonal where all rows have curvature. The multiple :math:`\mu`
falls where the objective falls as the model predicts, and grows where it does not [1]_. Rows that
are saturated have no curvature; there the step is one of bounded length, not one of the inverse of
nearly nothing.

References
----------
.. [1] J. J. Moré, "The Levenberg-Marquardt algorithm: implementation and theory", in Numerical
   Analysis, Springer 1978.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["DampedNewton", "Local", "LocalBound", "LocalModel", "Outcome"]


class LocalModel(Protocol):
    """An objective near a point."""

    gradient: HostArray
    pull: HostArray
    ridge: HostArray

    @property
    def value(self) -> float:
        """The objective."""

    def spectrum(self, added: HostArray, *, eps: float) -> Any:
        """Scaling, eigenvalues and eigenvectors of the Hessian with a diagonal added."""


class LocalBound(Protocol):
    """How far from the infimum a point can be."""

    gap: float
    decrement: float
    directions: tuple[HostArray, ...]


class Local(Protocol):
    """An objective of a vector, with its whole Hessian."""

    eps: float

    def model(self, theta: HostArray) -> Any:
        """Model it at a point."""

    def bound(self, theta: HostArray, model: Any, *, near: bool = True) -> Any:
        """Bound the distance of its value there from its infimum; if ``near``, only if low."""


@dataclass(frozen=True)
class Outcome:
    """Where the method ended."""

    theta: HostArray
    value: float
    gap: float
    """Proven distance from the infimum; infinite where none is."""
    decrement: float
    """Estimated distance from it."""
    n_iter: int
    flat: bool
    """Whether it ended because nothing fell any more."""
    directions: tuple[HostArray, ...]
    """Along which the objective may go on falling (D,)."""


@dataclass(frozen=True)
class DampedNewton:
    """Settings.

    Parameters
    ----------
    relative : float
        The gap to reach, relative to the value.
    max_iter : int
    """

    relative: float
    max_iter: int
    #: damping to begin with, and factors by which it grows and falls
    first: float = 1e-10
    growth: float = 8.0
    decay: float = 0.1
    least: float = 1e-14
    #: parts of the predicted decrease: to accept, and to damp less after
    sufficient: float = 1e-3
    good: float = 0.6
    #: steps in a row that may fail to halve the estimate where the objective no longer falls
    patience: int = 12
    #: times the estimate that such a step may lead to
    steady: float = 1.1
    #: changes below this many times the rounding of the value count as none
    noise: float = 16.0

    def minimize(
        self,
        local: Local,
        theta: HostArray,
        damper: HostArray,
        *,
        on_iteration: Callable[[int, float], bool] | None = None,
    ) -> Outcome:
        """Minimise from ``theta (D,)``, damped by multiples of ``damper (D,)``."""
        model = local.model(theta)
        bound = local.bound(theta, model)
        damping, flat, n_iter = self.first, 0, 0
        best = bound.decrement
        while n_iter < self.max_iter and flat < self.patience:
            if self._reached(model, bound):
                break
            n_iter += 1
            try:
                step, predicted = _damped_step(model, damping * damper, eps=local.eps)
            except np.linalg.LinAlgError:  # of numbers that are not finite, or nearly so
                break
            trial = local.model(theta + step)
            change = model.value - trial.value
            rounding = self.noise * local.eps * abs(model.value)
            falls = change >= self.sufficient * predicted and change > rounding
            still = abs(change) <= rounding
            newer = local.bound(theta + step, trial) if falls or still else None
            # where the objective no longer tells points apart, the gradient does
            if newer is not None and (falls or newer.decrement <= self.steady * bound.decrement):
                theta, model, bound = theta + step, trial, newer
                flat = 0 if falls or bound.decrement < 0.5 * best else flat + 1
                best = min(best, bound.decrement)
                if still or change >= self.good * predicted:
                    damping = self._less(damping, self.decay if falls else self.decay**2)
            else:
                flat += still
                damping = self._more(damping, self.least if still else self.first)
            if on_iteration is not None and on_iteration(n_iter, model.value):
                break
        if not np.isfinite(bound.gap):
            bound = local.bound(theta, model, near=False)
        ended = flat >= self.patience
        return Outcome(
            theta, model.value, bound.gap, bound.decrement, n_iter, ended, bound.directions
        )

    def _more(self, damping: float, first: float) -> float:
        return damping * self.growth if damping >= first else first

    def _less(self, damping: float, part: float) -> float:
        return damping * part if damping * part > self.least else 0.0

    def _reached(self, model: LocalModel, bound: LocalBound) -> bool:
        return bound.gap <= self.relative * (model.value - bound.gap)


def _damped_step(model: LocalModel, damping: HostArray, *, eps: float) -> tuple[HostArray, float]:
    """Solve the damped system; the step, and the decrease that the model predicts."""
    scale, values, vectors, _ = model.spectrum(model.ridge + damping, eps=eps)
    along = vectors.T @ ((model.gradient + model.pull) * scale)
    step = -scale * (vectors @ (along / values))
    predicted = 0.5 * float(along @ (along / values)) + 0.5 * float(step @ (damping * step))
    return step, predicted
