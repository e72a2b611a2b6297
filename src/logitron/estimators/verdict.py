"""What is proven of fits, and what follows: the one place that says what converged means.

``suboptimality_`` is a proven bound of the distance from the optimum, relative to the optimum;
infinite where none is proven. ``certified_`` is True only if that bound is at most ``tol ** 2``, or
at most the floor of the kind of float where ``tol ** 2`` is less. ``converged_`` is True only if a
fit is certified, or if no bound can exist, since there is no penalty and a Hessian would be too
large, and the estimate meets ``tol``. Everything else is False, and warns.
"""

from dataclasses import dataclass

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.estimators.refinement import local_gap, n_affordable, standardised
from logitron.estimators.reports import is_converged
from logitron.objective import Objective
from logitron.solvers import Solution, Status

__all__ = ["Verdict", "judge", "relative_gap", "target_gap"]


#: relative bounds that certify where ``tol ** 2`` is less: what each kind of float can tell
FLOORS = {"float64": 1e-12, "float32": 1e-6}
#: how a fit may end of which nothing is to be proven
UNPROVABLE = [
    Status.SEPARABLE,
    Status.QUASI_SEPARABLE,
    Status.STOPPED,
    Status.DIVERGED,
    Status.MAX_ITER,
]
#: roundings that an intercept may have on its way between centred and stored features
LOGIT_ROUNDINGS = 16.0
#: roundings that a difference of two objectives may have
VALUE_ROUNDINGS = 16.0
#: an objective of so little has nothing left to be gained
MIN_OBJECTIVE = float(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)


def target_gap(tol: float, precision: str) -> float:
    """Find the relative bound that certifies a fit whose coefficients are stored in a precision."""
    return max(float(tol) ** 2, FLOORS[precision])


@dataclass(frozen=True)
class Verdict:
    """What became of the groups, by what is proven of them; all arrays are (G,)."""

    status: HostArray
    suboptimality: HostArray
    """Proven bound of the distance from the optimum, relative to it; infinite where none is."""
    certified: HostArray
    """Whether that is at most ``tol ** 2``, or the floor of the kind of float."""

    @property
    def converged(self) -> HostArray:
        """Whether each group is certified; or meets the rule where no bound can exist."""
        return is_converged(self.status)


def judge(
    objective: Objective,
    solution: Solution,
    tol: float,
    coef: Array,
    intercept: Array,
    gap_bound: GapBound,
) -> Verdict:
    """Decide what became of each group, at coefficients as they are stored.

    Parameters
    ----------
    objective : Objective
    solution : Solution
    tol : float
    coef, intercept : arrays (G * K, p), (G * K,)
    gap_bound : GapBound
    """
    return _Judge(objective, solution, float(tol), gap_bound).of(coef, intercept)


def relative_gap(value: HostArray, gap: HostArray | None) -> HostArray:
    """Bounds relative to the optima that they leave possible; infinite where that is zero."""
    if gap is None:
        return np.full(value.shape, np.inf)
    if len(value) == 1:  # as most are: plain numbers take a tenth of the time
        f, above = float(value[0]), float(gap[0])
        return np.asarray([above / (f - above) if f > above else np.inf])
    with np.errstate(divide="ignore", invalid="ignore"):
        relative: HostArray = np.where(value > gap, gap / (value - gap), np.inf)
    return relative


def _logit_errors(squares: HostArray) -> HostArray:
    """Sizes of the logits' terms, times the roundings that each may have."""
    with np.errstate(over="ignore", invalid="ignore"):
        sizes: HostArray = LOGIT_ROUNDINGS * np.sqrt(squares)
    return sizes


@dataclass(frozen=True)
class _Judge:
    objective: Objective
    solution: Solution
    tol: float
    gap_bound: GapBound

    def of(self, coef: Array, intercept: Array) -> Verdict:
        objective, solution = self.objective, self.solution
        wide, rows = objective.context, objective.rows.context
        stored = ArrayContext.of(coef).precision
        known = solution.as_evaluated and solution.gap is not None
        known &= len({stored, rows.precision, wide.precision}) == 1
        known &= objective.strongly_convex or solution.proven
        relative = target_gap(self.tol, stored)
        if known:
            value, gap = solution.loss_curve[-1], solution.gap
            assert gap is not None
            gap = self._add_rounding(
                gap, _logit_errors(to_host(self._squared_logit_sizes(coef, intercept)))
            )
        else:
            precise = objective.in_float64()
            theta = precise.start(wide.asarray(coef), wide.asarray(intercept))
            evaluation = precise.evaluate(theta)
            bound = self.gap_bound(precise, evaluation, theta)
            value, gap, off = to_host(
                wide.xp.stack([evaluation.value, bound, self._squared_logit_sizes(coef, intercept)])
            )
            sizes = _logit_errors(off)
            if rows.precision == wide.precision == "float64" and solution.gap is not None:
                gap = np.minimum(gap, self._gap_from_solver_bound(value, sizes))
            gap = self._tighten_with_hessian(value, gap, coef, intercept, relative)
            if rows.precision == "float64":
                gap = self._add_rounding(gap, sizes)
        suboptimality = relative_gap(value, gap)
        if objective.strongly_convex:
            suboptimality = np.where(value <= MIN_OBJECTIVE, 0.0, suboptimality)
        certified = suboptimality <= relative
        return Verdict(self._final_status(value, certified), suboptimality, certified)

    def _gap_from_solver_bound(self, value: HostArray, sizes: HostArray) -> HostArray:
        """How far stored coefficients are above what the solver's own leave possible.

        A difference of two values is off by rounding of the logits, whose ``sizes`` these are.
        """
        solution = self.solution
        if not (self.objective.strongly_convex or solution.proven) or solution.gap is None:
            return np.full(value.shape, np.inf)
        total = self.objective.data.max_sample_weight * self.objective.rows.shape[0]
        eps = float(np.finfo(np.float64).eps)
        with np.errstate(invalid="ignore", over="ignore"):
            least = solution.loss_curve[-1] - solution.gap
            rounding = VALUE_ROUNDINGS * np.abs(value) + sizes * np.sqrt(np.abs(value) * total)
            above: HostArray = np.maximum(value - least, 0.0) + eps * rounding
        return np.where(np.isfinite(above), above, np.inf)

    def _tighten_with_hessian(
        self, value: HostArray, gap: HostArray, coef: Array, intercept: Array, relative: float
    ) -> HostArray:
        """Bound by the whole Hessian what the penalty alone does not prove."""
        objective = self.objective
        unproven = ~(relative_gap(value, gap) <= relative) & np.isfinite(value)
        unproven &= ~np.isin(self.solution.status, UNPROVABLE)
        count = min(int(unproven.sum()), n_affordable(objective))
        if not count:
            return gap
        careful, gap = standardised(objective), gap.copy()
        K, wide = objective.classes, objective.context
        coef, intercept = wide.asarray(coef), wide.asarray(intercept)
        for group in np.flatnonzero(unproven)[:count].tolist():
            own = slice(group * K, (group + 1) * K)
            found = local_gap(careful, coef[own, :], intercept[own], relative=relative, group=group)
            gap[group] = min(found, gap[group])
        return gap

    def _squared_logit_sizes(self, coef: Array, intercept: Array) -> Array:
        """How large the terms of each group's logits are, squared (G,).

        Of centred features, a stored intercept is a difference of large numbers.
        """
        objective = self.objective
        xp, wide, n = objective.context.xp, objective.context, objective.rows.shape[0]
        W, off = xp.abs(wide.asarray(coef)), xp.abs(wide.asarray(intercept))
        if objective.layout.standardisation is not None:
            centre, scale = objective.layout.standardisation
            off = off + W @ xp.abs(centre)
            W = W / xp.where(scale > 0.0, scale, 1.0)
        if objective.layout.centre is not None:
            off = off + W @ xp.abs(objective.layout.centre)
        if objective.statistics.column_squares is not None:
            off = off + W @ xp.sqrt(objective.statistics.column_squares / n)
        return xp.sum(xp.reshape(off, (objective.groups, -1)) ** 2, axis=1)

    def _add_rounding(self, gap: HostArray, sizes: HostArray) -> HostArray:
        """Add to bounds what rounding of the logits is worth, on the way to what is stored.

        A change ``e`` of all logits adds at most ``(sqrt(gap) + e sqrt(h / 2)) ** 2`` to a bound,
        where ``h`` bounds the curvature of the objective along it.
        """
        objective = self.objective
        steepest = objective.loss.curvature_bound or np.inf
        total = objective.data.max_sample_weight * objective.rows.shape[0]
        eps = float(np.finfo(np.float64).eps)
        with np.errstate(over="ignore", invalid="ignore"):
            added = eps * sizes * (0.5 * steepest * total) ** 0.5
            result: HostArray = (np.sqrt(gap) + added) ** 2
        return result

    def _final_status(self, value: HostArray, certified: HostArray) -> HostArray:
        solution = self.solution
        status = np.where(certified, Status.CONVERGED, solution.status)
        met = (solution.status == Status.CONVERGED) | (solution.status == Status.AT_PRECISION)
        unproven = met & ~certified
        if not self.objective.strongly_convex and solution.gap is not None and not solution.proven:
            # no bound can exist where there is no penalty, and a Hessian is too large
            estimated = (to_host(self.objective.penalty.strength) <= 0.0) & (
                solution.status == Status.CONVERGED
            )
            unproven &= ~estimated
        status = np.where(unproven, Status.UNPROVEN, status)
        return np.where(np.isfinite(value), status, Status.DIVERGED)
