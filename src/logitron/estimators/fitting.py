"""From an objective to fitted coefficients: the method, the bound, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from logitron.automatic import AutomaticSolver, Plan, choose
from logitron.backend import namespace_of
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.estimators.iteration_callbacks import map_iterations
from logitron.estimators.refinement import (
    Refined,
    is_cheap,
    n_affordable,
    refine,
    standardised,
    unstandardised,
)
from logitron.estimators.reports import Report, is_converged, warn_unconverged
from logitron.estimators.verdict import Verdict, judge, relative_gap, target_gap
from logitron.objective import Cost, Objective
from logitron.reductions import centre, is_flat, standardise
from logitron.solvers import Callback, GradientDescent, Iteration, Solution, Status, put_groups

__all__ = ["Fit", "Settings", "centre_over_classes"]


#: iterations more that refining may take, where their number is not asked for
REFINEMENT_ITER = 400
#: iterations after which they begin, where the fast methods do not arrive
FAST_ITER = 120


@dataclass(frozen=True)
class Settings:
    """How to minimise.

    Parameters
    ----------
    method : {"auto", "lbfgs", "newton", "gradient-descent"}
    tol : float
    max_iter : int or None
        None is the method's own default.
    learning_rate, loss_change
        See `GradientDescent`.
    interruptible : bool
        Whether Ctrl-C keeps what is done.
    """

    method: str
    tol: float = 1e-4
    max_iter: int | None = None
    learning_rate: float | str = "auto"
    loss_change: float = 1e-5
    interruptible: bool = False

    @property
    def start_at_zero(self) -> bool:
        """Whether to start from nothing: as the textbook does, or since no step will be made."""
        return self.method == "gradient-descent" or self.max_iter == 0

    @property
    def solver_max_iter(self) -> int:
        """Iterations at most."""
        if self.max_iter is not None:
            return int(self.max_iter)
        return (GradientDescent if self.method == "gradient-descent" else AutomaticSolver).max_iter

    @property
    def total_max_iter(self) -> int:
        """Iterations of the methods that follow, at most in all."""
        return self.solver_max_iter + (REFINEMENT_ITER if self.max_iter is None else 0)

    @property
    def _fast_max_iter(self) -> int:
        """Iterations of the fast methods, where others can follow."""
        return (
            FAST_ITER
            if self.max_iter is None
            else min(self.solver_max_iter, max(FAST_ITER, self.solver_max_iter // 2))
        )

    def minimize(
        self,
        objective: Objective,
        start: tuple[Array | None, Array | None],
        callback: Callback = None,
        check_finite: Callable[[], None] = lambda: None,
        zero_start: Array | None = None,
    ) -> "Fit":
        """Minimise from coefficients and intercepts, either of which may be None for zeros.

        Parameters
        ----------
        objective : Objective
        start : tuple of arrays (m, p) and (m,), or None
        callback : callable, optional
        check_finite : callable
            Reads all features, and raises if one is not finite. It is called first. But where
            samples come first, and nobody watches, the first pass over all rows is not far, and
            says so too: NaN or infinity anywhere leaves no finite loss with a finite derivative,
            and so no optimum. It is called then only if none was found.
        zero_start : array (m,), optional
            Intercepts to start from, with coefficients of zero, where the objective is lower there
            than at ``start``.
        """
        if self.method == "gradient-descent":
            check_finite()
            objective = objective.beside_rows()
            descent = GradientDescent(
                self.learning_rate, float(self.loss_change), self.solver_max_iter
            )
            split = partial(_with_split_parameters, objective=objective)
            callback = map_iterations(callback, split)
            theta = objective.start(*start)
            solution = descent.minimize(objective, theta, on_iteration=callback)
            return Fit(objective, solution, None, self)
        objective = centre(objective)
        if objective.statistics.needs_standardisation:
            objective = centre(standardise(objective))
        n, p = objective.rows.shape
        plan = choose(
            n,
            p,
            objective.groups,
            objective.classes,
            method=None if self.method == "auto" else self.method,
            flat=n < p and not objective.rows.lazy and is_flat(objective),
            lazy=objective.rows.lazy,
            bounded=objective.strongly_convex,
            weighed=objective.penalty.feature_factors is not None,
        )
        warm = start[0] is not None
        solver_max_iter = self._fast_max_iter if is_cheap(objective) else self.solver_max_iter
        solver = AutomaticSolver(plan, float(self.tol), solver_max_iter, warm, self.interruptible)
        deferred = bool(plan.samples) and callback is None
        if not deferred:
            check_finite()
        theta = objective.start(*start)
        if warm and zero_start is not None:
            theta = _lower_start(objective, theta, objective.start(None, zero_start))
        try:
            found = solver.minimize(objective, theta, callback=callback)
        except Exception:  # of what was computed with NaN, perhaps: then that is what to say
            if deferred:
                check_finite()
            raise
        if deferred and not is_converged(found.solution.status).all():
            check_finite()
        fit = Fit(found.objective, found.solution, plan, self, found.gap_bound)
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
        """Coefficients (m, p) and intercepts (m,), as `centre_over_classes`."""
        objective = self.objective
        return centre_over_classes(*objective.split(self.solution.theta), classes=objective.classes)

    @property
    def work(self) -> Cost:
        """What was done."""
        return self.objective.cost

    def judge(self, coef: Array, intercept: Array) -> Verdict:
        """Decide what became of each group, at coefficients as they are stored."""
        return judge(
            self.objective, self.solution, self.settings.tol, coef, intercept, self.gap_bound
        )

    def refined(self, callback: Callback = None) -> "Fit":
        """Go on with the groups whose optimum is not proven, as many as can be afforded."""
        objective, solution = self.objective, self.solution
        value, gap = solution.loss_curve[-1], solution.gap
        relative = target_gap(self.settings.tol, objective.rows.context.precision)
        proven = relative_gap(value, gap if objective.strongly_convex else None) <= relative
        unproven = ~(proven | (solution.status == Status.STOPPED))
        if not objective.strongly_convex:
            unproven &= solution.status != Status.SEPARABLE
        count = min(int(unproven.sum()), n_affordable(objective))
        if not unproven.any():
            return self
        if not count:
            return self._continue_in_float64(unproven)
        return self._refine_groups(np.flatnonzero(unproven)[:count], relative, callback)

    def _continue_in_float64(self, unproven: HostArray) -> "Fit":
        """Go on in the widest precision, where it was not that."""
        objective, solution, settings = self.objective, self.solution, self.settings
        rows = objective.rows.context
        if rows is rows.wide or self.plan is None:
            return self
        left = settings.total_max_iter - int(solution.n_iter.max())
        if left <= 0:
            return self
        groups = np.flatnonzero(unproven)
        context = objective.context
        index = context.asarray(groups, keep_dtype=True)
        part = objective.in_float64().take(groups)
        theta = context.xp.take(solution.theta, index, axis=0)
        plan = replace(self.plan, samples=())
        solver = AutomaticSolver(plan, float(settings.tol), left, True, settings.interruptible)
        found, part, _ = solver.minimize(part, theta)
        coef, intercept = part.split(found.theta)
        own = objective.take(groups)
        found = replace(found, theta=own.start(coef, intercept), as_evaluated=False)
        spent = int(solution.n_iter.max())
        whole = replace(solution.replaced(groups, found.after(spent), context), as_evaluated=False)
        return replace(self, solution=whole)

    def _refine_groups(self, groups: HostArray, relative: float, callback: Callback) -> "Fit":
        """Go on with each group by damped Newton steps."""
        objective, solution, settings = self.objective, self.solution, self.settings
        context = objective.context
        careful, plain = None, unstandardised(objective)
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
            known = bool(np.isfinite(last[group]))
            begin = context.xp.take(theta, index, axis=0) if known else own.start()
            found, spent = None, int(n_iter[group])
            goal: dict[str, Any] = {"relative": relative, "group": group}
            try:
                if plain is not None and known:
                    found = refine(plain, *own.split(begin), max_iter=0, **goal)
                if found is None or not found.gap <= relative * (found.value - found.gap):
                    careful = careful or standardised(objective)
                    goal["max_iter"] = max(settings.total_max_iter - spent, 0)
                    change = partial(
                        _continued, n_before=spent, parameters=partial(objective.split, theta)
                    )
                    on_iteration = map_iterations(callback, change)
                    found = refine(careful, *own.split(begin), on_iteration=on_iteration, **goal)
            except KeyboardInterrupt:
                if not settings.interruptible:
                    raise
                status[group] = Status.STOPPED
                break
            if not np.isfinite(found.value):
                continue
            better = own.start(found.coef, found.intercept)
            theta = put_groups(theta, np.asarray([group]), better, context)
            last[group], gaps[group] = found.value, found.gap
            n_iter[group] += found.n_iter
            status[group] = self._refined_status(found, int(n_iter[group]), relative)
            if status[group] != Status.CONVERGED and found.separation is not None:
                complete = found.separation.complete
                status[group] = Status.SEPARABLE if complete else Status.QUASI_SEPARABLE
                running_away[group] = found.separation.features
            if found.stopped:
                status[group] = Status.STOPPED
                break
        curve = np.concatenate([solution.loss_curve, last[None, :]])
        refined = replace(
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
        return replace(self, solution=refined)

    def _refined_status(self, found: Refined, n_iter: int, relative: float) -> Status:
        if found.gap <= relative * (found.value - found.gap):
            return Status.CONVERGED
        if not found.stalled and n_iter >= self.settings.total_max_iter:
            return Status.MAX_ITER
        return Status.AT_PRECISION

    def warn(self, estimator_name: str, solver: str, verdict: Verdict, names: Any) -> None:
        """Warn of what did not converge, saying why and what to try."""
        solution = self.solution
        warn_unconverged(
            Report(verdict.status, solution.n_iter, verdict.suboptimality, solution.running_away),
            estimator_name,
            solver,
            tol=float(self.settings.tol),
            names=names,
        )


def _lower_start(objective: Objective, theta: Array, other: Array) -> Array:
    """For each group, the parameters at which the objective is lower."""
    xp = objective.context.xp
    here, there = objective.evaluate(theta).value, objective.evaluate(other).value
    return xp.where((here <= there)[:, None, None], theta, other)


def _continued(iteration: Iteration, *, n_before: int, parameters: Callable[[], Any]) -> Iteration:
    """Count the iterations that were made before, and give the parameters of all groups."""
    return replace(iteration, number=n_before + iteration.number, parameters=parameters)


def centre_over_classes(
    coef: Array, intercept: Array | None, *, classes: int
) -> tuple[Array, Array]:
    """Choose among the parameters that mean the same; zeros where there are no intercepts.

    What is added to all neurons of a softmax group changes no probability. Those that add up to
    zero are the shortest: the penalty chooses them, and without it they are the convention.
    """
    intercept = coef[:, 0] * 0.0 if intercept is None else intercept
    if classes == 1:
        return coef, intercept
    xp = namespace_of(coef)
    groups = xp.reshape(coef, (-1, classes, coef.shape[1]))
    groups = groups - xp.mean(groups, axis=1, keepdims=True)
    shifts = xp.reshape(intercept, (-1, classes))
    shifts = shifts - xp.mean(shifts, axis=1, keepdims=True)
    return xp.reshape(groups, coef.shape), xp.reshape(shifts, intercept.shape)


def _with_split_parameters(iteration: Iteration, *, objective: Objective) -> Iteration:
    """Give coefficients and intercepts rather than the parameters of the layout."""
    return replace(iteration, parameters=lambda: objective.split(iteration.parameters()))
