r"""Block functions: what one block of rows contributes to the sums of the objective.

Each is a pure function of arrays, so that it can be compiled, or sent to another process. Their
first arguments are the arrays that the rows were made of: features, targets, sample weights, counts
and offsets, which `block_function` hands over as a `Block`; `row_function` all but the features.

Parameters are ``theta (G, K, q)``: groups, columns of a group, and a neuron's coefficients
followed by its intercept. Solvers work in centred features, :math:`z = (x - c)^\top w + b`; the
blocks are left as they are, and their sums are centred afterwards. Where the features' means are so
large that this would cost digits, the rows themselves are centred, see `standardisation`.

Second derivatives are summed by `second_derivatives`.
"""

from math import log

from logitron.backend import library_of
from logitron.backend.types import Array
from logitron.data.feature_products import backward, logits, reads_stored
from logitron.losses import Loss
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function, row_function
from logitron.objective.groups import GroupIndex, as_group_weights
from logitron.objective.misclassified import misclassified
from logitron.objective.second_derivatives import (
    along_logits,
    augmented,
    curvature_sums,
    mixtures,
    summed_curvature,
    weighted_products,
)

__all__ = [
    "class_totals",
    "column_moments",
    "column_squares",
    "evaluate",
    "gram",
    "group_rows",
    "largest_weights",
    "most_column_squares",
    "most_row_weights",
    "row_squares",
    "row_weights",
    "weight_sum",
    "with_constant",
]


#: sigmoid neurons whose logits are better kept row by row
MANY = 16
#: second derivatives that are products of a row's own features
OWN_FEATURES = ("full", "block_diagonal")
#: logits of a block of which it matters whether numbers are normal
SLOWED = 1 << 14


@reads_stored
@block_function
def evaluate(
    block: Block,
    coef: Array,
    intercept: Array | None,
    at_centre: Array | None,
    index: GroupIndex | None,
    projection: Array | None,
    *,
    loss: Loss,
    curvature: str,
    count_misclassified: bool,
    low: bool = False,
) -> tuple[Array, ...]:
    """Sum loss (G,), derivatives by coefficients (m, p) and intercepts (m,), and second ones.

    Second derivatives are those of `second_derivatives`. ``coef`` is (G, K, p), and ``intercept
    (G, K)`` belongs to the features as they are, as the sums do. For "subspace", ``projection
    (G, r, K)`` makes features from logits, of which ``at_centre (G, K)`` are the intercepts of
    centred features. ``count_misclassified`` adds the number of rows (G,) with at most half of
    the probability for their target. Whole Hessians are made of products in float32 if ``low``.
    """
    xp, X = block.xp, block.X
    T = xp.matrix_transpose
    G, K, p = coef.shape
    n = X.shape[0]
    W = xp.reshape(coef, (G * K, p))
    b = None if intercept is None else xp.reshape(intercept, (G * K,))
    Z = logits(xp, X, T(W), b, by_row=K == 1 and G >= MANY)
    Y, sample_weight = block.labelled(index, K)

    # less than half of the smallest normal number's exponent: squares of probabilities are normal
    min_exponent = (
        0.4 * log(float(xp.finfo(Z.dtype).smallest_normal)) if n * G * K >= SLOWED else None
    )
    at = block.with_offset(Z, index, K)
    terms = loss.terms(xp, at, Y, min_exponent=min_exponent)
    rows, R = formulas.weigh(xp, terms.value, terms.grad, sample_weight, classes=K)
    grad: tuple[Array, ...] = (T(backward(xp, X, R)),)
    if intercept is not None:
        grad = *grad, xp.sum(R, axis=0)
    P = xp.reshape(terms.curvature, (n, G, K))  # of one class, second derivatives
    if curvature != "subspace":
        wide = xp.astype(X, block.dtype, copy=False) if curvature in OWN_FEATURES else X
        fit_intercept = intercept is not None
        seconds = curvature_sums(xp, wide, P, sample_weight, curvature, fit_intercept, low=low)
    elif projection is not None and projection.shape[1:] == (1, 1):
        mix, origin = projection[:, 0, 0], None if at_centre is None else at_centre[:, 0]
        seconds = (along_logits(xp, P, sample_weight, Z, origin, mix),)
    else:
        features = xp.reshape(Z, P.shape)
        if at_centre is not None:
            features = features - at_centre  # logits of centred features alone
        seconds = summed_curvature(xp, P, sample_weight, mixtures(xp, features, projection))
    sums: tuple[Array, ...] = (xp.sum(rows, axis=0), *grad, *seconds)
    if not count_misclassified:
        return sums
    return (*sums, misclassified(block, loss, terms.value, Y, sample_weight))


@block_function
def gram(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
    fit_intercept: bool,
    low: bool = False,
) -> tuple[Array, ...]:
    """Sum the features' products, weighted by the mean weight of the groups; and weights.

    In the parts of `weighted_products`; in float32 if ``low``.
    """
    xp, X = block.xp, block.X
    mean = block.mean_weights(index, classes)
    total = xp.sum(xp.ones_like(X[:, 0]) if mean is None else mean)
    weights = None if mean is None else mean[None, :]
    parts = weighted_products(xp, X, weights, fit_intercept, low=low)
    return *(part[0, ...] for part in parts), total


@block_function
def with_constant(
    block: Block,
    centre: Array | None,
) -> Array:
    """Copy a block's features, centred, and with a 1 (n, p + 1)."""
    return augmented(block.xp, block.X, centre, fit_intercept=True)


@block_function
def column_squares(
    block: Block,
    centre: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array, Array]:
    """Sum the squared features (p,), weighted by the mean weight of the groups; and weights."""
    mean = block.mean_weights(index, classes)
    mean = block.ones() if mean is None else mean
    return library_of(block.X).column_squares(block.X, mean, centre), block.xp.sum(mean)


@block_function
def most_column_squares(
    block: Block,
    centre: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array]:
    """Sum the squared features (p,), weighted by the largest weight of a row in any group."""
    weights = largest_weights(block, index, classes)
    return (library_of(block.X).column_squares(block.X, weights, centre),)


@row_function
def most_row_weights(block: Block, index: GroupIndex | None, *, classes: int) -> Array:
    """Largest weight of each row in any group (n,)."""
    return largest_weights(block, index, classes)


def largest_weights(block: Block, index: GroupIndex | None, classes: int) -> Array:
    """Largest weight of each row of a block in any group (n,)."""
    weights = block.group_weights(index, classes)
    if weights is None:
        return block.ones()
    return weights if weights.ndim == 1 else block.xp.max(weights, axis=1)


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
    return (xp.sum(_group_weights(block, index, classes) * squares, axis=0),)


@row_function
def weight_sum(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array]:
    """Sum the sample weights: (1,) or (G,)."""
    return (block.xp.sum(_group_weights(block, index, classes), axis=0),)


@row_function
def row_weights(block: Block, index: GroupIndex | None, *, classes: int) -> Array:
    """Mean weight of each row in the groups (n,)."""
    mean = block.mean_weights(index, classes)
    return block.ones() if mean is None else mean


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
    mean = block.ones() if mean is None else mean
    return mean @ X, mean @ (X * X), xp.sum(mean)


def _group_weights(block: Block, index: GroupIndex | None, classes: int) -> Array:
    """Weights of the groups as (n, 1) or (n, G); ones where there are none."""
    weights = block.group_weights(index, classes)
    return as_group_weights(block.ones() if weights is None else weights)


@row_function
def class_totals(
    block: Block,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array, ...]:
    """Sum the weights of each class in each group: (G, C), or (1, C) where all are alike.

    Of two classes in two arrays, (G,) or (1,).
    """
    xp = block.xp
    Y, weights = block.labelled(index, classes)
    W = as_group_weights(block.ones() if weights is None else weights)
    if classes == 1:
        return xp.sum((1.0 - Y) * W, axis=0), xp.sum(Y * W, axis=0)
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
    Y, weights = block.labelled(index, classes)
    W = as_group_weights(block.ones() if weights is None else weights)
    return xp.concat([X, W, Y], axis=1)
