"""From sums over the rows to value, derivative and curvature, in centred features."""

from typing import Any, NamedTuple

from logitron.backend import linalg, namespace_of

__all__ = ["Evaluation", "column_report", "eigenbasis", "finish", "weighed_eigenbasis"]

Array = Any

#: part of the digits of rough passes' products, which serve as models, that centring may cost; and
#: their precision
ROUGHLY_SPARED, ROUGH_EPS = 1e-4, 2.0**-23
#: part of a mean square, in units of its precision, that is no rounding of a constant feature's
VARIES = 256.0
#: how unequal mean squares may be, times the precision that products are summed in
UNEVEN = 2e-4
#: a ridge below which directions count as empty, in features of one size
EMPTY = 1e-10
#: summed loss, without a row misclassified, below which classes are taken for separable
SEPARATED = 1e-3
#: how much longer, squared, is much longer
LONGER = 100.0


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


def finish(
    sums: tuple[Array, ...],
    theta: Array,
    penalty: Array,
    penalised: Array,
    centre: Array | None,
    projection: Array | None,
    *,
    curvature: str,
    weight: float,
    recentre: bool,
) -> Evaluation:
    """Centre the sums over the rows, add the penalty, and name them."""
    xp = namespace_of(theta)
    value, grad, seconds, *rest = sums
    blocks: Any = rest.pop(0) if curvature == "block_diagonal" else None
    if centre is not None:
        grad = grad - grad[:, :, -1:] * centre
        if recentre and blocks is None:
            seconds = _recentred(xp, seconds, centre)
        elif recentre:
            flat = xp.reshape(blocks, (-1, *blocks.shape[2:]))
            blocks = xp.reshape(_recentred(xp, flat, centre), blocks.shape)
    if weight != 1.0:
        value, grad, seconds = weight * value, weight * grad, weight * seconds
        blocks = None if blocks is None else weight * blocks
    G, K, _ = theta.shape
    W = theta * penalised
    squares = xp.sum(xp.reshape(theta * W, (G, -1)), axis=1)
    value = value + 0.5 * penalty * squares
    grad = grad + penalty[:, None, None] * W
    unbounded = xp.zeros_like(value)
    if rest:  # with a penalty there is an optimum, whether or not the classes can be separated
        separated = (rest[0] == 0.0) & (value < SEPARATED) & (penalty <= 0.0)
        unbounded = xp.astype(separated, value.dtype)
    if curvature in ("intercept", "block_diagonal"):
        return Evaluation(value, grad, seconds, unbounded, blocks, None)
    f = seconds.shape[1] // K
    intercept_hessian = xp.reshape(seconds, (G, K, f, K, f))[:, :, -1, :, -1]
    return Evaluation(value, grad, intercept_hessian, unbounded, seconds, projection)


def _recentred(xp: Any, products: Array, centre: Array) -> Array:
    """Turn products (G, D, D) of features and a 1 into those of centred features and a 1.

    ``centre (q,)`` ends with a zero, for the 1.
    """
    G, D, _ = products.shape
    q = centre.shape[0]
    blocks = xp.reshape(products, (G, D // q, q, D // q, q))
    blocks = blocks - centre[:, None, None] * blocks[:, :, -1:, :, :]
    return xp.reshape(blocks - blocks[..., -1:] * centre, (G, D, D))


def column_report(
    centre: Array,
    squares: Array,
    *,
    eps: float,
    wide_eps: float,
    cancellation: float,
    centred: bool,
) -> Array:
    """Report what the features' means and mean squares mean for their products: four answers (4,).

    Whether the features should be standardised: centring products after they were summed would cost
    more digits than can be spared, or the features are too unequal for one matrix of products, or
    their squares are not normal numbers. Whether rows are much longer from zero than they are from
    the centre. Whether centring would cost too much in the precision of rough passes. And whether a
    feature may be constant, or vary by so little that its mean square does not show it.

    Parameters
    ----------
    centre, squares : arrays (p,)
        Means and mean squares.
    eps, wide_eps : float
        Precision of the features' products, and of their sums.
    cancellation : float
        Part of a product's digits that centring may cost.
    centred : bool
        Whether there is an intercept, and so a centre.
    """
    xp = namespace_of(centre)
    spread = squares - centre * centre if centred else squares
    varies = spread > VARIES * eps * squares  # constant features are excluded
    far = xp.any(varies & (eps * centre * centre > cancellation * spread)) & centred
    largest = xp.max(spread)
    unequal = wide_eps * largest > UNEVEN * xp.min(xp.where(varies, spread, largest))
    tiny = float(xp.finfo(squares.dtype).smallest_normal) / wide_eps**2
    normal = xp.all(squares < 1.0 / tiny) & xp.all((squares >= tiny) | (centre == 0.0))
    longer = xp.sum(centre * centre) > LONGER * xp.sum(xp.abs(spread))
    centre_first_float32 = xp.any(varies & (ROUGH_EPS * centre * centre > ROUGHLY_SPARED * spread))
    unknown = xp.any(~varies & (centre != 0.0)) & centred
    answers = [far | unequal | ~normal, longer, centre_first_float32, unknown]
    return xp.astype(xp.stack(answers), centre.dtype)


def eigenbasis(
    products: Array, total: Array, *, fit_intercept: bool, features: int
) -> tuple[Array | None, Array, Array, Array]:
    """Centre summed products exactly, and decompose their mean."""
    xp = namespace_of(products)
    shift, covariance = _mean_products(products, total, fit_intercept, features)
    spectrum, basis = linalg.eigh(covariance)
    spectrum = 0.5 * (spectrum + xp.abs(spectrum))
    return shift, basis, spectrum, total * xp.max(spectrum)


def weighed_eigenbasis(
    products: Array,
    total: Array,
    factors: Array,
    ratio: Array,
    *,
    fit_intercept: bool,
    features: int,
) -> tuple[Array | None, Array, Array, Array, Array, Array]:
    r"""Centre summed products, and diagonalise their mean together with the penalty's factors.

    Of the mean :math:`\Sigma` and factors ``f``, with a typical ratio :math:`\eta` of the penalty
    to the curvature of the logits, :math:`N = \Sigma + \eta \operatorname{diag}(f)` is well
    conditioned but for its diagonal. With :math:`N = L L^\top` and the eigenvalues :math:`\phi` and
    eigenvectors ``U`` of :math:`L^{-1} \operatorname{diag}(f) L^{-\top}`, the basis
    :math:`V = L^{-\top} U` has

    .. math:: V^\top \Sigma V = 1 - \eta \phi, \qquad V^\top \operatorname{diag}(f) V = \phi .

    Both are known to the digits that matter for any penalty near the typical one, however unequal
    the factors are: the eigenvectors of the features' own products are not.

    Returns
    -------
    shift : array (p,) or None
    basis, dual : arrays (p, p)
        ``V`` and the transpose of its inverse.
    spectrum, ridges : arrays (p,)
        The two diagonals.
    largest : array ()
        Sum of the features' summed squares, each over its factor.
    """
    xp = namespace_of(products)
    T = xp.matrix_transpose
    shift, covariance = _mean_products(products, total, fit_intercept, features)
    squares = xp.linalg.diagonal(covariance)
    eye = linalg.eye_like(covariance, features)
    sizes = squares + ratio * factors
    root = xp.sqrt(xp.where(sizes > 0.0, sizes, 1.0))
    both = covariance + ratio * factors * eye
    L = xp.linalg.cholesky(both / (root[:, None] * root) + EMPTY * eye)
    inverse = linalg.inv(L)
    ridges, U = linalg.eigh((inverse * (factors / root**2)) @ T(inverse))
    ridges = 0.5 * (ridges + xp.abs(ridges))
    left = 1.0 - ratio * ridges
    spectrum = 0.5 * (left + xp.abs(left))
    basis, dual = (T(inverse) @ U) / root[:, None], root[:, None] * (L @ U)
    return shift, basis, dual, spectrum, ridges, total * xp.sum(squares / factors)


def _mean_products(
    products: Array, total: Array, fit_intercept: bool, features: int
) -> tuple[Array | None, Array]:
    """Compute the features' mean (p,), None without an intercept, and mean products around it."""
    if not fit_intercept:
        return None, products / total
    shift = products[features, :features] / total
    products = products[:features, :features] - total * (shift[:, None] * shift)
    return shift, products / total
