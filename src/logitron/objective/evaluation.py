"""What one pass over the rows gives: value, gradient and a part of the Hessian."""

from functools import partial
from typing import Any, NamedTuple

from logitron.backend import namespace_of
from logitron.backend.types import Array
from logitron.objective.second_derivatives import between_classes, bordered
from logitron.penalties import L2

__all__ = ["Evaluation", "assemble", "assemble_products", "recentred"]

#: summed loss, without a row misclassified, below which classes are taken for separable
SEPARATED = 1e-3


class Evaluation(NamedTuple):
    """What one pass over the rows tells about parameters."""

    value: Array
    """Objective (G,)."""
    grad: Array
    """Its derivative (G, K, q)."""
    intercept_hessian: Array
    """Hessian of the intercepts, the summed curvature of the logits (G, K, K)."""
    unbounded: Array
    """1 where no minimum exists: no penalty, and no row misclassified; else 0 (G,)."""
    hessian: Array | None
    """The Hessian that was requested (G, D, D); (G, K, q, q) for "block_diagonal"; else None."""
    projection: Array | None
    """Combinations of logits (G, r, K) that a "subspace" Hessian was summed along."""


def assemble(
    sums: tuple[Array, ...],
    theta: Array,
    penalty: L2,
    centre: Array | None,
    projection: Array | None,
    *,
    fit_intercept: bool,
    curvature: str,
    scale: float,
) -> Evaluation:
    """Shift sums over the rows to centred features, scale them, add the penalty, and name them.

    ``centre (q,)`` ends with a zero, for the intercept.
    """
    xp = namespace_of(theta)
    value, grad, *rest = sums
    if fit_intercept:
        grad = xp.concat([grad, rest.pop(0)[:, None]], axis=1)
    grad = xp.reshape(grad, theta.shape)
    whole, blocks, *rest = _put_together(rest, theta.shape[1], curvature, fit_intercept)
    seconds: Any = whole
    if centre is not None:
        grad = grad - grad[:, :, -1:] * centre
        if curvature == "full":
            seconds = _recentred(xp, seconds, centre)
        elif blocks is not None:
            flat = xp.reshape(blocks, (-1, *blocks.shape[2:]))
            blocks = xp.reshape(_recentred(xp, flat, centre), blocks.shape)
    if scale != 1.0:
        value, grad, seconds = scale * value, scale * grad, scale * seconds
        blocks = None if blocks is None else scale * blocks
    G, K, _ = theta.shape
    penalty_value, penalty_grad = penalty.value_and_grad(theta)
    value, grad = value + penalty_value, grad + penalty_grad
    unbounded = xp.zeros_like(value)
    if rest:  # with a penalty there is an optimum, whether or not the classes can be separated
        separated = (rest[0] == 0.0) & (value < SEPARATED) & (penalty.strength <= 0.0)
        unbounded = xp.astype(separated, value.dtype)
    if curvature in ("intercept", "block_diagonal"):
        return Evaluation(value, grad, seconds, unbounded, blocks, None)
    f = seconds.shape[1] // K
    intercept_hessian = xp.reshape(seconds, (G, K, f, K, f))[:, :, -1, :, -1]
    return Evaluation(value, grad, intercept_hessian, unbounded, seconds, projection)


def _put_together(
    sums: list[Array], classes: int, curvature: str, fit_intercept: bool
) -> tuple[Any, ...]:
    """Join the parts of second derivatives: of logits or of all, of blocks; and other sums."""
    parts = 3 if fit_intercept else 1
    if curvature == "full" and classes == 1:
        return bordered(*sums[:parts]), None, *sums[parts:]
    seconds = sums[0] if classes == 1 else between_classes(sums[0], classes)
    if curvature != "block_diagonal":
        return seconds, None, *sums[1:]
    return seconds, bordered(*sums[1 : 1 + parts]), *sums[1 + parts :]


def assemble_products(
    sums: tuple[Array, ...],
    theta: Array,
    penalty: L2,
    centre: Array | None,
    *,
    fit_intercept: bool,
    curvature: str,
    scale: float,
) -> Evaluation:
    """Assemble sums of `logit_sums.evaluate` and products of its residuals with the features."""
    xp = namespace_of(theta)
    value, residuals, *rest, products = sums
    grad = xp.matrix_transpose(products)
    found = (value, grad, *((residuals,) if fit_intercept else ()), *rest)
    run = partial(assemble, fit_intercept=fit_intercept, curvature=curvature, scale=scale)
    return run(found, theta, penalty, centre, None)


def recentred(products: Array, centre: Array) -> Array:
    """Turn products (q, q) of features and a 1 into those of centred features and a 1."""
    found: Array = _recentred(namespace_of(products), products[None, :, :], centre)[0, ...]
    return found


def _recentred(xp: Any, products: Array, centre: Array) -> Array:
    """Turn products (G, D, D) of features and a 1 into those of centred features and a 1.

    ``centre (q,)`` ends with a zero, for the 1.
    """
    G, D, _ = products.shape
    q = centre.shape[0]
    blocks = xp.reshape(products, (G, D // q, q, D // q, q))
    blocks = blocks - centre[:, None, None] * blocks[:, :, -1:, :, :]
    return xp.reshape(blocks - blocks[..., -1:] * centre, (G, D, D))
