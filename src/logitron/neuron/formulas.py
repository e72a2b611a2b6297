"""The formulas of the neuron, each once: what loops call that have checked their arguments.

The first argument is the array API namespace ``xp``. For a thousand rows, finding it and checking
the arguments would take a tenth of the time of a pass.
"""

from typing import Any

__all__ = [
    "backward",
    "both_sigmoids",
    "curvature",
    "groups",
    "log_probability",
    "logits",
    "loss_and_gradient",
    "loss_terms",
    "sigmoid",
    "softmax",
    "weigh",
    "weighted",
]

Array = Any  # the standard has no common base class for arrays


def logits(xp: Any, X: Array, W: Array, b: Array | None, *, by_row: bool = False) -> Array:
    """Compute ``X @ W + b``, each column's side by side in memory, or each row's.

    For many columns, ``by_row`` is faster: their targets are stored by row too, and element-wise
    work on arrays of two layouts costs several times as much.
    """
    T = xp.matrix_transpose
    if by_row:
        Z = X @ W
        return Z if b is None else Z + b
    Z = T(W) @ T(X)  # (the sum before the transposition: not all libraries keep the layout)
    return T(Z if b is None else Z + b[:, None])


def sigmoid(xp: Any, Z: Array) -> Array:
    """Squash logits of any shape: ``exp(min(z, 0)) / (1 + exp(-abs(z)))``."""
    below, e = _min_zero_and_exp(xp, Z)
    return _sigmoid(xp, below, e)


def both_sigmoids(xp: Any, Z: Array) -> Array:
    """Probabilities (n, 2) of 0 and 1 for the logits (n, 1) of 1, by one exponential a row.

    Column by column in memory: ``1 - sigmoid(z)`` is ``sigmoid(-z)``, which cancels no digits.
    """
    row = xp.matrix_transpose(Z)
    e, is_above = xp.exp(-xp.abs(row)), row >= 0.0
    whole = 1.0 + e
    large, small = 1.0 / whole, e / whole
    rows = [xp.where(is_above, small, large), xp.where(is_above, large, small)]
    return xp.matrix_transpose(xp.concat(rows, axis=0))


def softmax(xp: Any, Z: Array, *, classes: int) -> Array:
    """Share one unit of probability among the columns of each group (n, G * K)."""
    e = xp.exp(_below_the_top(xp, groups(xp, Z, classes)))
    return xp.reshape(_softmax(xp, e), (-1, Z.shape[1]))


def log_probability(xp: Any, Z: Array, *, classes: int) -> Array:
    """Logarithms of the probabilities of logits (n, G * K)."""
    if classes == 1:
        below, e = _min_zero_and_exp(xp, Z)
        return below - xp.log1p(e)
    below = _below_the_top(xp, groups(xp, Z, classes))
    return xp.reshape(below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True)), Z.shape)


def loss_terms(
    xp: Any, Z: Array, Y: Array, *, classes: int, min_exponent: float | None = None
) -> tuple[Array, Array, Array]:
    """Compute loss (n, G), residual and probability (n, m) of logits, sharing the exponentials.

    Exponents are raised to ``min_exponent``, where that is given: numbers too small to be normal
    ones of their dtype make processors several times slower, and training does not need them.
    """
    if classes == 1:
        below, e = _min_zero_and_exp(xp, Z, min_exponent)
        P = _sigmoid(xp, _raised(xp, below, min_exponent), e)
        return ((Z - below) - Y * Z) + xp.log1p(e), P - Y, P
    below, targets = _below_the_top(xp, groups(xp, Z, classes)), groups(xp, Y, classes)
    e = xp.exp(_raised(xp, below, min_exponent))
    hit = targets * e
    rest = xp.sum(e - hit, axis=-1) + (xp.sum(hit, axis=-1) - 1.0)
    loss = xp.log1p(rest) - xp.sum(targets * below, axis=-1)
    P = _softmax(xp, e)
    return loss, xp.reshape(P - targets, Z.shape), xp.reshape(P, Z.shape)


def curvature(xp: Any, Z: Array, *, classes: int) -> Array:
    """Second derivative of a row's loss by each of its logits (n, m)."""
    if classes == 1:
        e = xp.exp(-xp.abs(Z))
        return e / ((1.0 + e) * (1.0 + e))
    P = softmax(xp, Z, classes=classes)
    return P * (1.0 - P)


def backward(xp: Any, X: Array, R: Array) -> Array:
    """Carry residuals (n, m) back to the coefficients by the chain rule: ``X.T @ R`` (p, m)."""
    T = xp.matrix_transpose
    return T(T(R) @ X)


def loss_and_gradient(
    xp: Any,
    X: Array,
    Y: Array,
    W: Array,
    b: Array | None,
    *,
    sample_weight: Array | None,
    classes: int,
) -> tuple[Array, Array, Array]:
    """Sum loss (G,), and its derivatives by the coefficients (p, m) and the intercepts (m,)."""
    rows, R, _ = loss_terms(xp, logits(xp, X, W, b), Y, classes=classes)
    rows, R = weigh(xp, rows, R, sample_weight, classes=classes)
    return xp.sum(rows, axis=0), backward(xp, X, R), xp.sum(R, axis=0)


def weigh(
    xp: Any, rows: Array, R: Array, sample_weight: Array | None, *, classes: int
) -> tuple[Array, Array]:
    """Multiply losses (n, G) and residuals (n, m) by sample weights (n,) or (n, G)."""
    if sample_weight is None:
        return rows, R
    residuals = weighted(groups(xp, R, classes), sample_weight)
    return weighted(rows, sample_weight), xp.reshape(residuals, R.shape)


def groups(xp: Any, Z: Array, classes: int) -> Array:
    """View (n, G * K) as (n, G, K)."""
    m = Z.shape[1]
    if m % classes:
        raise ValueError(f"{m} columns do not divide into groups of classes={classes}")
    # (-1: libraries that trace, such as ndonnx, do not know the number of rows)
    return xp.reshape(Z, (-1, m // classes, classes))


def weighted(rows: Array, sample_weight: Array | None) -> Array:
    """Multiply (n, G) or (n, G, K) by weights of shape (n,) or (n, G)."""
    if sample_weight is None:
        return rows
    if sample_weight.shape not in ((rows.shape[0],), tuple(rows.shape[:2])):
        raise ValueError(
            f"sample_weight must have shape ({rows.shape[0]},) or {tuple(rows.shape[:2])}, "
            f"got {tuple(sample_weight.shape)}"
        )
    return rows * sample_weight[(..., *(None,) * (rows.ndim - sample_weight.ndim))]


def _min_zero_and_exp(xp: Any, Z: Array, min_exponent: float | None = None) -> tuple[Array, Array]:
    """Split off ``min(z, 0)``, exactly and without a branch; and ``exp(-abs(z))``."""
    half = 0.5 * Z
    size = xp.abs(half)
    return half - size, xp.exp(_raised(xp, -2.0 * size, min_exponent))


def _raised(xp: Any, exponents: Array, min_exponent: float | None) -> Array:
    """Raise the smallest exponents (n, ...) to ``min_exponent``."""
    if min_exponent is None:
        return exponents
    # (an array: torch cannot compile the maximum of an array and a number)
    return xp.maximum(exponents, xp.zeros_like(exponents[:1, :1, ...]) + min_exponent)


def _sigmoid(xp: Any, below: Array, e: Array) -> Array:
    """Sigmoid from ``below = min(z, 0)`` and ``e = exp(-abs(z))``."""
    return xp.exp(below) / (1.0 + e)


def _softmax(xp: Any, e: Array) -> Array:
    """Shares of a group's ``e = exp(logit - largest logit)``, along the last axis."""
    return e / xp.sum(e, axis=-1, keepdims=True)


def _below_the_top(xp: Any, groups: Array) -> Array:
    """Logits (n, G, K) less the largest of their group; at most zero."""
    return groups - xp.max(groups, axis=-1, keepdims=True)
