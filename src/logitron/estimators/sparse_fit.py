"""An objective with an L1 penalty minimised by proximal Newton, and its verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from logitron.automatic import COSTS, Plan, minimize_elastic_net, sparse_gap
from logitron.automatic.observers import with_parameters
from logitron.automatic.separated_groups import SeparatedGroups
from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import zero_factor_features
from logitron.estimators.reports import Report, warn_unconverged
from logitron.estimators.verdict import Verdict, relative_gap, target_gap
from logitron.objective import Cost, Objective
from logitron.reductions import centre, standardise, without_absent_columns
from logitron.solvers import Callback, Solution, Status

__all__ = ["SparseFit", "minimize_sparse"]

#: rounding errors of a difference of two objectives, in units of eps
VALUE_ROUNDINGS = 16.0


@dataclass(frozen=True)
class SparseFit:
    """A minimised objective with an L1 penalty, as `Fit`."""

    objective: Objective
    solution: Solution
    plan: Plan
    tol: float

    @property
    def parameters(self) -> tuple[Array, Array]:
        """Coefficients (m, p), of which most are zero, and intercepts (m,).

        In a softmax group, intercepts and the coefficients of a feature without a penalty have mean
        zero; the means of the others are determined.
        """
        objective, K = self.objective, self.objective.classes
        coef, intercept = objective.split(self.solution.theta)
        if K > 1:
            free, columns = zero_factor_features(objective), objective.layout.columns
            free = free if columns is None else columns[free]
            coef = coef.copy()
            coef[:, free] = _centred(coef[:, free], K)
        if intercept is None:
            return coef, 0.0 * coef[:, 0]
        return coef, _centred(intercept[:, None], K)[:, 0] if K > 1 else intercept

    @property
    def work(self) -> Cost:
        """Passes over X, and Hessians relative to those."""
        return self.objective.cost

    def judge(self, coef: Array, intercept: Array) -> Verdict:
        """Bound the suboptimality of each group at the stored coefficients.

        A group is certified too where the bound is little more than the rounding of the sums: it is
        proportional to their errors, and those are to the size of the logits.

        Parameters
        ----------
        coef, intercept : arrays (m, p), (m,)
            In the precision in which they are stored.
        """
        objective, solution = self.objective, self.solution
        stored = np.asarray(to_host(coef))
        if stored.dtype == np.float64 and (solution.status == Status.CONVERGED).all():
            assert solution.gap is not None  # these are the parameters that were bounded
            suboptimality = relative_gap(solution.loss_curve[-1], solution.gap)
            return Verdict(solution.status, suboptimality, np.ones(len(suboptimality), bool))
        theta = objective.start(np.asarray(stored, np.float64), np.asarray(to_host(intercept)))
        point = sparse_gap(objective, np.asarray(theta, np.float64))
        if solution.gap is not None:  # what rounding the coefficients for storage has cost
            least = solution.loss_curve[-1] - solution.gap
            rounding = VALUE_ROUNDINGS * objective.eps * np.abs(point.value)
            above = np.maximum(point.value - least, 0.0) + rounding
            point = point._replace(gap=np.fmin(point.gap, above))
        suboptimality = relative_gap(point.value, point.gap)
        tiny = point.attained & (point.value <= np.finfo(float).tiny / np.finfo(float).eps)
        suboptimality = np.where(tiny, 0.0, suboptimality)
        certified = point.met(target_gap(self.tol, stored.dtype.name)) | tiny
        met = np.isin(solution.status, (Status.CONVERGED, Status.AT_PRECISION))
        status = np.where(met & ~certified, int(Status.UNPROVEN), solution.status)
        status = np.where(certified, int(Status.CONVERGED), status)
        return Verdict(status, suboptimality, certified)

    def warn(self, estimator_name: str, solver: str, verdict: Verdict, names: Any) -> None:
        """Warn about groups that did not converge; see `Fit.warn`."""
        solution = self.solution
        report = Report(
            verdict.status, solution.n_iter, verdict.suboptimality, solution.running_away
        )
        warn_unconverged(report, estimator_name, solver, tol=self.tol, names=names)


def _centred(neurons: HostArray, classes: int) -> HostArray:
    """Subtract the mean over the classes of each group from columns (m, s)."""
    grouped = neurons.reshape(len(neurons) // classes, classes, neurons.shape[1])
    centred: HostArray = grouped - grouped.mean(axis=1, keepdims=True)
    return centred.reshape(neurons.shape)


def minimize_sparse(
    objective: Objective,
    start: tuple[Array | None, Array | None],
    *,
    tol: float,
    max_iter: int,
    interruptible: bool,
    callback: Callback,
    check_finite: Callable[[], None],
    zero_start: Array | None,
) -> SparseFit:
    """Minimise an objective with an L1 penalty; see `Settings.minimize` for the parameters."""
    check_finite()
    objective = centre(without_absent_columns(objective.in_float64()))
    if objective.statistics.needs_standardisation:
        objective = centre(standardise(objective))
    coef, intercept = start
    solution = minimize_elastic_net(
        objective,
        objective.start(None, intercept if coef is None else zero_start),
        tol=tol,
        max_iter=max_iter,
        warm=None if coef is None else objective.start(coef, intercept),
        interruptible=interruptible,
        callback=with_parameters(callback, objective, None, 0),
    )
    solution = SeparatedGroups.find_after(objective, solution).reported(solution, objective)
    (n, p), (G, K, _) = objective.rows.shape, objective.shape
    plan = Plan("proximal-newton", (), 0, COSTS.of(n, p, G, K), "an L1 penalty has no gradient")
    return SparseFit(objective, solution, plan, tol)
