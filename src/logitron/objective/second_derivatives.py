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

They come in parts, which are put together where they are small, and not in each block: products of
a row's own features without and with the 1 (`bordered`), and of several classes the second sum of
:math:`A_i`, of which the first one follows (`between_classes`).
"""

from collections.abc import Iterator
from typing import Any

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.objective.groups import as_group_weights

__all__ = [
    "along_logits",
    "augmented",
    "between_classes",
    "bordered",
    "class_blocks",
    "copied_parts",
    "curvature_sums",
    "mixtures",
    "summed_curvature",
    "weighted_products",
]


#: numbers that weighted copies of a block's features may take together
MOST_AT_A_TIME = 1 << 22
#: rows that are copied at a time, at least, and their numbers as a rule
FEWEST_COPIED, MOST_COPIED = 256, 1 << 15
#: columns that matrix products are made of, or a multiple of those
TILE = 16


def curvature_sums(
    xp: Any,
    X: Array,
    P: Array,
    weights: Array | None,
    curvature: str,
    fit_intercept: bool,
    *,
    low: bool = False,
) -> tuple[Array, ...]:
    """Sum the part of the Hessian that is asked for, of terms ``P (n, G, K)``.

    If ``low``, whole Hessians of one class are made of products in float32.

    Returns
    -------
    *intercept : arrays
        Parts of the curvature of the logits (G, K, K); for "full", of the Hessian (G, D, D).
    *blocks : arrays (G, K, ...)
        For "block_diagonal" only, in parts.
    """
    if curvature == "full":
        if P.shape[2] == 1:
            parts = class_blocks(xp, X, P, weights, fit_intercept, low=low)
            return tuple(part[:, 0, ...] for part in parts)
        return summed_curvature(xp, P, weights, augmented(xp, X, None, fit_intercept))
    logits = summed_curvature(xp, P, weights, None)
    if curvature == "block_diagonal":
        return *logits, *class_blocks(xp, X, P, weights, fit_intercept)
    return logits


def weighted_products(
    xp: Any, X: Array, weights: Array | None, fit_intercept: bool, *, low: bool = False
) -> tuple[Array, ...]:
    """Sum products of the features and a 1, weighted by ``weights (G, n)``.

    If ``low``, those of features with each other are summed in float32, for one group.

    The features are copied once at most, and not at all where there are no weights: for large
    blocks, a copy costs as much as the products do.

    Returns
    -------
    products : array (G, p, p)
        Of the features with each other.
    sums : array (G, p)
        Of the features with the 1, if ``fit_intercept``; and
    corner : array (G,)
        of the 1 with itself.
    """
    T = xp.matrix_transpose
    if low:
        products = _squared_in_float32(xp, X, None if weights is None else weights[0, :])[None, ...]
    else:
        F = X[None, :, :] if weights is None else xp.sqrt(weights)[:, :, None] * X
        # (some libraries copy the operands of products of stacks)
        products = _squared(xp, F[0, ...])[None, ...] if F.shape[0] == 1 else T(F) @ F
    if not fit_intercept:
        return (products,)
    weights = T(xp.ones_like(X[:, :1])) if weights is None else weights
    return products, weights @ X, xp.sum(T(weights), axis=0)


def copied_parts(n: int, q: int) -> Iterator[slice]:
    """Divide rows (n, q) into parts that are few enough to be copied before they are multiplied.

    Larger copies are allocated by the system each time, which takes longer than the products.
    """
    size = max(FEWEST_COPIED, q, MOST_COPIED // q)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def bordered(products: Array, *sums: Array) -> Array:
    """Join products (..., p, p) with sums (..., p) and a corner (...), if there are any."""
    if not sums:
        return products
    xp = namespace_of(products)
    border, corner = sums[0][..., None], sums[1][..., None, None]
    right = xp.concat([border, corner], axis=-2)
    below = xp.matrix_transpose(border)
    return xp.concat([xp.concat([products, below], axis=-2), right], axis=-1)


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


def _squared_in_float32(xp: Any, X: Array, weights: Array | None) -> Array:
    """Multiply columns (n, q) with each other by weights (n,), in float32; in the dtype of ``X``.

    Of few rows at a time, see `copied_parts`.
    """
    (n, q), roots = X.shape, None if weights is None else xp.sqrt(weights)[:, None]
    found = None
    for some in copied_parts(n, q):
        F = xp.astype(X[some, :], xp.float32, copy=False)
        F = F if roots is None else F * xp.astype(roots[some, :], xp.float32, copy=False)
        part = _squared(xp, F)
        found = part if found is None else found + part
    return xp.astype(found, X.dtype)


def class_blocks(
    xp: Any,
    X: Array,
    P: Array,
    sample_weight: Array | None,
    fit_intercept: bool,
    *,
    low: bool = False,
) -> tuple[Array, ...]:
    """Sum ``s p (1 - p) x x'`` of each class (G, K, ...), some classes at a time.

    In the parts of `weighted_products`.
    """
    n, G, K = P.shape
    d = P if K == 1 else P - P * P
    if sample_weight is not None:
        d = d * as_group_weights(sample_weight)[:, :, None]
    d = xp.matrix_transpose(xp.reshape(d, (n, G * K)))
    step = max(1, MOST_AT_A_TIME // (n * X.shape[1]))
    parts = [
        weighted_products(xp, X, d[first : min(first + step, G * K), :], fit_intercept, low=low)
        for first in range(0, G * K, step)
    ]
    joined = (
        parts[0]
        if len(parts) == 1
        else [xp.concat(each, axis=0) for each in zip(*parts, strict=True)]
    )
    return tuple(xp.reshape(part, (G, K, *part.shape[1:])) for part in joined)


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
) -> tuple[Array, ...]:
    """Sum ``s A (x) features features'`` over the rows: (G, D, D), D = K * features.

    Of several classes, the products that `between_classes` makes it of.

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
            return (xp.sum(weighted, axis=0)[:, None, None],)
        F = T(_roots(xp, P, sample_weight))[:, :, None] * features  # (G, n, f)
        return (T(F) @ F,)
    if sample_weight is not None:
        P = P * xp.sqrt(as_group_weights(sample_weight))[:, :, None]
    by_row = xp.permute_dims(P, (1, 0, 2))  # (G, n, K)
    if features is None:
        return (T(by_row) @ by_row,)
    features = features[None, :, None, :] if features.ndim == 2 else features[:, :, None, :]
    long = xp.reshape(by_row[..., None] * features, (G, n, -1))
    return (T(long) @ long,)


def between_classes(products: Array, classes: int) -> Array:
    """Put the blocks of each class on a diagonal, less the products of all (G, K f, K f).

    A row's probabilities add up to one, so that a class's own block is the sum of its products with
    every class, and what is left of it the sum of those with the others: no digits are lost.
    """
    xp = namespace_of(products)
    G, D, _ = products.shape
    f = D // classes
    apart = (1.0 - linalg.eye_like(products, classes))[:, None, :, None]
    others = apart * xp.reshape(products, (G, classes, f, classes, f))
    own = xp.sum(others, axis=3)[:, :, :, None, :]
    hessian: Array = xp.reshape(own * (1.0 - apart) - others, products.shape)
    return hessian


def augmented(xp: Any, X: Array, centre: Array | None, fit_intercept: bool) -> Array:
    """Centred features, and the 1 that the intercept multiplies."""
    centred = X if centre is None else X - centre
    return xp.concat([centred, xp.ones_like(X[:, :1])], axis=1) if fit_intercept else centred


def mixtures(xp: Any, Z: Array, projection: Array) -> Array:
    """Mix logits (n, G, K) by (G, r, K) into features (G, n, r + 1), the last of which is 1."""
    by_group = xp.permute_dims(Z, (1, 0, 2))
    mixed = by_group @ xp.matrix_transpose(projection)
    return xp.concat([mixed, xp.ones_like(mixed[:, :, :1])], axis=2)
