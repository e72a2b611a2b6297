"""From a plan to the optimum: samples, reductions, preconditioner and solver, put together.

``solver="auto"`` does what `logitron.automatic.plan` finds cheapest; a method's name asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from logitron.automatic.cost_model import COSTS
from logitron.automatic.curvature import diagonal_model, gram_model, refresh
from logitron.automatic.fallback import minimize_with_fallback
from logitron.automatic.growing_samples import minimize_on_samples
from logitron.automatic.hessian_diagonal import in_blocks, minimize_on_hessian_diagonal
from logitron.automatic.lagging import is_affordable, minimize_lagging
from logitron.automatic.minimum import Minimum
from logitron.automatic.objective_plan import plan_of
from logitron.automatic.observers import of_all_groups, with_parameters
from logitron.automatic.on_logits import OnLogits, bound_of_logits
from logitron.automatic.penalty_path import PenaltyPath, minimize_along_penalties
from logitron.automatic.plan import PLAIN_PASSES, Plan
from logitron.automatic.row_models import keeps_logits
from logitron.automatic.spectrum import sampled_spectrum
from logitron.backend.types import Array, HostArray
from logitron.certificates import GapBound
from logitron.objective import (
    Objective,
    subspace_rank,
    with_float32_products,
    with_gram_norm_bound,
)
from logitron.preconditioners import CholeskyModel, Kronecker, Preconditioner
from logitron.reductions import rotate, with_intercept_column
from logitron.solvers import (
    Callback,
    EveryIteration,
    HessianSchedule,
    QuasiNewton,
    Solution,
    Status,
    Stopping,
    WhenSlow,
    remember,
)

__all__ = ["AutomaticSolver", "Minimum"]

#: calls that a pass must take as long as, for groups of weaker and stronger penalties to come first
CHEAP_PASSES = 8.0


class Solvers(NamedTuple):
    """What minimises with a shared first model."""

    products: QuasiNewton
    on_logits: OnLogits


@dataclass(frozen=True)
class AutomaticSolver:
    """Settings of a fit to the optimum.

    Parameters
    ----------
    plan : Plan
    tol : float, default 1e-4
        See `Stopping`.
    max_iter : int, default 200
    warm : bool, default False
        Whether the coefficients to start from are not just zeros.
    interruptible : bool, default False
        See `QuasiNewton`.
    max_iter_on_logits : int, optional
        Iterations at most where line searches are on kept logits; by default ``max_iter``.
    max_iter_lagging : int, default 0
        Further iterations of Newton's method whose linearisation lags behind, at most, for softmax
        groups that are left.
    """

    plan: Plan
    tol: float = 1e-4
    max_iter: int = 200
    warm: bool = False
    interruptible: bool = False
    max_iter_on_logits: int | None = None
    max_iter_lagging: int = 0

    def minimize(self, objective: Objective, theta: Array, *, callback: Callback = None) -> Minimum:
        """Minimise from ``theta``.

        Notes
        -----
        ``callback`` receives iterations on all rows, with coefficients and intercepts. The order
        of the calls: subsamples, each minimised from the one before; the reduction and the first
        preconditioner of the plan; `QuasiNewton.minimize`, whose every step evaluates the
        objective once; for the groups that are left, `LogitQuasiNewton.minimize` or batches; the
        way back. With a sampled spectrum, `LogitQuasiNewton.minimize` alone.
        """
        if self.plan.method == "sampled":
            return self._on_sampled_spectrum(objective, theta, callback)
        if self.plan.method == "hessian-diagonal":
            return self._on_hessian_diagonal(objective, theta, callback)
        if self.plan.fallback is not None:
            return self._with_fallback(objective, theta, callback)
        with objective.limit_blas_threads():
            theta, model, spent, gap_bound = minimize_on_samples(
                objective, theta, self.plan, max_iter=self.max_iter
            )
        if model is None and objective.strongly_convex and self.plan.method != "row-space":
            objective = with_gram_norm_bound(objective)  # the same for every bound
        inner, schedule, back = objective, self._schedule(objective), None
        if model is not None:
            schedule = self._when_slow(subspace=False, batch=self.plan.batch)
        elif self.plan.method == "row-space":
            space = rotate(objective)
            inner, model, back = space.objective, space.preconditioner, space.back
            theta = space.forth(theta, warm=self.warm)
        elif self.plan.method == "shared":
            inner, model = gram_model(with_float32_products(objective), self.plan.gram_rows)
            theta = inner.start(*objective.split(theta))
            objective = inner.with_statistics(products_in_float32=False)
        elif self.plan.method == "diagonal":
            model = diagonal_model(objective, flat=self.plan.flat)
        solver = QuasiNewton(
            schedule,
            refresh=refresh,
            gap_bound=gap_bound,
            max_iter=max(self.max_iter - spent, 0),
            low_precision=not self.warm,
            interruptible=self.interruptible,
            stopping=Stopping(tol=self.tol),
        )
        if isinstance(schedule, EveryIteration) and objective.groups == 1:
            inner = with_intercept_column(inner)
        solvers = Solvers(solver, self._on_logits(gap_bound))
        observer = with_parameters(callback, objective, back, spent)
        path = None if self.warm or spent else self._penalty_path(inner)
        with inner.limit_blas_threads():
            if path is None:
                solution = self._from_model(inner, model, theta, solvers, observer)
            else:
                some = partial(self._of_some_groups, inner, model, solvers)
                solution = minimize_along_penalties(inner, theta, path, some, observer)
        if back is not None:
            solution = solution.moved(back(solution.theta))
        return Minimum(solution.after(spent), objective, gap_bound)

    def _with_fallback(self, objective: Objective, theta: Array, callback: Callback) -> Minimum:
        """Minimise by the plan, and by its fallback once it has made as many passes as are due."""
        plan, some = self.plan, min(self.max_iter, PLAIN_PASSES)
        first, left = replace(self, plan=replace(plan, fallback=None)), self.max_iter - some
        if plan.fallback is None or not left:
            return first.minimize(objective, theta, callback=callback)
        first = replace(first, max_iter=some, max_iter_lagging=0)
        then = replace(self, plan=plan.fallback, max_iter=left, warm=True)
        return minimize_with_fallback(first.minimize, then.minimize, objective, theta, callback)

    def _penalty_path(self, objective: Objective) -> PenaltyPath | None:
        """Find which groups come first, where that saves more work than it costs in calls.

        Single columns need few iterations, and share the reading of the features. In the space of
        few rows, a second stage costs more than it saves.
        """
        work = self.plan.costs.one_pass * objective.groups
        pays = self.plan.method == "shared" and work >= CHEAP_PASSES * COSTS.call
        return PenaltyPath.of(objective) if pays and objective.classes > 1 else None

    def _of_some_groups(
        self,
        objective: Objective,
        model: Preconditioner | None,
        solvers: Solvers,
        groups: HostArray,
        theta: Array,
        callback: Callback,
        near: bool,
        hard: bool,
    ) -> Solution:
        """Minimise some of the groups, by their numbers, from parameters of those.

        They are ``near`` their minimum if they lie between the answers of other groups, and
        ``hard`` if those have a far lower objective than the common start.
        """
        index = objective.context.asarray(groups, keep_dtype=True)
        model = None if model is None else model.take_groups(index)
        some = objective.take(groups)
        if near and hard and self.plan.on_logits and keeps_logits(some):
            assert isinstance(model, Kronecker)
            solution = solvers.on_logits.near_answers(some, model, theta, callback)
            return self._finished(some, solution, callback)
        products = replace(solvers.products, schedule=self._schedule(some))
        minimize = replace(self, warm=near)._from_model
        return minimize(some, model, theta, solvers._replace(products=products), callback)

    def _from_model(
        self,
        objective: Objective,
        model: Preconditioner | None,
        theta: Array,
        solvers: Solvers,
        callback: Callback,
    ) -> Solution:
        """Minimise with a first model, and go on with the groups that are left by other means."""
        solution = self._by_products(objective, model, theta, solvers, callback)
        return self._finished(objective, solution, callback)

    def _finished(self, objective: Objective, solution: Solution, callback: Callback) -> Solution:
        """Go on with softmax groups that have not converged, by lagging Newton's method."""
        if not (self.max_iter_lagging and solution.is_unfinished and is_affordable(objective)):
            return solution
        return minimize_lagging(
            objective,
            solution,
            max_iter=self.max_iter_lagging,
            tol=self.tol,
            interruptible=self.interruptible,
            callback=callback,
        )

    def _by_products(
        self,
        objective: Objective,
        model: Preconditioner | None,
        theta: Array,
        solvers: Solvers,
        callback: Callback,
    ) -> Solution:
        """Minimise with a first model, then by line searches on kept logits, or in batches."""
        solver = solvers.products
        solution, state = solver.minimize(objective, theta, preconditioner=model, callback=callback)
        if solution.goes_on and state.schedule.to_logits:
            assert isinstance(model, Kronecker | CholeskyModel)
            go_on = solvers.on_logits.continued
            return go_on(objective, model, theta, solution, callback, warm=self.warm)
        if solution.goes_on and state.schedule.deferred:
            return self._by_batches(objective, solution, solver, callback)
        return solution

    def _on_logits(self, gap_bound: Callable[..., Array] | None) -> OnLogits:
        max_iter = self.max_iter if self.max_iter_on_logits is None else self.max_iter_on_logits
        return OnLogits(gap_bound, max_iter, self.tol, self.interruptible)

    def _on_sampled_spectrum(
        self, objective: Objective, theta: Array, callback: Callback
    ) -> Minimum:
        """Minimise by line searches on kept logits, with the features' leading spectrum."""
        plan, parameters = self.plan, objective.split(theta)
        with objective.limit_blas_threads():
            found = sampled_spectrum(objective, plan.spectrum_rank, plan.spectrum_rows)
            spectrum, objective = found
            theta = objective.start(*parameters)
            if objective.strongly_convex:
                objective = with_gram_norm_bound(objective)
            gap_bound = GapBound()
            observer = with_parameters(callback, objective, None, 0)
            fit = self._on_logits(gap_bound).with_sampled_spectrum
            solution = fit(objective, spectrum, theta, observer)
        return Minimum(solution, objective, gap_bound)

    def _on_hessian_diagonal(
        self, objective: Objective, theta: Array, callback: Callback
    ) -> Minimum:
        """Minimise by line searches on kept logits, preconditioned by the Hessian's diagonal."""
        if objective.strongly_convex:
            objective = with_gram_norm_bound(objective)
        gap_bound = GapBound()
        limit = self.max_iter if self.max_iter_on_logits is None else self.max_iter_on_logits
        first = self.plan.before_blocks
        solution = minimize_on_hessian_diagonal(
            objective,
            theta,
            gap_bound=bound_of_logits(gap_bound),
            max_iter=limit if first is None else min(limit, first),
            tol=self.tol,
            warm=self.warm,
            interruptible=self.interruptible,
            callback=with_parameters(callback, objective, None, 0),
        )
        if first is not None and first < limit and solution.is_unfinished:
            solution = in_blocks(objective, theta, solution, self._solve_in_blocks, callback)
        return Minimum(solution, objective, gap_bound)

    def _solve_in_blocks(
        self, objective: Objective, theta: Array, spent: int, callback: Callback
    ) -> tuple[Solution, Objective]:
        """Minimise in dense blocks of sparse features, after iterations by their products."""
        plan = plan_of(objective, diagonal_failed=True)
        max_iter = self.max_iter
        if self.max_iter_on_logits is None:  # it is a limit of all iterations
            max_iter = max(max_iter - spent, 0)
        solver = replace(self, plan=replace(plan, samples=()), max_iter=max_iter)
        found = solver.minimize(objective, theta, callback=callback)
        return found.solution, found.objective

    def _when_slow(self, **settings: Any) -> WhenSlow:
        costs = self.plan.costs
        return WhenSlow(costs.one_pass, costs.refresh, **settings)

    def _schedule(self, objective: Objective) -> HessianSchedule:
        """Which part of the Hessian to sum, by the plan."""
        plan = self.plan
        if plan.method == "newton" or plan.newton:
            return EveryIteration()
        if plan.method == "diagonal":
            return self._when_slow(subspace=True, batch=0, rescales=True)
        return self._when_slow(
            subspace=subspace_rank(*objective.rows.shape, objective.classes) > 0,
            batch=plan.batch,
            classes=objective.classes,
            on_logits=plan.on_logits and keeps_logits(objective),
        )

    def _by_batches(
        self, objective: Objective, solution: Solution, solver: QuasiNewton, callback: Callback
    ) -> Solution:
        """Go on with the slow groups, as many at a time as their whole Hessians can be stored."""
        context, batch = objective.context, self.plan.batch
        slow = np.flatnonzero(solution.status == Status.MAX_ITER)
        spent = int(solution.n_iter.max())
        solver = replace(
            solver,
            schedule=self._when_slow(
                subspace=False, batch=batch, classes=objective.classes, refresh_first=True
            ),
            max_iter=max(solver.max_iter - spent, 0),
            low_precision=False,
        )
        for first in range(0, len(slow), batch):
            chosen = slow[first : first + batch]
            index = context.asarray(chosen, keep_dtype=True)
            start = context.xp.take(solution.theta, index, axis=0)
            observer = of_all_groups(callback, solution, chosen, context)
            make = partial(_solution, solver, objective.take(chosen), start, observer)
            part = remember("batch", make, unless=lambda one: one.was_stopped)
            solution = solution.replaced(chosen, part, context, after=spent)
            if part.was_stopped:
                break
        return solution


def _solution(
    solver: QuasiNewton, objective: Objective, theta: Array, callback: Callback
) -> Solution:
    """Minimise, and return the outcome alone."""
    return solver.minimize(objective, theta, callback=callback)[0]
