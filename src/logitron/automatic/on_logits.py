"""Fits by line searches on kept logits, with models of the rows of most curvature.

They follow the first step of a fit on dense rows where classes can be separated, and are the whole
fit of wide features, see `LogitQuasiNewton` and `RowModels`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from logitron.automatic.curved_hessians import CurvedHessians, models_of
from logitron.automatic.observers import of_all_groups
from logitron.automatic.row_models import Eigenbasis, RowModels
from logitron.backend.types import Array
from logitron.certificates import bound_below
from logitron.objective import LogitObjective, Objective
from logitron.preconditioners import Kronecker, SampledSpectrum, SharedModel
from logitron.solvers import (
    Callback,
    Float32Limits,
    LogitQuasiNewton,
    NoHistory,
    Solution,
    Status,
    Stopping,
    short_history,
)

__all__ = ["OnLogits", "bound_of_logits"]


@dataclass(frozen=True)
class OnLogits:
    """Settings.

    Parameters
    ----------
    gap_bound : callable, optional
        See `QuasiNewton`.
    max_iter : int
        Iterations at most, with those that were spent before.
    tol : float
    interruptible : bool
    eigenbasis : Eigenbasis
        Arrays that fits of the same rows share.
    """

    gap_bound: Callable[..., Array] | None
    max_iter: int
    tol: float
    interruptible: bool
    eigenbasis: Eigenbasis = field(default_factory=lambda: Eigenbasis({}, {}), compare=False)

    def continued(
        self,
        objective: Objective,
        spectrum: SharedModel,
        start: Array,
        solution: Solution,
        callback: Callback,
        *,
        warm: bool,
    ) -> Solution:
        """Go on with the groups that a solution left.

        From ``start`` if that was left after one iteration, which may have ended where the loss and
        its curvature are nearly zero; else from the solution.
        """
        context, spent = objective.context, int(solution.n_iter.max())
        left = np.flatnonzero(solution.status == Status.MAX_ITER)
        solution = replace(solution, theta=start) if spent <= 1 else solution
        chosen, begin, model = objective, solution.theta, spectrum
        if len(left) < objective.groups:
            index = context.asarray(left, keep_dtype=True)
            chosen, begin = objective.take(left), context.xp.take(begin, index, axis=0)
            model = model.take_groups(index)
        observer = of_all_groups(callback, solution, left, context)
        kept = LogitObjective.of(chosen)
        kept = kept.in_float32() or kept
        models = models_of(chosen, model, self.eigenbasis)
        solver = self._solver(chosen, models, spent)
        found = solver.minimize(kept, begin, near=warm or spent > 1, callback=observer)
        return solution.replaced(left, found, context, after=spent)

    def near_answers(
        self,
        objective: Objective,
        spectrum: Kronecker,
        theta: Array,
        callback: Callback,
    ) -> Solution:
        """Minimise from parameters that are interpolated between the answers of other groups.

        In the precision of the rows: float32 would soon be of no use. By models of rows, since
        whole blocks of classes would cost more than the few iterations that are left.
        """
        models = RowModels(spectrum, blocks=False, eigenbasis=self.eigenbasis)
        solver = self._solver(objective, models, 0)
        return solver.minimize(LogitObjective.of(objective), theta, near=True, callback=callback)

    def with_sampled_spectrum(
        self, objective: Objective, spectrum: SampledSpectrum, theta: Array, callback: Callback
    ) -> Solution:
        """Minimise wide features from the start."""
        solver = self._solver(objective, RowModels(spectrum, blocks=False), 0)
        solver = replace(solver, history=short_history)
        return solver.minimize(LogitObjective.of(objective), theta, callback=callback)

    def _solver(
        self, objective: Objective, models: RowModels | CurvedHessians, spent: int
    ) -> LogitQuasiNewton:
        """Make the solver, for the iterations that are left."""
        solver = LogitQuasiNewton(
            models,
            models.schedule(objective),
            gap_bound=bound_of_logits(self.gap_bound),
            max_iter=max(self.max_iter - spent, 0),
            interruptible=self.interruptible,
            float32=Float32Limits(bound_below=bound_below(objective)),
            stopping=Stopping.stored(self.tol, objective.rows.context.precision),
        )
        if isinstance(models, CurvedHessians):
            search = replace(solver.search, longest_first=1.0)
            return replace(solver, history=NoHistory.of, search=search)
        return solver


def bound_of_logits(gap_bound: Callable[..., Array] | None) -> Callable[..., Array] | None:
    """Bound the distance of an objective that is evaluated from logits."""
    if gap_bound is None:
        return None

    def bound(kept: LogitObjective, *arguments: Any, **named: Any) -> Array:
        return gap_bound(kept.objective, *arguments, **named)

    return bound
