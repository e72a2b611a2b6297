r"""Models of the Hessian, and solving with them: what makes a quasi-Newton step a good one.

*Shared.* One Gram matrix serves every column. Near any point, the Hessian of a group is close to
:math:`A \otimes \Sigma + \lambda I`: the mean curvature ``A (K, K)`` of its logits times the mean
product :math:`\Sigma` of the features, as in Kronecker-factored curvature [1]_. At coefficients of
zero it *is* that. With one eigendecomposition of :math:`\Sigma` for all groups and a small one of
``A`` for each, solving takes two products.

*Coarse correction.* Away from zero, the curvature of a row depends on the row through its logits
alone. For features that are normally distributed, Stein's lemma [2]_ says what that does to the
Hessian: it changes along the features that the logits look at, :math:`\Sigma W`, and nowhere else.
So the Hessian is summed exactly on the few directions ``W`` (features for that are the logits
themselves, which are there already), and replaces the model on that subspace:

.. math:: M^{-1} = M_0^{-1} + B \left[ (B^\top H B)^{-1} - (B^\top M_0 B)^{-1} \right] B^\top .

*Blocks.* The Hessian of each class with itself: for softmax groups that the shared model does not
fit, at a part ``K ** -2`` of what the whole Hessian costs to invert.

*Full.* The whole Hessian of each group, for Newton's method and for columns that the shared model
does not fit.

Softmax groups have a direction without curvature: the same vector added to all classes. Matrices
are given some there, the same one on both sides of a difference; gradients have no part in it.

References
----------
.. [1] J. Martens, R. Grosse, "Optimizing neural networks with Kronecker-factored approximate
   curvature", ICML 2015.
.. [2] C. Stein, "Estimation of the mean of a multivariate normal distribution", Annals of
   Statistics 9(6), 1981; M. A. Erdogdu, L. H. Dicker, M. Bayati, "Scaled least squares estimator
   for GLMs in large-scale problems", NeurIPS 2016, use it for generalised linear models.
"""

from typing import Any, NamedTuple

from logitron.backend import linalg, namespace_of

__all__ = [
    "BlockDiagonal",
    "DenseHessian",
    "DenseInverse",
    "Kronecker",
    "blocks",
    "coarse",
    "full",
    "inverse",
    "merge",
    "mixing",
    "shared",
    "solve",
    "take",
]

Array = Any

#: parts of a preconditioner that all groups have in common
SHARED_BY_ALL = ("basis", "spectrum", "dual", "ridges", "factors")
#: a ridge below which directions count as empty, relative to the curvature around them
EMPTY = 1e-10


class Kronecker(NamedTuple):
    """``A (x) Sigma + penalty``, in the eigenbases of both; and its coarse correction.

    Where features have factors of their own in the penalty, the basis diagonalises Sigma and the
    factors together, and is not orthogonal.
    """

    basis: Array | None
    """Eigenvectors of Sigma (p, p); None where Sigma is diagonal."""
    spectrum: Array
    """Its eigenvalues (p,)."""
    mixes: Array
    """Eigenvectors of each group's A (G, K, K)."""
    scales: Array
    """Their eigenvalues (G, K)."""
    penalty: Array
    """1 / C of each group (G,)."""
    inverse: Array
    """One over the curvature of each direction and of the intercept, or zero (G, K, p + 1)."""
    directions: Array | None = None
    """Basis B of the coarse space (G, r + 1, q)."""
    correction: Array | None = None
    """(G, D, D) with D = K (r + 1)."""
    dual: Array | None = None
    """Transposed inverse of the basis (p, p); None where the basis is orthogonal."""
    ridges: Array | None = None
    """The penalty's factors in the basis (p,); None is 1."""
    factors: Array | None = None
    """The penalty's factor of each feature (p,); None is 1."""


class DenseHessian(NamedTuple):
    """Each group's whole Hessian, scaled to a diagonal of one."""

    matrix: Array
    """(G, D, D) with D = K q."""
    scale: Array
    """(G, D)."""


class DenseInverse(NamedTuple):
    """Each group's whole Hessian, inverted: dearer to make, cheaper to use again."""

    matrix: Array
    """(G, D, D) with D = K q."""


class BlockDiagonal(NamedTuple):
    """The blocks of each class with itself, inverted."""

    matrix: Array
    """(G, K, q, q)"""


Preconditioner = Kronecker | DenseHessian | DenseInverse | BlockDiagonal


def solve(preconditioner: Preconditioner, grad: Array) -> Array:
    """Multiply derivatives (G, K, q) by the inverse of the preconditioner."""
    xp = namespace_of(grad)
    if isinstance(preconditioner, Kronecker):
        return _solve_shared(xp, preconditioner, grad)
    if isinstance(preconditioner, BlockDiagonal):
        step = (preconditioner.matrix @ grad[..., None])[..., 0]
        return step - xp.mean(step, axis=1, keepdims=True)
    G, K, q = grad.shape
    flat = xp.reshape(grad, (G, K * q, 1))
    if isinstance(preconditioner, DenseHessian):
        scale = preconditioner.scale[:, :, None]
        return xp.reshape(scale * linalg.solve(preconditioner.matrix, scale * flat), (G, K, q))
    return xp.reshape(preconditioner.matrix @ flat, (G, K, q))


# --- making them --------------------------------------------------------------------------------
#
# Identities are handed in by their owner, who makes them once, where the arrays live.


def shared(
    basis: Array | None,
    spectrum: Array,
    curvature: Array,
    penalty: Array,
    dual: Array | None = None,
    ridges: Array | None = None,
    factors: Array | None = None,
) -> Kronecker:
    """Model the Hessian by the eigenbasis of Sigma and the mean curvature (G, K, K)."""
    xp = namespace_of(spectrum)
    if curvature.shape[-1] == 1:
        mixes, scales = xp.ones_like(curvature), curvature[:, :, 0]
    else:
        scales, mixes = linalg.eigh(curvature)
        scales = 0.5 * (scales + xp.abs(scales))
    ridge = penalty[:, None, None] if ridges is None else penalty[:, None, None] * ridges
    steepness = scales[:, :, None] * spectrum + ridge
    inverses = [_inverse_or_zero(xp, steepness), _inverse_or_zero(xp, scales[:, :, None])]
    inverse = xp.concat(inverses, axis=2)
    return Kronecker(
        basis, spectrum, mixes, scales, penalty, inverse, dual=dual, ridges=ridges, factors=factors
    )


def mixing(preconditioner: Kronecker, theta: Array, *, rank: int) -> Array:
    """Choose mixtures (G, rank, K) of the group's columns that look in unrelated directions.

    Their logits have unit variance and no covariance under Sigma; those that vary most are taken.
    A direction that is empty gets a mixture of zeros.
    """
    xp = namespace_of(theta)
    products = _products(xp, preconditioner, theta[:, :, : preconditioner.spectrum.shape[0]])
    if products.shape[-1] == 1:
        variances, vectors = products[:, :, 0], xp.ones_like(products)
    else:
        variances, vectors = linalg.eigh(products)
    variances, vectors = variances[:, -rank:], vectors[:, :, -rank:]
    there = variances > EMPTY * xp.max(variances, axis=1, keepdims=True)
    safe = xp.where(there, variances, xp.ones_like(variances))
    scale = xp.where(there, 1.0 / xp.sqrt(safe), xp.zeros_like(safe))
    return xp.matrix_transpose(vectors) * scale[:, :, None]


def coarse(
    preconditioner: Kronecker,
    theta: Array,
    mixing: Array,
    curvature: Array,
    classes_eye: Array,
    features_eye: Array,
    unpenalised: Array,
) -> Kronecker:
    """Correct the model where the neurons look.

    Parameters
    ----------
    preconditioner : Kronecker
    theta : array (G, K, q)
    mixing : array (G, r, K)
    second : array (G, D, D)
        The second derivatives summed over the logits' mixtures and a 1, ``D = K (r + 1)``.
    classes_eye, features_eye : arrays (K, K), (r + 1, r + 1)
        Identities.
    unpenalised : array (q,)
        1 for the intercept, 0 for coefficients.
    """
    xp = namespace_of(theta)
    G, K, q = theta.shape
    p = preconditioner.spectrum.shape[0]
    r = mixing.shape[1]
    B = mixing @ theta[:, :, :p]
    weighed = B if preconditioner.factors is None else B * preconditioner.factors
    products, lengths = _products(xp, preconditioner, B), weighed @ xp.matrix_transpose(B)
    f = r
    if q > p:  # the intercept is a direction of its own, across which there is no covariance
        f = r + 1
        B = xp.concat([B, xp.zeros_like(B[:, :, :1])], axis=2)
        B = xp.concat([B, xp.zeros_like(B[:, :1, :]) + unpenalised], axis=1)
        products = _bordered(xp, products) + features_eye[-1, :] * features_eye[:, -1:]
        lengths = _bordered(xp, lengths)
    else:
        features_eye = features_eye[:r, :r]
        curvature = xp.reshape(curvature, (G, K, r + 1, K, r + 1))[:, :, :r, :, :r]

    # five axes: groups, classes and features, classes and features
    A = _curvature(xp, preconditioner)[:, :, None, :, None]
    eye = classes_eye[None, :, None, :, None]
    Sigma, BB = products[:, None, :, None, :], lengths[:, None, :, None, :]
    level = xp.sum(preconditioner.scales, axis=1)[:, None, None, None, None]
    both = preconditioner.penalty[:, None, None, None, None] * BB * eye
    # without any curvature at all, whatever stands on both sides will do
    around = level + preconditioner.penalty[:, None, None, None, None]
    around = xp.where(around > float(xp.finfo(around.dtype).eps) ** 4, around, 1.0)
    both = both + EMPTY * around * eye * features_eye[None, None, :, None, :]
    if K > 1:
        both = both + (level / K**2) * Sigma
    exact = xp.reshape(xp.reshape(curvature, (G, K, f, K, f)) + both, (G, K * f, K * f))
    model = xp.reshape(A * Sigma + both, exact.shape)
    correction = linalg.inv(exact) - linalg.inv(model)
    return preconditioner._replace(directions=B, correction=correction)


def full(
    hessian: Array, penalty: Array, penalised: Array, eye: Array, *, classes: int
) -> DenseHessian:
    """Take summed second derivatives and the penalty for the Hessian, scaled.

    Parameters
    ----------
    hessian : array (G, D, D)
        ``D = K q``.
    penalty : array (G,)
    penalised : array (q,)
        1 for coefficients, 0 for the intercept.
    eye : array (q, q)
    classes : int
    """
    xp = namespace_of(hessian)
    G, D, _ = hessian.shape
    q = D // classes
    ridge = penalty[:, None, None] * penalised  # (G, 1, q)
    diagonal = xp.reshape(xp.linalg.diagonal(hessian), (G, classes, q)) + ridge
    if classes > 1:
        # the same vector added to all classes has no curvature; it gets the classes' mean
        mean = xp.mean(diagonal, axis=1) / classes
        blocks = xp.reshape(hessian, (G, classes, q, classes, q))
        blocks = blocks + (mean[:, :, None] * eye)[:, None, :, None, :]
        hessian = xp.reshape(blocks, (G, D, D))
        diagonal = diagonal + mean[:, None, :]
    # features of zero have no curvature at all, and no derivative either
    alive = xp.where(diagonal > 0.0, diagonal, 1.0)
    scale = 1.0 / xp.sqrt(alive)
    tiny = 8.0 * D * float(xp.finfo(hessian.dtype).eps)
    on_diagonal = xp.reshape(ridge * (scale * scale) + tiny, (G, D))
    scale = xp.reshape(scale, (G, D))
    matrix = hessian * (scale[:, :, None] * scale[:, None, :])
    return DenseHessian(matrix + _diagonals(on_diagonal, eye, classes), scale)


def blocks(curvature: Array, penalty: Array, penalised: Array, eye: Array) -> BlockDiagonal:
    """Take the blocks (G, K, q, q) of each class with itself for a model, and invert them.

    The whole Hessian is the Laplacian of a graph of the classes, each edge a matrix: with the
    blocks on its diagonal for a measure, and on vectors that add up to zero over the classes, its
    eigenvalues are at most two.
    """
    xp = namespace_of(curvature)
    ridge = penalty[:, None, None] * penalised
    diagonal = xp.linalg.diagonal(curvature) + ridge
    alive = xp.where(diagonal > 0.0, diagonal, 1.0)
    scale = 1.0 / xp.sqrt(alive)
    tiny = 8.0 * curvature.shape[-1] * float(xp.finfo(curvature.dtype).eps)
    both = scale[..., :, None] * scale[..., None, :]
    matrix = curvature * both + (ridge * scale * scale + tiny)[..., None] * eye
    return BlockDiagonal(linalg.inv(matrix) * both)


def inverse(preconditioner: DenseHessian) -> DenseInverse:
    """Invert a Hessian that is going to be used many times."""
    inverted = linalg.inv(preconditioner.matrix)
    return DenseInverse(
        inverted * preconditioner.scale[:, :, None] * preconditioner.scale[:, None, :]
    )


def merge(new: Preconditioner, old: Preconditioner, chosen: Array) -> Preconditioner:
    """Take the new preconditioner for the chosen groups (G,), the old one for the others."""
    xp = namespace_of(chosen)

    def choose(name: str) -> Array | None:
        fresh, stale = getattr(new, name), getattr(old, name)
        if fresh is None or name in SHARED_BY_ALL:
            return fresh
        if stale is None:
            stale = xp.zeros_like(fresh)
        shape = (-1, *(1,) * (fresh.ndim - 1))
        return xp.where(xp.reshape(chosen, shape), fresh, stale)

    return type(new)(*map(choose, new._fields))


def take(preconditioner: Preconditioner, groups: Array) -> Preconditioner:
    """Return the preconditioner of some of the groups only."""
    xp = namespace_of(groups)
    parts = {
        name: value if value is None or name in SHARED_BY_ALL else xp.take(value, groups, axis=0)
        for name, value in preconditioner._asdict().items()
    }
    return type(preconditioner)(**parts)


# --- pieces -------------------------------------------------------------------------------------


def _solve_shared(xp: Any, preconditioner: Kronecker, grad: Array) -> Array:
    _, K, q = grad.shape
    p = preconditioner.spectrum.shape[0]
    T = xp.matrix_transpose
    mixed = grad if K == 1 else T(preconditioner.mixes) @ grad
    if preconditioner.basis is None:
        step = mixed * preconditioner.inverse[:, :, :q]
    else:
        rotated = (
            _times(xp, mixed[:, :, :p], preconditioner.basis) * preconditioner.inverse[:, :, :p]
        )
        step = _times(xp, rotated, T(preconditioner.basis))
        if q > p:
            step = xp.concat([step, mixed[:, :, p:] * preconditioner.inverse[:, :, p:]], axis=2)
    if K > 1:
        step = preconditioner.mixes @ step
    if preconditioner.directions is None:
        return step
    B = preconditioner.directions
    along = xp.reshape(grad @ T(B), (B.shape[0], -1, 1))
    return step + xp.reshape(preconditioner.correction @ along, (B.shape[0], K, B.shape[1])) @ B


def _inverse_or_zero(xp: Any, curvature: Array) -> Array:
    """Inverse of the curvature of each direction; zero where there is none to speak of."""
    largest = xp.max(xp.max(curvature, axis=2, keepdims=True), axis=1, keepdims=True)
    eps = float(xp.finfo(curvature.dtype).eps)
    there = curvature > 4.0 * eps * largest
    safe = xp.where(there, curvature, xp.ones_like(curvature))
    return xp.where(there, 1.0 / safe, xp.zeros_like(safe))


def _products(xp: Any, preconditioner: Kronecker, B: Array) -> Array:
    """Covariances (G, r, r) of the logits of directions B (G, r, p)."""
    dual = preconditioner.basis if preconditioner.dual is None else preconditioner.dual
    rotated = B if dual is None else _times(xp, B, dual)
    return (rotated * preconditioner.spectrum) @ xp.matrix_transpose(rotated)


def _times(xp: Any, stacked: Array, matrix: Array) -> Array:
    """Multiply (G, K, p) by a matrix that all share, as one product, not as G small ones."""
    G, K, p = stacked.shape
    return xp.reshape(xp.reshape(stacked, (G * K, p)) @ matrix, (G, K, matrix.shape[1]))


def _curvature(xp: Any, preconditioner: Kronecker) -> Array:
    """Put A (G, K, K) together again."""
    return (preconditioner.mixes * preconditioner.scales[:, None, :]) @ xp.matrix_transpose(
        preconditioner.mixes
    )


def _bordered(xp: Any, matrices: Array) -> Array:
    """Add a last row and column of zeros."""
    wider = xp.concat([matrices, xp.zeros_like(matrices[:, :, :1])], axis=2)
    return xp.concat([wider, xp.zeros_like(wider[:, :1, :])], axis=1)


def _diagonals(entries: Array, eye: Array, classes: int) -> Array:
    """Diagonal matrices (G, D, D) of entries (G, D), out of an identity (q, q)."""
    if classes == 1:
        return entries[:, :, None] * eye
    return entries[:, :, None] * linalg.eye_like(entries, entries.shape[1])
