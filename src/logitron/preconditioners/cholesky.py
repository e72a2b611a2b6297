r"""Cholesky model: the Kronecker model of single columns, without a spectrum.

The model :math:`\alpha \Sigma + \lambda I` of a column changes with its curvature :math:`\alpha`.
An eigenbasis of :math:`\Sigma` serves all curvatures, all columns and all penalties. A Cholesky
factor serves one of each, and takes about a twelfth of the time. So it is cheaper for one column
whose curvature is updated a few times.
"""

from typing import NamedTuple

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import take
from logitron.preconditioners.kronecker import add_correction, inverse_or_zero

__all__ = ["CholeskyModel", "flat_model"]


class CholeskyModel(NamedTuple):
    """``alpha Sigma + penalty`` of each group of one column, and its correction on a subspace."""

    covariance: Array
    """Sigma (p, p)."""
    class_values: Array
    """Curvature of each group's logits, alpha (G, 1)."""
    penalty: Array
    """1 / C of each group (G,), positive."""
    factors: Array
    """Cholesky factors (G, p, p), see `linalg.shifted_cholesky`."""
    intercept_inverse: Array
    """One over the curvature of the intercept, or zero (G, 1, 1)."""
    subspace: Array | None = None
    """Basis B of the subspace that is corrected (G, r + 1, q); see `subspace`."""
    correction: Array | None = None
    """(G, D, D) with D = r + 1."""

    @property
    def penalty_factors(self) -> None:
        """The penalty factor of each feature is 1."""
        return None

    @property
    def n_features(self) -> int:
        """Features, p."""
        return int(self.covariance.shape[0])

    @property
    def curvature(self) -> Array:
        """Curvature of each group's logits (G, 1, 1)."""
        return self.class_values[:, :, None]

    def with_curvature(self, curvature: Array, penalty: Array) -> "CholeskyModel":
        """Return the model of the same features with another curvature (G, 1, 1)."""
        return cholesky_model(self.covariance, curvature, penalty)

    def covariances(self, B: Array) -> Array:
        """Covariances (G, r, r) of the logits of directions B (G, r, p) under Sigma."""
        return (B @ self.covariance) @ namespace_of(B).matrix_transpose(B)

    def take_groups(self, groups: Array) -> "CholeskyModel":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, 1, q) by the inverse of the model."""
        xp, p = namespace_of(grad), self.n_features
        step = linalg.cholesky_solve(self.factors, grad[:, 0, :p, None])[:, None, :, 0]
        if grad.shape[2] > p:
            step = xp.concat([step, grad[:, :, p:] * self.intercept_inverse], axis=2)
        return add_correction(self, step, grad)


def cholesky_model(covariance: Array, curvature: Array, penalty: Array) -> CholeskyModel:
    """Make the model of Sigma (p, p), the curvature (G, 1, 1) of the logits and penalties (G,)."""
    factors = linalg.shifted_cholesky(covariance, curvature[:, 0, 0], penalty)
    inverse = inverse_or_zero(namespace_of(covariance), curvature)
    return CholeskyModel(covariance, curvature[:, :, 0], penalty, factors, inverse)


def flat_model(covariance: Array, penalty: Array) -> CholeskyModel:
    """Make the model of logits without curvature: that of the penalty alone."""
    xp, nothing = namespace_of(penalty), 0.0 * penalty[:, None]
    eye = linalg.eye_like(covariance, covariance.shape[0])
    factors = xp.sqrt(penalty)[:, None, None] * eye
    return CholeskyModel(covariance, nothing, penalty, factors, nothing[:, :, None])
