r"""What a quasi-Newton method remembers of its steps, and the direction that follows from it.

The limited-memory BFGS method, with any preconditioner as its first model of the Hessian, for
many groups at once. The two loops over the remembered steps are two small triangular systems:
with the last steps ``S`` and changes of the gradient ``Y`` as rows, :math:`R` the upper triangle of
:math:`S Y^\top` and :math:`D` its diagonal,

.. math::

   \alpha = R^{-1} S g, \quad r = M^{-1} (g - Y^\top \alpha), \quad
   \gamma = R^{-\top} (D \alpha - Y r), \quad d = -(r + S^\top \gamma),

which is four products, however many steps are remembered [1]_. The preconditioner may
change at any time.

References
----------
.. [1] R. H. Byrd, J. Nocedal, R. B. Schnabel, "Representations of quasi-Newton matrices and their
   use in limited memory methods", Mathematical Programming 63, 1994.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from logitron.backend import linalg, namespace_of

__all__ = ["Memory", "direction", "empty", "remember"]

Array = Any


class Memory(NamedTuple):
    """The last steps of each group; a step of zeros is one that is not remembered."""

    steps: Array
    """(G, M, D)"""
    changes: Array
    """(G, M, D)"""


def empty(theta: Array, size: int) -> Memory:
    """Remember nothing, in ``size`` places."""
    xp = namespace_of(theta)
    G = theta.shape[0]
    flat = xp.reshape(theta, (G, 1, -1))
    none = xp.zeros_like(flat[:, :0, :]) if size == 0 else xp.concat([0.0 * flat] * size, axis=1)
    return Memory(none, none)


def remember(memory: Memory, step: Array, change: Array, wanted: Array, *, most: int) -> Memory:
    """Add a step (G, K, q) and the change of the derivative along it, where ``wanted`` (G,)."""
    xp = namespace_of(step)
    shape = (step.shape[0], 1, -1)
    step, change = xp.reshape(step, shape), xp.reshape(change, shape)
    product = xp.sum(step * change, axis=2)[:, 0]
    sizes = xp.sum(step * step, axis=2)[:, 0] * xp.sum(change * change, axis=2)[:, 0]
    eps = float(xp.finfo(step.dtype).eps)
    good = wanted & (product > 0.0) & (product * product > eps * eps * sizes)
    kept = xp.astype(good, step.dtype)[:, None, None]
    full = memory.steps.shape[1] >= most
    before = memory.steps[:, 1:, :] if full else memory.steps
    changes = memory.changes[:, 1:, :] if full else memory.changes
    return Memory(
        xp.concat([before, step * kept], axis=1), xp.concat([changes, change * kept], axis=1)
    )


def direction(
    memory: Memory,
    grad: Array,
    preconditioner: Any,
    *,
    solve: Callable[[Any, Array], Array],
    rescales: bool = False,
) -> Array:
    """Choose the quasi-Newton direction (G, K, q).

    ``rescales`` a preconditioner whose size is not to be trusted to what the last step says of it.
    """
    xp = namespace_of(grad)
    S, Y = memory
    if S.shape[1] == 0:
        return -solve(preconditioner, grad)
    T = xp.matrix_transpose
    g = xp.reshape(grad, (grad.shape[0], -1, 1))
    products = S @ T(Y)
    diagonal = xp.linalg.diagonal(products)
    unused = xp.astype(diagonal == 0.0, g.dtype)
    diagonal = diagonal + unused
    strict = xp.triu(products, k=1)
    R = strict + diagonal[:, :, None] * linalg.eye_like(g, S.shape[1])
    alpha = linalg.solve(R, S @ g)
    shifted = xp.reshape(g - T(Y) @ alpha, grad.shape)
    r = xp.reshape(solve(preconditioner, shifted), g.shape)
    if rescales:
        last = Y[:, -1, :]
        solved = xp.reshape(solve(preconditioner, xp.reshape(last, grad.shape)), (g.shape[0], -1))
        size = xp.sum(last * solved, axis=1)
        seen = (size > 0.0) & (products[:, -1, -1] > 0.0)
        scale = xp.where(seen, products[:, -1, -1] / xp.where(seen, size, 1.0), 1.0)
        r = r * scale[:, None, None]
    gamma = linalg.solve(T(R), diagonal[:, :, None] * alpha - Y @ r)
    return -xp.reshape(r + T(S) @ gamma, grad.shape)
