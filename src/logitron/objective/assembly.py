"""From sums over the rows to value, derivative and curvature, in centred features."""

from typing import Any, NamedTuple

from logitron.backend import linalg, namespace_of

__all__ = ["Evaluation", "eigenbasis", "finish", "is_far"]

Array = Any

#: what may be lost of the products' precision by centring them after they were summed; and of
#: those of rough passes, which serve as models
SPARED, ROUGHLY_SPARED = 1e-6, 1e-4
#: how much longer, squared, is much longer
LONGER = 100.0


class Evaluation(NamedTuple):
    """What one pass over the rows tells about parameters."""

    value: Array
    """Objective (G,)."""
    by_theta: Array
    """Its derivative (G, K, q)."""
    curvature: Array
    """Hessian of the intercepts, the summed curvature of the logits (G, K, K)."""
    errors: Array
    """Rows (G,) whose target has at most half of the probability; zeros if they matter not."""
    second: Array | None
    """Second derivatives (G, D, D), or (G, K, q, q) of "blocks", where they were asked for."""
    mixing: Array | None
    """Mixtures of logits that they were taken along, if it was along those."""


def finish(
    sums: tuple[Array, ...],
    theta: Array,
    penalty: Array,
    penalised: Array,
    centre: Array | None,
    mixing: Array | None,
    *,
    second: str,
    weight: float,
    recentre: bool,
) -> Evaluation:
    """Centre the sums over the rows, add the penalty, and name them."""
    xp = namespace_of(theta)
    value, by_theta, seconds, *rest = sums
    blocks: Any = rest.pop(0) if second == "blocks" else None
    if centre is not None:
        by_theta = by_theta - by_theta[:, :, -1:] * centre
        if recentre and blocks is None:
            seconds = _recentred(xp, seconds, centre)
        elif recentre:
            flat = xp.reshape(blocks, (-1, *blocks.shape[2:]))
            blocks = xp.reshape(_recentred(xp, flat, centre), blocks.shape)
    if weight != 1.0:
        value, by_theta, seconds = weight * value, weight * by_theta, weight * seconds
        blocks = None if blocks is None else weight * blocks
    G, K, _ = theta.shape
    W = theta * penalised
    squares = xp.reshape(W, (G, 1, -1)) @ xp.reshape(W, (G, -1, 1))
    value = value + 0.5 * penalty * squares[:, 0, 0]
    by_theta = by_theta + penalty[:, None, None] * W
    # with a penalty there is an optimum, whether or not the classes can be separated
    errors = xp.where(penalty > 0.0, 1.0, rest[0]) if rest else xp.zeros_like(value)
    if second in ("scale", "blocks"):
        return Evaluation(value, by_theta, seconds, errors, blocks, None)
    f = seconds.shape[1] // K
    curvature = xp.reshape(seconds, (G, K, f, K, f))[:, :, -1, :, -1]
    return Evaluation(value, by_theta, curvature, errors, seconds, mixing)


def _recentred(xp: Any, products: Array, centre: Array) -> Array:
    """Turn products (G, D, D) of features and a 1 into those of centred features and a 1.

    ``centre (q,)`` ends with a zero, for the 1.
    """
    G, D, _ = products.shape
    q = centre.shape[0]
    blocks = xp.reshape(products, (G, D // q, q, D // q, q))
    blocks = blocks - centre[:, None, None] * blocks[:, :, -1:, :, :]
    return xp.reshape(blocks - blocks[..., -1:] * centre, (G, D, D))


def is_far(centre: Array, squares: Array, eps: float, rough_eps: float) -> Array:
    """Look how far the features' centre is from zero, by their mean squares: three answers (3,).

    Whether centring products after they were summed would cost more digits than can be spared;
    whether rows are much longer from zero than they are from the centre; and whether centring
    would cost too much in the precision of rough passes.
    """
    xp = namespace_of(centre)
    spread = squares - centre * centre
    varies = spread > 4.0 * eps * squares  # what does not loses nothing that matters
    lost, rough_lost = (
        varies & (digits * centre * centre > spared * spread)
        for digits, spared in ((eps, SPARED), (rough_eps, ROUGHLY_SPARED))
    )
    longer = xp.sum(centre * centre) > LONGER * xp.sum(xp.abs(spread))
    return xp.astype(xp.stack([xp.any(lost), longer, xp.any(rough_lost)]), centre.dtype)


def eigenbasis(
    products: Array, total: Array, *, fit_intercept: bool, features: int
) -> tuple[Array | None, Array, Array, Array]:
    """Centre summed products exactly, and decompose their mean."""
    xp = namespace_of(products)
    shift = None
    if fit_intercept:
        shift = products[features, :features] / total
        products = products[:features, :features] - total * (shift[:, None] * shift)
    spectrum, basis = linalg.eigh(products / total)
    spectrum = 0.5 * (spectrum + xp.abs(spectrum))
    return shift, basis, spectrum, total * xp.max(spectrum)
