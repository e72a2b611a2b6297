r"""Second derivatives of groups by some of their parameters only.

Of parameters ``a`` and ``b`` with classes :math:`k_a, k_b` and features :math:`j_a, j_b`,

.. math:: H_{ab} = \sum_i s_i \, x_{i j_a} x_{i j_b} \, p_{i k_a} (\delta_{k_a k_b} - p_{i k_b}) ,

and with one class the last two factors are :math:`p_i (1 - p_i)`. For s parameters that is a
product of matrices (n, s), and for softmax smaller ones of each class. In float32 they cost half as
much, and model the curvature where it is not a small difference of large sums.

A device makes those of many groups in one operation. The host makes those of one after the other,
which stay in its caches.
"""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import library_of
from logitron.backend.types import Array, HostArray, Namespace
from logitron.losses import Loss
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function
from logitron.objective.groups import GroupIndex, as_group_weights

__all__ = ["Parameters", "partial_hessian"]


class Parameters(NamedTuple):
    """Which parameters of g groups: s of each, class by class, the last of which can be none."""

    features: Array
    """Their features, group by group (g s,)."""
    factors: Array
    """What the features are multiplied by (g s,): 0 for intercepts, and for none."""
    shifts: Array
    """What is added to that product (g s,): for a feature minus its centre, for an intercept 1."""
    classes: Array
    """Columns of their logits, group by group (g s,)."""

    @classmethod
    def of(
        cls, places: HostArray, shape: tuple[int, int, int], centre: HostArray | None, p: int
    ) -> "Parameters":
        """Describe positions (g, s) among the parameters of each group, ``K q`` for none.

        Parameters
        ----------
        places : array (g, s) of int
        shape : tuple
            ``(g, K, q)``
        centre : array (p,), optional
            Of the features; on the host, as all.
        p : int
            Features. The parameter after them is an intercept.
        """
        groups, K, q = shape
        classes, features = np.divmod(np.minimum(places, K * q - 1), q)
        is_feature = (features < p) & (places < K * q)
        shifts = np.where(places < K * q, 1.0, 0.0)
        features = np.minimum(features, p - 1)
        shifts[is_feature] = 0.0 if centre is None else -centre[features[is_feature]]
        columns = classes + K * np.arange(groups)[:, None]
        parts = features, is_feature.astype(float), shifts, columns
        return cls(*(part.reshape(-1) for part in parts))


@block_function
def partial_hessian(
    block: Block,
    coef: Array,
    intercept: Array | None,
    parameters: Parameters,
    index: GroupIndex | None,
    *,
    loss: Loss,
    sizes: tuple[int, ...] | None,
    low: bool,
) -> tuple[Array]:
    """Sum the second derivatives (g, s, s) of groups by some of their parameters.

    Parameters
    ----------
    block : Block
    coef : array (g, K, p)
    intercept : array (g, K), optional
        Of features that are not centred.
    parameters : Parameters
    index : GroupIndex, optional
    loss : Loss
    sizes : tuple of int, optional
        Parameters of each class of a single group, which are multiplied class by class. Otherwise
        all are, and those of two classes are left out.
    low : bool
        Whether products in float32 are exact enough.
    """
    xp, X = block.xp, block.X
    T = xp.matrix_transpose
    groups, K, p = coef.shape
    m = groups * K
    b = None if intercept is None else xp.reshape(intercept, (m,))
    Z = formulas.logits(xp, X, T(xp.reshape(coef, (m, p))), b, by_row=False)
    Y, weights = block.labelled(index, K)
    P = loss.terms(xp, block.with_offset(Z, index, K), Y, min_exponent=None).curvature
    F = library_of(X).take_columns(X, parameters.features)
    F = F * parameters.factors + parameters.shifts
    roots = None if weights is None else xp.sqrt(as_group_weights(weights))
    if low:
        F, P = (xp.astype(part, xp.float32, copy=False) for part in (F, P))
        roots = None if roots is None else xp.astype(roots, xp.float32, copy=False)
    if K == 1:
        D = xp.sqrt(P) if roots is None else xp.sqrt(P) * roots
        return (_squared(xp, F, groups, D),)
    if roots is not None:
        F = _scaled(xp, F, groups, roots)
    P = xp.take(P, parameters.classes, axis=1)
    V, R = F * P, F * xp.sqrt(P)
    if sizes is None:
        classes = xp.reshape(parameters.classes, (groups, -1))
        same = xp.astype(classes[:, :, None] == classes[:, None, :], V.dtype)
        return (_squared(xp, R, groups) * same - _squared(xp, V, groups),)
    own, start, zero = [], 0, xp.zeros_like(V[:1, :1])
    for size in sizes:
        part, end = R[:, start : start + size], start + size
        before = xp.broadcast_to(zero, (size, start))
        after = xp.broadcast_to(zero, (size, V.shape[1] - end))
        own.append(xp.concat([before, T(part) @ part, after], axis=1))
        start = end
    return ((xp.concat(own, axis=0) - T(V) @ V)[None, :, :],)


def _scaled(xp: Namespace, F: Array, groups: int, factors: Array) -> Array:
    """Multiply the columns (n, g s) of each group by its factors (n, g) or (n, 1)."""
    if groups == 1:
        return F * factors[:, :1]
    return xp.reshape(xp.reshape(F, (F.shape[0], groups, -1)) * factors[:, :, None], F.shape)


def _squared(xp: Namespace, F: Array, groups: int, factors: Array | None = None) -> Array:
    """Multiply the columns (n, g s) of each group, times factors (n, g), with each other."""
    F = F if factors is None else _scaled(xp, F, groups, factors)
    if groups == 1:
        return (xp.matrix_transpose(F) @ F)[None, :, :]
    rows: Any = xp.permute_dims(xp.reshape(F, (F.shape[0], groups, -1)), (1, 0, 2))
    return xp.matrix_transpose(rows) @ rows
