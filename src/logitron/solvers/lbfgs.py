r"""Limited-memory BFGS: the history of steps, and the search direction, for many groups at once.

Any preconditioner ``M`` is the first model of the Hessian; it may change at any time. The two loops
over the history are two small triangular systems: with the last steps ``S`` and changes of the
gradient ``Y`` as rows, :math:`R` the upper triangle of :math:`S Y^\top` and :math:`D` its diagonal,

.. math::

   \alpha = R^{-1} S g, \quad r = M^{-1} (g - Y^\top \alpha), \quad
   \gamma = R^{-\top} (D \alpha - Y r), \quad d = -(r + S^\top \gamma),

which is four products, however long the history is [1]_.

References
----------
.. [1] R. H. Byrd, J. Nocedal, R. B. Schnabel, "Representations of quasi-Newton matrices and their
   use in limited memory methods", Mathematical Programming 63, 1994.
"""

from typing import NamedTuple, Protocol

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array

__all__ = ["History", "append", "direction", "empty"]


class Preconditioner(Protocol):
    """A symmetric positive definite model of the Hessian."""

    def solve(self, grad: Array) -> Array:
        """Multiply (G, K, q) by the inverse of the model."""


class History(NamedTuple):
    """The last steps of each group; a step of zeros stands for none."""

    S: Array
    """Steps (G, M, D)."""
    Y: Array
    """Changes of the gradient along them (G, M, D)."""

    @property
    def size(self) -> int:
        """Steps that are kept, M."""
        return int(self.S.shape[1])

    def take_groups(self, groups: Array) -> "History":
        """Return the history of some of the groups, by their numbers (g,)."""
        take = namespace_of(groups).take
        return History(take(self.S, groups, axis=0), take(self.Y, groups, axis=0))


def empty(theta: Array, size: int) -> History:
    """Make a history without steps, of ``size`` places."""
    xp = namespace_of(theta)
    flat = xp.reshape(0.0 * theta, (theta.shape[0], 1, -1))
    none = flat[:, :0, :] if size == 0 else xp.concat([flat] * size, axis=1)
    return History(none, none)


def append(
    history: History, step: Array, change: Array, chosen: Array | None = None, *, max_size: int
) -> History:
    """Append a step (G, K, q) and the change of the gradient along it.

    Groups that are not ``chosen (G,)``, and those whose step shows no positive curvature, get a
    step of zeros. The oldest of more than ``max_size`` steps is dropped.
    """
    xp = namespace_of(step)
    shape = (step.shape[0], 1, -1)
    pair = xp.concat([xp.reshape(step, shape), xp.reshape(change, shape)], axis=1)
    products = pair @ xp.matrix_transpose(pair)
    product, sizes = products[:, 0, 1], products[:, 0, 0] * products[:, 1, 1]
    eps = float(xp.finfo(step.dtype).eps)
    good = (product > 0.0) & (product * product > eps * eps * sizes)
    good = good if chosen is None else good & chosen
    kept = pair * xp.astype(good, step.dtype)[:, None, None]
    S, Y = history.S, history.Y
    if S.shape[1] >= max_size:
        S, Y = S[:, 1:, :], Y[:, 1:, :]
    return History(xp.concat([S, kept[:, :1, :]], axis=1), xp.concat([Y, kept[:, 1:, :]], axis=1))


def direction(
    history: History, grad: Array, preconditioner: Preconditioner, *, rescales: bool = False
) -> Array:
    """Compute the search direction (G, K, q).

    Parameters
    ----------
    history : History
    grad : array (G, K, q)
    preconditioner : Preconditioner
    rescales : bool, default False
        Whether the preconditioner is multiplied by a number that makes it right along the last
        step.
    """
    xp = namespace_of(grad)
    if history.size == 0:
        return -preconditioner.solve(grad)
    S, Y = history.S, history.Y
    T = xp.matrix_transpose
    g = xp.reshape(grad, (grad.shape[0], -1, 1))
    products = S @ T(Y)
    diagonal = xp.linalg.diagonal(products)
    diagonal = xp.where(diagonal == 0.0, 1.0, diagonal)  # of a step that stands for none
    M = S.shape[1]
    R = products * linalg.upper_like(g, M) + diagonal[:, :, None] * linalg.eye_like(g, M)
    R_inverse = linalg.inv(R)
    alpha = R_inverse @ (S @ g)
    shifted = xp.reshape(g - T(Y) @ alpha, grad.shape)
    r = xp.reshape(preconditioner.solve(shifted), g.shape)
    if rescales:
        last = Y[:, -1, :]
        solved = preconditioner.solve(xp.reshape(last, grad.shape))
        size = xp.sum(last * xp.reshape(solved, (g.shape[0], -1)), axis=1)
        seen = (size > 0.0) & (products[:, -1, -1] > 0.0)
        scale = xp.where(seen, products[:, -1, -1] / xp.where(seen, size, 1.0), 1.0)
        r = r * scale[:, None, None]
    gamma = T(R_inverse) @ (diagonal[:, :, None] * alpha - Y @ r)
    return -xp.reshape(r + T(S) @ gamma, grad.shape)
