r"""Kronecker model: one Gram matrix serves every column of every group.

Near any point, the Hessian of a group is close to :math:`A \otimes \Sigma + \lambda I`: the mean
curvature ``A (K, K)`` of its logits times the mean product :math:`\Sigma` of the features, as in
Kronecker-factored curvature [1]_. At coefficients of zero it *is* that. With one eigendecomposition
of :math:`\Sigma` for all groups and a small one of ``A`` for each, solving takes two products.

References
----------
.. [1] J. Martens, R. Grosse, "Optimizing neural networks with Kronecker-factored approximate
   curvature", ICML 2015.
"""

from typing import Any, NamedTuple

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import take

__all__ = ["Kronecker", "add_correction", "inverse_or_zero", "kronecker", "without_curvature"]


class Kronecker(NamedTuple):
    """``A (x) Sigma + penalty``, in the eigenbases of both; and its correction on a subspace.

    Where features have penalty factors of their own, the basis diagonalises Sigma and the factors
    together, and is not orthogonal.
    """

    feature_vectors: Array | None
    """Eigenvectors of Sigma (p, p); None where Sigma is diagonal."""
    feature_values: Array
    """Its eigenvalues (p,)."""
    class_vectors: Array
    """Eigenvectors of each group's A (G, K, K); of softmax, less their class means."""
    class_values: Array
    """Their eigenvalues (G, K)."""
    penalty: Array
    """1 / C of each group (G,)."""
    inverse: Array
    """One over the curvature of each direction and of the intercept, or zero (G, K, p + 1)."""
    subspace: Array | None = None
    """Basis B of the subspace that is corrected (G, r + 1, q); see `subspace`."""
    correction: Array | None = None
    """(G, D, D) with D = K (r + 1)."""
    dual_vectors: Array | None = None
    """Transposed inverse of the basis (p, p); None where the basis is orthogonal."""
    penalty_values: Array | None = None
    """The penalty factors in the basis (p,); None is 1."""
    penalty_factors: Array | None = None
    """The penalty factor of each feature (p,); None is 1."""

    @property
    def n_features(self) -> int:
        """Features, p."""
        return int(self.feature_values.shape[0])

    def with_curvature(self, curvature: Array, penalty: Array) -> "Kronecker":
        """Return the model of the same features with another A (G, K, K)."""
        return kronecker(
            self.feature_vectors,
            self.feature_values,
            curvature,
            penalty,
            self.dual_vectors,
            self.penalty_values,
            self.penalty_factors,
        )

    @property
    def curvature(self) -> Array:
        """A (G, K, K)."""
        xp = namespace_of(self.class_values)
        scaled = self.class_vectors * self.class_values[:, None, :]
        return scaled @ xp.matrix_transpose(self.class_vectors)

    def covariances(self, B: Array) -> Array:
        """Covariances (G, r, r) of the logits of directions B (G, r, p) under Sigma."""
        xp = namespace_of(B)
        dual = self.feature_vectors if self.dual_vectors is None else self.dual_vectors
        rotated = B if dual is None else _times(xp, B, dual)
        return (rotated * self.feature_values) @ xp.matrix_transpose(rotated)

    def take_groups(self, groups: Array) -> "Kronecker":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse of the model."""
        xp = namespace_of(grad)
        _, K, q = grad.shape
        p = self.feature_values.shape[0]
        T = xp.matrix_transpose
        mixed = grad if K == 1 else T(self.class_vectors) @ grad
        if self.feature_vectors is None:
            step = mixed * self.inverse[:, :, :q]
        else:
            rotated = _times(xp, mixed[:, :, :p], self.feature_vectors) * self.inverse[:, :, :p]
            step = _times(xp, rotated, T(self.feature_vectors))
            if q > p:
                step = xp.concat([step, mixed[:, :, p:] * self.inverse[:, :, p:]], axis=2)
        if K > 1:
            step = self.class_vectors @ step
        return add_correction(self, step, grad)


def kronecker(
    feature_vectors: Array | None,
    feature_values: Array,
    curvature: Array,
    penalty: Array,
    dual_vectors: Array | None = None,
    penalty_values: Array | None = None,
    penalty_factors: Array | None = None,
) -> Kronecker:
    """Make the model of the eigenbasis of Sigma and the curvature A (G, K, K) of the logits."""
    xp = namespace_of(feature_values)
    if curvature.shape[-1] == 1:
        class_vectors, class_values = xp.ones_like(curvature), curvature[:, :, 0]
    else:
        class_values, class_vectors = linalg.eigh(curvature)
        class_values = 0.5 * (class_values + xp.abs(class_values))
        # the same vector added to all classes has no curvature but rounding: no step has it
        class_vectors = class_vectors - xp.mean(class_vectors, axis=1, keepdims=True)
    ridge = penalty[:, None, None]
    ridge = ridge if penalty_values is None else ridge * penalty_values
    of_features = class_values[:, :, None] * feature_values + ridge
    inverses = [inverse_or_zero(xp, of_features), inverse_or_zero(xp, class_values[:, :, None])]
    return Kronecker(
        feature_vectors,
        feature_values,
        class_vectors,
        class_values,
        penalty,
        xp.concat(inverses, axis=2),
        dual_vectors=dual_vectors,
        penalty_values=penalty_values,
        penalty_factors=penalty_factors,
    )


def without_curvature(
    penalty: Array,
    classes: int,
    feature_vectors: Array | None,
    feature_values: Array,
    dual_vectors: Array | None = None,
    penalty_values: Array | None = None,
    penalty_factors: Array | None = None,
) -> Kronecker:
    """Make the model of features alone, for ``classes`` columns and penalties (G,)."""
    nothing = 0.0 * penalty[:, None, None] * linalg.eye_like(penalty, classes)
    return kronecker(
        feature_vectors,
        feature_values,
        nothing,
        penalty,
        dual_vectors,
        penalty_values,
        penalty_factors,
    )


def add_correction(model: Any, step: Array, grad: Array) -> Array:
    """Add the correction of a model on its subspace, if it has one, to a step (G, K, q)."""
    B = model.subspace
    if B is None:
        return step
    xp = namespace_of(grad)
    along = xp.reshape(grad @ xp.matrix_transpose(B), (B.shape[0], -1, 1))
    return step + xp.reshape(model.correction @ along, (B.shape[0], -1, B.shape[1])) @ B


def inverse_or_zero(xp: Any, curvature: Array) -> Array:
    """Inverse of the curvature of each direction; zero where there is none."""
    largest = xp.max(xp.max(curvature, axis=2, keepdims=True), axis=1, keepdims=True)
    eps = float(xp.finfo(curvature.dtype).eps)
    there = curvature > 4.0 * eps * largest
    safe = xp.where(there, curvature, xp.ones_like(curvature))
    return xp.where(there, 1.0 / safe, xp.zeros_like(safe))


def _times(xp: Any, stacked: Array, matrix: Array) -> Array:
    """Multiply (G, K, p) by a matrix that all share, as one product, not as G small ones."""
    G, K, p = stacked.shape
    return xp.reshape(xp.reshape(stacked, (G * K, p)) @ matrix, (G, K, matrix.shape[1]))
