"""The engine: from a plan to the optimum, by way of samples, rotations, models of the curvature.

``solver="auto"`` does what `logitron.solvers.plan` finds cheapest; a method's name asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from logitron.solvers.alone import Alone
from logitron.solvers.hessian_schedule import EveryIteration, WhenSlow
from logitron.solvers.plan import Plan, costs_of
from logitron.solvers.quasi_newton import QuasiNewton
from logitron.solvers.result import Iteration, Solution, Status, put_groups

__all__ = ["Engine"]

Array = Any
Watch = Callable[[Iteration], bool | None] | None
Objective = Any  # what `QuasiNewton` needs, and ways to sample, to rotate and to model it

#: a sample is fitted to this part of what its own randomness is worth
STATISTICAL = 0.1
#: iterations that a sample may take
MOST_ON_A_SAMPLE = 20


@dataclass(frozen=True)
class Engine:
    """Settings of a fit to the optimum.

    Parameters
    ----------
    plan : Plan
    tol : float, default 1e-4
        See `QuasiNewton`.
    max_iter : int, default 200
    warm : bool, default False
        Whether the coefficients to start from are not just zeros.
    interruptible : bool, default False
        See `QuasiNewton`.
    """

    plan: Plan
    tol: float = 1e-4
    max_iter: int = 200
    warm: bool = False
    interruptible: bool = False

    def minimize(
        self,
        objective: Objective,
        theta: Array,
        *,
        on_iteration: Watch = None,
    ) -> tuple[Solution, Objective]:
        """Minimise from ``theta``.

        Returns
        -------
        solution : Solution
        objective : Objective
            The one whose parameters the solution has: it may have been centred anew.

        Notes
        -----
        ``on_iteration`` is told of iterations on all rows, and coefficients and intercepts.
        """
        with objective.limit_blas_threads():
            theta, preconditioner, spent, objective = self._on_samples(objective, theta)
        costs, batch, classes = self.plan.costs, self.plan.batch, objective.classes
        inner, back = objective, None
        curvature: EveryIteration | WhenSlow = EveryIteration()
        if preconditioner is not None:
            curvature = WhenSlow(costs, coarse=False, batch=batch)
        elif self.plan.method == "row-space":
            inner, preconditioner, theta, back = objective.rotated(theta, warm=self.warm)
            if not self.plan.newton:
                curvature = WhenSlow(costs, coarse=True, batch=batch, classes=classes)
        elif self.plan.method == "shared":
            inner, preconditioner = objective.with_gram(self.plan.gram_rows)
            theta = inner.recentre(theta, objective)
            objective = inner
            curvature = WhenSlow(costs, coarse=True, batch=batch, classes=classes)
        elif self.plan.method == "diagonal":
            preconditioner = objective.with_squares(flat=self.plan.flat)
            curvature = WhenSlow(costs, coarse=True, batch=0, rescales=True)
        most = max(self.max_iter - spent, 0)
        settings: dict[str, Any] = {
            "tol": self.tol,
            "max_iter": most,
            "interruptible": self.interruptible,
        }
        watch = _telling(on_iteration, objective, back, spent)
        descent: Alone | QuasiNewton
        if Alone.suits(inner):
            descent = Alone(curvature, **settings)
            if isinstance(curvature, EveryIteration):
                inner = inner.with_constant()
        else:
            descent = QuasiNewton(curvature, rough=not self.warm, **settings)
        with inner.limit_blas_threads():
            solution, _ = descent.minimize(
                inner, theta, preconditioner=preconditioner, on_iteration=watch
            )
            if curvature.abandoned and not (solution.status == Status.STOPPED).any():
                solution = self._by_batches(inner, solution, most, watch)
        if back is not None:
            solution = solution.moved(back(solution.theta))
        return solution.after(spent), objective

    def _by_batches(
        self, objective: Objective, solution: Solution, max_iter: int, on_iteration: Watch
    ) -> Solution:
        """Go on with the slow groups, as many at a time as their whole Hessians can be stored."""
        context = objective.context
        slow = np.flatnonzero(solution.status == Status.MAX_ITER)
        spent = int(solution.n_iter.max())
        for first in range(0, len(slow), self.plan.batch):
            chosen = slow[first : first + self.plan.batch]
            index = context.asarray(chosen, keep_dtype=True)
            descent = QuasiNewton(
                WhenSlow(
                    self.plan.costs,
                    coarse=False,
                    batch=self.plan.batch,
                    classes=objective.classes,
                    begin=True,
                ),
                tol=self.tol,
                max_iter=max(max_iter - spent, 0),
                rough=False,
                interruptible=self.interruptible,
            )
            start = context.xp.take(solution.theta, index, axis=0)
            watch = _part_of(on_iteration, solution, chosen, context)
            part, _ = descent.minimize(objective.take(index), start, on_iteration=watch)
            solution = solution.replaced(chosen, part.after(spent), context)
            if (part.status == Status.STOPPED).any():
                break
        return solution

    def _on_samples(self, objective: Objective, theta: Array) -> tuple[Array, Any, int, Objective]:
        """Come near on growing samples, whose Hessian then is a model for all rows.

        Gives the objective too, to whose bound the last sample bears witness.

        The first one is begun with a Hessian of its own, the next ones with the one before; that is
        made anew where progress is slow.
        """
        preconditioner, spent, last = None, 0, None
        p = objective.rows.shape[1]
        for count in self.plan.samples:
            part = objective.sample(count)
            if part is None:
                break
            costs = costs_of(count, p, 1, 1)
            # (one that ended before it began has left no model)
            curvature = WhenSlow(
                costs, coarse=False, batch=self.plan.batch, begin=preconditioner is None
            )
            # half a unit of loss for each parameter is what a sample's optimum is off its own rows
            worth = 0.5 * part.shape[1] * part.shape[2] * part.weight
            near = (Alone if Alone.suits(part) else QuasiNewton)(
                curvature,
                tol=0.0,
                gap=STATISTICAL * worth,
                max_iter=min(self.max_iter - spent, MOST_ON_A_SAMPLE),
                polish=False,
                bounds=False,
            )
            fitted, preconditioner = near.minimize(part, theta, preconditioner=preconditioner)
            if not curvature.reuses:
                preconditioner = objective.invert(preconditioner)
            theta, spent, last = fitted.theta, spent + int(fitted.n_iter.max()), part
        if last is not None:
            evaluation = last.evaluate(theta, "full")
            preconditioner = last.preconditioner(evaluation, theta, None, None, reuse=True)
            objective = objective.with_subsample_bound(last)
        return theta, preconditioner, spent, objective


def _telling(
    watch: Watch, objective: Objective, back: Callable[[Array], Array] | None, spent: int
) -> Watch:
    """Tell of coefficients and intercepts, and count the iterations on samples."""
    if watch is None:
        return None

    def told(iteration: Iteration) -> bool | None:
        def parameters() -> tuple[Array, Array | None]:
            theta = iteration.parameters()
            parts: tuple[Array, Array | None] = objective.split(
                theta if back is None else back(theta)
            )
            return parts

        return watch(replace(iteration, number=spent + iteration.number, parameters=parameters))

    return told


def _part_of(watch: Watch, before: Solution, groups: np.ndarray[Any, Any], context: Any) -> Watch:
    """Tell of all groups, some of which go on."""
    if watch is None:
        return None

    def told(iteration: Iteration) -> bool | None:
        def parameters() -> Array:
            return put_groups(before.theta, groups, iteration.parameters(), context)

        loss = before.loss_curve[-1].copy()
        others = int((before.status == Status.MAX_ITER).sum()) - len(groups)
        loss[groups] = iteration.loss
        number = int(before.n_iter[groups].max()) + iteration.number
        return watch(Iteration(number, loss, iteration.running + max(others, 0), parameters))

    return told
