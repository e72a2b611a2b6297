r"""Proximal Newton's method: a smooth objective and an L1 penalty, for several groups at once.

At parameters :math:`\theta` with gradient ``g`` of the smooth part, each iteration minimises

.. math:: g^\top (u - \theta) + \tfrac12 (u - \theta)^\top H (u - \theta) + \sum_j \lambda_j |u_j|

over the parameters that may change (`l1_model`), and goes along :math:`u - \theta` as far as the
objective falls enough (Armijo's condition for composite functions [1]_). The matrix ``H`` is a
model only: it is kept while a step gains much, may be summed over a part of the rows, and may be
shared by groups. Gradient and penalty are exact, and so is the optimum.

References
----------
.. [1] J. D. Lee, Y. Sun, M. A. Saunders, "Proximal Newton-type methods for minimizing composite
   functions", SIAM Journal on Optimization 24(3), 2014.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.l1_model import L1Model
from logitron.solvers.positions import spread, values_at

__all__ = ["CompositeObjective", "ProximalNewton", "ProximalOutcome"]

#: part of the predicted decrease that a step must bring
ARMIJO = 1e-4
#: part of the decrement before that counts as progress
SHRINKS = 0.5
#: changes of the objective below this many times ``eps |f|`` count as none; and where a predicted
#: decrease is below so many times that, since then the gradient decides
ROUNDING, LOOSE, FLAT = 8.0, 1e4, 1e5


class CompositeObjective(Protocol):
    """A smooth objective of ``G`` groups beside an L1 penalty, with parameters on the host."""

    @property
    def eps(self) -> float:
        """Relative precision of the values."""

    @property
    def l1(self) -> Any:
        """The L1 penalty."""

    @property
    def penalty(self) -> Any:
        """The smooth penalty; a model of the Hessian is without it."""

    def evaluate(self, theta: HostArray) -> Any:
        """Value (G,) and gradient (G, K, q) of the smooth part."""

    def take(self, groups: HostArray) -> Any:
        """Return the objective of some of the groups, by their numbers (g,)."""


class ProximalOutcome(NamedTuple):
    """Where the method ended."""

    theta: HostArray
    """(G, K, q)"""
    n_iter: HostArray
    """Iterations of each group (G,)."""
    falls: HostArray
    """Whether the last step of a group lowered its objective by more than rounding (G,)."""


@dataclass(frozen=True)
class ProximalNewton:
    """Settings.

    Parameters
    ----------
    max_iter : int
    keep : float
        Part of the decrement before, above which the matrix is summed anew.
    rough : float
        Predicted decrease before, as a part of the value, above which quadratic models of many
        parameters are minimised roughly.
    max_halvings : int
        Of a step.
    """

    max_iter: int = 20
    keep: float = 0.1
    rough: float = 1e-3
    max_halvings: int = 30

    def minimize(
        self,
        objective: CompositeObjective,
        theta: HostArray,
        places: HostArray,
        models: Callable[[HostArray, HostArray, Any, HostArray], L1Model],
        goal: HostArray,
        *,
        least: float = 0.0,
        rough: bool = True,
        known: Any = None,
    ) -> ProximalOutcome:
        """Minimise from ``theta``.

        Parameters
        ----------
        objective : CompositeObjective
        theta : array (G, K, q)
        places : array (G, s) of int
            Parameters that may change, as positions among a group's ``K q``; ``K q`` is none.
        models : callable
            ``models(groups, theta, evaluation, curvature)`` models the loss and the smooth penalty,
            of which ``curvature (g, s)`` are second derivatives, at the places.
        goal : array (G,)
            A group is done when half of a step's squared length in ``H`` is no more than this,
        least : float, default 0.0
            or no more than this part of that of its first step.
        rough : bool, default True
            Whether the start is far from the optimum; see `L1Model.minimize`.
        known : optional
            What `CompositeObjective.evaluate` returns at ``theta``, where that is known.
        """
        G, goal = len(theta), goal.copy()
        size = values_at(places, np.asarray(objective.l1.thresholds()), theta)
        curvature = values_at(places, np.asarray(objective.penalty.hessian_diagonal()), theta)
        theta, point = theta.copy(), _Point.of(objective, theta, known)
        n_iter, falls = np.zeros(G, np.int32), np.zeros(G, bool)
        running, before = np.arange(G), np.full(G, np.inf)
        model: L1Model | None = None
        for _ in range(self.max_iter):
            where, own = places[running], theta[running]
            if model is None:
                model = models(running, own, point.evaluation, curvature[running])
            elif np.isfinite(before[running]).all():
                rough = bool((before[running] > self.rough * np.abs(point.value)).any())
            u, grad, lam = (
                values_at(where, own),
                values_at(where, point.evaluation.grad),
                size[running],
            )
            new, decrement = model.minimize(grad, lam, u, rough=rough)
            change = new - u
            # (this is a difference; near the optimum, the decrement is the same without rounding)
            predicted = np.sum(grad * change + lam * (np.abs(new) - np.abs(u)), axis=1)
            step = spread(where, change, own.shape)
            theta[running], point, fell = self._search(
                objective.take(running), point, own, step, predicted
            )
            falls[running] = fell
            n_iter[running] += 1
            if not np.isfinite(before[running]).any():
                goal = np.maximum(goal, least * decrement)
            # (where the objective falls by no more than rounding, the steps still shrink)
            shrinks = decrement <= SHRINKS * before[running]
            done = (decrement <= goal[running]) | ~(fell | shrinks)
            is_stale = bool((decrement > self.keep * before[running])[~done].any())
            before[running] = decrement
            if done.all():
                break
            running, point = running[~done], point.take(~done)
            model = None if is_stale or model.serves_once else model.take(~done)
        return ProximalOutcome(theta, n_iter, falls)

    def _search(
        self,
        objective: Any,
        point: "_Point",
        start: HostArray,
        step: HostArray,
        predicted: HostArray,
    ) -> tuple[HostArray, "_Point", HostArray]:
        """Halve the steps of groups whose objective does not fall enough; stay if it never does."""
        length = np.ones(len(start))
        size = objective.eps * np.abs(point.value)
        rounding = size * np.where(-predicted <= FLAT * size, LOOSE, ROUNDING)
        trial = _Point.of(objective, start + step)
        for _ in range(self.max_halvings):
            enough = point.value + ARMIJO * length * predicted
            failed = np.flatnonzero(~(trial.value <= enough + rounding))
            if not len(failed):
                break
            length[failed] *= 0.5
            there = start[failed] + length[failed, None, None] * step[failed]
            trial = trial.replaced(failed, _Point.of(objective.take(failed), there))
        stays = ~(trial.value <= point.value + rounding)
        length[stays] = 0.0
        fell = ~stays & (point.value - trial.value > rounding)
        trial = trial.replaced(np.flatnonzero(stays), point.take(stays))
        return start + length[:, None, None] * step, trial, fell


class _Point(NamedTuple):
    """What is known at some parameters."""

    evaluation: Any
    value: HostArray
    """Of the smooth part and the L1 penalty (G,)."""

    @classmethod
    def of(cls, objective: Any, theta: HostArray, known: Any = None) -> "_Point":
        """Evaluate an objective, unless its evaluation is known."""
        evaluation = objective.evaluate(theta) if known is None else known
        return cls(evaluation, evaluation.value + objective.l1.value(theta))

    def take(self, groups: HostArray) -> "_Point":
        """Return what is known of some groups, by their numbers or a mask."""
        kept = (None if part is None else part[groups] for part in self.evaluation)
        return _Point(type(self.evaluation)(*kept), self.value[groups])

    def replaced(self, groups: HostArray, other: "_Point") -> "_Point":
        """Return the same, but for some groups."""
        if not len(groups):
            return self
        parts = []
        for mine, new in zip(self.evaluation, other.evaluation, strict=True):
            whole = mine
            if mine is not None:
                whole = mine.copy()
                whole[groups] = new
            parts.append(whole)
        value = self.value.copy()
        value[groups] = other.value
        return _Point(type(self.evaluation)(*parts), value)
