r"""Fits without valid standard errors, and why: one reason for each.

Wald's theory needs a maximum of the likelihood, with information about every parameter. A fit has
none if it did not converge, if its labels are of one class, or if features separate its classes.
Information is missing along collinear features. And the maximum must be that of the given data: a
Newton step from the coefficients may change none of them by more than a small part of its standard
error.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from logitron.automatic.refinement import standardised
from logitron.automatic.separation import separation_by_one_feature, separation_of
from logitron.backend.types import HostArray
from logitron.statistics.fitted_likelihood import FittedLikelihood
from logitron.statistics.likelihood import Derivatives

__all__ = ["NEAR", "before_information", "not_at_maximum", "singular"]

#: standard errors that a Newton step may change a parameter by
NEAR = 0.01
#: fits of which separating features are searched, and features that a reason names, at most
MOST_SEARCHED, MOST_NAMED = 10, 5


def before_information(fitted: FittedLikelihood, terms: Sequence[str]) -> dict[int, str]:
    """Find the fits that have no maximum, or did not reach it.

    Parameters
    ----------
    fitted : FittedLikelihood
    terms : sequence of str
        Names of the features, and of the intercept.

    Returns
    -------
    dict
        A reason for each such fit, by its number.
    """
    reasons = {}
    for fit in np.flatnonzero((fitted.class_totals <= 0.0).any(axis=1)).tolist():
        reasons[fit] = "a class has no row with a positive weight, so that no finite maximum exists"
    unfinished = [fit for fit in np.flatnonzero(~fitted.has_maximum).tolist() if fit not in reasons]
    for count, fit in enumerate(unfinished):
        found = _separation(fitted, fit, terms) if count < MOST_SEARCHED else None
        reasons[fit] = found or (
            "the fit did not converge. See its warning: a larger max_iter, or scaled features, may "
            "help; classes that features separate have no finite maximum"
        )
    return reasons


def _separation(fitted: FittedLikelihood, fit: int, terms: Sequence[str]) -> str | None:
    """Return why a fit has no maximum, if features separate its classes."""
    likelihood = fitted.likelihood.take(np.asarray([fit]))
    one = standardised(likelihood.objective)
    raw = likelihood.raw(fitted.parameters[[fit]])
    coef, intercept = _columns(likelihood.theta(raw)[0], one.layout.fit_intercept)
    direction = np.asarray(one.start(coef, intercept)).reshape(-1)
    single = separation_by_one_feature(likelihood.objective)
    found = separation_of(one, (direction,), linear_program=True) or single
    if found is None:
        return None
    along = named((single or found).features, terms) or "the intercept"
    rows = "all rows" if found.complete else "some rows"
    return (
        f"no finite maximum exists: {along} can separate the classes of {rows} without an error. "
        "Leave such features out, merge rare categories, or fit with a penalty, which has no "
        "standard errors"
    )


def _columns(theta: HostArray, fit_intercept: bool) -> tuple[HostArray, HostArray | None]:
    return (theta[:, :-1], theta[:, -1]) if fit_intercept else (theta, None)


def singular(dependent: dict[int, HostArray], terms: Sequence[str]) -> dict[int, str]:
    """Say which terms have no information of their own, for each fit that has such."""
    reasons = {}
    for fit, numbers in dependent.items():
        columns = np.unique(numbers % len(terms))
        alone = " does not vary" if len(columns) == 1 else " are collinear, or do not vary"
        reasons[fit] = (
            f"the information matrix is singular: {named(columns, terms)}{alone} in the rows with "
            "a positive weight and curvature. Leave one of them out; a constant feature repeats "
            "the intercept"
        )
    return reasons


def not_at_maximum(found: Derivatives, inverse: HostArray, converged: HostArray) -> dict[int, str]:
    """Find fits whose coefficients are not at the maximum of the given data's likelihood.

    Parameters
    ----------
    found : Derivatives
        At the coefficients.
    inverse : numpy.ndarray (T, D, D)
        Inverse information.
    converged : numpy.ndarray (T,) of bool
        Whether each fit converged on its own data.
    """
    with np.errstate(invalid="ignore"):
        step = np.abs((inverse @ found.gradient[:, :, None])[:, :, 0])
        distance = (step / np.sqrt(np.diagonal(inverse, axis1=1, axis2=2))).max(axis=1)
    reasons = {}
    for fit in np.flatnonzero(distance > NEAR).tolist():
        remedy = (
            "Pass the X, y and sample_weight of fit; if they are, fit with a smaller tol, or in "
            "float64"
            if converged[fit]
            else "The fit did not converge; see its warning"
        )
        reasons[fit] = (
            f"the coefficients are {distance[fit]:.2g} standard errors from the maximum of the "
            f"likelihood, where at most {NEAR} is expected. {remedy}"
        )
    return reasons


def named(numbers: HostArray, terms: Sequence[Any]) -> str:
    """Name some terms."""
    names = [repr(str(terms[number])) for number in numbers.tolist()]
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
