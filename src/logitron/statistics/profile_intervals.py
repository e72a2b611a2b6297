r"""Likelihood-ratio intervals: all values of a coefficient that a test does not reject.

An end of the interval is the largest, or smallest, value of a coefficient among all parameters
whose log-likelihood is at most :math:`h = \tfrac12 \chi^2_{1, \text{level}}` below its maximum.
They form a convex set, and each end is found by the method of Venzon and Moolgavkar [1]_: of the
quadratic model at hand, with gradient ``g`` and information ``H``, the step to that end is

.. math::

   -H^{-1} g \pm r \frac{H^{-1} a}{\sqrt{a^\top H^{-1} a}}, \qquad
   r^2 = 2 (f_0 - f) + g^\top H^{-1} g,

for the coefficient :math:`a^\top\theta`. Steps that leave the neighbourhood of the set are
shortened. All ends of all coefficients are groups of one objective, and share each pass.

References
----------
.. [1] D. J. Venzon, S. H. Moolgavkar, "A method for computing profile-likelihood-based confidence
   intervals", Applied Statistics 37(1), 1988.
"""

from dataclasses import dataclass, replace

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.user_warnings import warn
from logitron.statistics.distributions import chi2_quantile
from logitron.statistics.fitted_likelihood import running
from logitron.statistics.likelihood import Derivatives, Likelihood

__all__ = ["profile_intervals"]

#: steps at most
MAX_STEPS = 60
#: length of the last step, in standard errors, by the precision of sums
LAST_STEP = {"float64": 1e-7, "float32": 1e-3}
#: multiples of ``h`` below the maximum that steps may reach
REACH = 4.0
#: numbers in the information matrices of a batch, and ends in it, at most
MOST_NUMBERS, MOST_ENDS = 1 << 24, 1 << 12


def profile_intervals(likelihood: Likelihood, parameters: HostArray, level: float) -> HostArray:
    """Compute likelihood-ratio intervals of raw parameters.

    Parameters
    ----------
    likelihood : Likelihood
        Of T fits.
    parameters : numpy.ndarray (T, M, q)
        Where the likelihoods have their maxima.
    level : float

    Returns
    -------
    numpy.ndarray (T, M, q, 2)
        NaN, with a warning, for ends that were not found.
    """
    T, M, q = likelihood.shape
    D = likelihood.size
    functionals = np.kron(np.eye(M), likelihood.jacobian.T)  # a row for each raw parameter
    fits = np.repeat(np.arange(T), 2 * D)
    terms = np.tile(np.repeat(np.arange(D), 2), T)
    sides = np.tile([-1.0, 1.0], T * D)
    drop = 0.5 * chi2_quantile(level, 1.0)
    ends = np.empty(len(fits))
    batch = max(1, min(MOST_ENDS, MOST_NUMBERS // (D * D)))
    with running(likelihood):
        value = likelihood.evaluate(parameters).value
        for first in range(0, len(fits), batch):
            own = slice(first, first + batch)
            search = _Search(
                likelihood,
                fits[own],
                functionals[terms[own]],
                sides[own],
                value[fits[own]] + drop,
                drop,
            )
            ends[own] = search.run(parameters[fits[own]])
    missing = int(np.isnan(ends).sum())
    if missing:
        warn(
            f"{missing} of {len(ends)} ends of likelihood-ratio intervals were not found in "
            f"{MAX_STEPS} steps, and are NaN: the likelihood is far from quadratic there",
            UserWarning,
        )
    return ends.reshape(T, M, q, 2)


@dataclass(frozen=True)
class _Search:
    """The search for E ends."""

    likelihood: Likelihood
    fits: HostArray
    """Number of each end's fit (E,)."""
    functionals: HostArray
    """The coefficient as a function of the parameters (E, D)."""
    sides: HostArray
    """-1 for lower ends, 1 for upper ends (E,)."""
    target: HostArray
    """Negative log-likelihood at the ends (E,)."""
    drop: float
    """What it exceeds the minimum by."""

    def run(self, start: HostArray) -> HostArray:
        """Return the coefficients at the ends (E,), from the maxima ``start (E, M, q)``."""
        wide = self.likelihood.objective.rows.context.wide
        last_step = LAST_STEP[wide.precision]
        theta, ends = start.reshape(len(start), -1), np.full(len(start), np.nan)
        left, damping = np.arange(len(start)), np.ones(len(start))
        found = self._evaluate(theta)
        for _ in range(MAX_STEPS):
            step, length = self._step(found, left)
            done = damping[left] * length <= last_step
            ends[left[done]] = self._coefficients(theta + step, left)[done]
            theta, step, left = theta[~done], step[~done], left[~done]
            found = Derivatives(*(part[~done] for part in found))
            if not len(left):
                break
            trial = theta + damping[left, None] * step
            tried = replace(self, fits=self.fits[left])._evaluate(trial)
            near = tried.value <= self.target[left] + (REACH - 1.0) * self.drop
            damping[left] = np.where(near, 1.0, 0.5 * damping[left])
            theta = np.where(near[:, None], trial, theta)
            found = Derivatives(
                *(
                    np.where(near.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
                    for new, old in zip(tried, found, strict=True)
                )
            )
        return ends

    def _evaluate(self, theta: HostArray) -> Derivatives:
        likelihood = self.likelihood.take(self.fits)
        return likelihood.evaluate(theta.reshape(likelihood.shape))

    def _step(self, found: Derivatives, left: HostArray) -> tuple[HostArray, HostArray]:
        """Compute steps (E, D) and their lengths in the metric of the information (E,)."""
        a, side = self.functionals[left], self.sides[left]
        both = np.linalg.solve(found.information, np.stack([found.gradient, a], axis=2))
        newton, along = both[:, :, 0], both[:, :, 1]
        decrement = np.sum(found.gradient * newton, axis=1)
        radius = np.sqrt(np.maximum(2.0 * (self.target[left] - found.value) + decrement, 0.0))
        size = np.sqrt(np.sum(a * along, axis=1))
        step = -newton + (side * radius / size)[:, None] * along
        length = np.sqrt(np.einsum("ei,eij,ej->e", step, found.information, step))
        return step, length

    def _coefficients(self, theta: HostArray, left: HostArray) -> HostArray:
        coefficients: HostArray = np.sum(self.functionals[left] * theta, axis=1)
        return coefficients
