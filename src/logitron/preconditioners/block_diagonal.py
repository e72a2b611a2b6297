"""The blocks of the Hessian of each class with itself.

For softmax groups that the Kronecker model does not fit, at a part ``K ** -2`` of what the whole
Hessian costs to invert. The whole Hessian is the Laplacian of a graph of the classes, each edge a
matrix: on vectors that add up to zero over the classes, its eigenvalues relative to the blocks are
at most two.
"""

from typing import NamedTuple

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import least_curvature, take

__all__ = ["BlockDiagonal", "block_diagonal"]


class BlockDiagonal(NamedTuple):
    """The inverted blocks of each class."""

    matrix: Array
    """(G, K, q, q)"""

    def take_groups(self, groups: Array) -> "BlockDiagonal":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse, across the classes."""
        step = (self.matrix @ grad[..., None])[..., 0]
        return step - namespace_of(grad).mean(step, axis=1, keepdims=True)


def block_diagonal(
    blocks: Array, penalty: Array, penalty_factors: Array, *, eps: float = 0.0
) -> BlockDiagonal:
    """Add the penalty to summed blocks (G, K, q, q), and invert them.

    The sums have a relative rounding of ``eps``, see `dense_hessian`.
    """
    xp = namespace_of(blocks)
    ridge = penalty[:, None, None] * penalty_factors
    diagonal = xp.linalg.diagonal(blocks) + ridge
    alive = xp.where(diagonal > 0.0, diagonal, 1.0)
    scale = 1.0 / xp.sqrt(alive)
    tiny = least_curvature(blocks, eps)
    both = scale[..., :, None] * scale[..., None, :]
    eye = linalg.eye_like(blocks, blocks.shape[-1])
    matrix = blocks * both + (ridge * scale * scale + tiny)[..., None] * eye
    return BlockDiagonal(linalg.inv_definite(matrix) * both)
