r"""The Hessian of one column by the rows of most curvature, and by the covariance for all others.

With row curvatures :math:`w_i` and the set ``S`` of rows,

.. math:: M = \lambda I + \sum_{i \in S} w_i x_i x_i^\top + \alpha \Sigma, \qquad
   \alpha = \sum_{i \notin S} w_i .

That is the model of `spectrum_and_rows` for more rows than features. Where ``S`` has nearly all of
the curvature, its steps are those of Newton's method. It is made on the host, in place.
"""

from typing import NamedTuple

import numpy as np

from logitron.backend import linalg
from logitron.backend.types import Array, HostArray
from logitron.preconditioners.base import least_curvature, take
from logitron.preconditioners.spectrum_and_rows import FLOOR

__all__ = ["CurvedHessian", "curved_hessian"]


class CurvedHessian(NamedTuple):
    """``M`` of one group of one column, factorised."""

    factors: Array
    """Cholesky factor (1, q, q), see `linalg.shifted_cholesky`."""

    def take_groups(self, groups: Array) -> "CurvedHessian":
        """Return the model of the group."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply a gradient (1, 1, q) by the inverse of the model."""
        found: Array = linalg.cholesky_solve(self.factors, grad.reshape(1, -1, 1))
        return found.reshape(grad.shape)


def curved_hessian(
    products: HostArray,
    covariance: HostArray,
    rest: float,
    total: float,
    penalty: HostArray,
    *,
    eps: float = 0.0,
) -> CurvedHessian:
    """Make the model.

    Parameters
    ----------
    products : numpy.ndarray (q, q)
        Of the chosen rows, weighted by their curvatures: of centred features, followed by a 1 if
        there is an intercept.
    covariance : numpy.ndarray (p, p)
        Sigma.
    rest, total : float
        Curvature of the rows that were not chosen, and of all rows.
    penalty : numpy.ndarray (q,)
        Of each parameter.
    eps : float, default 0.0
        Relative rounding of the products, where it is more than that of float64.
    """
    p, M = covariance.shape[0], products.astype(np.float64)
    M[:p, :p] += rest * covariance
    M[p:, p:] += max(rest, FLOOR * total)
    diagonal = np.einsum("ii->i", M)
    diagonal += penalty
    diagonal *= 1.0 + least_curvature(M, eps)
    diagonal[diagonal == 0.0] = 1.0  # features of zero without a penalty
    return CurvedHessian(linalg.shifted_cholesky(M, np.ones(1), np.zeros(1)))
