r"""The neuron: forward, loss, gradient and curvature, written once.

A neuron weighs its inputs, adds a constant and squashes the sum into a probability:

.. math:: z = x^\top w + b, \qquad p = \sigma(z) = \frac{1}{1 + e^{-z}}.

Its loss on a row with target :math:`y` is the cross-entropy
:math:`\ell = -y \log p - (1 - y) \log(1 - p)`, and the whole of its training rests on one
derivative, :math:`\partial \ell / \partial z = p - y`: the *residual*.

Everything here is written for ``m`` neurons side by side, the columns of ``W``; the single
neuron is ``m = 1``. GroupIndex come in ``G`` groups of ``K = classes``. With ``K = 1`` every column
is a sigmoid neuron of its own; with ``K > 1`` each group of ``K`` neighbouring columns is a
softmax layer, whose probabilities add up to one.

======== =========== ==========================================================================
name     shape       meaning
======== =========== ==========================================================================
``X``    ``(n, p)``  features, one row a sample
``W``    ``(p, m)``  coefficients, one column a neuron
``b``    ``(m,)``    intercepts; None is no intercept
``Z``    ``(n, m)``  logits, ``X @ W + b``
``Y``    ``(n, m)``  targets between 0 and 1, in the dtype of ``Z``; ``(n, K)`` is shared by all
                     groups, and the targets of a softmax group add up to one in every row
======== =========== ==========================================================================

The functions use nothing but the Python array API standard, so they run on any library that
implements it; the namespace is found from the arguments through array-api-compat. No function
ever needs a value on the host: they can be traced, compiled and differentiated. Arrays must be of
one library, one device and one real floating dtype; the answers are of the same.

Numerics. Losses are computed from logits, never from clipped probabilities, and every formula
exponentiates only non-positive numbers: no logit of a sigmoid neuron overflows or gives a NaN,
nor do the logits of a softmax group while their differences are numbers of the dtype.

Speed. The formulas of the sigmoid choose no branches: on NumPy, ``where`` on logits of random sign
costs more than a second exponential. Products with few columns are taken as ``(W.T @ X.T).T``:
the same numbers, with each column's logits side by side in memory, which BLAS multiplies half as
fast again, and which makes sums over classes run along the rows.

References
----------
- M. Mächler, "Accurately computing ``log(1 - exp(-|a|))``", 2012: the ``log1p`` forms.
- P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax
  functions", IMA Journal of Numerical Analysis 41(4), 2021: the shifted exponentials.
- Python array API standard, https://data-apis.org/array-api/latest/
"""

from numbers import Integral
from typing import Any

from array_api_compat import array_namespace, is_array_api_obj

__all__ = [
    "cross_entropy",
    "curvature",
    "forward",
    "gradient",
    "log_probability",
    "logits",
    "loss",
    "loss_and_gradient",
    "sigmoid",
    "softmax",
]

Array = Any  # the standard has no common base class for arrays


# --- the forward pass ---------------------------------------------------------------------------


def logits(X: Array, W: Array, b: Array | None = None) -> Array:
    """Weigh the inputs and add the intercept: ``Z = X @ W + b``.

    Parameters
    ----------
    X : array (n, p), real floating
    W : array (p, m), dtype of X
    b : array (m,), dtype of X, optional

    Returns
    -------
    array (n, m), dtype of X

    Raises
    ------
    ValueError
        If the shapes do not fit together, or elements are masked.
    TypeError
        If the arguments are no arrays, of several libraries, or not of one real floating dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.logits(np.asarray([[1.0, 2.0]]), np.asarray([[3.0], [4.0]]), np.asarray([5.0]))
    array([[16.]])
    """
    xp = _namespace(X=X, W=W, b=b)
    _check_parameters(xp, X, W, b)
    return unchecked_logits(xp, X, W, b)


def sigmoid(Z: Array) -> Array:
    r"""Squash logits into probabilities, element by element: ``1 / (1 + exp(-Z))``.

    Written as :math:`\sigma(z) = \exp(\min(z, 0)) / (1 + \exp(-|z|))`, which cannot overflow.
    The relative error is a few units in the last place for every logit whose probability is a
    normal number of the dtype.

    Parameters
    ----------
    Z : array of any shape, real floating

    Returns
    -------
    array, shape and dtype of Z

    Raises
    ------
    TypeError
        If Z is no array of a real floating dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.sigmoid(np.asarray([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    xp = _namespace(Z=Z)
    _check_logits(xp, Z)
    below, e = _min_zero_and_exp(xp, Z)
    return _sigmoid(xp, below, e)


def softmax(Z: Array, *, classes: int) -> Array:
    r"""Share one unit of probability among the ``K = classes`` columns of each group.

    :math:`p_k = \exp(z_k) / \sum_j \exp(z_j)`, computed after subtracting the group's largest
    logit.

    Parameters
    ----------
    Z : array (n, G * classes), real floating
    classes : int
        GroupIndex per group, ``K``.

    Returns
    -------
    array (n, G * classes), dtype of Z

    Raises
    ------
    ValueError
        If Z is not of two dimensions, or its columns do not divide into groups of ``classes``.
    TypeError
        As `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.softmax(np.asarray([[0.0, 0.0, 1000.0, 1000.0]]), classes=2)
    array([[0.5, 0.5, 0.5, 0.5]])
    """
    xp = _namespace(Z=Z)
    _check_logits(xp, Z)
    _check_columns(Z, classes)
    e = xp.exp(_below_the_top(xp, _groups(xp, Z, classes)))
    return xp.reshape(_softmax(xp, e), Z.shape)


def log_probability(Z: Array, *, classes: int = 1) -> Array:
    r"""Logarithm of the probabilities of logits, where the probabilities themselves would be zero.

    Sigmoid neurons: :math:`\log \sigma(z) = \min(z, 0) - \log(1 + \exp(-|z|))`, to a few units in
    the last place. Softmax groups: :math:`z_k - M - \log \sum_j \exp(z_j - M)` with the largest
    logit ``M``; the error is a few units in the last place of the larger of the result and 1.

    Parameters
    ----------
    Z : array (n, G * classes), real floating
    classes : int, default 1

    Returns
    -------
    array (n, G * classes), dtype of Z

    Raises
    ------
    ValueError
        If Z is not of two dimensions, or its columns do not divide into groups of ``classes``.
    TypeError
        As `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.log_probability(np.asarray([[-1000.0, 1000.0]]))
    array([[-1000., 0.]])
    """
    xp = _namespace(Z=Z)
    _check_logits(xp, Z)
    _check_columns(Z, classes)
    if classes == 1:
        below, e = _min_zero_and_exp(xp, Z)
        return below - xp.log1p(e)
    below = _below_the_top(xp, _groups(xp, Z, classes))
    return xp.reshape(below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True)), Z.shape)


def forward(X: Array, W: Array, b: Array | None = None, *, classes: int = 1) -> Array:
    """Run the forward pass: the probabilities that the neurons give to each row.

    Parameters
    ----------
    X : array (n, p), real floating
    W : array (p, m), dtype of X
    b : array (m,), dtype of X, optional
    classes : int, default 1
        GroupIndex per group: 1 for sigmoid neurons, ``K`` for softmax layers.

    Returns
    -------
    array (n, m), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `logits`; ValueError also if the columns do not divide into groups.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.forward(np.asarray([[1.0], [-1.0]]), np.zeros((1, 1)))
    array([[0.5],
           [0.5]])
    """
    _check_classes(classes)
    Z = logits(X, W, b)
    return sigmoid(Z) if classes == 1 else softmax(Z, classes=classes)


# --- the loss -----------------------------------------------------------------------------------


def cross_entropy(Z: Array, Y: Array, *, classes: int = 1) -> Array:
    r"""Cross-entropy of every row and group, from the logits.

    Sigmoid neurons: with :math:`e = \exp(-|z|)`,
    :math:`\ell = [\max(z, 0) - y z] + \log(1 + e)`. For targets 0 and 1 the bracket is exact, so
    the loss keeps its relative accuracy down to the smallest numbers of the dtype: a confident,
    right neuron has a small loss, not a zero one.

    Softmax: with :math:`M = \max_k z_k`, :math:`e_k = \exp(z_k - M)` and the target's logit
    :math:`z_y`, :math:`\ell = [M - z_y] + \log \sum_k e_k`, where the sum is taken as one plus
    :math:`\sum_{k \ne y} e_k + (e_y - 1)`, again exact where the loss is small.

    Parameters
    ----------
    Z : array (n, m), real floating
    Y : array (n, m) or (n, classes), dtype of Z
        Targets in [0, 1]; they add up to one over the columns of a softmax group.
    classes : int, default 1

    Returns
    -------
    array (n, m / classes), dtype of Z

    Raises
    ------
    ValueError
        If the shape of Y is neither that of Z nor that of one group, or as `softmax`.
    TypeError
        If Y is no array of the dtype of Z, or as `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.cross_entropy(np.asarray([[1000.0], [-1000.0]]), np.asarray([[1.0], [1.0]]))
    array([[   0.],
           [1000.]])
    """
    xp = _namespace(Z=Z, Y=Y)
    _check_logits(xp, Z)
    _check_columns(Z, classes)
    _check_targets(Z.shape, Z.dtype, Y, classes)
    return loss_terms(xp, Z, Y, classes=classes)[0]


def loss(
    X: Array,
    Y: Array,
    W: Array,
    b: Array | None = None,
    *,
    sample_weight: Array | None = None,
    classes: int = 1,
) -> Array:
    """Sum the cross-entropy over the rows, one number for each group of columns.

    Parameters
    ----------
    X : array (n, p), real floating
    Y : array (n, m) or (n, classes), dtype of X
    W : array (p, m), dtype of X
    b : array (m,), dtype of X, optional
    sample_weight : array (n,) or (n, G), dtype of X, optional
        Multiplies each row's loss; ``(n, G)`` gives every group its own.
    classes : int, default 1

    Returns
    -------
    array (G,), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `logits` and `cross_entropy`; ValueError also if the sample weights do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> X, Y = np.asarray([[1.0], [-1.0]]), np.asarray([[1.0], [0.0]])
    >>> neuron.loss(X, Y, np.zeros((1, 1)))  # twice log(2)
    array([1.38629436])
    """
    xp = _namespace(X=X, Y=Y, W=W, b=b, sample_weight=sample_weight)
    _check_weights(X, sample_weight)
    rows = cross_entropy(logits(X, W, b), Y, classes=classes)
    return xp.sum(_weighted(rows, sample_weight), axis=0)


# --- the gradient -------------------------------------------------------------------------------


def gradient(
    X: Array,
    Y: Array,
    W: Array,
    b: Array | None = None,
    *,
    sample_weight: Array | None = None,
    classes: int = 1,
) -> tuple[Array, Array]:
    r"""Differentiate `loss` by the coefficients and the intercepts.

    The residual :math:`R = P - Y` is the derivative by the logits, for the sigmoid and the
    softmax alike; the chain rule does the rest: :math:`X^\top R` by the coefficients, and the
    sum over the rows by the intercepts.

    Parameters
    ----------
    X, Y, W, b, sample_weight, classes
        As in `loss`.

    Returns
    -------
    grad_coef : array (p, m), dtype of X
    grad_intercept : array (m,), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> X, Y = np.asarray([[1.0], [-1.0]]), np.asarray([[1.0], [0.0]])
    >>> neuron.gradient(X, Y, np.zeros((1, 1)))
    (array([[-1.]]), array([0.]))
    """
    _, grad_coef, grad_intercept = loss_and_gradient(
        X, Y, W, b, sample_weight=sample_weight, classes=classes
    )
    return grad_coef, grad_intercept


def loss_and_gradient(
    X: Array,
    Y: Array,
    W: Array,
    b: Array | None = None,
    *,
    sample_weight: Array | None = None,
    classes: int = 1,
) -> tuple[Array, Array, Array]:
    """Compute `loss` and `gradient` from one forward pass: this is what training calls.

    Loss and residual share their exponentials, the dearest of the element-wise operations.

    Parameters
    ----------
    X, Y, W, b, sample_weight, classes
        As in `loss`.

    Returns
    -------
    value : array (G,), dtype of X
    grad_coef : array (p, m), dtype of X
    grad_intercept : array (m,), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> X, Y = np.asarray([[1.0], [-1.0]]), np.asarray([[1.0], [0.0]])
    >>> neuron.loss_and_gradient(X, Y, np.zeros((1, 1)))
    (array([1.38629436]), array([[-1.]]), array([0.]))
    """
    xp = _namespace(X=X, Y=Y, W=W, b=b, sample_weight=sample_weight)
    _check_parameters(xp, X, W, b)
    _check_classes(classes)
    _check_targets((X.shape[0], W.shape[1]), X.dtype, Y, classes)
    _check_weights(X, sample_weight)
    return unchecked_loss_and_gradient(xp, X, Y, W, b, sample_weight=sample_weight, classes=classes)


def curvature(Z: Array, *, classes: int = 1) -> Array:
    r"""Second derivative of a row's loss by its own logit: ``P * (1 - P)``.

    For sigmoid neurons, computed as :math:`e / (1 + e)^2` with :math:`e = \exp(-|z|)`, to full
    relative accuracy. For a softmax group this is the diagonal of the row's Hessian
    :math:`\operatorname{diag}(p) - p p^\top`.

    The Hessian of the summed loss of one neuron is ``X.T @ (curvature(Z) * X)``.

    Parameters
    ----------
    Z : array (n, m), real floating
    classes : int, default 1

    Returns
    -------
    array (n, m), dtype of Z

    Raises
    ------
    ValueError, TypeError
        As `softmax`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.curvature(np.asarray([[0.0]]))
    array([[0.25]])
    """
    xp = _namespace(Z=Z)
    _check_logits(xp, Z)
    _check_columns(Z, classes)
    if classes == 1:
        e = xp.exp(-xp.abs(Z))
        return e / ((1.0 + e) * (1.0 + e))
    P = softmax(Z, classes=classes)
    return P * (1.0 - P)


# --- for loops ----------------------------------------------------------------------------------
#
# The same pieces for a training loop that has checked its arguments before it began, and knows its
# namespace ``xp``: on a thousand rows, checking and finding them would cost a tenth of the work.


def unchecked_logits(
    xp: Any, X: Array, W: Array, b: Array | None, *, by_row: bool = False
) -> Array:
    """Compute `logits`, each column's side by side in memory, or each row's.

    Of many columns, the logits of each row should be, as their targets are: element-wise work on
    arrays that lie across each other costs several times as much.
    """
    T = xp.matrix_transpose
    if by_row:
        Z = X @ W
        return Z if b is None else Z + b
    Z = T(W) @ T(X)  # (the sum before the transposition: not all libraries keep the layout)
    return T(Z if b is None else Z + b[:, None])


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
    below, targets = _below_the_top(xp, _groups(xp, Z, classes)), _groups(xp, Y, classes)
    e = xp.exp(_raised(xp, below, min_exponent))
    hit = targets * e
    rest = xp.sum(e - hit, axis=-1) + (xp.sum(hit, axis=-1) - 1.0)
    loss = xp.log1p(rest) - xp.sum(targets * below, axis=-1)
    P = _softmax(xp, e)
    return loss, xp.reshape(P - targets, Z.shape), xp.reshape(P, Z.shape)


def unchecked_backward(xp: Any, X: Array, R: Array) -> Array:
    """Carry residuals (n, m) back to the coefficients by the chain rule: ``X.T @ R`` (p, m)."""
    T = xp.matrix_transpose
    return T(T(R) @ X)


def unchecked_loss_and_gradient(
    xp: Any,
    X: Array,
    Y: Array,
    W: Array,
    b: Array | None,
    *,
    sample_weight: Array | None,
    classes: int,
) -> tuple[Array, Array, Array]:
    """Compute `loss_and_gradient`."""
    rows, R, _ = loss_terms(xp, unchecked_logits(xp, X, W, b), Y, classes=classes)
    rows, R = weigh(xp, rows, R, sample_weight, classes=classes)
    return xp.sum(rows, axis=0), unchecked_backward(xp, X, R), xp.sum(R, axis=0)


def weigh(
    xp: Any, rows: Array, R: Array, sample_weight: Array | None, *, classes: int
) -> tuple[Array, Array]:
    """Multiply losses (n, G) and residuals (n, m) by sample weights (n,) or (n, G)."""
    if sample_weight is None:
        return rows, R
    weighted = _weighted(_groups(xp, R, classes), sample_weight)
    return _weighted(rows, sample_weight), xp.reshape(weighted, R.shape)


# --- shared pieces ------------------------------------------------------------------------------


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


def _groups(xp: Any, Z: Array, classes: int) -> Array:
    """View (n, G * K) as (n, G, K)."""
    n, m = Z.shape
    if m % classes:
        raise ValueError(f"{m} columns do not divide into groups of classes={classes}")
    return xp.reshape(Z, (n, m // classes, classes))


def _weighted(rows: Array, sample_weight: Array | None) -> Array:
    """Multiply (n, G) or (n, G, K) by weights of shape (n,) or (n, G)."""
    if sample_weight is None:
        return rows
    if sample_weight.shape not in ((rows.shape[0],), tuple(rows.shape[:2])):
        raise ValueError(
            f"sample_weight must have shape ({rows.shape[0]},) or {tuple(rows.shape[:2])}, "
            f"got {tuple(sample_weight.shape)}"
        )
    return rows * sample_weight[(..., *(None,) * (rows.ndim - sample_weight.ndim))]


def _namespace(**named: Array | None) -> Any:
    """Find the namespace of arguments by their names; ``b`` and ``sample_weight`` may be None."""
    for name, array in named.items():
        if array is None and name in ("b", "sample_weight"):
            continue
        if array is None or not is_array_api_obj(array):
            raise TypeError(
                f"{name} must be an array of a library that implements the array API standard, "
                f"got {'None' if array is None else type(array).__name__}"
            )
        if type(array).__name__ == "MaskedArray" and array.mask.any():
            raise ValueError(
                f"{name} must have no masked elements, got {array.mask.sum()}: masks are not used. "
                f"Fill them in with {name}.filled(value), or leave their rows out"
            )
    return array_namespace(*named.values())


def _check_classes(classes: int) -> None:
    given: Any = classes
    if isinstance(given, bool) or not isinstance(given, Integral) or int(given) < 1:
        raise ValueError(
            f"classes must be a positive integer, the number of columns in a group, got {classes!r}"
        )


def _check_logits(xp: Any, Z: Array) -> None:
    if not xp.isdtype(Z.dtype, "real floating"):
        raise TypeError(f"Z must be of a real floating dtype, got {Z.dtype}")


def _check_columns(Z: Array, classes: int) -> None:
    _check_classes(classes)
    if Z.ndim != 2:
        raise ValueError(
            f"Z must have shape (n, m), one column a neuron, got {tuple(Z.shape)}; make it a "
            "column with xp.reshape(Z, (-1, 1))"
        )


def _check_weights(X: Array, sample_weight: Array | None) -> None:
    if sample_weight is not None and sample_weight.dtype != X.dtype:
        raise TypeError(f"sample_weight must be {X.dtype} as X is, got {sample_weight.dtype}")


def _check_parameters(xp: Any, X: Array, W: Array, b: Array | None) -> None:
    if X.ndim != 2 or W.ndim != 2 or X.shape[1] != W.shape[0]:
        raise ValueError(
            "X must have shape (n, p) and W shape (p, m), "
            f"got X {tuple(X.shape)} and W {tuple(W.shape)}"
        )
    if b is not None and tuple(b.shape) != (W.shape[1],):
        raise ValueError(
            f"b must have shape ({W.shape[1]},), one intercept a column of W, got {tuple(b.shape)}"
        )
    b_dtype = X.dtype if b is None else b.dtype
    if not X.dtype == W.dtype == b_dtype or not xp.isdtype(X.dtype, "real floating"):
        raise TypeError(
            "X, W and b must be of one real floating dtype, "
            f"got X {X.dtype}, W {W.dtype} and b {b_dtype}"
        )


def _check_targets(shape: tuple[int, int], dtype: Any, Y: Array, classes: int) -> None:
    n, m = shape
    if Y.dtype != dtype:
        raise TypeError(f"Y must be {dtype} as the logits are, got {Y.dtype}; convert it first")
    if Y.ndim != 2 or Y.shape[0] != n or Y.shape[1] not in (m, classes):
        raise ValueError(
            f"Y must have shape {(n, m)}, or {(n, classes)} to be shared by all groups, "
            f"got {tuple(Y.shape)}"
        )
