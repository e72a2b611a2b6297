"""One objective minimised by a fast solver, then refined where no bound certifies the result.

Order of calls in `Settings.minimize`: centre (and standardise) the features, choose a plan, check
the features, solve, refine. `Fit.judge` then bounds the suboptimality at the stored coefficients.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from logitron.automatic import AutomaticSolver, Plan, plan_of
from logitron.automatic.float64_continuation import continue_in_float64
from logitron.automatic.lower_start import lower_start
from logitron.automatic.refinement import is_cheap, n_affordable
from logitron.automatic.separated_groups import SeparatedGroups
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.estimators.blas_threads import limit_blas_threads
from logitron.estimators.class_means import centre_over_classes
from logitron.estimators.iteration_limits import IterationLimits
from logitron.estimators.lower_bounds import known_lower_bounds
from logitron.estimators.refined_groups import RefinementOptions, refine_groups
from logitron.estimators.reports import Report, is_converged, warn_unconverged
from logitron.estimators.sparse_fit import SparseFit, minimize_sparse
from logitron.estimators.verdict import Verdict, judge, relative_gap, target_gap
from logitron.objective import Cost, Objective, centred_over_classes
from logitron.reductions import centre, standardise, without_absent_columns
from logitron.solvers import (
    Callback,
    GradientDescent,
    Iteration,
    Solution,
    Status,
    count_in,
    map_iterations,
)

__all__ = ["AnyFit", "Fit", "Settings", "centre_over_classes"]


@dataclass(frozen=True)
class Settings:
    """Parameters of the minimisation.

    Parameters
    ----------
    method : {"auto", "lbfgs", "newton", "gradient-descent"}
    tol : float
    max_iter : int or None
        None is the default of the method.
    learning_rate, loss_change
        See `GradientDescent`.
    interruptible : bool
        Whether Ctrl-C keeps the iterations made so far.
    stored : {"float32", "float64"}, optional
        Precision in which the coefficients will be stored; by default that of the computation.
    """

    method: str
    tol: float = 1e-4
    max_iter: int | None = None
    learning_rate: float | str = "auto"
    loss_change: float = 1e-5
    interruptible: bool = False
    stored: str | None = None

    @property
    def start_at_zero(self) -> bool:
        """Whether to start from zeros: for gradient descent, and if there are no iterations."""
        return self.method == "gradient-descent" or self.max_iter == 0

    @property
    def limits(self) -> IterationLimits:
        """Iterations at most."""
        return IterationLimits(self.max_iter, gradient_descent=self.method == "gradient-descent")

    def minimize(
        self,
        objective: Objective,
        start: tuple[Array | None, Array | None],
        callback: Callback = None,
        check_finite: Callable[[], None] = lambda: None,
        zero_start: Array | None = None,
    ) -> "AnyFit":
        """Minimise an objective, and refine groups that are not certified.

        Parameters
        ----------
        objective : Objective
        start : tuple
            Coefficients (m, p) and intercepts (m,); either can be None for zeros.
        callback : callable, optional
            Called after each iteration; True stops the fit.
        check_finite : callable
            Raises an error if X has NaN or infinity. With subsamples and no callback it is
            deferred: the first full pass would give an objective that is not finite, so that it is
            called only if the fit does not converge.
        zero_start : array (m,), optional
            Intercepts of an alternative start with coefficients of zero. It is used for the groups
            whose objective is lower there than at ``start``.

        Returns
        -------
        Fit
        """
        count_in(objective.cost)
        with limit_blas_threads(objective):
            return self._minimize(objective, start, callback, check_finite, zero_start)

    def _minimize(
        self,
        objective: Objective,
        start: tuple[Array | None, Array | None],
        callback: Callback,
        check_finite: Callable[[], None],
        zero_start: Array | None,
    ) -> "AnyFit":
        if objective.l1 is not None:
            return minimize_sparse(
                objective,
                start,
                tol=float(self.tol),
                max_iter=self.limits.total,
                interruptible=self.interruptible,
                callback=callback,
                check_finite=check_finite,
                zero_start=zero_start,
            )
        if self.method == "gradient-descent":
            check_finite()
            return self._descend(objective, start, callback)
        return self._solve(objective, start, callback, check_finite, zero_start)

    def _descend(
        self, objective: Objective, start: tuple[Array | None, Array | None], callback: Callback
    ) -> "Fit":
        """Minimise by gradient descent, whose parameters are where the rows are."""
        objective = objective.beside_rows()
        descent = GradientDescent(self.learning_rate, float(self.loss_change), self.limits.solver)
        split = partial(_with_split_parameters, objective=objective)
        observer = map_iterations(callback, split)
        solution = descent.minimize(objective, objective.start(*start), callback=observer)
        return Fit(objective, solution, None, self)

    def _solve(
        self,
        objective: Objective,
        start: tuple[Array | None, Array | None],
        callback: Callback,
        check_finite: Callable[[], None],
        zero_start: Array | None,
    ) -> "Fit":
        """Centre the features, choose a plan, minimise by it, and refine unproven groups."""
        objective = centre(without_absent_columns(objective))
        if objective.statistics.needs_standardisation:
            objective = centre(standardise(objective))
        plan = plan_of(objective, method=None if self.method == "auto" else self.method)
        warm = start[0] is not None
        separated = SeparatedGroups.find(objective)
        solver = separated.shortened(self._solver(objective, plan, warm=warm))
        deferred = bool(plan.samples) and callback is None
        if not deferred:
            check_finite()
        theta = objective.start(*start)
        if warm:
            theta = centred_over_classes(theta)
        if warm and zero_start is not None:
            theta = lower_start(objective, theta, objective.start(None, zero_start))
        try:
            found = solver.minimize(objective, theta, callback=callback)
        except Exception:  # perhaps caused by NaN in X; the error of check_finite is clearer
            if deferred:
                check_finite()
            raise
        if deferred and not is_converged(found.solution.status).all():
            check_finite()
        solution = separated.reported(found.solution, objective)
        return Fit(found.objective, solution, plan, self, found.gap_bound).refined(callback)

    def _solver(self, objective: Objective, plan: Plan, *, warm: bool) -> AutomaticSolver:
        """Make the solver of a plan; it ends early where a refinement costs little."""
        limits, cheap = self.limits, is_cheap(objective)
        return AutomaticSolver(
            plan,
            float(self.tol),
            max_iter=limits.cheap if cheap else limits.solver,
            warm=warm,
            interruptible=self.interruptible,
            max_iter_on_logits=None if cheap else limits.on_logits,
            max_iter_lagging=limits.lagging,
        )


@dataclass(frozen=True)
class Fit:
    """A minimised objective."""

    objective: Objective
    solution: Solution
    plan: Plan | None
    settings: Settings
    gap_bound: GapBound = field(default_factory=GapBound)
    in_float64: HostArray | None = None
    """Groups whose last value and gap were computed in float64 (G,), see `known_lower_bounds`."""

    @property
    def parameters(self) -> tuple[Array, Array]:
        """Coefficients (m, p) and intercepts (m,), see `centre_over_classes`."""
        objective = self.objective
        return centre_over_classes(*objective.split(self.solution.theta), classes=objective.classes)

    @property
    def work(self) -> Cost:
        """Passes over X, and Gram matrices computed."""
        return self.objective.cost

    def judge(self, coef: Array, intercept: Array) -> Verdict:
        """Bound the suboptimality of each group at the stored coefficients, see `verdict`.

        Parameters
        ----------
        coef, intercept : arrays (m, p), (m,)
            In the precision in which they are stored.
        """
        with limit_blas_threads(self.objective):
            return judge(
                self.objective,
                self.solution,
                self.settings.tol,
                coef,
                intercept,
                self.gap_bound,
                self.lower_bounds,
            )

    def refined(self, callback: Callback = None) -> "Fit":
        """Refine groups that are not certified, as many as are affordable.

        Parameters
        ----------
        callback : callable, optional
        """
        relative = target_gap(self.settings.tol, self.objective.rows.context.precision)
        unproven, fit = self._unproven(relative), self
        if unproven.any() and not is_cheap(self.objective):
            fit = self._continued(unproven, callback)
            unproven = fit._unproven(relative)
        n_refined = min(int(unproven.sum()), n_affordable(self.objective))
        if not n_refined:
            return fit
        settings, context = self.settings, self.objective.rows.context
        options = RefinementOptions(
            relative,
            settings.limits.total,
            settings.interruptible,
            settings.stored or context.precision,
        )
        groups = np.flatnonzero(unproven)[:n_refined]
        solution, done = refine_groups(fit.objective, fit.solution, groups, options, callback)
        return replace(fit, solution=solution, in_float64=fit._with_float64(np.asarray(done, int)))

    def _unproven(self, relative: float) -> HostArray:
        """Return the groups that have no sufficient bound, and could have one (G,)."""
        objective, solution = self.objective, self.solution
        value, gap = solution.loss_curve[-1], solution.gap
        proven = relative_gap(value, gap if objective.strongly_convex else None) <= relative
        unproven: HostArray = ~(proven | (solution.status == Status.STOPPED))
        if not objective.penalised:
            separated = Status.SEPARABLE, Status.QUASI_SEPARABLE
            unproven &= ~np.isin(solution.status, separated)
        return unproven

    def _continued(self, unproven: HostArray, callback: Callback) -> "Fit":
        """Continue with the fast solver in the widest precision, if it used a lower one."""
        objective, solution, settings = self.objective, self.solution, self.settings
        rows = objective.rows.context
        n_left = settings.limits.total - int(solution.n_iter[unproven].max())
        if rows is rows.wide or self.plan is None or n_left <= 0:
            return self
        solver = AutomaticSolver(
            replace(self.plan, samples=()),
            float(settings.tol),
            max_iter=n_left,
            warm=True,
            interruptible=settings.interruptible,
            max_iter_on_logits=settings.limits.on_logits,
        )
        groups = np.flatnonzero(unproven)
        solution = continue_in_float64(objective, solution, groups, solver, callback)
        return replace(self, solution=solution, in_float64=self._with_float64(groups))

    def _with_float64(self, groups: HostArray) -> HostArray | None:
        """Return the groups with values and gaps of float64, with some more of them (G,)."""
        rows = self.objective.rows.context
        if rows is rows.wide:
            return None
        more = np.isin(np.arange(len(self.solution.status)), groups)
        return more if self.in_float64 is None else more | self.in_float64

    @property
    def lower_bounds(self) -> HostArray:
        """Proven lower bounds of the optima (G,); -inf where none is known."""
        return known_lower_bounds(self.objective, self.solution, self.in_float64)

    def warn(self, estimator_name: str, solver: str, verdict: Verdict, names: Any) -> None:
        """Warn about groups that did not converge.

        Parameters
        ----------
        estimator_name, solver : str
        verdict : Verdict
        names : sequence of str or None
            Names of the features.
        """
        solution = self.solution
        warn_unconverged(
            Report(verdict.status, solution.n_iter, verdict.suboptimality, solution.running_away),
            estimator_name,
            solver,
            tol=float(self.settings.tol),
            names=names,
        )


#: what a minimisation gives
AnyFit = Fit | SparseFit


def _with_split_parameters(iteration: Iteration, *, objective: Objective) -> Iteration:
    """Replace the parameters by coefficients and intercepts."""
    return replace(iteration, parameters=lambda: objective.split(iteration.parameters()))
