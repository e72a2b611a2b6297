"""What fits that did not converge are warned of: which, how near, why, and what to try."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from logitron.backend.types import HostArray
from logitron.estimators.user_warnings import warn
from logitron.solvers import Status

__all__ = ["CONVERGED_STATUSES", "Report", "is_converged", "warn_unconverged"]


#: how a fit ends that met the rule
CONVERGED_STATUSES = {Status.CONVERGED, Status.AT_PRECISION}
#: fits, and features, that a warning names
MAX_NAMED = 5


def is_converged(status: HostArray) -> HostArray:
    """Whether fits that ended so met the rule."""
    met: HostArray = (status == Status.CONVERGED) | (status == Status.AT_PRECISION)
    return met


@dataclass(frozen=True)
class Report:
    """What warnings tell of fits; arrays of one shape."""

    status: HostArray
    n_iter: HostArray
    suboptimality: HostArray
    running_away: dict[int, HostArray]
    """Of fits without an optimum, by their number: features whose coefficients grow."""
    axes: tuple[str, ...] = ()
    """What the axes of the arrays are; none for one fit."""


def warn_unconverged(
    report: Report,
    estimator_name: str,
    solver: str,
    *,
    tol: float,
    names: Any = None,
) -> None:
    """Warn of fits that did not converge, saying which, how near, why, and what to try.

    Parameters
    ----------
    report : Report
    estimator_name : str
        Name of the estimator.
    solver : str
    tol : float
    names : sequence of str, optional
        Names of the features.
    """
    status, alone = report.status, report.status.size == 1
    for one in map(Status, sorted(set(status.reshape(-1).tolist()))):
        which = status == one
        if one in CONVERGED_STATUSES or (one == Status.STOPPED and alone):
            continue
        number, worst = int(report.n_iter[which].max()), float(report.suboptimality[which].max())
        near = f"at most {worst:.1e}" if np.isfinite(worst) else "not bounded"
        text = (
            f"{estimator_name}: {solver} failed to converge after {number} iterations"
            f"{_describe_fits(which, report.axes)}: {one.explanation}"
            f"{_describe_features(one, which, report, names)}. The relative distance from the "
            f"optimum is {near}; tol={tol:g} asks for {tol**2:.1e}"
        )
        warn(text, ConvergenceWarning)


def _describe_fits(which: HostArray, axes: tuple[str, ...]) -> str:
    """Name the fits."""
    if which.size == 1:
        return ""
    places = np.argwhere(which)
    shown = [
        ", ".join(f"{axis} {i}" for axis, i in zip(axes, place, strict=True))
        for place in places[:MAX_NAMED].tolist()
    ]
    more = ", ..." if len(places) > MAX_NAMED else ""
    named = f" ({'; '.join(shown)}{more})" if axes else ""
    return f" in {len(places)} of {which.size} fits{named}"


def _describe_features(status: Status, which: HostArray, report: Report, names: Any) -> str:
    """Name the features along which coefficients grow."""
    if status not in (Status.SEPARABLE, Status.QUASI_SEPARABLE):
        return ""
    groups = [g for g in np.flatnonzero(which.reshape(-1)).tolist() if g in report.running_away]
    if not groups:
        return ""
    first = report.running_away[groups[0]].tolist()
    called = [str(j) if names is None else repr(str(names[j])) for j in first[:MAX_NAMED]]
    more = ", ..." if len(first) > MAX_NAMED else ""
    return f" (features {', '.join(called)}{more})" if called else " (the intercept)"
