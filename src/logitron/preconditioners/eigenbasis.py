"""Eigenbases of the features' mean products, for the Kronecker model."""

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array

__all__ = ["eigenbasis", "mean_products", "weighed_eigenbasis"]

#: a ridge below which directions count as empty, in features of one size
EMPTY = 1e-10
#: rounding errors of a summed product, in units of the precision
ROUNDINGS = 4.0


def eigenbasis(
    products: Array, total: Array, *, fit_intercept: bool, features: int
) -> tuple[Array | None, Array, Array, Array]:
    """Centre summed products exactly, and decompose their mean."""
    xp = namespace_of(products)
    shift, covariance = mean_products(products, total, fit_intercept, features)
    spectrum, basis = linalg.eigh(covariance)
    spectrum = 0.5 * (spectrum + xp.abs(spectrum))
    return shift, basis, spectrum, total * xp.max(spectrum)


def weighed_eigenbasis(
    products: Array,
    total: Array,
    factors: Array,
    ratio: Array,
    *,
    fit_intercept: bool,
    features: int,
    eps: float,
) -> tuple[Array | None, Array, Array, Array, Array, Array]:
    r"""Centre summed products, and diagonalise their mean together with the penalty's factors.

    Of the mean :math:`\Sigma` and factors ``f``, with a typical ratio :math:`\eta` of the penalty
    to the curvature of the logits, :math:`N = \Sigma + \eta \operatorname{diag}(f)` is well
    conditioned but for its diagonal. With :math:`N = L L^\top` and the eigenvalues :math:`\phi` and
    eigenvectors ``U`` of :math:`L^{-1} \operatorname{diag}(f) L^{-\top}`, the basis
    :math:`V = L^{-\top} U` has

    .. math:: V^\top \Sigma V = 1 - \eta \phi, \qquad V^\top \operatorname{diag}(f) V = \phi .

    Both are known to the digits that matter for any penalty near the typical one, however unequal
    the factors are: the eigenvectors of the features' own products are not.

    Where features without a penalty depend on each other, N is singular but for rounding errors.
    The products were summed with the relative precision ``eps``, before they were centred. What
    these errors can reach is added to the diagonal, so that N has a Cholesky factor.

    Returns
    -------
    shift : array (p,) or None
    basis, dual : arrays (p, p)
        ``V`` and the transpose of its inverse.
    spectrum, ridges : arrays (p,)
        The two diagonals.
    squares : array (p,)
        The features' summed squares.
    """
    xp = namespace_of(products)
    T = xp.matrix_transpose
    shift, covariance = mean_products(products, total, fit_intercept, features)
    squares = xp.linalg.diagonal(covariance)
    eye = linalg.eye_like(covariance, features)
    sizes = squares + ratio * factors
    root = xp.sqrt(xp.where(sizes > 0.0, sizes, 1.0))
    both = covariance + ratio * factors * eye
    uncentred = xp.linalg.diagonal(products)[:features] / total
    errors = ROUNDINGS * features * eps * (1.0 + uncentred / root**2)
    L = xp.linalg.cholesky(both / (root[:, None] * root) + (EMPTY + errors) * eye)
    inverse = linalg.inv(L)
    ridges, U = linalg.eigh((inverse * (factors / root**2)) @ T(inverse))
    ridges = 0.5 * (ridges + xp.abs(ridges))
    left = 1.0 - ratio * ridges
    spectrum = 0.5 * (left + xp.abs(left))
    basis, dual = (T(inverse) @ U) / root[:, None], root[:, None] * (L @ U)
    return shift, basis, dual, spectrum, ridges, total * squares


def mean_products(
    products: Array, total: Array, fit_intercept: bool, features: int
) -> tuple[Array | None, Array]:
    """Compute the features' mean (p,), None without an intercept, and mean products around it."""
    if not fit_intercept:
        return None, products / total
    shift = products[features, :features] / total
    products = products[:features, :features] - total * (shift[:, None] * shift)
    return shift, products / total
