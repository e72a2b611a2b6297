"""Softmax groups that other methods leave: whole Hessians, and linearisations that lag behind."""

from dataclasses import replace
from functools import cached_property, partial
from math import log
from typing import Any

import numpy as np

from logitron.automatic.observers import of_all_groups
from logitron.automatic.row_models import MOST_LOGITS
from logitron.backend import linalg, to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import bound_by_exact_terms
from logitron.objective import (
    LinearisedRows,
    LogitObjective,
    Objective,
    follow,
    linearise,
    slope_along,
)
from logitron.preconditioners import dense_hessian
from logitron.solvers import Callback, LaggingNewton, Solution, Status, Stopping, remember

__all__ = ["is_affordable", "minimize_lagging"]

#: parameters of a group at most; and multiplications for one Hessian, at most
MOST_PARAMETERS, MOST_MULTIPLICATIONS = 2000, 1 << 35
#: multiplications for all groups of a fit, at most; and iterations that one takes, as a rule
MOST_IN_ALL, TYPICAL = 2e12, 60
#: multiplications for a step by least squares, at most; and for one that has to be exact
MOST_FOR_ROWS, MOST_TO_BE_EXACT = 1e8, 1e10
#: numbers in its rows, at most, where all of them matter
MOST_IN_ROWS = 1 << 24
#: curvature of a row, as a part of the mean loss, that matters to no sum
NEGLIGIBLE = 1e-24
#: logarithms of parts of the mean loss: log-probabilities below the first are no different from it,
#: and those below the second rise to it at once; and the least loss that the mean is taken of
NOTHING, LITTLE, TINY = 60.0, 30.0, 1e-200
#: statuses of groups that have not converged
LEFT = Status.MAX_ITER, Status.STALLED, Status.DIVERGED


def is_affordable(objective: Objective) -> bool:
    """Whether whole Hessians of a softmax group can be summed, and its logits kept."""
    rows, (_, K, q), n = objective.rows, objective.shape, objective.rows.shape[0]
    if K == 1 or not objective.penalised or rows.entries is not None:
        return False
    if rows.lazy or rows.context.library.is_jit or n * K > MOST_LOGITS:
        return False
    return K * q <= MOST_PARAMETERS and n * (K * q) ** 2 <= MOST_MULTIPLICATIONS


class _Linearisable(LogitObjective):
    """An objective of one group, see `LinearisableObjective`."""

    @cached_property
    def rows(self) -> LinearisedRows | None:
        """Rows for steps by least squares; None where those cost too much."""
        (n, _), (_, K, q) = self.objective.rows.shape, self.objective.shape
        return LinearisedRows.of(self.objective) if n * K * K * q <= MOST_IN_ROWS else None

    def step_to_minimum(
        self, theta: Array, logits: Array, points: Array, value: float, *, exact: bool
    ) -> Array:
        objective, found = self.objective, None
        if self.rows is not None:
            found = self.rows.step_to_minimum(
                np.asarray(to_host(theta), np.float64)[0, ...],
                *(np.asarray(to_host(part), np.float64) for part in (logits, points)),
                negligible=NEGLIGIBLE * max(value, TINY) / objective.rows.shape[0],
                most=MOST_TO_BE_EXACT if exact else MOST_FOR_ROWS,
            )
        if found is not None:
            return objective.context.asarray(found[None, ...])
        grad, hessian = linearise(objective, theta, logits, points)
        penalty, compiled = objective.penalty, objective.context.compile
        make = compiled(dense_hessian, classes=objective.classes)
        step = make(hessian, penalty.strength, penalty.factors).solve(-grad)
        # (the same vector added to all classes changes nothing but the penalty)
        return step - objective.context.xp.mean(step, axis=1, keepdims=True)

    def value_and_slope(
        self, theta: Array, direction: Array, logits: Array, change: Array, step_size: float
    ) -> tuple[float, float]:
        value, slope = slope_along(self.objective, logits, change, step_size)
        held, own = self.objective.penalty.value_and_grad(theta + step_size * direction)
        total = self.context.xp.stack([value + held, slope + linalg.dots(own, direction)])
        first, second = np.asarray(to_host(total), np.float64)[:, 0].tolist()
        return first, second

    def followed(self, points: Array, logits: Array, most: float, value: float) -> Array:
        n = self.objective.rows.shape[0]
        typical = log(max(value, TINY) / n)
        least = self.context.asarray(np.asarray([typical - NOTHING, typical - LITTLE]))
        return follow(self.objective, points, logits, most=most, least=least)


def minimize_lagging(
    objective: Objective,
    solution: Solution,
    *,
    max_iter: int,
    tol: float,
    interruptible: bool,
    callback: Callback,
) -> Solution:
    """Begin anew with the groups that are left, one by one; keep the better of both outcomes.

    Parameters
    ----------
    objective : Objective
    solution : Solution
    max_iter : int
        Iterations of each group at most.
    tol, interruptible
        See `AutomaticSolver`.
    callback : callable, optional
    """
    context, (_, K, q), n = objective.context, objective.shape, objective.rows.shape[0]
    most = max(1, int(MOST_IN_ALL / (TYPICAL * (n + K * q) * (K * q) ** 2)))
    for group in np.flatnonzero(_left(solution))[:most].tolist():
        chosen = np.asarray([group])
        one = objective.take(chosen).in_float64()
        start = one.start()
        if solution.status[group] == Status.AT_PRECISION:
            start = context.xp.take(
                solution.theta, context.asarray(chosen, keep_dtype=True), axis=0
            )
        solver = LaggingNewton(_bound, max_iter, interruptible, stopping=Stopping(tol=tol))
        observer = of_all_groups(callback, solution, chosen, context)

        make = partial(solver.minimize, _Linearisable(one), start, callback=observer)
        found = remember("lagging", make, unless=lambda one: one.was_stopped)
        before, spent = float(solution.loss_curve[-1][group]), int(solution.n_iter[group])
        worse = not float(found.loss_curve[-1][0]) < before
        if found.status[0] != Status.CONVERGED and worse and np.isfinite(before):
            n_iter = solution.n_iter.copy()
            n_iter[group] += found.n_iter[0]
            solution = replace(solution, n_iter=n_iter)
        else:
            solution = solution.replaced(chosen, found, context, after=spent)
        if found.was_stopped:
            break
    return solution


def _left(solution: Solution) -> HostArray:
    """Whether groups have not converged (G,); of those at precision, where nothing is proven."""
    value = solution.loss_curve[-1]
    gap = np.full(len(value), np.inf) if solution.gap is None else solution.gap
    unknown = (solution.status == Status.AT_PRECISION) & ~(gap < value)
    left: HostArray = np.isin(solution.status, LEFT) | unknown
    return left


def _bound(given: _Linearisable, evaluation: Any, theta: Array, logits: Array) -> Array:
    """Bound the distance from the minimum (1,)."""
    return bound_by_exact_terms(given.objective, evaluation, theta, logits)
