"""Refinement of fits that the fast solver left without a certificate.

With a weak penalty, features of mixed units, or nearly separable classes, the optimum can be
reached without a proof, or missed. Each such group is refined alone: by damped Newton steps with
the whole Hessian, in standardised features and the widest precision. This is affordable where the
Hessian is small; other groups stay unchanged.
"""

from dataclasses import dataclass, replace

import numpy as np

from logitron.automatic.separation import Separation, separation_of
from logitron.automatic.storable import Storable
from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import LocalObjective
from logitron.objective import Objective, row_squares
from logitron.reductions import standardise
from logitron.solvers import Callback, DampedNewton, Iteration, Outcome

__all__ = [
    "Refined",
    "is_cheap",
    "local_gap",
    "n_affordable",
    "n_affordable_steps",
    "refine",
    "standardised",
    "unstandardised",
]


#: parameters of one group at most; the Hessian is decomposed
MAX_PARAMETERS = 1500
#: parameters of one group up to which a refinement step is cheap
CHEAP_PARAMETERS = 150
#: multiplications at most: for one Hessian, and for the refinement of all groups
MAX_MULTIPLICATIONS_PER_BOUND, MAX_MULTIPLICATIONS = 4e10, 4e11
#: and for the steps of a softmax group with a penalty: whole Hessians have led it to its optimum,
#: and only its bound is missing
MAX_MULTIPLICATIONS_TO_BOUND = 1e11
#: damped Newton steps at most: in the first two attempts, and with the square root of the Hessian
FIRST_STEPS, MAX_STEPS = 40, 120
#: path of penalties: steps for each, ratio of one to the next, relative gap of the optima on the
#: way, and largest multiple of the penalty
STEPS_PER_PENALTY, PENALTY_FACTOR, PATH_TOL, MAX_PENALTY_MULTIPLE = 4, 10.0, 1e-2, 1e40
#: steps end at this fraction of the target gap, since storing the coefficients adds to it
POLISH = 0.1
#: typical number of Newton steps
TYPICAL_PASSES = 12


@dataclass(frozen=True)
class Refined:
    """Result of the refinement of one group."""

    coef: Array
    """(K, p)"""
    intercept: Array | None
    """(K,)"""
    value: float
    gap: float
    """Proven bound of the distance from the infimum; may be infinite."""
    n_iter: int
    stopped: bool
    stalled: bool
    """Whether the objective no longer decreased."""
    separation: Separation | None
    """A separating direction, so that there is no finite optimum; None otherwise."""

    def is_proven(self, relative: float) -> bool:
        """Whether the gap is at most ``relative``, as a part of the smallest optimum it allows."""
        return self.gap <= relative * (self.value - self.gap)


def n_affordable(objective: Objective) -> int:
    """Return the number of groups whose bounds and refinement are affordable.

    Parameters
    ----------
    objective : Objective
    """
    _, K, q = objective.shape
    cost = _cost(objective)
    if K * q > MAX_PARAMETERS or cost > MAX_MULTIPLICATIONS_PER_BOUND:
        return 0
    return max(1, int(MAX_MULTIPLICATIONS / (TYPICAL_PASSES * cost)))


def n_affordable_steps(objective: Objective) -> int:
    """Return the steps of the refinement of a softmax group that are affordable.

    Parameters
    ----------
    objective : Objective
    """
    return max(1, int(MAX_MULTIPLICATIONS_TO_BOUND / _cost(objective)))


def _cost(objective: Objective) -> float:
    """Estimate the multiplications of one Hessian and its decomposition."""
    _, K, q = objective.shape
    return objective.rows.shape[0] * (K * q) ** 2 + 20.0 * (K * q) ** 3


def refine(
    objective: Objective,
    coef: Array,
    intercept: Array | None,
    *,
    relative: float,
    max_iter: int,
    stored: str = "float64",
    group: int = 0,
    on_iteration: Callback = None,
) -> Refined:
    """Refine one group from coefficients (K, p) and intercepts (K,).

    Parameters
    ----------
    objective : Objective
        In standardised features.
    coef, intercept : arrays (K, p), (K,)
    relative : float
        Target of the gap, relative to the infimum.
    max_iter : int
        0 only bounds the gap at the given parameters.
    stored : {"float32", "float64"}, default "float64"
        Precision in which the coefficients are stored. Without a proof, those are returned whose
        objective is least after rounding.
    group : int
    on_iteration : callable, optional
        Called with an `Iteration` after each step; returning True ends the refinement.

    Returns
    -------
    Refined
    """
    one = objective.take(np.asarray([group]))
    local = LocalObjective(one, relative)
    start = np.asarray(to_host(one.start(coef, intercept)), np.float64)[0, ...]
    if max_iter > 0 and one.classes > 1:  # the mean over the classes adds to the penalty only
        start = start - start.mean(axis=0)

    search = _Search(one, local, relative, max_iter, on_iteration)
    found = search.run(start.reshape(-1), stored)
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
    """Newton's method for one group, with fallbacks until the result is certified.

    1. The bound at the given parameters; of softmax groups, by the square root of the Hessian too.
       Then damped Newton steps.
    2. Where a feature has no penalty: a search for a direction that separates the classes. With a
       penalty: Newton steps along a path of decreasing penalties, each `PENALTY_FACTOR` times
       smaller than the one before, so that logits change little from one to the next.
    3. Steps from the square root of the Hessian, which resolves directions whose curvature is below
       the rounding error of the Hessian.
    """

    def __init__(
        self,
        one: Objective,
        local: LocalObjective,
        relative: float,
        max_iter: int,
        callback: Callback,
    ) -> None:
        self.one, self.local, self.relative, self.callback = one, local, relative, callback
        self.max_iter, self.n_iter, self.stopped = max_iter, 0, False
        self.separation: Separation | None = None

    def run(self, start: HostArray, stored: str) -> Outcome:
        """Search from ``start (D,)``, and return parameters that can be stored."""
        found = self._newton(start, 0)
        if not self._is_proven(found) and self.one.classes > 1 and self._root_pays():
            self.local.fine = True
            found = self._newton(start, 0)
            self.local.fine = False
        if not self._should_continue(found):
            return found
        found = self._search(start)
        if self._is_proven(found) or self.stopped:
            return replace(found, n_iter=self.n_iter)
        steps = self.n_iter
        best = Storable(self.one, stored).choose(found, start, self._minimize_other)
        if best is not found.theta:
            found = replace(self._newton(best, 0), flat=found.flat)
        return replace(found, n_iter=steps)

    def _minimize_other(self, other: LocalObjective, theta: HostArray) -> HostArray:
        """Minimise an objective that has an optimum, by iterations that are not counted."""
        newton = DampedNewton(other.relative, FIRST_STEPS)
        return newton.minimize(other, theta, _damping_diagonal(other.objective)).theta

    def _search(self, start: HostArray) -> Outcome:
        found = self._newton(start, FIRST_STEPS)
        if self._should_continue(found) and not self.local.penalised:
            self.separation = separation_of(self.one, found.directions, linear_program=True)
        if self._should_continue(found) and _penalty_terms(self.one)[0] > 0.0:
            other = self._newton(self._follow_penalty_path(start), FIRST_STEPS)
            found = other if other.gap < found.gap or other.value < found.value else found
        if self._should_continue(found) and self.local.can_be_fine:
            self.local.fine = True
            found = self._newton(found.theta, min(MAX_STEPS, self._affordable_root_steps()))
            if self._should_continue(found) and not self.local.penalised:
                self.separation = separation_of(self.one, found.directions, linear_program=False)
        return found

    def _is_proven(self, found: Outcome) -> bool:
        return found.gap <= self.relative * (found.value - found.gap)

    def _should_continue(self, found: Outcome) -> bool:
        left = self.n_iter < self.max_iter and not self.stopped and self.separation is None
        return left and not self._is_proven(found) and bool(np.isfinite(found.value))

    def _root_pays(self) -> bool:
        """Whether a bound by the square root of the Hessian is affordable, and can exist."""
        return self.local.penalised and self.local.can_be_fine

    def _newton(self, theta: HostArray, most: int, local: LocalObjective | None = None) -> Outcome:
        local = local or self.local
        before = self.n_iter

        def callback(iteration: Iteration) -> bool:
            self.stopped = bool(self.callback and self.callback(iteration.after(before)))
            return self.stopped

        newton = DampedNewton(POLISH * local.relative, min(most, self.max_iter - self.n_iter))
        found = newton.minimize(local, theta, _damping_diagonal(local.objective), callback=callback)
        self.n_iter += found.n_iter
        return found

    def _follow_penalty_path(self, start: HostArray) -> HostArray:
        """Follow the optima of decreasing penalties to the penalty of the group."""
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
        """Compute the multiple of the penalty that keeps all logits small."""
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
        """Compute the number of steps from the square root that are affordable."""
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
    """Bound the gap of one group at the given parameters.

    Parameters
    ----------
    objective : Objective
    coef, intercept : arrays (K, p), (K,)
    relative : float
    group : int
    """
    return refine(objective, coef, intercept, relative=relative, max_iter=0, group=group).gap


def _damping_diagonal(one: Objective) -> HostArray:
    """Compute the diagonal of the Hessian with full curvature in all rows (D,)."""
    _, K, _ = one.shape
    steepest = (one.loss.curvature_bound or 1.0) * float(to_host(one.weight_sum())[0])
    strength, factors = _penalty_terms(one)
    return np.tile(steepest + strength * factors, K)


def _penalty_terms(one: Objective) -> tuple[float, HostArray]:
    """Return the strength of a group's penalty, and the factor of each parameter (q,)."""
    factors = np.asarray(to_host(one.penalty.factors), np.float64)
    return float(to_host(one.penalty.strength)[0]), factors


def is_cheap(objective: Objective) -> bool:
    """Return whether a refinement step costs little compared with the other work of a fit.

    Parameters
    ----------
    objective : Objective
    """
    return (
        objective.shape[1] * objective.shape[2] <= CHEAP_PARAMETERS and n_affordable(objective) > 0
    )


def unstandardised(objective: Objective) -> Objective | None:
    """Return the objective in the original features, if its bounds are accurate; else None.

    Parameters
    ----------
    objective : Objective
    """
    if objective.layout.standardisation is not None or objective.statistics.needs_standardisation:
        return None
    return (
        objective.with_layout(centre=None)
        if objective.rows.context is objective.rows.context.wide
        else None
    )


def standardised(objective: Objective) -> Objective:
    """Return the objective in standardised features, without a centre, in the widest precision.

    Parameters
    ----------
    objective : Objective
    """
    if objective.layout.standardisation is None:
        objective = standardise(objective.with_layout(centre=None))
    return objective.in_float64().with_layout(centre=None)
