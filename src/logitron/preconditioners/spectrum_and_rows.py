r"""The features' shared spectrum and, exactly, the rows of most curvature of each column.

For column k with row curvatures :math:`w_{ik}`, the Hessian of its own block is
:math:`\lambda I + \sum_i w_{ik} x_i x_i^\top`. The few rows :math:`S_k` of most curvature are taken
as they are, and all others by the features' mean products :math:`\Sigma`, whose eigenbasis all
columns share:

.. math:: M_k = \lambda I + \alpha_k \Sigma + F_k^\top F_k, \qquad
   \alpha_k = \sum_{i \notin S_k} w_{ik}, \qquad F_k = (\sqrt{w_{ik}}\, x_i)_{i \in S_k} .

With :math:`B_k = (\lambda I + \alpha_k \Sigma)^{-1}`, diagonal in that basis, and
:math:`E_k = F_k B_k^{1/2}`, the Woodbury identity [1]_ gives

.. math:: M_k^{-1} = B_k^{1/2} \bigl(I - E_k^\top (I + E_k E_k^\top)^{-1} E_k\bigr) B_k^{1/2} ,

with systems of as many rows as were taken. Where classes are separated, or few rows belong to each,
the curvature of a class *is* that of a few rows.

References
----------
.. [1] W. W. Hager, "Updating the inverse of a matrix", SIAM Review 31(2), 1989.
"""

from typing import NamedTuple

from logitron.backend import library_of, linalg, namespace_of
from logitron.backend.types import Array, DType
from logitron.preconditioners.base import take

__all__ = ["SpectrumAndRows", "intercept_curvature", "spectrum_and_rows"]

#: least curvature of an intercept that is modelled, as a part of the column's whole curvature: with
#: less, the part of the intercept in the products of rows drowns that of the features in float32
FLOOR = 1e-3
#: numbers in the rows of the columns that are worked on at a time on a host: they stay in its cache
CACHED = 1 << 17
#: roundings by which an eigenvalue of products can be too low, as a part of their trace
ROUNDINGS = 1.0


class SpectrumAndRows(NamedTuple):
    """The inverse of ``M_k`` for each class k of each group."""

    feature_vectors: Array | None
    """Eigenvectors of Sigma (p, p), in any precision; None where Sigma is diagonal."""
    roots: Array
    """Roots of the diagonal of B (G, K, q)."""
    rows: Array
    """E (G, K, r, q), in the precision of the features."""
    matrix: Array
    """Inverse of ``I + E E'`` (G, K, r, r), in that precision."""

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
        scaled = rotated * self.roots
        along = self.rows @ xp.astype(scaled, self.rows.dtype, copy=False)[..., None]
        known = xp.matrix_transpose(self.rows) @ (self.matrix @ along)
        step = self.roots * (scaled - xp.astype(known[..., 0], scaled.dtype, copy=False))
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
        flat = xp.astype(xp.reshape(vectors[:, :, :p], (G * K, p)), V.dtype, copy=False)
        found = xp.astype(xp.reshape(flat @ V, (G, K, p)), vectors.dtype, copy=False)
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
    features: Array,
    places: Array,
    curvature: Array,
) -> SpectrumAndRows:
    """Make the model of the rows that were chosen.

    Parameters
    ----------
    feature_vectors : array (p, p), optional
        Eigenvectors of Sigma, in any precision; None where it is diagonal.
    feature_values : array (p,)
        Its eigenvalues.
    penalty : array (G,)
    rest : array (G, K)
        Curvature of the rows that were not chosen.
    total : array (G, K)
        Curvature of all rows.
    features : array (d, q)
        Rows in the eigenbasis, followed by their coefficient of the intercept where there is one;
        in any precision.
    places : array (G, K, r) of integers
        Which of those were chosen.
    curvature : array (G, K, r)
        Their curvatures.
    """
    xp = namespace_of(features)
    G, K, r = places.shape
    diagonal = penalty[:, None, None] + rest[:, :, None] * feature_values
    if features.shape[1] > feature_values.shape[0]:
        diagonal = xp.concat([diagonal, intercept_curvature(rest, total)[:, :, None]], axis=2)
    roots = 1.0 / xp.sqrt(xp.where(diagonal > 0.0, diagonal, 1.0))
    m, low, q = G * K, features.dtype, features.shape[1]
    columns = (
        xp.astype(xp.reshape(roots, (m, q)), low, copy=False),
        xp.astype(xp.sqrt(xp.reshape(curvature, (m, r))), low, copy=False),
        xp.reshape(places, (m, r)),
    )
    rows, matrix = _rows_and_inverses(features, *columns, rest.dtype)
    return SpectrumAndRows(
        feature_vectors,
        roots,
        xp.reshape(rows, (G, K, r, q)),
        xp.reshape(matrix, (G, K, r, r)),
    )


def _rows_and_inverses(
    features: Array, roots: Array, weights: Array, places: Array, wide: DType
) -> tuple[Array, Array]:
    """Take rows E (m, r, q) of all columns, and invert ``I + E E'``; on a host, in its cache."""
    xp, library, (m, r) = namespace_of(features), library_of(features), places.shape
    step = max(1, CACHED // (r * features.shape[1]))
    if step >= m or not (library.is_host and library.writes_in_place):
        return _of_some(features, roots, weights, places, wide)
    rows = xp.empty((m, r, features.shape[1]), dtype=features.dtype)
    matrix = xp.empty((m, r, r), dtype=features.dtype)
    for start in range(0, m, step):
        some = slice(start, min(start + step, m))
        found = _of_some(features, roots[some, :], weights[some, :], places[some, :], wide)
        rows[some, ...], matrix[some, ...] = found
    return rows, matrix


def _of_some(
    features: Array, roots: Array, weights: Array, places: Array, wide: DType
) -> tuple[Array, Array]:
    xp, library, (m, r) = namespace_of(features), library_of(features), places.shape
    taken = xp.reshape(xp.take(features, xp.reshape(places, (-1,)), axis=0), (m, r, -1))
    rows = taken * weights[:, :, None] * roots[:, None, :]
    products = rows @ xp.matrix_transpose(rows)
    # products of a low precision can be negative by a rounding of the largest
    least = 1.0 + ROUNDINGS * float(xp.finfo(rows.dtype).eps) * xp.linalg.trace(products)
    # (the inverse of a Cholesky factor's product stays positive, a general inverse may not)
    products = products if library.is_host else xp.astype(products, wide, copy=False)
    eye = linalg.eye_like(products, r)
    matrix = linalg.inv_definite(products + xp.astype(least, products.dtype)[:, None, None] * eye)
    return rows, xp.astype(matrix, rows.dtype, copy=False)
