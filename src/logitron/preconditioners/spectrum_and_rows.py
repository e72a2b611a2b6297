r"""The features' shared spectrum and, exactly, the rows of most curvature of each column.

For column k with row curvatures :math:`w_{ik}`, the Hessian of its own block is
:math:`\lambda I + \sum_i w_{ik} x_i x_i^\top`. The few rows :math:`S_k` of most curvature are taken
as they are, and all others by the features' mean products :math:`\Sigma`, whose eigenbasis all
columns share:

.. math:: M_k = \lambda I + \alpha_k \Sigma + F_k^\top F_k, \qquad
   \alpha_k = \sum_{i \notin S_k} w_{ik}, \qquad F_k = (\sqrt{w_{ik}}\, x_i)_{i \in S_k} .

With :math:`B_k = (\lambda I + \alpha_k \Sigma)^{-1}`, diagonal in that basis, the Woodbury
identity [1]_ gives :math:`M_k^{-1} = B_k - B_k F_k^\top (I + F_k B_k F_k^\top)^{-1} F_k B_k`, with
systems of as many rows as were taken. Where classes are separated, or few rows belong to each, the
curvature of a class *is* that of a few rows.

References
----------
.. [1] W. W. Hager, "Updating the inverse of a matrix", SIAM Review 31(2), 1989.
"""

from typing import NamedTuple

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import take

__all__ = ["SpectrumAndRows", "intercept_curvature", "spectrum_and_rows"]

#: least curvature of an intercept that is modelled, as a part of the column's whole curvature
FLOOR = 1e-10


class SpectrumAndRows(NamedTuple):
    """The inverse of ``M_k`` for each class k of each group."""

    feature_vectors: Array | None
    """Eigenvectors of Sigma (p, p); None where Sigma is diagonal."""
    inverse: Array
    """Diagonal of B (G, K, q)."""
    rows: Array
    """``F B`` (G, K, r, q)."""
    matrix: Array
    """Inverse of ``I + F B F'`` (G, K, r, r)."""

    def take_groups(self, groups: Array) -> "SpectrumAndRows":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse; of softmax groups, across the classes."""
        xp = namespace_of(grad)
        K = grad.shape[1]
        rotated = self._rotated(grad)
        if K > 1:  # the same vector added to all classes has no curvature
            rotated = rotated - xp.mean(rotated, axis=1, keepdims=True)
        along = self.rows @ rotated[..., None]
        correction = xp.matrix_transpose(self.rows) @ (self.matrix @ along)
        step = rotated * self.inverse - correction[..., 0]
        if K > 1:
            step = step - xp.mean(step, axis=1, keepdims=True)
        return self._rotated(step, back=True)

    def _rotated(self, vectors: Array, *, back: bool = False) -> Array:
        """Bring (G, K, q) to the eigenbasis, or back; the intercept stays what it is."""
        V = self.feature_vectors
        if V is None:
            return vectors
        xp, p = namespace_of(vectors), V.shape[0]
        G, K, q = vectors.shape
        V = xp.matrix_transpose(V) if back else V
        found = xp.reshape(xp.reshape(vectors[:, :, :p], (G * K, p)) @ V, (G, K, p))
        return found if q == p else xp.concat([found, vectors[:, :, p:]], axis=2)


def intercept_curvature(rest: Array, total: Array) -> Array:
    """Curvature of the intercepts by the rows that were not chosen (G, K); never zero."""
    xp = namespace_of(rest)
    least = FLOOR * xp.where(total > 0.0, total, 1.0)
    return xp.where(rest > least, rest, least)


def spectrum_and_rows(
    feature_vectors: Array | None,
    feature_values: Array,
    penalty: Array,
    rest: Array,
    total: Array,
    rows: Array,
) -> SpectrumAndRows:
    """Make the model of the rows that were chosen.

    Parameters
    ----------
    feature_vectors : array (p, p), optional
        Eigenvectors of Sigma; None where it is diagonal.
    feature_values : array (p,)
        Its eigenvalues.
    penalty : array (G,)
    rest : array (G, K)
        Curvature of the rows that were not chosen.
    total : array (G, K)
        Curvature of all rows.
    rows : array (G, K, r, q)
        The chosen rows times the roots of their curvatures, in the eigenbasis, followed by their
        coefficient of the intercept where there is one.
    """
    xp = namespace_of(rows)
    diagonal = penalty[:, None, None] + rest[:, :, None] * feature_values
    if rows.shape[-1] > feature_values.shape[0]:
        diagonal = xp.concat([diagonal, intercept_curvature(rest, total)[:, :, None]], axis=2)
    inverse = 1.0 / xp.where(diagonal > 0.0, diagonal, 1.0)
    scaled = rows * inverse[:, :, None, :]
    products = scaled @ xp.matrix_transpose(rows)
    eye = linalg.eye_like(products, products.shape[-1])
    return SpectrumAndRows(feature_vectors, inverse, scaled, linalg.inv(products + eye))
