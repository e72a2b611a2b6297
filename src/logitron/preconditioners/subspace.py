r"""Two-level correction of the Kronecker model: exact on the span of the coefficients.

Away from zero, the curvature of a row depends on the row through its logits alone. For normally
distributed features, Stein's lemma [1]_ says what that does to the Hessian: it changes along the
features that the logits see, :math:`\Sigma W`, and nowhere else. So the Hessian is summed exactly
on the few directions ``W`` (whose features are the logits, which are there already), and replaces
the model on that subspace:

.. math:: M^{-1} = M_0^{-1} + B \left[ (B^\top H B)^{-1} - (B^\top M_0 B)^{-1} \right] B^\top .

Softmax groups have a direction without curvature: the same vector added to all classes. Both
matrices are given the same curvature there; gradients have no part in it.

References
----------
.. [1] C. Stein, "Estimation of the mean of a multivariate normal distribution", Annals of
   Statistics 9(6), 1981; M. A. Erdogdu, L. H. Dicker, M. Bayati, "Scaled least squares estimator
   for GLMs in large-scale problems", NeurIPS 2016, use it for generalised linear models.
"""

from typing import Any, TypeVar

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.cholesky import CholeskyModel
from logitron.preconditioners.kronecker import Kronecker

__all__ = ["SharedModel", "corrected", "projection"]

#: the models of one covariance of the features
SharedModel = Kronecker | CholeskyModel
_Shared = TypeVar("_Shared", Kronecker, CholeskyModel)

#: a ridge below which directions count as empty, relative to the curvature around them
EMPTY = 1e-10


def projection(model: SharedModel, theta: Array, *, rank: int) -> Array:
    """Choose combinations (G, rank, K) of the group's columns whose logits are uncorrelated.

    The logits have unit variance under Sigma; those that vary most are taken. An empty direction
    gets a combination of zeros.
    """
    xp = namespace_of(theta)
    products = model.covariances(theta[:, :, : model.n_features])
    if products.shape[-1] == 1:
        variances, vectors = products[:, :, 0], xp.ones_like(products)
    else:
        variances, vectors = linalg.eigh(products)
    variances, vectors = variances[:, -rank:], vectors[:, :, -rank:]
    there = variances > EMPTY * xp.max(variances, axis=1, keepdims=True)
    safe = xp.where(there, variances, xp.ones_like(variances))
    scale = xp.where(there, 1.0 / xp.sqrt(safe), xp.zeros_like(safe))
    return xp.matrix_transpose(vectors) * scale[:, :, None]


def corrected(
    model: _Shared,
    theta: Array,
    projection: Array,
    hessian: Array,
    penalty_factors: Array,
) -> _Shared:
    """Correct the model on the span of the coefficients.

    Parameters
    ----------
    model : Kronecker or CholeskyModel
    theta : array (G, K, q)
    projection : array (G, r, K)
    hessian : array (G, D, D)
        Second derivatives along the projected logits and a 1, ``D = K (r + 1)``.
    penalty_factors : array (q,)
        What multiplies the penalty of each parameter; 0 for the intercept.
    """
    xp = namespace_of(theta)
    G, K, q = theta.shape
    p = model.n_features
    r = projection.shape[1]
    classes_eye = linalg.eye_like(theta, K)
    features_eye = linalg.eye_like(theta, r + 1)
    B = projection @ theta[:, :, :p]
    weighed = B if model.penalty_factors is None else B * model.penalty_factors
    products, lengths = model.covariances(B), weighed @ xp.matrix_transpose(B)
    f = r
    if q > p:  # the intercept is a direction of its own, across which there is no covariance
        f = r + 1
        last = xp.astype(linalg.range_like(penalty_factors, q) == q - 1, B.dtype)
        B = xp.concat([B, xp.zeros_like(B[:, :, :1])], axis=2)
        B = xp.concat([B, xp.zeros_like(B[:, :1, :]) + last], axis=1)
        products = _bordered(xp, products) + features_eye[-1, :] * features_eye[:, -1:]
        lengths = _bordered(xp, lengths)
    else:
        features_eye = features_eye[:r, :r]
        hessian = xp.reshape(hessian, (G, K, r + 1, K, r + 1))[:, :, :r, :, :r]

    # five axes: groups, classes and features, classes and features
    A = model.curvature[:, :, None, :, None]
    eye = classes_eye[None, :, None, :, None]
    Sigma, BB = products[:, None, :, None, :], lengths[:, None, :, None, :]
    level = xp.sum(model.class_values, axis=1)[:, None, None, None, None]
    penalty = model.penalty[:, None, None, None, None]
    both = penalty * BB * eye
    # if there is neither curvature nor penalty, 1 is added: it cancels in the difference
    around = level + penalty
    around = xp.where(around > float(xp.finfo(around.dtype).eps) ** 4, around, 1.0)
    both = both + EMPTY * around * eye * features_eye[None, None, :, None, :]
    if K > 1:
        both = both + (level / K**2) * Sigma
    exact = xp.reshape(xp.reshape(hessian, (G, K, f, K, f)) + both, (G, K * f, K * f))
    approximate = xp.reshape(A * Sigma + both, exact.shape)
    correction = linalg.inv_definite(exact) - linalg.inv_definite(approximate)
    return model._replace(subspace=B, correction=correction)


def _bordered(xp: Any, matrices: Array) -> Array:
    """Add a last row and column of zeros."""
    wider = xp.concat([matrices, xp.zeros_like(matrices[:, :, :1])], axis=2)
    return xp.concat([wider, xp.zeros_like(wider[:, :1, :])], axis=1)
