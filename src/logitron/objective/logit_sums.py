"""Row functions of logits: what one block contributes to the sums of an objective whose logits are
kept beside the rows.

The features are not read for them. `blocks`, a block function, sums second derivatives, which are
products of the features with each other.
"""

from typing import Any

from logitron.backend import linalg
from logitron.backend.types import Array
from logitron.losses import Loss, along_ray
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function, row_function
from logitron.objective.groups import GroupIndex, as_group_weights
from logitron.objective.misclassified import misclassified
from logitron.objective.second_derivatives import curvature_sums

__all__ = [
    "along",
    "blocks",
    "class_indicators",
    "curvatures",
    "evaluate",
    "intercepts",
    "pair_curvatures",
]


def _terms(block: Block, Z: Array, index: GroupIndex | None, loss: Loss) -> Any:
    """Loss terms of a block, its targets and its weights."""
    K = loss.n_outputs
    Y, weights = block.labelled(index, K)
    return loss.terms(block.xp, block.with_offset(Z, index, K), Y), Y, weights


def _first_sums(block: Block, Z: Array, index: GroupIndex | None, loss: Loss) -> Any:
    """Sum loss, residuals and curvature of a block; residuals (n, m), and what `_terms` has."""
    xp, K, n = block.xp, loss.n_outputs, Z.shape[0]
    terms, Y, weights = _terms(block, Z, index, loss)
    rows, R = formulas.weigh(xp, terms.value, terms.grad, weights, classes=K)
    P = xp.reshape(terms.curvature, (n, -1, K))
    seconds = curvature_sums(xp, None, P, weights, "intercept", False)
    return (xp.sum(rows, axis=0), xp.sum(R, axis=0), *seconds), R, terms, Y, weights


@row_function
def along(
    block: Block,
    Z: Array,
    change: Array,
    step_size: Array,
    index: GroupIndex | None,
    *,
    loss: Loss,
) -> tuple[Array, Array]:
    """Sum loss and slope (G,) at ``Z + step_size * change``."""
    xp, K = block.xp, loss.n_outputs
    Y, weights = block.labelled(index, K)
    here = block.with_offset(Z, index, K)
    parts = along_ray(loss, xp, here, change, step_size, Y)
    value, slope = (xp.sum(formulas.weighted(part, weights), axis=0) for part in parts)
    return value, slope


@row_function
def evaluate(
    block: Block,
    Z: Array,
    index: GroupIndex | None,
    *,
    loss: Loss,
    count_misclassified: bool,
) -> tuple[Array, ...]:
    """Sum loss (G,), residuals (m,) and parts of the curvature of the logits; residuals (n, m).

    ``count_misclassified`` adds the number of rows (G,) with at most half of the probability for
    their target, before the residuals.
    """
    sums, R, terms, Y, weights = _first_sums(block, Z, index, loss)
    if not count_misclassified:
        return (*sums, R)
    return (*sums, misclassified(block, loss, terms.value, Y, weights), R)


@row_function
def intercepts(
    block: Block, Z: Array, index: GroupIndex | None, *, loss: Loss
) -> tuple[Array, ...]:
    """Sum loss (G,), residuals (m,) and parts of the curvature of the logits."""
    sums: tuple[Array, ...] = _first_sums(block, Z, index, loss)[0]
    return sums


@block_function
def blocks(
    block: Block,
    Z: Array,
    index: GroupIndex | None,
    *,
    loss: Loss,
    curvature: str,
    fit_intercept: bool,
) -> tuple[Array, ...]:
    """Sum the part of the Hessian that is asked for, see `curvature_sums`."""
    xp, K, n = block.xp, loss.n_outputs, Z.shape[0]
    terms, _, weights = _terms(block, Z, index, loss)
    P = xp.reshape(terms.curvature, (n, -1, K))
    return curvature_sums(xp, block.X, P, weights, curvature, fit_intercept)


@row_function
def class_indicators(block: Block, index: GroupIndex | None, *, classes: int) -> Array:
    """Whether a row with weight is of each class of the only group, if in part: (n, max(K, 2))."""
    xp = block.xp
    Y, weights = block.labelled(index, classes)
    found = xp.concat([1.0 - Y, Y], axis=1) if classes == 1 else Y
    found = xp.astype(found > 0.0, block.dtype)
    if weights is None:
        return found
    return found * xp.astype(as_group_weights(weights) > 0.0, block.dtype)


@row_function
def curvatures(block: Block, Z: Array, index: GroupIndex | None, *, loss: Loss) -> Array:
    """Weighted second derivative of each row's loss by each of its logits (n, m)."""
    xp, K, n = block.xp, loss.n_outputs, Z.shape[0]
    terms, _, weights = _terms(block, Z, index, loss)
    P = terms.curvature
    curvature = P if K == 1 else P - P * P
    if weights is None:
        return curvature
    grouped = xp.reshape(curvature, (n, -1, K)) * as_group_weights(weights)[:, :, None]
    return xp.reshape(grouped, curvature.shape)


@row_function
def pair_curvatures(block: Block, Z: Array, index: GroupIndex | None, *, loss: Loss) -> Array:
    """Weighted curvature between the two likeliest classes of each row, and these (n, 3).

    Of a single group. With probabilities ``a`` and ``b``, it is ``a b / (a + b)``.
    """
    xp, K = block.xp, loss.n_outputs
    terms, _, weights = _terms(block, Z, index, loss)
    P = terms.curvature
    first = xp.argmax(P, axis=1)
    classes = xp.astype(linalg.range_like(P, K), first.dtype)
    rest = xp.where(classes == first[:, None], -1.0 + 0.0 * P, P)
    a, b, second = xp.max(P, axis=1), xp.max(rest, axis=1), xp.argmax(rest, axis=1)
    curvature = a * b / (a + b)
    if weights is not None:
        curvature = curvature * as_group_weights(weights)[:, 0]
    return xp.stack([curvature, *(xp.astype(k, P.dtype) for k in (first, second))], axis=1)
