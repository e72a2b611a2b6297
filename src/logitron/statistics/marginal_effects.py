r"""Average marginal effects: how probabilities change with each feature, averaged over the rows.

For a row with probabilities :math:`p_i` and curvature :math:`A_i = \operatorname{diag}(p_i) - p_i
p_i^\top` of its logits, the derivative of the probability of class ``k`` by feature ``j`` is
:math:`\sum_l A_{i, kl} \beta_{lj}`, and :math:`p_i (1 - p_i) \beta_j` for two classes. Its mean
over the rows is a function of the parameters, whose covariance follows from theirs by the delta
method [1]_.

References
----------
.. [1] W. H. Greene, "Econometric Analysis", 8th edition, 2018, section 17.3.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.statistics.estimates import Estimates
from logitron.statistics.fitted_likelihood import FittedLikelihood, running
from logitron.statistics.likelihood import Likelihood
from logitron.statistics.score_sums import third_derivatives
from logitron.statistics.summary import WIDTH
from logitron.statistics.tables import Labels

__all__ = ["MarginalEffects", "marginal_effects"]

#: numbers in the derivatives of the effects of a batch of fits, at most
MOST_NUMBERS = 1 << 24


@dataclass(frozen=True)
class MarginalEffects(Estimates):
    """Average marginal effects of the features.

    ``params`` are (p,) for two classes, on the probability of the second one; (K, p) for each of K
    classes; (T, p) for T targets, on the probability of 1.
    """

    _title: ClassVar[str] = "dP/dx"

    def __str__(self) -> str:
        return "\n".join([f"{'Average marginal effects':^{WIDTH}}".rstrip(), *self._lines("")])


def marginal_effects(
    fitted: FittedLikelihood, covariance: HostArray, cov_type: str, labels: Labels, valid: HostArray
) -> MarginalEffects:
    """Compute effects and their covariance.

    Parameters
    ----------
    fitted : FittedLikelihood
    covariance : numpy.ndarray (T, D, D)
        Of the raw parameters.
    cov_type : str
    labels : Labels
        Of the coefficients.
    valid : numpy.ndarray (T,) of bool
        Fits with a covariance; others have effects of NaN.
    """
    likelihood = fitted.likelihood
    T, K = likelihood.fits, likelihood.objective.classes
    p = likelihood.objective.layout.n_features
    effects, cov = np.full((T, K * p), np.nan), np.full((T, K * p, K * p), np.nan)
    batch = max(1, MOST_NUMBERS // max(K * p * likelihood.size, K * K * K * p))
    fits = np.flatnonzero(valid)
    with running(likelihood):
        for first in range(0, len(fits), batch):
            own = fits[first : first + batch]
            part = likelihood if len(own) == T else likelihood.take(own)
            effects[own], slopes = _effects(part, fitted.parameters[own])
            cov[own] = slopes @ covariance[own] @ slopes.mT
    features = labels.terms[:p]
    if T > 1:
        return MarginalEffects(effects, cov, cov_type, replace(labels, terms=features))
    rows = () if K == 1 else _all_classes(labels, likelihood.reference)
    names = Labels(features, rows, "class" if rows else "")
    return MarginalEffects(effects.reshape(K, p) if K > 1 else effects[0], cov[0], cov_type, names)


def _all_classes(labels: Labels, reference: int) -> tuple[object, ...]:
    rows = list(labels.rows)
    rows.insert(reference, labels.reference)
    return tuple(rows)


def _effects(likelihood: Likelihood, parameters: HostArray) -> tuple[HostArray, HostArray]:
    """Compute effects (T, K p), and their derivatives by raw parameters (T, K p, D)."""
    one, theta = likelihood.objective, likelihood.theta(parameters)
    intercept = one.layout.raw_intercept(theta)
    sums = one.sum(third_derivatives, theta, intercept, one.data.index, loss=one.loss)
    total = np.asarray(to_host(one.weight_sum()), np.float64)[:, None, None]
    curvature, slopes = (np.asarray(to_host(part), np.float64) for part in sums)
    curvature = curvature / total  # (T, K, K)
    slopes = slopes @ np.linalg.inv(likelihood.jacobian).T / total[:, :, :, None, None]
    T, K, _ = theta.shape
    p = one.layout.n_features
    coef = likelihood.raw(theta)[:, :, :p]
    effects = curvature @ coef
    derivatives = np.einsum("tlj,tklcb->tkjcb", coef, slopes)
    derivatives[..., :p] += np.einsum("tkc,jb->tkjcb", curvature, np.eye(p))
    derivatives = derivatives[:, :, :, likelihood.kept]
    return effects.reshape(T, K * p), derivatives.reshape(T, K * p, -1)
