"""What became of many fits over the same rows."""

from dataclasses import dataclass
from typing import Any

from logitron.automatic import Plan
from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.estimators.fitting import Settings
from logitron.estimators.reports import Report, is_converged, warn_unconverged

__all__ = ["FitResults"]


@dataclass(frozen=True)
class FitResults:
    """What became of the fits; all arrays begin with (T, F, P)."""

    coef: Array
    """(T, F, P, K, p), where the fits were computed, in its widest precision."""
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
    """Of fits without an optimum, by their number: features whose coefficients grow."""

    def warn(self, estimator_name: str, solver: str, settings: Settings, *, names: Any) -> None:
        """Warn of fits that did not converge, naming them."""
        axes = ("target", "fold", "C")
        kept = [axis for axis in range(3) if self.status.shape[axis] > 1]
        shape = tuple(self.status.shape[axis] for axis in kept) or (1,)
        report = Report(
            self.status.reshape(shape),
            self.n_iter.reshape(shape),
            self.suboptimality.reshape(shape),
            self.running_away,
            tuple(axes[axis] for axis in kept),
        )
        tol = float(settings.tol)
        warn_unconverged(report, estimator_name, solver, tol=tol, names=names)

    @property
    def converged(self) -> HostArray:
        """Whether each fit is at its optimum."""
        return is_converged(self.status)

    @property
    def context(self) -> ArrayContext:
        """Where the fits were computed."""
        return ArrayContext.of(self.coef)
