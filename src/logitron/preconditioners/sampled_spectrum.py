r"""The leading part of the features' spectrum, and the rows of most curvature of each column.

For p of some thousands, the Gram matrix and its eigenbasis cost more than a whole fit. Few leading
directions ``V (p, s)`` of the mean products :math:`\Sigma` and the mean squares :math:`\sigma`
along them are found, and one number :math:`\tau` stands for all other directions:

.. math:: \Sigma \approx V D_\sigma V^\top + \tau (I - V V^\top), \qquad
   (\lambda I + \alpha_k \Sigma)^{-1} = \beta_k I + V D_{\delta_k} V^\top ,

with diagonal matrices D. So no matrix has p x p numbers. The rows of most curvature are added by
the Woodbury identity, as in `spectrum_and_rows`.
"""

from typing import NamedTuple

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import take
from logitron.preconditioners.spectrum_and_rows import intercept_curvature

__all__ = ["SampledSpectrum", "SampledSpectrumAndRows", "sampled_spectrum_and_rows"]


class SampledSpectrum(NamedTuple):
    """Mean products of the features, on average over the rows."""

    feature_vectors: Array
    """Orthonormal directions V (p, s), in the precision of the features."""
    feature_values: Array
    """Mean squares along them (s,)."""
    tail: Array
    """Mean square along any other direction ()."""


class SampledSpectrumAndRows(NamedTuple):
    """The inverse of ``M_k`` for each class k of each group."""

    feature_vectors: Array
    """V (p, s)."""
    outside: Array
    """beta (G, K): ``B`` beside the directions V."""
    inside: Array
    """delta (G, K, s): by how much ``B`` differs along them."""
    intercept: Array
    """``B`` of the intercept (G, K)."""
    rows: Array
    """F (G, K, r, q)."""
    in_basis: Array
    """The features of ``rows`` along the directions, F V (G, K, r, s)."""
    matrix: Array
    """Inverse of ``I + F B F'`` (G, K, r, r)."""

    def take_groups(self, groups: Array) -> "SampledSpectrumAndRows":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse; of softmax groups, across the classes."""
        xp, V = namespace_of(grad), self.feature_vectors
        T, (p, s), (G, K, q) = xp.matrix_transpose, V.shape, grad.shape
        if K > 1:  # the same vector added to all classes has no curvature
            grad = grad - xp.mean(grad, axis=1, keepdims=True)
        # B without its part along the directions, and that part: each direction is read once
        diagonal = self.outside[:, :, None] + 0.0 * grad[:, :, :1]
        if q > p:
            diagonal = xp.concat(
                [xp.broadcast_to(diagonal, (G, K, p)), self.intercept[:, :, None]], axis=2
            )
        flat = xp.reshape(grad[:, :, :p], (G * K, p))
        along = self.inside * xp.reshape(_product(flat, V), (G, K, s))
        image = _product(self.rows, (diagonal * grad)[..., None])
        t = self.matrix @ (image + _product(self.in_basis, along[..., None]))
        rest = grad - _product(T(self.rows), t)[..., 0]
        along = along - self.inside * _product(T(self.in_basis), t)[..., 0]
        back = xp.reshape(_product(xp.reshape(along, (G * K, s)), T(V)), (G, K, p))
        if q > p:
            back = xp.concat([back, xp.zeros_like(grad[:, :, p:])], axis=2)
        step = diagonal * rest + back
        return step - xp.mean(step, axis=1, keepdims=True) if K > 1 else step


def _product(left: Array, right: Array) -> Array:
    """Multiply in the lower precision of two arrays; return the higher one."""
    xp = namespace_of(left)
    wide = xp.result_type(left, right)
    eps = xp.finfo(left.dtype).eps, xp.finfo(right.dtype).eps
    low = left.dtype if eps[0] > eps[1] else right.dtype
    product = xp.astype(left, low, copy=False) @ xp.astype(right, low, copy=False)
    return xp.astype(product, wide, copy=False)


def sampled_spectrum_and_rows(
    spectrum: SampledSpectrum,
    penalty: Array,
    rest: Array,
    total: Array,
    rows: Array,
) -> SampledSpectrumAndRows:
    """Make the model of the rows that were chosen.

    Parameters
    ----------
    spectrum : SampledSpectrum
    penalty : array (G,)
    rest : array (G, K)
        Curvature of the rows that were not chosen.
    total : array (G, K)
        Curvature of all rows.
    rows : array (G, K, r, q)
        The chosen rows times the roots of their curvatures, followed by their coefficient of the
        intercept where there is one; in the precision of the features.
    """
    xp, V = namespace_of(rest), spectrum.feature_vectors
    p, s = V.shape
    G, K, r, _ = rows.shape
    outside = _inverse(xp.expand_dims(penalty, axis=1) + rest * spectrum.tail)
    along = penalty[:, None, None] + rest[:, :, None] * spectrum.feature_values
    inside = _inverse(along) - outside[:, :, None]
    intercept = 1.0 / intercept_curvature(rest, total)
    T = xp.matrix_transpose
    features, wide = rows[..., :p], rest.dtype
    in_basis = xp.reshape(xp.reshape(features, (G * K * r, p)) @ V, (G, K, r, s))
    precise = xp.astype(in_basis, wide, copy=False)
    products = outside[:, :, None, None] * xp.astype(features @ T(features), wide, copy=False)
    products = products + (precise * inside[:, :, None, :]) @ T(precise)
    ones = xp.astype(rows[..., p:], wide, copy=False)
    products = products + intercept[:, :, None, None] * (ones @ T(ones))
    eye = linalg.eye_like(products, r)
    # products of the features' precision can be negative by a rounding of the largest
    size = xp.sum(xp.sum(products * eye, axis=3), axis=2)[:, :, None, None] + 1.0
    ridge = 8.0 * float(xp.finfo(rows.dtype).eps) * size
    matrix = linalg.inv_definite(products + (1.0 + ridge) * eye)
    return SampledSpectrumAndRows(V, outside, inside, intercept, rows, in_basis, matrix)


def _inverse(curvature: Array) -> Array:
    xp = namespace_of(curvature)
    return 1.0 / xp.where(curvature > 0.0, curvature, 1.0)
