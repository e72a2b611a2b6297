"""Whether fits are certified and converged.

``suboptimality_`` is a proven bound of ``(f - f_min) / f_min``, infinite where no bound exists.
``certified_`` is True if the bound is at most ``tol ** 2``, or at most the floor of the floating
point type where ``tol ** 2`` is less. ``converged_`` is True if a fit is certified. It is also True
if no bound can exist, since there is no penalty and the Hessian is too large, and the estimated
suboptimality meets ``tol``. All other fits are False, and issue a warning.
"""

from dataclasses import dataclass

import numpy as np

from logitron.automatic.refinement import local_gap, n_affordable, standardised
from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.estimators.lower_bounds import (
    LOGIT_ROUNDINGS,
    computed_lower_bounds,
    gap_above,
    logit_errors,
    sharp_gaps,
)
from logitron.estimators.reports import is_converged
from logitron.objective import Objective, gram_norm_bound
from logitron.solvers import Solution, Status

__all__ = ["Verdict", "judge", "relative_gap", "target_gap"]


#: relative gaps that certify a fit where ``tol ** 2`` is less, by the precision of the
#: coefficients
FLOORS = {"float64": 1e-12, "float32": 1e-6}
#: statuses for which no bound is computed
UNPROVABLE = [
    Status.SEPARABLE,
    Status.QUASI_SEPARABLE,
    Status.STOPPED,
    Status.DIVERGED,
    Status.MAX_ITER,
]
#: part of the gap that certifies a fit which that of the parameters before rounding may have
SPARE = 0.1
#: a smaller objective counts as optimal, since its relative gap would overflow
MIN_OBJECTIVE = float(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)


def target_gap(tol: float, precision: str) -> float:
    """Return the relative gap that certifies a fit.

    Parameters
    ----------
    tol : float
    precision : {"float32", "float64"}
        Precision in which the coefficients are stored.
    """
    return max(float(tol) ** 2, FLOORS[precision])


@dataclass(frozen=True)
class Verdict:
    """Status and proven suboptimality of each group (G,)."""

    status: HostArray
    suboptimality: HostArray
    """Proven bound of ``(f - f_min) / f_min``; infinite where no bound exists."""
    certified: HostArray
    """Whether the bound is at most ``tol ** 2``, or the floor of the floating-point type."""

    @property
    def converged(self) -> HostArray:
        """Whether each group is certified, or meets ``tol`` where no bound can exist."""
        return is_converged(self.status)


def judge(
    objective: Objective,
    solution: Solution,
    tol: float,
    coef: Array,
    intercept: Array,
    gap_bound: GapBound,
    lower: HostArray,
) -> Verdict:
    """Bound the suboptimality of each group at the stored coefficients, and set its status.

    Parameters
    ----------
    objective : Objective
    solution : Solution
    tol : float
    coef, intercept : arrays (G * K, p), (G * K,)
        In the precision in which they are stored.
    gap_bound : GapBound
    lower : numpy.ndarray (G,)
        Lower bounds of the optima that are known; may be -inf.

    Returns
    -------
    Verdict
    """
    return _Judge(objective, solution, float(tol), gap_bound, lower).of(coef, intercept)


def relative_gap(value: HostArray, gap: HostArray | None) -> HostArray:
    """Divide gaps by the smallest optimum that they allow; infinite where that is not positive.

    Parameters
    ----------
    value, gap : numpy.ndarray (G,)
        Objective, and bound of its distance from the optimum; a gap of None is infinite.
    """
    if gap is None:
        return np.full(value.shape, np.inf)
    if len(value) == 1:  # floats take a tenth of the time of arrays
        f, above = float(value[0]), float(gap[0])
        return np.asarray([above / (f - above) if f > above else np.inf])
    with np.errstate(divide="ignore", invalid="ignore"):
        relative: HostArray = np.where(value > gap, gap / (value - gap), np.inf)
    return relative


@dataclass(frozen=True)
class _Judge:
    objective: Objective
    solution: Solution
    tol: float
    gap_bound: GapBound
    lower: HostArray

    def of(self, coef: Array, intercept: Array) -> Verdict:
        """Compute the verdict at the stored coefficients."""
        objective, relative = self.objective, target_gap(self.tol, ArrayContext.of(coef).precision)
        if self._is_known(coef):
            value, gap = self.solution.loss_curve[-1], self.solution.gap
            assert gap is not None
            errors = logit_errors(to_host(self._squared_logit_sizes(coef, intercept)))
            gap = self._add_rounding(gap, value, errors)
        else:
            value, gap, errors = self._bounded(coef, intercept, relative)
        suboptimality = relative_gap(value, gap)
        if objective.penalised:
            suboptimality = np.where(value <= MIN_OBJECTIVE, 0.0, suboptimality)
        certified = suboptimality <= relative
        status = self._final_status(value, certified)
        if not certified.all():
            left = (status == Status.UNPROVEN) | (status == Status.STALLED)
            blurred = left & self._is_blurred(value, errors, relative)
            status = np.where(blurred, Status.UNRESOLVED, status)
        return Verdict(status, suboptimality, certified)

    def _is_known(self, coef: Array) -> bool:
        """Whether the last gaps hold for the stored coefficients, but for rounding."""
        objective, solution, stored = self.objective, self.solution, ArrayContext.of(coef).precision
        if solution.gap is None or not solution.as_evaluated:
            return False
        wide, rows = objective.context, objective.rows.context
        exact = len({stored, rows.precision, wide.precision}) == 1
        proven = objective.strongly_convex or solution.proven
        return exact and proven and bool(np.isfinite(solution.gap).all())

    def _bounded(
        self, coef: Array, intercept: Array, relative: float
    ) -> tuple[HostArray, HostArray, HostArray]:
        """Evaluate the stored coefficients, and bound their gaps: by each way until all will do.

        The values, the gaps, and the errors of logits in units of eps.
        """
        objective, wide, rows = self.objective, self.objective.context, self.objective.rows.context
        precise = objective.in_float64()
        theta = precise.start(wide.asarray(coef), wide.asarray(intercept))
        evaluation = precise.evaluate(theta)
        bound = self.gap_bound(precise, evaluation, theta)
        squares = self._squared_logit_sizes(coef, intercept)
        value, gap, squares = to_host(wide.xp.stack([evaluation.value, bound, squares]))
        errors = logit_errors(squares)
        gap = np.minimum(gap, gap_above(objective, self.lower, value, errors))
        is_rounded = rows.precision == "float32" and wide.precision == "float64"
        proven = relative_gap(value, gap) <= relative
        if is_rounded and not proven.all():
            enough = np.where(proven, np.inf, SPARE * relative * value)
            lower = computed_lower_bounds(precise, self.solution, self.gap_bound, enough)
            gap = np.minimum(gap, gap_above(objective, lower, value, errors))
        elif not is_rounded:
            gap = self._tighten_as_solver(precise, theta, value, gap, relative)
        gap = self._tighten_with_hessian(value, gap, coef, intercept, relative)
        if rows.precision == "float64":
            gap = self._add_rounding(gap, value, errors)
        return value, gap, errors

    def _is_blurred(self, value: HostArray, errors: HostArray, relative: float) -> HostArray:
        """Whether rounding of the logits may be what prevents a proof (G,).

        Where a group no longer fell, or was proven to converge before its coefficients were stored,
        and rounding alone may be as much as the gap that certifies: that of the objective, or that
        of the gradient in the bound by the penalty.
        """
        objective, solution = self.objective, self.solution
        ended = np.isin(solution.status, (Status.AT_PRECISION, Status.STALLED))
        ended = ended | (relative_gap(solution.loss_curve[-1], solution.gap) <= relative)
        if objective.rows.context.precision != "float64" or not ended.any():
            return np.zeros(value.shape, bool)
        alone = self._add_rounding(0.0 * value, value, errors)
        if objective.strongly_convex:
            steepest = float(to_host(gram_norm_bound(objective)))
            sizes = errors / LOGIT_ROUNDINGS * objective.rows.shape[0] ** 0.5
            eps = float(np.finfo(np.float64).eps)
            length = 2.0 * eps * (np.sqrt(np.abs(value)) + 0.25 * sizes)
            strength = np.asarray(to_host(objective.penalty.strength), np.float64)
            alone = np.fmax(alone, steepest * length * length / (2.0 * strength))
        blurred: HostArray = ended & (alone > relative * value)
        return blurred

    def _tighten_as_solver(
        self, objective: Objective, theta: Array, value: HostArray, gap: HostArray, relative: float
    ) -> HostArray:
        """Compute the bounds that ended the solver, at the stored coefficients.

        For groups that these bounds ended: a difference of two objectives has a larger rounding
        error than a bound by the gradient. Only on the host are there sharper bounds than before.
        """
        if not (objective.context.library.is_host and objective.strongly_convex):
            return gap
        reached = relative_gap(self.solution.loss_curve[-1], self.solution.gap) <= relative
        unproven = reached & ~(relative_gap(value, gap) <= relative) & np.isfinite(value)
        if not unproven.any():
            return gap
        groups, gap = np.flatnonzero(unproven), gap.copy()
        chosen = objective.take(groups)
        own = objective.context.xp.take(
            theta, objective.context.asarray(groups, keep_dtype=True), axis=0
        )
        enough = relative / (1.0 + relative) * value[groups]
        _, found = sharp_gaps(chosen, own, self.gap_bound, enough)
        gap[groups] = np.minimum(found, gap[groups])
        return gap

    def _tighten_with_hessian(
        self, value: HostArray, gap: HostArray, coef: Array, intercept: Array, relative: float
    ) -> HostArray:
        """Compute the bound from the whole Hessian for groups that are not certified."""
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
        """Compute the squared sum of the absolute terms of each group's logits (G,).

        With centred features, the stored intercept is a difference of large numbers.
        """
        objective = self.objective
        xp, wide, n = objective.context.xp, objective.context, objective.rows.shape[0]
        coef = objective.layout.take_columns(wide.asarray(coef))
        W, off = xp.abs(coef), xp.abs(wide.asarray(intercept))
        if objective.layout.standardisation is not None:
            centre, scale = objective.layout.standardisation
            off = off + W @ xp.abs(centre)
            W = W / xp.where(scale > 0.0, scale, 1.0)
        if objective.layout.centre is not None:
            off = off + W @ xp.abs(objective.layout.centre)
        if objective.statistics.column_squares is not None:
            off = off + W @ xp.sqrt(objective.statistics.column_squares / n)
        return xp.sum(xp.reshape(off, (objective.groups, -1)) ** 2, axis=1)

    def _add_rounding(self, gap: HostArray, value: HostArray, errors: HostArray) -> HostArray:
        """Add to gaps the effect of rounding the logits, on the way to the stored coefficients.

        A change ``e`` of all logits increases a gap to at most ``(sqrt(gap) + e sqrt(h / 2)) **
        2``, where ``h`` bounds the curvature of the objective along the change. A row with loss
        ``l`` has no more than ``2 l``, since the curvature along a change of the logits is at most
        the mean square of its difference from the true class's; ``2 l exp(2 e)`` after a change of
        ``e``. With ``h`` as large as for a change of 1, the gap can grow by ``2 e`` times itself
        besides: where it falls for longer than that, it is at least half of the slope.
        (``errors`` are those of a row in the mean, in units of eps; none is more than the root of
        ``n`` times as large.)
        """
        objective = self.objective
        steepest = objective.loss.curvature_bound or np.inf
        total = objective.data.max_sample_weight * objective.rows.shape[0]
        eps = float(np.finfo(np.float64).eps)
        with np.errstate(over="ignore", invalid="ignore"):
            change = eps * errors
            result: HostArray = (np.sqrt(gap) + change * (0.5 * steepest * total) ** 0.5) ** 2
            change = change * objective.rows.shape[0] ** 0.5
            by_loss = (np.sqrt(gap) + change * np.sqrt(np.exp(2.0) * value)) ** 2
            by_loss = np.where(change <= 1.0, by_loss + 2.0 * change * gap, np.inf)
        return result if np.isinf(steepest) else np.fmin(result, by_loss)

    def _final_status(self, value: HostArray, certified: HostArray) -> HostArray:
        """Combine the solver's status with the certificate."""
        solution = self.solution
        status = np.where(certified, Status.CONVERGED, solution.status)
        met = (solution.status == Status.CONVERGED) | (solution.status == Status.AT_PRECISION)
        unproven = met & ~certified
        if not self.objective.strongly_convex and solution.gap is not None and not solution.proven:
            # no bound can exist without a penalty, if the Hessian is too large
            free = np.asarray(to_host(self.objective.penalty.is_incomplete))
            estimated = free & (solution.status == Status.CONVERGED)
            unproven &= ~estimated
        status = np.where(unproven, Status.UNPROVEN, status)
        return np.where(np.isfinite(value), status, Status.DIVERGED)
