"""Block functions of one group near its optimum: rows that matter, and how much each matters.

Sums over the rows of a block, as those of `sums`, for the bound of `self_concordance`. The terms of
saturated rows keep all of their digits, see `losses.exact_terms`: small eigenvalues of a Hessian
that is summed of rounded curvatures would be noise.
"""

from typing import Any

from logitron.backend.types import Array
from logitron.losses import ExactTerms, exact_terms
from logitron.objective.block import Block, block_function
from logitron.objective.groups import GroupIndex, as_group_weights

__all__ = ["MOST_LEVERAGE", "POWER", "hessian_root", "leverages", "trimmed"]


#: power of the norm over the rows that bounds the largest leverage
POWER = 8
#: leverages from which on there is no bound: their powers are to be numbers
MOST_LEVERAGE = 1e35


def _terms(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    classes: int,
) -> tuple[ExactTerms, Array]:
    """Compute the loss of a block's rows and its derivatives, and the rows' weights (n,)."""
    xp, X = block.xp, block.X
    Z = X @ xp.matrix_transpose(theta[0, :, : X.shape[1]])
    Z = Z if intercept is None else Z + intercept[0, :]
    Z = block.with_offset(Z, index, classes)
    Y, weights = block.labelled(index, classes)
    weights = xp.ones_like(X[:, 0]) if weights is None else as_group_weights(weights)[:, 0]
    return exact_terms(xp, Z, Y), weights


@block_function
def trimmed(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    least: Array,
    features: Array | None = None,
    *,
    classes: int,
) -> tuple[Array, ...]:
    """Sum loss, gradient and Hessian of one group over rows whose loss is more than ``least``.

    Derivatives are by the intercepts and the coefficients of ``features (u,)``, by their numbers;
    None are all, and then u is p. D is ``K (u + 1)``, or ``K u`` without intercepts.

    Returns
    -------
    loss, gradient, hessian : arrays (1,), (K, u + 1), (D, D)
    left_out : array (1,)
        Loss of the other rows.
    rounding : array (K, u + 1)
        Absolute sums of the gradient's terms.
    blur : array (1,)
        Curvature of the rows times the squared sums that bound the rounding of their logits.
    """
    xp, X = block.xp, block.X
    T = xp.matrix_transpose
    (loss, R, P, Q, size), weights = _terms(block, theta, intercept, index, classes)
    loss = loss * weights
    keep = xp.astype(loss > least, X.dtype)
    weights = weights * keep
    whole = _with_constant(xp, X, intercept)
    F = whole if features is None else _with_constant(xp, xp.take(X, features, axis=1), intercept)
    gradient = T(R * weights[:, None]) @ F
    rows = []
    for k in range(classes):
        own = [-P[:, k] * P[:, j] if j != k else P[:, k] * Q[:, k] for j in range(classes)]
        rows.append(xp.concat([T(F * (weights * a)[:, None]) @ F for a in own], axis=1))
    hessian = rows[0] if classes == 1 else xp.concat(rows, axis=0)
    zeta = xp.abs(whole) @ T(xp.abs(_parameters(xp, theta, intercept)))
    if block.offset is not None:
        sizes = block._replace(offset=xp.abs(block.offset))
        zeta = sizes.with_offset(zeta, index, classes)
    if classes > 1:  # the curvature along any change of the logits, at most
        zeta = 2.0 * xp.max(zeta, axis=1, keepdims=True)
    blur = xp.sum(weights * xp.sum(P * Q * (zeta * zeta), axis=1))
    rounding = T(size * weights[:, None]) @ xp.abs(F)
    left_out = xp.sum(loss * (1.0 - keep))
    kept = xp.sum(loss * keep)
    return kept[None], gradient, hessian, left_out[None], rounding, blur[None]


@block_function
def leverages(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    least: Array,
    inverse: Array,
    empty: Array,
    scale: Array,
    features: Array | None = None,
    *,
    classes: int,
) -> tuple[Array, ...]:
    """Sum powers of the kept rows' leverages; and their squares along directions without curvature.

    ``features`` are those of `trimmed`.

    Parameters
    ----------
    inverse : array (D, D)
        Inverse of the model's Hessian.
    empty : array (D, r)
        The directions.
    scale : array (D,)
        What rows are scaled by for them.

    Returns
    -------
    powers : array (1,)
        Sum over rows, and pairs of classes, of the squared range of the logits along a unit
        direction, to the power of `POWER`.
    seen, lengths : arrays (1,)
        Summed squares of the rows along the directions, and of the rows themselves.
    """
    xp, X = block.xp, block.X
    T = xp.matrix_transpose
    terms, weights = _terms(block, theta, intercept, index, classes)
    keep = xp.astype(terms.value * weights > least, X.dtype)
    X = X if features is None else xp.take(X, features, axis=1)
    F = _with_constant(xp, X, intercept)
    q = F.shape[1]
    total: Any = 0.0
    pairs = xp.reshape(inverse, (classes, q, classes, q))
    for k in range(classes):
        others = range(k + 1, classes) if classes > 1 else (k,)
        for j in others:
            form = pairs[k, :, k, :]
            if classes > 1:
                cross = pairs[k, :, j, :]
                form = form + pairs[j, :, j, :] - cross - T(cross)
            squares = xp.sum((F @ form) * F, axis=1) * keep
            squares = xp.where(squares < MOST_LEVERAGE, squares, MOST_LEVERAGE)
            total = total + xp.sum(squares**POWER)
    seen: Any = 0.0 * total
    squares = T(F * F) @ keep
    lengths = xp.sum(xp.reshape(scale * scale, (classes, q)) * squares)
    if empty.shape[1]:
        along = xp.reshape(empty, (classes, q, -1))
        if classes > 1:  # a shift common to all classes changes nothing
            along = along - xp.mean(along, axis=0, keepdims=True)
        for k in range(classes):
            seen = seen + xp.sum((F @ along[k, :, :]) ** 2 * keep[:, None])
    return total[None], seen[None], lengths[None]


@block_function
def hessian_root(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
) -> Array:
    r"""Compute rows whose products are the Hessian of one group: (n, K * D), K rows for each row.

    A softmax row's curvature is :math:`\sum_k p_k (e_k - p)(e_k - p)^\top`.
    """
    xp, X = block.xp, block.X
    (_, _, P, Q, _), weights = _terms(block, theta, intercept, index, classes)
    F = _with_constant(xp, X, intercept)
    if classes == 1:
        return xp.sqrt(weights[:, None] * P * Q) * F
    parts = []
    for k in range(classes):
        to = [-P[:, j : j + 1] if j != k else Q[:, k : k + 1] for j in range(classes)]
        root = xp.sqrt(weights[:, None] * P[:, k : k + 1])
        parts += [root * part * F for part in to]
    return xp.concat(parts, axis=1)


def _with_constant(xp: Any, X: Array, intercept: Array | None) -> Array:
    return X if intercept is None else xp.concat([X, xp.ones_like(X[:, :1])], axis=1)


def _parameters(xp: Any, theta: Array, intercept: Array | None) -> Array:
    """Coefficients, and intercepts where there are any, of the only group (K, q)."""
    if intercept is None:
        return theta[0, :, :]
    return xp.concat([theta[0, :, :-1], xp.matrix_transpose(intercept)], axis=1)
