"""Results of many fits over the same rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from logitron.automatic import Plan
from logitron.backend import ArrayContext, namespace_of
from logitron.backend.types import Array, HostArray
from logitron.estimators.fitting import AnyFit, Settings
from logitron.estimators.reports import Axis, Report, is_converged, warn_unconverged
from logitron.solvers import Status

__all__ = ["BatchOutcome", "BatchResults", "FitResults"]


@dataclass(frozen=True)
class FitResults:
    """Results of a `FitGrid`; the shape of every array begins with (T, F, P)."""

    coef: Array
    """(T, F, P, K, p), where the parameters of the computation live."""
    intercept: Array
    """(T, F, P, K)"""
    status: HostArray
    n_iter: HostArray
    suboptimality: HostArray
    certified: HostArray
    loss_curve: HostArray
    """(iterations, T, F, P)"""
    plan: Plan | None
    running_away: dict[int, HostArray]
    """For each group without a finite optimum, the features whose coefficients diverge."""

    def warn(
        self,
        estimator_name: str,
        solver: str,
        settings: Settings,
        *,
        names: Any,
        axes: tuple[Axis, Axis, Axis] = (Axis("target"), Axis("fold"), Axis("C")),
        stage: str = "",
    ) -> None:
        """Warn about fits that did not converge.

        Parameters
        ----------
        estimator_name, solver : str
        settings : Settings
        names : sequence of str or None
            Names of the features.
        axes : tuple of Axis
            What differs along (T, F, P), and names of the positions.
        stage : str, default ""
            Which part of the estimator's work the fits are.
        """
        found = self.status, self.n_iter, self.suboptimality, self.running_away
        report, tol = Report(*found, axes, stage).squeezed(), float(settings.tol)
        warn_unconverged(report, estimator_name, solver, tol=tol, names=names)

    @property
    def converged(self) -> HostArray:
        """Whether each fit converged."""
        return is_converged(self.status)

    @property
    def context(self) -> ArrayContext:
        """Library, device and precision of the parameters."""
        return ArrayContext.of(self.coef)


class BatchOutcome(NamedTuple):
    """What is known of one batch of groups."""

    coef: Array
    """(g * K, p)"""
    intercept: Array
    """(g * K,)"""
    status: HostArray
    n_iter: HostArray
    suboptimality: HostArray
    certified: HostArray
    loss_curve: HostArray
    """(iterations, g)"""
    plan: Plan | None
    running_away: dict[int, HostArray]
    stopped: bool
    """Whether a group was stopped."""

    @classmethod
    def of(cls, minimize: Callable[[], AnyFit], stored_dtype: Any) -> "BatchOutcome":
        """Minimise, and judge the fit at its parameters as they will be stored."""
        fit = minimize()
        found = fit.parameters
        xp = namespace_of(found[0])
        verdict = fit.judge(*(xp.astype(array, stored_dtype, copy=False) for array in found))
        solution = fit.solution
        return cls(
            *found,
            verdict.status,
            solution.n_iter,
            verdict.suboptimality,
            verdict.certified,
            solution.loss_curve,
            fit.plan,
            solution.running_away,
            bool((solution.status == Status.STOPPED).any()),
        )


class BatchResults:
    """Results of batches of groups, gathered in arrays over all groups.

    Parameters
    ----------
    groups : int
    """

    def __init__(self, groups: int) -> None:
        self.status = np.full(groups, Status.STOPPED)
        self.n_iter = np.zeros(groups, np.int32)
        self.suboptimality = np.full(groups, np.inf)
        self.certified = np.zeros(groups, bool)
        self.plan: Plan | None = None
        self.running_away: dict[int, HostArray] = {}
        self._curves: list[tuple[HostArray, HostArray]] = []

    def put(self, batch: HostArray, outcome: BatchOutcome) -> None:
        """Store the results of one batch.

        Parameters
        ----------
        batch : numpy.ndarray
            Numbers of the groups.
        outcome : BatchOutcome
        """
        self.plan = outcome.plan
        self.status[batch] = outcome.status
        self.n_iter[batch] = outcome.n_iter
        self.suboptimality[batch] = outcome.suboptimality
        self.certified[batch] = outcome.certified
        for group, features in outcome.running_away.items():
            self.running_away[int(batch[group])] = features
        self._curves.append((batch, outcome.loss_curve))

    def curve(self) -> HostArray:
        """Return the losses (iterations, G); ended groups repeat their last loss."""
        length = max((len(curve) for _, curve in self._curves), default=0)
        losses = np.zeros((length, len(self.status)))
        for batch, curve in self._curves:
            losses[: len(curve), batch] = curve
            losses[len(curve) :, batch] = curve[-1]
        return losses
