"""The whole Hessian of each group: for Newton's method, and where no cheaper model will do."""

from typing import NamedTuple

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import least_curvature, take

__all__ = ["DenseHessian", "DenseInverse", "dense_hessian"]


class DenseHessian(NamedTuple):
    """Each group's Hessian, scaled to a diagonal of one: cheap to make, and solved with once."""

    matrix: Array
    """(G, D, D) with D = K q."""
    scale: Array
    """(G, D)."""

    def take_groups(self, groups: Array) -> "DenseHessian":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse of the Hessian."""
        xp = namespace_of(grad)
        scale = self.scale[:, :, None]
        flat = xp.reshape(grad, scale.shape)
        return xp.reshape(scale * linalg.solve(self.matrix, scale * flat), grad.shape)


class DenseInverse(NamedTuple):
    """Each group's Hessian, inverted: three times as dear to make, and cheap to use many times."""

    matrix: Array
    """(G, D, D) with D = K q."""

    @classmethod
    def of(cls, hessian: DenseHessian) -> "DenseInverse":
        """Invert a Hessian."""
        scale = hessian.scale
        return cls(linalg.inv(hessian.matrix) * scale[:, :, None] * scale[:, None, :])

    def take_groups(self, groups: Array) -> "DenseInverse":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse of the Hessian."""
        xp = namespace_of(grad)
        flat = xp.reshape(grad, (grad.shape[0], -1, 1))
        return xp.reshape(self.matrix @ flat, grad.shape)


def dense_hessian(
    hessian: Array,
    penalty: Array,
    penalty_factors: Array,
    *,
    classes: int,
    eps: float = 0.0,
) -> DenseHessian:
    """Add the penalty to summed second derivatives, and scale.

    Parameters
    ----------
    hessian : array (G, D, D)
        ``D = K q``.
    penalty : array (G,)
    penalty_factors : array (q,)
        What multiplies the penalty of each parameter of a class; 0 for the intercept.
    classes : int
        ``K``. The same vector added to all classes has no curvature; it is given the classes'
        mean, which no gradient has a part in.
    eps : float, default 0.0
        Relative rounding of the sums, where it is more than that of their type. What columns that
        depend on each other have of a curvature is nothing but that rounding.
    """
    xp = namespace_of(hessian)
    G, D, _ = hessian.shape
    q = D // classes
    ridge = penalty[:, None, None] * penalty_factors  # (G, 1, q)
    diagonal = xp.reshape(xp.linalg.diagonal(hessian), (G, classes, q)) + ridge
    if classes > 1:
        mean = xp.sum(diagonal, axis=1) / classes**2
        cube = xp.reshape(hessian, (G, classes, q, classes, q))
        common = mean[:, :, None] * linalg.eye_like(hessian, q)
        hessian = xp.reshape(cube + common[:, None, :, None, :], (G, D, D))
        diagonal = diagonal + mean[:, None, :]
    # features of zero have no curvature at all, and no gradient either
    alive = xp.where(diagonal > 0.0, diagonal, 1.0)
    scale = 1.0 / xp.sqrt(alive)
    tiny = least_curvature(hessian, eps)
    on_diagonal = xp.reshape(ridge * (scale * scale) + tiny, (G, D))
    scale = xp.reshape(scale, (G, D))
    matrix = hessian * (scale[:, :, None] * scale[:, None, :])
    return DenseHessian(matrix + on_diagonal[:, :, None] * linalg.eye_like(hessian, D), scale)
