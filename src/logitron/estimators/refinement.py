"""Fits that the fast methods leave without a proof: damped Newton, and a bound from all rows.

Where the penalty is weak, features are of mixed units, or classes are nearly separable, an optimum
can be reached and not be proven, or not be reached at all. Each such fit goes on alone, in
standardised features and in the widest precision, with its whole Hessian. That is affordable where
the Hessian is small; other fits stay what they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import LocalObjective
from logitron.estimators.separation import Separation, separation_of
from logitron.objective import Objective, row_squares
from logitron.reductions import standardise
from logitron.solvers import DampedNewton, Iteration, Outcome

__all__ = [
    "Refined",
    "affordable",
    "is_quick",
    "local_gap",
    "plain_of",
    "ready",
    "refine",
]


#: parameters of one group that a Hessian is summed and decomposed of
MOST_PARAMETERS = 1500
#: and of which steps cost little beside all else
QUICK = 150
#: multiplications of the Hessians of one group's bound, and of all groups' refinement
MOST_FOR_A_BOUND, MOST_FOR_ALL = 4e10, 4e11
#: damped steps that are tried first, and that any way may take
FIRST_STEPS, MOST_STEPS = 40, 120
#: along a path of penalties: steps with each, the part that each is of the one before, how near
#: each optimum is followed, and the first one at most
EACH, STRIDE, ROUGHLY, MOST_TIMES = 4, 10.0, 1e-2, 1e40
#: part of the distance that is asked for at which steps end
POLISHED = 0.1
#: passes of Newton's method, as a rule
PASSES = 12


@dataclass(frozen=True)
class Refined:
    """Where one group ended."""

    coef: Array
    """(K, p)"""
    intercept: Array | None
    """(K,)"""
    value: float
    gap: float
    """Proven; infinite where nothing is."""
    n_iter: int
    stopped: bool
    standing: bool
    """Whether the objective no longer fell."""
    separation: Separation | None
    """Why there is no optimum, if that is so."""


def affordable(objective: Objective) -> int:
    """Count the groups whose bounds, and refinement, are worth their cost."""
    _, K, q = objective.shape
    cost = objective.rows.shape[0] * (K * q) ** 2 + 20.0 * (K * q) ** 3
    if K * q > MOST_PARAMETERS or cost > MOST_FOR_A_BOUND:
        return 0
    return max(1, int(MOST_FOR_ALL / (PASSES * cost)))


def refine(
    objective: Objective,
    coef: Array,
    intercept: Array | None,
    *,
    relative: float,
    max_iter: int,
    group: int = 0,
    on_iteration: Callable[[Iteration], bool | None] | None = None,
) -> Refined:
    """Go on with one group from coefficients (K, p) and intercepts (K,).

    Parameters
    ----------
    objective : Objective
        In standardised features.
    relative : float
        Distance from the infimum to reach, relative to it.
    max_iter : int
        0 bounds the distance at the parameters that are given.
    group : int
    on_iteration : callable, optional
    """
    one = objective.take(np.asarray([group]))
    local = LocalObjective(one, relative)
    start = np.asarray(to_host(one.start(coef, intercept)), np.float64)[0, ...]
    if max_iter > 0 and one.classes > 1:  # what all classes have in common only costs
        start = start - start.mean(axis=0)

    def watch(number: int, value: float) -> bool:
        if on_iteration is None:
            return False
        return bool(on_iteration(Iteration(number, np.asarray([value]), 1, lambda: None)))

    search = _Search(one, local, relative, max_iter, watch)
    found = search.run(start.reshape(-1))
    W, b = one.split(local.arranged(found.theta))
    return Refined(
        W,
        b,
        found.value,
        found.gap,
        found.n_iter,
        search.stopped,
        found.flat,
        search.separation,
    )


class _Search:
    """Ways to the optimum of one group, from the cheapest to the surest, until it is proven.

    Damped Newton steps from where the fast methods ended; the same along a path of penalties, each
    a tenth of the one before, along which no logit changes by much; and steps by the root of the
    Hessian, which resolves directions whose curvature is rounding in the Hessian itself.
    """

    def __init__(
        self,
        one: Objective,
        local: LocalObjective,
        relative: float,
        max_iter: int,
        watch: Callable[[int, float], bool],
    ) -> None:
        self.one, self.local, self.relative, self.watch = one, local, relative, watch
        self.max_iter, self.n_iter, self.stopped = max_iter, 0, False
        self.separation: Separation | None = None

    def run(self, start: HostArray) -> Outcome:
        """Search from ``start (D,)``."""
        found = self._newton(start, 0)
        if not self._goes_on(found):
            return found
        found = self._newton(start, FIRST_STEPS)
        if self._goes_on(found) and self.local.penalised:
            other = self._newton(self._along_penalties(start), FIRST_STEPS)
            found = other if other.gap < found.gap or other.value < found.value else found
        elif self._goes_on(found):
            self.separation = separation_of(self.one, found.directions, programme=True)
        if self._goes_on(found) and self.local.can_be_fine:
            self.local.fine = True
            found = self._newton(found.theta, min(MOST_STEPS, self._worth()))
            if self._goes_on(found) and not self.local.penalised:
                self.separation = separation_of(self.one, found.directions, programme=False)
        return replace(found, n_iter=self.n_iter)

    def _goes_on(self, found: Outcome) -> bool:
        proven = found.gap <= self.relative * (found.value - found.gap)
        left = self.n_iter < self.max_iter and not self.stopped and self.separation is None
        return left and not proven and bool(np.isfinite(found.value))

    def _newton(self, theta: HostArray, most: int, local: LocalObjective | None = None) -> Outcome:
        local = local or self.local
        before = self.n_iter

        def watch(iteration: Iteration) -> bool:
            self.stopped = self.watch(before + iteration.number, float(iteration.loss[0]))
            return self.stopped

        # (coefficients as they are stored may be a little farther from the optimum)
        newton = DampedNewton(POLISHED * local.relative, min(most, self.max_iter - self.n_iter))
        found = newton.minimize(local, theta, _damper(local.objective), callback=watch)
        self.n_iter += found.n_iter
        return found

    def _along_penalties(self, start: HostArray) -> HostArray:
        """Follow the optima of penalties that fall to the one that is asked for."""
        theta, times = 0.0 * start, self._strongest()
        while times > 1.0 and self.n_iter < self.max_iter and not self.stopped:
            penalty = self.one.penalty
            easier = replace(self.one, penalty=penalty._replace(strength=penalty.strength * times))
            theta = self._newton(theta, EACH, LocalObjective(easier, ROUGHLY)).theta
            times /= STRIDE
        return theta

    def _strongest(self) -> float:
        """How many times the penalty keeps all logits small."""
        one = self.one
        (squares,) = one.sum(row_squares, one.data.index, classes=one.classes, fit_intercept=False)
        strength, factors = _penalty_of(one)
        least = factors[factors > 0.0].min(initial=np.inf) * strength
        with np.errstate(over="ignore", divide="ignore"):
            times = float(to_host(squares)[0]) / least
        return min(times, MOST_TIMES) if np.isfinite(times) else MOST_TIMES

    def _worth(self) -> int:
        """Count the steps by the root that are worth their cost."""
        (n, _), (_, K, q) = self.one.rows.shape, self.one.shape
        return int(MOST_FOR_ALL / (8.0 * n * K * (K * q) ** 2))


def local_gap(
    objective: Objective,
    coef: Array,
    intercept: Array | None,
    *,
    relative: float,
    group: int,
) -> float:
    """Bound the distance of one group from its infimum at the parameters that are given."""
    return refine(objective, coef, intercept, relative=relative, max_iter=0, group=group).gap


def _damper(one: Objective) -> HostArray:
    """Compute the Hessian's diagonal where all rows have their full curvature (D,)."""
    _, K, _ = one.shape
    steepest = (one.loss.curvature_bound or 1.0) * float(to_host(one.weight_sum())[0])
    strength, factors = _penalty_of(one)
    return np.tile(steepest + strength * factors, K)


def _penalty_of(one: Objective) -> tuple[float, HostArray]:
    """Strength of a group's penalty, and the factor of each parameter (q,)."""
    factors = np.asarray(to_host(one.penalty.factors), np.float64)
    return float(to_host(one.penalty.strength)[0]), factors


def is_quick(objective: Objective) -> bool:
    """Whether a step of refinement costs so little that it need not be put off."""
    return objective.shape[1] * objective.shape[2] <= QUICK and affordable(objective) > 0


def plain_of(objective: Objective) -> Objective | None:
    """Return the objective in features as they are, where that is good enough for a bound."""
    if objective.layout.standardisation is not None or objective.statistics.needs_standardisation:
        return None
    return (
        objective.with_layout(centre=None)
        if objective.rows.context is objective.rows.context.wide
        else None
    )


def ready(objective: Objective) -> Objective:
    """Return the objective in standardised features, the widest precision and without a centre."""
    if objective.layout.standardisation is None:
        objective = standardise(objective.with_layout(centre=None))
    return objective.in_float64().with_layout(centre=None)
