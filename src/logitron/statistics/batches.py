"""Log-likelihoods and covariances of all fits, in batches that fit into memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.validation.features import reject_nonfinite
from logitron.statistics.covariance import Clusters, covariance
from logitron.statistics.fitted_likelihood import FittedLikelihood, running
from logitron.statistics.information import invert
from logitron.statistics.validity import before_information, not_at_maximum, singular

__all__ = ["Covariances", "covariances"]

#: numbers in the matrices of a batch of fits at most, and in the scores of rows and clusters
MOST_NUMBERS, MOST_SCORES = 1 << 24, 1 << 26
#: rows whose scores are held together, at most: a block, or all rows of a library without blocks
MOST_ROWS = 1 << 16


@dataclass(frozen=True)
class Covariances:
    """Log-likelihoods and covariances of T fits; NaN for fits without valid ones."""

    llf: HostArray
    """(T,)"""
    cov: HostArray
    """Of the raw parameters (T, D, D)."""
    reasons: dict[int, str]
    """Why a fit has none, by its number."""

    @property
    def valid(self) -> HostArray:
        """Whether each fit has a covariance (T,)."""
        valid = np.ones(len(self.llf), bool)
        valid[list(self.reasons)] = False
        return valid


def covariances(
    fitted: FittedLikelihood,
    kind: str,
    clusters: Clusters | None,
    terms: Sequence[str],
) -> Covariances:
    """Compute the covariance of every fit that is at the maximum of its likelihood.

    Parameters
    ----------
    fitted : FittedLikelihood
    kind : {"nonrobust", "HC0", "HC1", "cluster"}
    clusters : Clusters, optional
    terms : sequence of str
        Names of the parameters of a neuron.

    Raises
    ------
    ValueError
        If X has values that are not finite.
    """
    likelihood = fitted.likelihood
    T, D = likelihood.fits, likelihood.size
    most = MOST_NUMBERS // (D * D)
    if clusters is not None:
        longest = max(clusters.number, min(likelihood.objective.rows.shape[0], MOST_ROWS))
        most = min(most, MOST_SCORES // (longest * D))
    with running(likelihood):
        reasons = before_information(fitted, terms)
        found = Covariances(np.full(T, np.nan), np.full((T, D, D), np.nan), reasons)
        fits = np.flatnonzero(found.valid)
        for first in range(0, len(fits), max(1, most)):
            own = fits[first : first + max(1, most)]
            part = fitted if len(own) == T else fitted.take(own)
            batch = _batch(part, kind, clusters, terms)
            found.llf[own], found.cov[own] = batch.llf, batch.cov
            reasons |= {int(own[number]): reason for number, reason in batch.reasons.items()}
    found.llf[~found.valid], found.cov[~found.valid] = np.nan, np.nan
    return found


def _batch(
    fitted: FittedLikelihood, kind: str, clusters: Clusters | None, terms: Sequence[str]
) -> Covariances:
    likelihood, parameters = fitted.likelihood, fitted.parameters
    found = likelihood.evaluate(parameters)
    if not np.isfinite(found.value).all():
        reject_nonfinite(likelihood.objective.rows)
    information = invert(found.information, likelihood.eps)
    reasons = not_at_maximum(found, information.inverse, fitted.converged)
    reasons |= singular(information.dependent, terms)
    n = fitted.class_totals.sum(axis=1)
    cov = covariance(likelihood, parameters, information.inverse, n, kind, clusters)
    return Covariances(-found.value, likelihood.raw_covariance(cov), reasons)
