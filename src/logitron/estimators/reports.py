"""Warnings about fits that did not converge: names, suboptimality, causes and remedies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from logitron.backend.types import HostArray
from logitron.estimators.user_warnings import warn
from logitron.solvers import Status

__all__ = ["CONVERGED_STATUSES", "Axis", "Report", "is_converged", "warn_unconverged"]


#: statuses of converged fits
CONVERGED_STATUSES = {Status.CONVERGED, Status.AT_PRECISION}
#: number of fits, and of features, that a warning names
MAX_NAMED = 5
#: number of positions along an axis that it names, of many fits
MAX_LISTED = 20


def is_converged(status: HostArray) -> HostArray:
    """Return whether a status means convergence.

    Parameters
    ----------
    status : numpy.ndarray
    """
    met: HostArray = (status == Status.CONVERGED) | (status == Status.AT_PRECISION)
    return met


@dataclass(frozen=True)
class Axis:
    """One axis of an array of fits."""

    name: str
    """What differs along it, such as "fold"."""
    labels: Sequence[Any] | HostArray | None = None
    """A label for each position: penalties, or names of targets; None is the position itself."""

    def label(self, position: int) -> str:
        """Name a position: "C=0.1", "fold 2" or "target 'smiles'"."""
        if self.labels is None:
            return f"{self.name} {position}"
        label = self.labels[position]
        if isinstance(label, float | np.floating):
            return f"{self.name}={float(label):.6g}"
        return f"{self.name} {str(label)!r}" if isinstance(label, str) else f"{self.name} {label}"


@dataclass(frozen=True)
class Report:
    """Statuses of fits, for a warning; all arrays have one shape."""

    status: HostArray
    n_iter: HostArray
    suboptimality: HostArray
    running_away: dict[int, HostArray]
    """For each group without a finite optimum, the features whose coefficients diverge."""
    axes: tuple[Axis, ...] = ()
    """The arrays' axes; empty for a single fit."""
    stage: str = ""
    """Which of several parts of the estimator's work the fits are, such as "the refit"."""

    def squeezed(self) -> "Report":
        """Return the same report without the axes along which there is one fit."""
        kept = [axis for axis, size in enumerate(self.status.shape) if size > 1]
        shape = tuple(self.status.shape[axis] for axis in kept) or (1,)
        return replace(
            self,
            status=self.status.reshape(shape),
            n_iter=self.n_iter.reshape(shape),
            suboptimality=self.suboptimality.reshape(shape),
            axes=tuple(self.axes[axis] for axis in kept),
        )


def warn_unconverged(
    report: Report,
    estimator_name: str,
    solver: str,
    *,
    tol: float,
    names: Any = None,
) -> None:
    """Warn about fits that did not converge, once for each status.

    Parameters
    ----------
    report : Report
    estimator_name, solver : str
    tol : float
    names : sequence of str, optional
        Names of the features.
    """
    status, is_single = report.status, report.status.size == 1
    for one in map(Status, sorted(set(status.reshape(-1).tolist()))):
        which = status == one
        if one in CONVERGED_STATUSES or (one == Status.STOPPED and is_single):
            continue
        number, worst = int(report.n_iter[which].max()), float(report.suboptimality[which].max())
        reached = f"at most {worst:.1e}" if np.isfinite(worst) else "not bounded"
        text = (
            f"{estimator_name} with solver {solver} failed to converge after {number} iterations"
            f"{report.stage and f' in {report.stage}'}{_describe_fits(which, report.axes)}; "
            f"{one.explanation}"
            f"{_describe_features(one, which, report, names)}. The suboptimality is {reached}, and "
            f"tol={tol:g} requires {tol**2:.1e}"
        )
        warn(text, ConvergenceWarning)


def _describe_fits(which: HostArray, axes: tuple[Axis, ...]) -> str:
    """Count the fits, and name them: a few one by one, more of them by each axis."""
    if which.size == 1:
        return ""
    indices = np.argwhere(which)
    named = [
        ", ".join(axis.label(i) for axis, i in zip(axes, index, strict=True))
        for index in indices[: MAX_NAMED + 1].tolist()
    ]
    if len(named) > MAX_NAMED:
        named = [
            _describe_axis(axis, np.unique(i)) for axis, i in zip(axes, indices.T, strict=True)
        ]
    return f" in {len(indices)} of {which.size} fits ({'; '.join(named)})" if axes else ""


def _describe_axis(axis: Axis, positions: HostArray) -> str:
    """Name the positions that occur, the first `MAX_LISTED`: "C=1, 10, 100"."""
    first, *others = (axis.label(i) for i in positions[:MAX_LISTED].tolist())
    begin = len(axis.name) + 1
    more = f", ... ({len(positions)} in all)" if len(positions) > MAX_LISTED else ""
    return ", ".join([first, *(label[begin:] for label in others)]) + more


def _describe_features(status: Status, which: HostArray, report: Report, names: Any) -> str:
    """Name the features whose coefficients diverge."""
    if status not in (Status.SEPARABLE, Status.QUASI_SEPARABLE):
        return ""
    groups = [g for g in np.flatnonzero(which.reshape(-1)).tolist() if g in report.running_away]
    if not groups:
        return ""
    first = report.running_away[groups[0]].tolist()
    labels = [str(j) if names is None else repr(str(names[j])) for j in first[:MAX_NAMED]]
    more = ", ..." if len(first) > MAX_NAMED else ""
    return f" (features {', '.join(labels)}{more})" if labels else " (the intercept)"
