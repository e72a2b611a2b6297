r"""Block functions: what one block of rows contributes to the sums of the objective.

Each is a pure function of arrays, so that it can be compiled, or sent to another process. Their
first arguments are the arrays that the rows were made of: features, targets, sample weights and
counts, which `block_function` hands over as a `Block`.

Parameters are ``theta (G, K, q)``: groups, columns of a group, and a neuron's coefficients
followed by its intercept. Solvers work in centred features, :math:`z = (x - c)^\top w + b`; the
blocks are left as they are, and their sums are centred afterwards. Where the features' means are so
large that this would cost digits, the rows themselves are centred, see `standardisation`.

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

from math import log
from typing import Any

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array
from logitron.losses import Loss
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function
from logitron.objective.groups import GroupIndex, as_group_weights

__all__ = [
    "class_totals",
    "column_moments",
    "column_squares",
    "evaluate",
    "gram",
    "group_rows",
    "row_squares",
    "weight_sum",
    "with_constant",
]


#: sigmoid neurons whose logits are better kept row by row
MANY = 16
#: logits of a block of which it matters whether numbers are normal
SLOWED = 1 << 14
#: numbers that weighted copies of a block's features may take together
MOST_AT_A_TIME = 1 << 22
#: columns that matrix products are made of, or a multiple of those
TILE = 16


@block_function
def evaluate(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    projection: Array | None,
    *,
    loss: Loss,
    curvature: str,
    count_misclassified: bool,
) -> tuple[Array, ...]:
    """Sum loss (G,), derivative (G, K, q), and second derivatives (G, D, D).

    ``intercept (G, K)`` belongs to the features as they are, and so do the sums; the last entry of
    ``theta`` is the intercept of centred features. ``projection (G, r, K)`` makes the features of
    "subspace" from logits. ``count_misclassified`` adds the number of rows (G,) with at most
    half of the probability for their target.
    """
    xp, X = block.xp, block.X
    T = xp.matrix_transpose
    G, K, q = theta.shape
    n, p = X.shape
    W = xp.reshape(theta, (G * K, q))[:, :p]
    b = None if intercept is None else xp.reshape(intercept, (G * K,))
    Z = formulas.logits(xp, X, T(W), b, by_row=K == 1 and G >= MANY)
    Y = block.group_targets(index, K)
    sample_weight = block.weights(Y, index, K)

    # less than half of the smallest normal number's exponent: squares of probabilities are normal
    min_exponent = (
        0.4 * log(float(xp.finfo(X.dtype).smallest_normal)) if n * G * K >= SLOWED else None
    )
    terms = loss.terms(xp, Z, Y, min_exponent=min_exponent)
    rows, R = formulas.weigh(xp, terms.value, terms.grad, sample_weight, classes=K)
    grad = T(formulas.backward(xp, X, R))
    if intercept is not None:
        grad = xp.concat([grad, xp.sum(R, axis=0)[:, None]], axis=1)
    P = xp.reshape(terms.curvature, (n, G, K))  # of one class, second derivatives
    if curvature == "full" and K == 1:
        seconds = _class_blocks(xp, X, P, sample_weight, intercept is not None)[:, 0, ...]
    elif curvature == "subspace" and projection is not None and projection.shape[1:] == (1, 1):
        at_centre = None if intercept is None else theta[:, 0, p]
        seconds = _along_logits(xp, P, sample_weight, Z, at_centre, projection[:, 0, 0])
    else:
        features = None
        if curvature == "full":
            features = _augmented(xp, X, None, intercept is not None)
        elif curvature == "subspace":
            features = xp.reshape(Z, P.shape)
            if intercept is not None:
                features = features - theta[:, :, p]  # logits of centred features alone
            features = _mixtures(xp, features, projection)
        seconds = _curvature(xp, P, sample_weight, features)
    sums: tuple[Array, ...] = (xp.sum(rows, axis=0), xp.reshape(grad, theta.shape), seconds)
    if curvature == "block_diagonal":
        sums = (*sums, _class_blocks(xp, X, P, sample_weight, intercept is not None))
    if not count_misclassified:
        return sums
    wrong = xp.astype(terms.value >= loss.misclassified_above, X.dtype)
    if sample_weight is not None:
        wrong = wrong * xp.astype(as_group_weights(sample_weight) > 0, X.dtype)
    return (*sums, xp.sum(wrong, axis=0))


@block_function
def gram(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
    fit_intercept: bool,
) -> tuple[Array, Array]:
    """Sum the features' products (q, q), weighted by the mean weight of the groups; and weights."""
    xp, X = block.xp, block.X
    mean = block.mean_weights(index, classes)
    roots = None if mean is None else xp.sqrt(mean)[:, None]
    total = xp.sum(xp.ones_like(X[:, 0]) if roots is None else roots * roots)
    return _products(xp, X, roots, fit_intercept)[0, :, :], total


@block_function
def with_constant(
    block: Block,
    centre: Array | None,
) -> Array:
    """Copy a block's features, centred, and with a 1 (n, p + 1)."""
    return _augmented(block.xp, block.X, centre, fit_intercept=True)


@block_function
def column_squares(
    block: Block,
    centre: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array, Array]:
    """Sum the squared features (p,), weighted by the mean weight of the groups; and weights."""
    xp, X = block.xp, block.X
    centred = X if centre is None else X - centre
    mean = block.mean_weights(index, classes)
    mean = xp.ones_like(X[:, 0]) if mean is None else mean
    return mean @ (centred * centred), xp.sum(mean)


@block_function
def row_squares(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
    fit_intercept: bool,
) -> tuple[Array]:
    """Sum the rows' squared lengths, weighted: (1,) or (G,)."""
    xp, X = block.xp, block.X
    squares = xp.sum(X * X, axis=1, keepdims=True) + float(fit_intercept)
    weights = block.group_weights(index, classes)
    return (xp.sum(_or_ones(X, weights) * squares, axis=0),)


@block_function
def weight_sum(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array]:
    """Sum the sample weights: (1,) or (G,)."""
    weights = block.group_weights(index, classes)
    return (block.xp.sum(_or_ones(block.X, weights), axis=0),)


@block_function
def column_moments(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array, Array, Array]:
    """Sum features (p,) and their squares (p,), by the mean weight of the groups; and weights."""
    xp, X = block.xp, block.X
    mean = block.mean_weights(index, classes)
    mean = xp.ones_like(X[:, 0]) if mean is None else mean
    return mean @ X, mean @ (X * X), xp.sum(mean)


# --- second derivatives -------------------------------------------------------------------------


def _products(xp: Any, X: Array, roots: Array | None, fit_intercept: bool) -> Array:
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


def _class_blocks(
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
        _products(xp, X, roots[:, first : min(first + step, G * K)], fit_intercept)
        for first in range(0, G * K, step)
    ]
    products = parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)
    return xp.reshape(products, (G, K, *products.shape[1:]))


def _roots(xp: Any, P: Array, sample_weight: Array | None) -> Array:
    """Square roots of the rows' curvature in the logit of sigmoid neurons (n, G)."""
    d = P[:, :, 0]
    return xp.sqrt(d if sample_weight is None else d * as_group_weights(sample_weight))


def _along_logits(
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


def _curvature(xp: Any, P: Array, sample_weight: Array | None, features: Array | None) -> Array:
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
        totals = xp.sum(weighted if sample_weight is None else weighted * root, axis=-1)
        own = _on_the_diagonal(totals[:, :, None, None])[:, :, 0, :, 0]
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


def _augmented(xp: Any, X: Array, centre: Array | None, fit_intercept: bool) -> Array:
    """Centred features, and the 1 that the intercept multiplies."""
    centred = X if centre is None else X - centre
    return xp.concat([centred, xp.ones_like(X[:, :1])], axis=1) if fit_intercept else centred


def _mixtures(xp: Any, Z: Array, projection: Array) -> Array:
    """Mix logits (n, G, K) by (G, r, K) into features (G, n, r + 1), the last of which is 1."""
    by_group = xp.permute_dims(Z, (1, 0, 2))
    mixed = by_group @ xp.matrix_transpose(projection)
    return xp.concat([mixed, xp.ones_like(mixed[:, :, :1])], axis=2)


def _or_ones(X: Array, weights: Array | None) -> Array:
    """Weights as (n, 1) or (n, G); where there are none, ones as X is laid out."""
    return namespace_of(X).ones_like(X[:, :1]) if weights is None else as_group_weights(weights)


@block_function
def class_totals(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array]:
    """Sum the weights of each class in each group: (G, C), or (1, C) where all are alike."""
    xp, X = block.xp, block.X
    Y = block.group_targets(index, classes)
    weights = block.weights(Y, index, classes)
    W = xp.ones_like(X[:, :1]) if weights is None else as_group_weights(weights)
    if classes == 1:
        positive = xp.sum(W * Y, axis=0)
        return (xp.stack([xp.sum(W * (1.0 - Y), axis=0), positive], axis=1),)
    if Y.shape[1] == classes:
        return (xp.matrix_transpose(W) @ Y,)
    return (xp.sum(W[:, :, None] * xp.reshape(Y, (Y.shape[0], -1, classes)), axis=0),)


@block_function
def group_rows(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
) -> Array:
    """Put the features of each row beside its weight and targets in the only group, in columns."""
    xp, X = block.xp, block.X
    Y = block.group_targets(index, classes)
    weights = block.weights(Y, index, classes)
    W = xp.ones_like(X[:, :1]) if weights is None else as_group_weights(weights)
    return xp.concat([X, W, Y], axis=1)
