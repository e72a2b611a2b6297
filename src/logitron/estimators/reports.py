"""Warnings about fits that did not converge: names, suboptimality, causes and remedies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from logitron.backend.types import HostArray
from logitron.estimators.user_warnings import warn
from logitron.solvers import Status

__all__ = ["CONVERGED_STATUSES", "Report", "is_converged", "warn_unconverged"]


#: statuses of converged fits
CONVERGED_STATUSES = {Status.CONVERGED, Status.AT_PRECISION}
#: number of fits, and of features, that a warning names
MAX_NAMED = 5


def is_converged(status: HostArray) -> HostArray:
    """Return whether a status means convergence.

    Parameters
    ----------
    status : numpy.ndarray
    """
    met: HostArray = (status == Status.CONVERGED) | (status == Status.AT_PRECISION)
    return met


@dataclass(frozen=True)
class Report:
    """Statuses of fits, for a warning; all arrays have one shape."""

    status: HostArray
    n_iter: HostArray
    suboptimality: HostArray
    running_away: dict[int, HostArray]
    """For each group without a finite optimum, the features whose coefficients diverge."""
    axes: tuple[str, ...] = ()
    """Names of the arrays' axes; empty for a single fit."""
    target_names: HostArray | None = None
    """Names of the numbers along the axis "target"."""


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
            f"{_describe_fits(which, report)}; {one.explanation}"
            f"{_describe_features(one, which, report, names)}. The suboptimality is {reached}, and "
            f"tol={tol:g} requires {tol**2:.1e}"
        )
        warn(text, ConvergenceWarning)


def _describe_fits(which: HostArray, report: Report) -> str:
    """Count the fits, and name the first ones."""
    if which.size == 1:
        return ""
    indices, axes, names = np.argwhere(which), report.axes, report.target_names
    named = [
        ", ".join(
            f"{axis} {repr(names[i]) if axis == 'target' and names is not None else i}"
            for axis, i in zip(axes, index, strict=True)
        )
        for index in indices[:MAX_NAMED].tolist()
    ]
    more = ", ..." if len(indices) > MAX_NAMED else ""
    listed = f" ({'; '.join(named)}{more})" if axes else ""
    return f" in {len(indices)} of {which.size} fits{listed}"


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
