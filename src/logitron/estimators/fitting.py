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
from logitron.automatic.refinement import (
    Refined,
    is_cheap,
    n_affordable,
    n_affordable_steps,
    refine,
    standardised,
    unstandardised,
)
from logitron.automatic.separated import Separated
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.estimators.blas_threads import limit_blas_threads
from logitron.estimators.class_means import centre_over_classes
from logitron.estimators.iteration_limits import IterationLimits
from logitron.estimators.reports import Report, is_converged, warn_unconverged
from logitron.estimators.sparse_fit import SparseFit, minimize_sparse
from logitron.estimators.verdict import Verdict, judge, relative_gap, target_gap
from logitron.estimators.warm_start import lower_start
from logitron.objective import Cost, Objective
from logitron.reductions import centre, standardise, without_absent_columns
from logitron.solvers import (
    Callback,
    GradientDescent,
    Iteration,
    Solution,
    Status,
    count_in,
    map_iterations,
    put_groups,
    remember,
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
            objective = objective.beside_rows()
            descent = GradientDescent(
                self.learning_rate, float(self.loss_change), self.limits.solver
            )
            split = partial(_with_split_parameters, objective=objective)
            callback = map_iterations(callback, split)
            theta = objective.start(*start)
            solution = descent.minimize(objective, theta, callback=callback)
            return Fit(objective, solution, None, self)
        objective = centre(without_absent_columns(objective))
        if objective.statistics.needs_standardisation:
            objective = centre(standardise(objective))
        plan = plan_of(objective, method=None if self.method == "auto" else self.method)
        warm = start[0] is not None
        limits, cheap = self.limits, is_cheap(objective)
        separated = Separated.find(objective)
        solver = AutomaticSolver(
            plan,
            float(self.tol),
            limits.cheap if cheap else limits.solver,
            warm,
            self.interruptible,
            None if cheap else limits.on_logits,
            limits.lagging,
        )
        solver = separated.shortened(solver)
        deferred = bool(plan.samples) and callback is None
        if not deferred:
            check_finite()
        theta = objective.start(*start)
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
        fit = Fit(found.objective, solution, plan, self, found.gap_bound)
        return fit.refined(callback)


@dataclass(frozen=True)
class Fit:
    """A minimised objective."""

    objective: Objective
    solution: Solution
    plan: Plan | None
    settings: Settings
    gap_bound: GapBound = field(default_factory=GapBound)

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
        return judge(
            self.objective, self.solution, self.settings.tol, coef, intercept, self.gap_bound
        )

    def refined(self, callback: Callback = None) -> "Fit":
        """Refine groups that are not certified, as many as are affordable.

        Parameters
        ----------
        callback : callable, optional
        """
        objective, solution = self.objective, self.solution
        value, gap = solution.loss_curve[-1], solution.gap
        relative = target_gap(self.settings.tol, objective.rows.context.precision)
        proven = relative_gap(value, gap if objective.strongly_convex else None) <= relative
        unproven = ~(proven | (solution.status == Status.STOPPED))
        if not objective.penalised:
            separated = Status.SEPARABLE, Status.QUASI_SEPARABLE
            unproven &= ~np.isin(solution.status, separated)
        n_refined = min(int(unproven.sum()), n_affordable(objective))
        if not unproven.any():
            return self
        if not n_refined:
            return self._continue_in_float64(unproven)
        return self._refine_groups(np.flatnonzero(unproven)[:n_refined], relative, callback)

    def _continue_in_float64(self, unproven: HostArray) -> "Fit":
        """Continue with the fast solver in the widest precision, if it used a lower one."""
        objective, solution, settings = self.objective, self.solution, self.settings
        rows = objective.rows.context
        if rows is rows.wide or self.plan is None:
            return self
        n_before = int(solution.n_iter.max())
        n_left = settings.limits.total - n_before
        if n_left <= 0:
            return self
        groups = np.flatnonzero(unproven)
        context = objective.context
        index = context.asarray(groups, keep_dtype=True)
        part = objective.in_float64().take(groups)
        theta = context.xp.take(solution.theta, index, axis=0)
        plan = replace(self.plan, samples=())
        solver = AutomaticSolver(
            plan,
            float(settings.tol),
            n_left,
            True,
            settings.interruptible,
            settings.limits.on_logits,
        )
        found, part, _ = solver.minimize(part, theta)
        coef, intercept = part.split(found.theta)
        own = objective.take(groups)
        found = replace(found, theta=own.start(coef, intercept), as_evaluated=False)
        solution = solution.replaced(groups, found, context, after=n_before)
        return replace(self, solution=replace(solution, as_evaluated=False))

    def _refine_groups(self, groups: HostArray, relative: float, callback: Callback) -> "Fit":
        """Refine the groups one by one, by damped Newton steps."""
        objective, solution, settings = self.objective, self.solution, self.settings
        context = objective.context
        scaled, unscaled = None, unstandardised(objective)
        theta, status = solution.theta, solution.status.copy()
        gaps = solution.gap if solution.gap is not None else np.full(len(status), np.inf)
        gaps, n_iter = gaps.copy(), solution.n_iter.copy()
        last = solution.loss_curve[-1].copy()
        running_away = dict(solution.running_away)
        if not objective.strongly_convex:
            gaps = np.full(len(status), np.inf)
        for group in groups.tolist():
            index = context.asarray(np.asarray([group]), keep_dtype=True)
            own = objective.take(np.asarray([group]))
            is_finite = bool(np.isfinite(last[group]))
            start = context.xp.take(theta, index, axis=0) if is_finite else own.start()
            found, n_before = None, int(n_iter[group])
            options: dict[str, Any] = {"relative": relative, "group": group}
            try:
                if unscaled is not None and is_finite:
                    make = partial(refine, unscaled, *own.split(start), max_iter=0, **options)
                    found = remember("bound", make)
                if found is None or not found.gap <= relative * (found.value - found.gap):
                    scaled = scaled or standardised(objective)
                    options |= {
                        "max_iter": self._n_steps_left(n_before),
                        "stored": settings.stored or objective.rows.context.precision,
                    }
                    change = partial(
                        _continued, n_before=n_before, parameters=partial(objective.split, theta)
                    )
                    on_iteration = map_iterations(callback, change)
                    make = partial(
                        refine, scaled, *own.split(start), on_iteration=on_iteration, **options
                    )
                    found = remember("refinement", make, unless=lambda one: one.stopped)
            except KeyboardInterrupt:
                if not settings.interruptible:
                    raise
                status[group] = Status.STOPPED
                break
            if not np.isfinite(found.value):
                continue
            refined = own.start(found.coef, found.intercept)
            theta = put_groups(theta, np.asarray([group]), refined, context)
            last[group], gaps[group] = found.value, found.gap
            n_iter[group] += found.n_iter
            status[group] = self._refined_status(found, int(n_iter[group]), relative)
            if status[group] != Status.CONVERGED and found.separation is not None:
                complete = found.separation.complete
                status[group] = Status.SEPARABLE if complete else Status.QUASI_SEPARABLE
                columns, features = objective.layout.columns, found.separation.features
                running_away[group] = features if columns is None else columns[features]
            if found.stopped:
                status[group] = Status.STOPPED
                break
        curve = np.concatenate([solution.loss_curve, last[None, :]])
        solution = replace(
            solution,
            theta=theta,
            status=status,
            gap=gaps,
            n_iter=n_iter,
            loss_curve=curve,
            running_away=running_away,
            proven=True,
            as_evaluated=solution.as_evaluated or len(groups) == len(status),
        )
        return replace(self, solution=solution)

    def _n_steps_left(self, n_before: int) -> int:
        """Return the steps of refinement after iterations of the fast solver."""
        left = max(self.settings.limits.total - n_before, 0)
        if self.objective.classes == 1 or not self.objective.strongly_convex:
            return left
        return min(left, n_affordable_steps(self.objective))

    def _refined_status(self, found: Refined, n_iter: int, relative: float) -> Status:
        """Return the status of a group after refinement."""
        if found.gap <= relative * (found.value - found.gap):
            return Status.CONVERGED
        if not found.stalled and n_iter >= self.settings.limits.total:
            return Status.MAX_ITER
        return Status.AT_PRECISION

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


def _continued(iteration: Iteration, *, n_before: int, parameters: Callable[[], Any]) -> Iteration:
    """Add the iterations before refinement, and replace the parameters by those of all groups."""
    return replace(iteration, number=n_before + iteration.number, parameters=parameters)


def _with_split_parameters(iteration: Iteration, *, objective: Objective) -> Iteration:
    """Replace the parameters by coefficients and intercepts."""
    return replace(iteration, parameters=lambda: objective.split(iteration.parameters()))
