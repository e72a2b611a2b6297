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
    "is_cheap",
    "local_gap",
    "n_affordable",
    "refine",
    "standardised",
    "unstandardised",
]


#: parameters of one group that a Hessian is summed and decomposed of
MAX_PARAMETERS = 1500
#: and of which steps cost little beside all else
CHEAP_PARAMETERS = 150
#: multiplications of the Hessians of one group's bound, and of all groups' refinement
MAX_MULTIPLICATIONS_PER_BOUND, MAX_MULTIPLICATIONS = 4e10, 4e11
#: damped steps that are tried first, and that any way may take
FIRST_STEPS, MAX_STEPS = 40, 120
#: along a path of penalties: steps with each, the part that each is of the one before, how near
#: each optimum is followed, and the first one at most
STEPS_PER_PENALTY, PENALTY_FACTOR, PATH_TOL, MAX_PENALTY_MULTIPLE = 4, 10.0, 1e-2, 1e40
#: part of the distance that is asked for at which steps end
POLISH = 0.1
#: passes of Newton's method, as a rule
TYPICAL_PASSES = 12


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
    stalled: bool
    """Whether the objective no longer fell."""
    separation: Separation | None
    """Why there is no optimum, if that is so."""


def n_affordable(objective: Objective) -> int:
    """Count the groups whose bounds, and refinement, are worth their cost."""
    _, K, q = objective.shape
    cost = objective.rows.shape[0] * (K * q) ** 2 + 20.0 * (K * q) ** 3
    if K * q > MAX_PARAMETERS or cost > MAX_MULTIPLICATIONS_PER_BOUND:
        return 0
    return max(1, int(MAX_MULTIPLICATIONS / (TYPICAL_PASSES * cost)))


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

    def callback(number: int, value: float) -> bool:
        if on_iteration is None:
            return False
        return bool(on_iteration(Iteration(number, np.asarray([value]), 1, lambda: None)))

    search = _Search(one, local, relative, max_iter, callback)
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
        callback: Callable[[int, float], bool],
    ) -> None:
        self.one, self.local, self.relative, self.callback = one, local, relative, callback
        self.max_iter, self.n_iter, self.stopped = max_iter, 0, False
        self.separation: Separation | None = None

    def run(self, start: HostArray) -> Outcome:
        """Search from ``start (D,)``."""
        found = self._newton(start, 0)
        if not self._should_continue(found):
            return found
        found = self._newton(start, FIRST_STEPS)
        if self._should_continue(found) and self.local.penalised:
            other = self._newton(self._follow_penalty_path(start), FIRST_STEPS)
            found = other if other.gap < found.gap or other.value < found.value else found
        elif self._should_continue(found):
            self.separation = separation_of(self.one, found.directions, linear_program=True)
        if self._should_continue(found) and self.local.can_be_fine:
            self.local.fine = True
            found = self._newton(found.theta, min(MAX_STEPS, self._affordable_root_steps()))
            if self._should_continue(found) and not self.local.penalised:
                self.separation = separation_of(self.one, found.directions, linear_program=False)
        return replace(found, n_iter=self.n_iter)

    def _should_continue(self, found: Outcome) -> bool:
        proven = found.gap <= self.relative * (found.value - found.gap)
        left = self.n_iter < self.max_iter and not self.stopped and self.separation is None
        return left and not proven and bool(np.isfinite(found.value))

    def _newton(self, theta: HostArray, most: int, local: LocalObjective | None = None) -> Outcome:
        local = local or self.local
        before = self.n_iter

        def callback(number: int, value: float) -> bool:
            self.stopped = self.callback(before + number, value)
            return self.stopped

        # (coefficients as they are stored may be a little farther from the optimum)
        newton = DampedNewton(POLISH * local.relative, min(most, self.max_iter - self.n_iter))
        found = newton.minimize(
            local, theta, _damping_diagonal(local.objective), on_iteration=callback
        )
        self.n_iter += found.n_iter
        return found

    def _follow_penalty_path(self, start: HostArray) -> HostArray:
        """Follow the optima of penalties that fall to the one that is asked for."""
        theta, multiple = 0.0 * start, self._max_penalty_multiple()
        while multiple > 1.0 and self.n_iter < self.max_iter and not self.stopped:
            penalty = self.one.penalty
            easier = replace(
                self.one, penalty=penalty._replace(strength=penalty.strength * multiple)
            )
            theta = self._newton(theta, STEPS_PER_PENALTY, LocalObjective(easier, PATH_TOL)).theta
            multiple /= PENALTY_FACTOR
        return theta

    def _max_penalty_multiple(self) -> float:
        """How many times the penalty keeps all logits small."""
        one = self.one
        (squares,) = one.sum(row_squares, one.data.index, classes=one.classes, fit_intercept=False)
        strength, factors = _penalty_terms(one)
        least = factors[factors > 0.0].min(initial=np.inf) * strength
        with np.errstate(over="ignore", divide="ignore"):
            multiple = float(to_host(squares)[0]) / least
        return (
            min(multiple, MAX_PENALTY_MULTIPLE) if np.isfinite(multiple) else MAX_PENALTY_MULTIPLE
        )

    def _affordable_root_steps(self) -> int:
        """Count the steps by the root that are worth their cost."""
        (n, _), (_, K, q) = self.one.rows.shape, self.one.shape
        return int(MAX_MULTIPLICATIONS / (8.0 * n * K * (K * q) ** 2))


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


def _damping_diagonal(one: Objective) -> HostArray:
    """Compute the Hessian's diagonal where all rows have their full curvature (D,)."""
    _, K, _ = one.shape
    steepest = (one.loss.curvature_bound or 1.0) * float(to_host(one.weight_sum())[0])
    strength, factors = _penalty_terms(one)
    return np.tile(steepest + strength * factors, K)


def _penalty_terms(one: Objective) -> tuple[float, HostArray]:
    """Strength of a group's penalty, and the factor of each parameter (q,)."""
    factors = np.asarray(to_host(one.penalty.factors), np.float64)
    return float(to_host(one.penalty.strength)[0]), factors


def is_cheap(objective: Objective) -> bool:
    """Whether a step of refinement costs so little that it need not be put off."""
    return (
        objective.shape[1] * objective.shape[2] <= CHEAP_PARAMETERS and n_affordable(objective) > 0
    )


def unstandardised(objective: Objective) -> Objective | None:
    """Return the objective in features as they are, where that is good enough for a bound."""
    if objective.layout.standardisation is not None or objective.statistics.needs_standardisation:
        return None
    return (
        objective.with_layout(centre=None)
        if objective.rows.context is objective.rows.context.wide
        else None
    )


def standardised(objective: Objective) -> Objective:
    """Return the objective in standardised features, the widest precision and without a centre."""
    if objective.layout.standardisation is None:
        objective = standardise(objective.with_layout(centre=None))
    return objective.in_float64().with_layout(centre=None)
