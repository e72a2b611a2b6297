r"""Second derivatives of one group by some of its parameters only.

Of parameters ``a`` and ``b`` with classes :math:`k_a, k_b` and features :math:`j_a, j_b`,

.. math:: H_{ab} = \sum_i s_i \, x_{i j_a} x_{i j_b} \, p_{i k_a} (\delta_{k_a k_b} - p_{i k_b}) ,

and with one class the last two factors are :math:`p_i (1 - p_i)`. For s parameters that is a
product of matrices (n, s), and for softmax smaller ones of each class. In float32 they cost half as
much, and model the curvature where it is not a small difference of large sums.
"""

from logitron.backend.types import Array
from logitron.losses import Loss
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function
from logitron.objective.groups import GroupIndex, as_group_weights

__all__ = ["partial_hessian"]


@block_function
def partial_hessian(
    block: Block,
    theta: Array,
    intercept: Array | None,
    centre: Array | None,
    index: GroupIndex | None,
    classes: Array,
    features: Array,
    *,
    loss: Loss,
    sizes: tuple[int, ...],
    low: bool,
) -> tuple[Array]:
    """Sum the second derivatives (s, s) of one group.

    Parameters
    ----------
    block : Block
    theta : array (1, K, q)
    intercept : array (1, K), optional
        Of features that are not centred.
    centre : array (p,), optional
    index : GroupIndex, optional
    classes, features : arrays (s,) of int
        Of each parameter, class by class; an intercept's feature is ``p``.
    loss : Loss
    sizes : tuple of int
        Parameters of each class.
    low : bool
        Whether products in float32 are exact enough.
    """
    xp, X = block.xp, block.X
    T = xp.matrix_transpose
    p, K = X.shape[1], theta.shape[1]
    b = None if intercept is None else xp.reshape(intercept, (K,))
    Z = formulas.logits(xp, X, T(theta[0, :, :p]), b, by_row=False)
    Y, weights = block.labelled(index, K)
    P = loss.terms(xp, block.with_offset(Z, index, K), Y, min_exponent=None).curvature
    X = X if centre is None else X - centre
    if theta.shape[2] > p:
        X = xp.concat([X, xp.ones_like(X[:, :1])], axis=1)
    F = xp.take(X, features, axis=1)
    if weights is not None:
        F = F * xp.sqrt(as_group_weights(weights)[:, :1])
    if low:
        F = xp.astype(F, xp.float32, copy=False)
        P = xp.astype(P, xp.float32, copy=False)
    if K == 1:
        roots = F * xp.sqrt(P)
        return (T(roots) @ roots,)
    P = xp.take(P, classes, axis=1)
    V, roots = F * P, F * xp.sqrt(P)
    own, start, zero = [], 0, xp.zeros_like(V[:1, :1])
    for size in sizes:
        part, end = roots[:, start : start + size], start + size
        before = xp.broadcast_to(zero, (size, start))
        after = xp.broadcast_to(zero, (size, V.shape[1] - end))
        own.append(xp.concat([before, T(part) @ part, after], axis=1))
        start = end
    return (xp.concat(own, axis=0) - T(V) @ V,)
