r"""Block functions of scores: what one block of rows contributes to robust covariances and effects.

The *score* of a row is the derivative of its log-likelihood by the parameters,
:math:`-r_i \otimes x_i` for the residual :math:`r_i` of its logits. A row of weight ``s`` stands
for ``s`` rows with the same score.
"""

from typing import Any

from logitron.backend import linalg
from logitron.backend.types import Array
from logitron.losses import Loss
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function
from logitron.objective.groups import GroupIndex, as_group_weights
from logitron.objective.second_derivatives import augmented, bordered, class_blocks

__all__ = ["cluster_scores", "outer_products", "third_derivatives"]


@block_function
def outer_products(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    *,
    loss: Loss,
) -> tuple[Array]:
    """Sum the outer products of the rows' scores with themselves (G, D, D)."""
    xp, K = block.xp, loss.n_outputs
    R, _, _, weights = _terms(block, theta, intercept, index, loss)
    n, G, _ = R.shape
    if K == 1:
        parts = class_blocks(xp, block.X, R * R, weights, intercept is not None)
        return (bordered(*parts)[:, 0, ...],)
    features = augmented(xp, block.X, None, intercept is not None)
    scores = R[:, :, :, None] * features[:, None, None, :]  # (n, G, K, q)
    if weights is not None:
        scores = scores * xp.sqrt(as_group_weights(weights))[:, :, None, None]
    scores = xp.permute_dims(xp.reshape(scores, (n, G, -1)), (1, 0, 2))
    return (xp.matrix_transpose(scores) @ scores,)


@block_function
def cluster_scores(
    block: Block,
    codes: Array,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    *,
    loss: Loss,
    clusters: int,
) -> tuple[Array, Array]:
    """Sum the scores (clusters, G K q) and the weights (clusters, 1 or G) of each cluster."""
    xp = block.xp
    R, _, _, weights = _terms(block, theta, intercept, index, loss)
    n = R.shape[0]
    W = as_group_weights(block.ones() if weights is None else weights)
    features = augmented(xp, block.X, None, intercept is not None)
    codes = xp.astype(codes, xp.int64, copy=False)  # (row arrays of Dask become real)
    scores = xp.reshape(R * W[:, :, None], (n, -1, 1)) * features[:, None, :]
    sums = linalg.sum_by_code(xp.reshape(scores, (n, -1)), codes, clusters)
    return sums, linalg.sum_by_code(W, codes, clusters)


@block_function
def third_derivatives(
    block: Block,
    theta: Array,
    intercept: Array | None,
    index: GroupIndex | None,
    *,
    loss: Loss,
) -> tuple[Array, Array]:
    r"""Sum the curvature :math:`A_i` of the logits, and its derivatives by the parameters.

    Returns
    -------
    curvature : array (G, K, K)
        Sum of ``s A``.
    slopes : array (G, K, K, K, q)
        Sum of ``s dA[k, l] / dz[c] x``, with ``c`` on the fourth axis.
    """
    xp, K = block.xp, loss.n_outputs
    R, P, Y, weights = _terms(block, theta, intercept, index, loss)
    n, G, _ = R.shape
    features = augmented(xp, block.X, None, intercept is not None)
    W = as_group_weights(block.ones() if weights is None else weights)[:, :, None, None]
    if K == 1:
        d = W[:, :, :, 0] * P
        slope = d * (1.0 - 2.0 * (R + Y))  # the residual is p - y
        slopes = xp.matrix_transpose(slope[:, :, 0]) @ features
        return xp.sum(d, axis=0)[:, :, None], slopes[:, None, None, None, :]
    same = linalg.eye_like(P, K)
    A = P[:, :, :, None] * same - P[:, :, :, None] * P[:, :, None, :]
    parts = []
    for c in range(K):  # dp/dz[c] = p[c] (e[c] - p)
        V = P[:, :, c, None] * (same[c, :] - P)
        outer = V[:, :, :, None] * P[:, :, None, :]
        change = V[:, :, :, None] * same - outer - xp.matrix_transpose(outer)
        flat = xp.reshape(W * change, (n, -1))
        parts.append(xp.reshape(xp.matrix_transpose(flat) @ features, (G, K, K, -1)))
    return xp.sum(W * A, axis=0), xp.stack(parts, axis=3)


def _terms(
    block: Block, theta: Array, intercept: Array | None, index: GroupIndex | None, loss: Loss
) -> Any:
    """Residuals, curvature terms (n, G, K), targets and weights of a block."""
    xp, X = block.xp, block.X
    G, K, q = theta.shape
    n, p = X.shape
    W = xp.reshape(theta, (G * K, q))[:, :p]
    b = None if intercept is None else xp.reshape(intercept, (G * K,))
    Z = formulas.logits(xp, X, xp.matrix_transpose(W), b)
    Y, weights = block.labelled(index, K)
    terms = loss.terms(xp, block.with_offset(Z, index, K), Y)
    shape = (n, G, K)
    return (
        xp.reshape(terms.grad, shape),
        xp.reshape(terms.curvature, shape),
        xp.reshape(Y, (n, -1, K)),
        weights,
    )
