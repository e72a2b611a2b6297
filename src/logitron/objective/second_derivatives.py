r"""Sums of second derivatives over the rows of a block.

Second derivatives are sums of :math:`s_i A_i \otimes \varphi_i \varphi_i^\top`, where
:math:`A_i = \operatorname{diag}(p_i) - p_i p_i^\top` is the curvature of row ``i`` in its logits
(:math:`p(1 - p)` for a sigmoid neuron), and :math:`\varphi_i` as many features as is worth while:

================ ============================== ===============================================
``curvature``    features :math:`\varphi`       sum
================ ============================== ===============================================
"intercept"      1                              ``(G, K, K)``, the Hessian of the intercepts
"subspace"       a few mixtures of the group's  ``(G, D, D)``, ``D = K (r + 1)``: the Hessian
                 own logits, and 1              on the span of the group's coefficients
"block_diagonal" the row's own, and 1           ``(G, K, q, q)``: the Hessian's diagonal blocks,
                                                of each class with itself; beside "intercept"
"full"           the row's own, and 1           ``(G, D, D)``, ``D = K q``: the whole Hessian
================ ============================== ===============================================
"""

from typing import Any

from logitron.backend import linalg
from logitron.backend.types import Array
from logitron.objective.groups import as_group_weights

__all__ = [
    "along_logits",
    "augmented",
    "class_blocks",
    "curvature_sums",
    "mixtures",
    "summed_curvature",
    "weighted_products",
]


#: numbers that weighted copies of a block's features may take together
MOST_AT_A_TIME = 1 << 22
#: columns that matrix products are made of, or a multiple of those
TILE = 16


def curvature_sums(
    xp: Any,
    X: Array,
    P: Array,
    weights: Array | None,
    curvature: str,
    fit_intercept: bool,
) -> tuple[Array, ...]:
    """Sum the part of the Hessian that is asked for, of terms ``P (n, G, K)``.

    Returns
    -------
    intercept : array (G, K, K)
        Curvature of the logits; in its place (G, D, D) for "full".
    blocks : array (G, K, q, q)
        For "block_diagonal" only.
    """
    if curvature == "full":
        if P.shape[2] == 1:
            return (class_blocks(xp, X, P, weights, fit_intercept)[:, 0, ...],)
        return (summed_curvature(xp, P, weights, augmented(xp, X, None, fit_intercept)),)
    logits = summed_curvature(xp, P, weights, None)
    if curvature == "block_diagonal":
        return logits, class_blocks(xp, X, P, weights, fit_intercept)
    return (logits,)


def weighted_products(xp: Any, X: Array, roots: Array | None, fit_intercept: bool) -> Array:
    """Sum products of the features and a 1, (G, q, q), weighted by the squares of roots (n, G).

    The features are copied once at most, and not at all where there are no weights: for large
    blocks, a copy costs as much as the products do.
    """
    T = xp.matrix_transpose
    if roots is None:
        ones = xp.ones_like(X[:, :1])
        F, side = X[None, :, :], ones[None, :, :]
    else:
        side = T(roots)[:, :, None]  # (G, n, 1)
        F = side * X
    # (some libraries copy the operands of products of stacks)
    alone = F.shape[0] == 1
    products = _squared(xp, F[0, ...])[None, ...] if alone else T(F) @ F
    if not fit_intercept:
        return products
    sums = T(side) @ F  # (G, 1, p)
    corner = T(side) @ side
    return xp.concat(
        [xp.concat([products, T(sums)], axis=2), xp.concat([sums, corner], axis=2)], axis=1
    )


def _squared(xp: Any, F: Array) -> Array:
    """Multiply columns (n, q) with each other.

    Matrix products are made of tiles, and one column more than fills those can cost a third; it
    is multiplied by itself.
    """
    T = xp.matrix_transpose
    q = F.shape[1]
    if q % TILE != 1 or q == 1:
        return T(F) @ F
    most, last = F[:, :-1], T(F) @ F[:, -1:]
    products = xp.concat([T(most) @ most, last[:-1, :]], axis=1)
    return xp.concat([products, T(last)], axis=0)


def class_blocks(
    xp: Any,
    X: Array,
    P: Array,
    sample_weight: Array | None,
    fit_intercept: bool,
) -> Array:
    """Sum ``s p (1 - p) x x'`` of each class (G, K, q, q), some classes at a time."""
    n, G, K = P.shape
    d = P if K == 1 else P - P * P
    if sample_weight is not None:
        d = d * as_group_weights(sample_weight)[:, :, None]
    roots = xp.reshape(xp.sqrt(d), (n, G * K))
    step = max(1, MOST_AT_A_TIME // (n * X.shape[1]))
    parts = [
        weighted_products(xp, X, roots[:, first : min(first + step, G * K)], fit_intercept)
        for first in range(0, G * K, step)
    ]
    products = parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)
    return xp.reshape(products, (G, K, *products.shape[1:]))


def _roots(xp: Any, P: Array, sample_weight: Array | None) -> Array:
    """Square roots of the rows' curvature in the logit of sigmoid neurons (n, G)."""
    d = P[:, :, 0]
    return xp.sqrt(d if sample_weight is None else d * as_group_weights(sample_weight))


def along_logits(
    xp: Any, P: Array, sample_weight: Array | None, Z: Array, at_centre: Array | None, mix: Array
) -> Array:
    """Sum the curvature of sigmoid neurons along ``mix (Z - at_centre)``, and 1: (G, 2, 2).

    Of so small a sum, it is cheaper to shift and to scale what was summed than each logit: it
    corrects a model, which can spare the digits.
    """
    d = P[:, :, 0]
    d = d if sample_weight is None else d * as_group_weights(sample_weight)
    along = d * Z
    squares, firsts, total = (xp.sum(part, axis=0) for part in (along * Z, along, d))
    if at_centre is not None:
        squares = squares - at_centre * (2.0 * firsts - at_centre * total)
        firsts = firsts - at_centre * total
    squares, firsts = mix * mix * squares, mix * firsts
    rows = [xp.stack([squares, firsts], axis=1), xp.stack([firsts, total], axis=1)]
    return xp.stack(rows, axis=1)


def summed_curvature(
    xp: Any, P: Array, sample_weight: Array | None, features: Array | None
) -> Array:
    """Sum ``s A (x) features features'`` over the rows: (G, D, D), D = K * features.

    Parameters
    ----------
    P : array (n, G, K)
        Second derivatives of one class, probabilities of more.
    features : array (n, f), or (G, n, f) for features of each group, or None for a single 1
    """
    n, G, K = P.shape
    T = xp.matrix_transpose
    if K == 1:
        if features is None:
            d = P[:, :, 0]
            weighted = d if sample_weight is None else d * as_group_weights(sample_weight)
            return xp.sum(weighted, axis=0)[:, None, None]
        F = T(_roots(xp, P, sample_weight))[:, :, None] * features  # (G, n, f)
        return T(F) @ F
    by_class = xp.permute_dims(P, (1, 2, 0))  # (G, K, n)
    weighted = by_class
    if sample_weight is not None:
        root = T(xp.sqrt(as_group_weights(sample_weight)))[:, None, :]
        weighted = by_class * root
    if features is None:
        own = P if sample_weight is None else P * as_group_weights(sample_weight)[:, :, None]
        totals = xp.reshape(xp.sum(xp.reshape(own, (n, G * K)), axis=0), (G, K, 1, 1))
        own = _on_the_diagonal(totals)[:, :, 0, :, 0]
        return own - weighted @ T(weighted)
    features = features[None, None, :, :] if features.ndim == 2 else features[:, None, :, :]
    f = features.shape[-1]
    U = weighted[..., None] * features  # (G, K, n, f)
    long = xp.reshape(xp.permute_dims(U, (0, 2, 1, 3)), (G, n, K * f))
    own = T(U) @ (features if sample_weight is None else features * root[..., None])
    own = _on_the_diagonal(own)
    return xp.reshape(own, (G, K * f, K * f)) - T(long) @ long


def _on_the_diagonal(blocks: Array) -> Array:
    """Put blocks (G, K, f, f) on the diagonal of (G, K, f, K, f)."""
    same = linalg.eye_like(blocks, blocks.shape[1])
    return blocks[:, :, :, None, :] * same[None, :, None, :, None]


def augmented(xp: Any, X: Array, centre: Array | None, fit_intercept: bool) -> Array:
    """Centred features, and the 1 that the intercept multiplies."""
    centred = X if centre is None else X - centre
    return xp.concat([centred, xp.ones_like(X[:, :1])], axis=1) if fit_intercept else centred


def mixtures(xp: Any, Z: Array, projection: Array) -> Array:
    """Mix logits (n, G, K) by (G, r, K) into features (G, n, r + 1), the last of which is 1."""
    by_group = xp.permute_dims(Z, (1, 0, 2))
    mixed = by_group @ xp.matrix_transpose(projection)
    return xp.concat([mixed, xp.ones_like(mixed[:, :, :1])], axis=2)
