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

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.base import Callback, run
from logitron.solvers.result import Iteration

__all__ = ["DampedNewton", "DampedState", "Local", "LocalBound", "LocalModel", "Outcome"]


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

    @property
    def interruptible(self) -> bool:
        """Ctrl-C is passed on."""
        return False

    def minimize(
        self, local: Local, theta: HostArray, damper: HostArray, *, callback: Callback = None
    ) -> Outcome:
        """Minimise from ``theta (D,)``, damped by multiples of ``damper (D,)``."""
        state, _ = run(self, self.init(local, theta, damper), callback)
        bound = state.bound
        if not np.isfinite(bound.gap):
            bound = local.bound(state.theta, state.model, near=False)
        return Outcome(
            state.theta,
            state.model.value,
            bound.gap,
            bound.decrement,
            state.iteration,
            state.n_flat >= self.patience,
            bound.directions,
        )

    def init(self, local: Local, theta: HostArray, damper: HostArray) -> "DampedState":
        """Model and bound the objective at ``theta``."""
        model = local.model(theta)
        bound = local.bound(theta, model)
        return DampedState(local, damper, 0, theta, model, bound, self.first, bound.decrement)

    def is_running(self, state: "DampedState") -> bool:
        """Whether the gap is too large, and steps still lead anywhere."""
        gap, value = state.bound.gap, state.model.value
        reached = gap <= self.relative * (value - gap)
        return not (reached or state.failed or state.n_flat >= self.patience)

    def step(self, state: "DampedState") -> "DampedState":
        """Solve the damped system, and take its step if the objective falls."""
        local, theta, model, bound = state.local, state.theta, state.model, state.bound
        damping, state = state.damping, state._replace(iteration=state.iteration + 1)
        try:
            step, predicted = _damped_step(model, damping * state.damper, eps=local.eps)
        except np.linalg.LinAlgError:  # of numbers that are not finite, or nearly so
            return state._replace(failed=True)
        trial = local.model(theta + step)
        change = model.value - trial.value
        rounding = self.noise * local.eps * abs(model.value)
        falls = change >= self.sufficient * predicted and change > rounding
        still = abs(change) <= rounding
        newer = local.bound(theta + step, trial) if falls or still else None
        # where differences of the objective are rounding, the gradient decides
        if newer is None or not (falls or newer.decrement <= self.steady * bound.decrement):
            damping = self._more(damping, self.least if still else self.first)
            return state._replace(damping=damping, n_flat=state.n_flat + still)
        if still or change >= self.good * predicted:
            damping = self._less(damping, self.decay if falls else self.decay**2)
        nearer = falls or newer.decrement < 0.5 * state.best
        return state._replace(
            theta=theta + step,
            model=trial,
            bound=newer,
            damping=damping,
            best=min(state.best, newer.decrement),
            n_flat=0 if nearer else state.n_flat + 1,
        )

    def iterations(self, state: "DampedState") -> list[Iteration]:
        """Describe the last iteration, for callbacks."""
        value = np.asarray([state.model.value])
        return [Iteration(state.iteration, value, 1, lambda: state.theta)]

    def _more(self, damping: float, first: float) -> float:
        return damping * self.growth if damping >= first else first

    def _less(self, damping: float, part: float) -> float:
        return damping * part if damping * part > self.least else 0.0


class DampedState(NamedTuple):
    """Where a run is."""

    local: Local
    damper: HostArray
    iteration: int
    theta: HostArray
    model: Any
    """The objective near ``theta``, a `LocalModel`."""
    bound: Any
    """Its distance from the infimum, a `LocalBound`."""
    damping: float
    best: float
    """Least estimate of that distance."""
    n_flat: int = 0
    """Steps in a row that failed to halve the estimate."""
    failed: bool = False
    """Whether the damped system could not be solved."""


def _damped_step(model: LocalModel, damping: HostArray, *, eps: float) -> tuple[HostArray, float]:
    """Solve the damped system; the step, and the decrease that the model predicts."""
    scale, values, vectors, _ = model.spectrum(model.ridge + damping, eps=eps)
    along = vectors.T @ ((model.gradient + model.pull) * scale)
    step = -scale * (vectors @ (along / values))
    predicted = 0.5 * float(along @ (along / values)) + 0.5 * float(step @ (damping * step))
    return step, predicted
