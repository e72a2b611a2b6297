"""Loss, residual and curvature by few operations of NumPy, most of them in place.

NumPy sums a short last axis ten times more slowly than it computes exponentials: see `numpy_sums`.
"""

from functools import cache
from math import log
from typing import Any

import numpy as np

from logitron.backend.libraries.numpy_sums import add_up
from logitron.backend.types import Array

__all__ = [
    "fused_binomial",
    "fused_multinomial",
    "fused_multinomial_ray",
    "fused_proportions",
]

#: classes of which the largest logit is found class by class, where those of a row are side by side
FEW_CLASSES = 40


def fused_binomial(Z: Array, Y: Array, min_exponent: float | None) -> tuple[Array, Array, Array]:
    """Compute loss, residual and curvature of sigmoid outputs, for targets 0 and 1, in place.

    With the logit of the wrong label, ``a = (1 - 2 y) z``, one exponential is enough. The loss is
    ``log(1 + exp(a))``, the probability of the wrong label ``q = exp(a) / (1 + exp(a))``, the
    residual ``(1 - 2 y) q`` and the curvature ``q (1 - q) = q / (1 + exp(a))``.

    Parameters
    ----------
    Z : array (n, m)
        Logits.
    Y : array (n, m) or (n, 1)
        Targets; one column if all outputs share them.
    min_exponent : float or None
        Smaller exponents are replaced by it, so that exponentials are no subnormal numbers.

    Returns
    -------
    loss, residual, curvature : array (n, m)
    """
    signs = Y * -2.0
    signs += 1.0
    loss = signs * Z  # holds a; below, the part of a above the largest exponent, plus the loss
    e = np.minimum(loss, _max_exponent(Z.dtype))
    loss -= e
    if min_exponent is not None:
        np.maximum(e, min_exponent, out=e)
    np.exp(e, out=e)
    loss += np.log1p(e)
    whole = e + 1.0
    e /= whole
    residual = np.multiply(signs, e, out=signs if signs.shape == e.shape else None)
    return loss, residual, np.divide(e, whole, out=e)


def fused_proportions(Z: Array, Y: Array, min_exponent: float | None) -> tuple[Array, Array, Array]:
    """Compute loss, residual and curvature of sigmoid outputs, for targets between 0 and 1.

    With the probability ``p`` of 1 and ``q`` of 0, both from one exponential, the residual is
    ``p (1 - y) - q y``: no digits cancel for targets near 0 and 1.

    Parameters
    ----------
    Z : array (n, m)
        Logits.
    Y : array (n, m) or (n, 1)
        Targets; one column if all outputs share them.
    min_exponent : float or None
        Smaller exponents are replaced by it, so that exponentials are no subnormal numbers.

    Returns
    -------
    loss, residual, curvature : array (n, m)
    """
    others = 1.0 - Y
    above = np.maximum(Z, 0.0)
    loss = above * others
    above -= Z  # the part below zero, positive
    above *= Y
    loss += above
    e = np.abs(Z, out=above)
    np.negative(e, out=e)
    if min_exponent is not None:
        np.maximum(e, min_exponent, out=e)
    np.exp(e, out=e)
    loss += np.log1p(e)
    large = 1.0 / (e + 1.0)
    small = np.multiply(e, large, out=e)
    curvature = small * large
    positive = Z > 0.0
    residual = np.where(positive, large, small)
    residual *= others
    np.copyto(small, large, where=~positive)  # q: of positive logits, the small one
    small *= Y
    residual -= small
    return loss, residual, curvature


def fused_multinomial(
    Z: Array, Y: Array, min_exponent: float | None, classes: int
) -> tuple[Array, Array, Array]:
    """Compute loss, residual and probability of softmax groups.

    The formulas are those of `logitron.neuron.formulas.loss_terms`.

    Parameters
    ----------
    Z : array (n, G * K)
        Logits.
    Y : array (n, G * K) or (n, K)
        Targets; of one group if all groups share them.
    min_exponent : float or None
        Smaller exponents are replaced by it, so that exponentials are no subnormal numbers.
    classes : int
        K.

    Returns
    -------
    loss : array (n, G)
    residual, probability : array (n, G * K)
    """
    if Z.shape[1] > 1 and Z.flags.f_contiguous:  # each column's rows are side by side
        logits, targets, axis = _groups_of_columns(Z, classes), _groups_of_columns(Y, classes), 1
        loss, residual, probability = _softmax_terms(logits, targets, min_exponent, axis)
        return loss.T, residual.reshape(Z.shape[::-1]).T, probability.reshape(Z.shape[::-1]).T
    logits, targets = _groups_of_rows(Z, classes), _groups_of_rows(Y, classes)
    loss, residual, probability = _softmax_terms(logits, targets, min_exponent, 2)
    return loss, residual.reshape(Z.shape), probability.reshape(Z.shape)


def fused_multinomial_ray(
    Z: Array, change: Array, step_size: Array, Y: Array, classes: int
) -> tuple[Array, Array]:
    """Compute loss and slope of softmax groups at ``Z + step_size * change``, for labels.

    The class of the label is left out of sums over the others, so that no digits cancel: with
    ``e_k = exp(z_k - max z)`` and ``s`` their sum but for the label ``y``, the loss is
    ``log(s + e_y) - (z_y - max z)`` and the slope ``(sum e_k d_k - s d_y) / (s + e_y)``.

    Parameters
    ----------
    Z, change : array (n, G * K)
        Logits, and their changes for a step of 1.
    step_size : array (G,)
    Y : array (n, G * K) or (n, K)
        Targets 0 and 1; of one group if all groups share them.
    classes : int
        K.

    Returns
    -------
    loss, slope : array (n, G)
    """
    targets, d = _groups_of_rows(Y, classes), _groups_of_rows(change, classes)
    below = d * step_size[:, None]
    below += _groups_of_rows(Z, classes)
    below -= _largest(below, 2)[..., None]
    at_label = np.vecdot(targets, below)
    e = np.exp(below, out=below)
    e *= 1.0 - targets
    others, hit = add_up(e, axis=2), np.exp(at_label)
    slope = np.vecdot(e, d)
    slope -= others * np.vecdot(targets, d)
    slope /= others + hit
    loss = np.log1p(others + (hit - 1.0))
    loss -= at_label
    return loss, slope


def _groups_of_columns(Z: Array, classes: int) -> Array:
    """View (n, G * K) as (G, K, n)."""
    columns = Z.T if Z.flags.f_contiguous else np.ascontiguousarray(Z.T)
    return columns.reshape(-1, classes, Z.shape[0])


def _groups_of_rows(Z: Array, classes: int) -> Array:
    """View (n, G * K) as (n, G, K)."""
    rows = Z if Z.flags.c_contiguous else np.ascontiguousarray(Z)
    return rows.reshape(Z.shape[0], -1, classes)


def _softmax_terms(
    logits: Array, targets: Array, min_exponent: float | None, axis: int
) -> tuple[Array, Array, Array]:
    """Compute loss, residual and probability, where an axis is that of the classes."""
    along = (slice(None), None) if axis == 1 else (..., None)
    below = logits - _largest(logits, axis)[along]
    e = below if min_exponent is None else np.maximum(below, min_exponent)
    e = np.exp(e, out=None if e is below else e)
    hit = targets * e
    hits = add_up(hit, axis=axis)
    np.subtract(e, hit, out=hit)
    rest = add_up(hit, axis=axis) + (hits - 1.0)
    loss = np.log1p(rest)
    loss -= add_up(np.multiply(targets, below, out=hit), axis=axis)
    rest += 1.0
    probability = np.divide(e, rest[along], out=e)
    return loss, np.subtract(probability, targets, out=hit), probability


def _largest(logits: Array, axis: int) -> Array:
    """Find the largest logit of each group."""
    classes = logits.shape[axis]
    if axis != logits.ndim - 1 or classes > FEW_CLASSES:
        return np.maximum.reduce(logits, axis=axis)
    largest = logits[..., 0].copy()
    for k in range(1, classes):
        np.maximum(largest, logits[..., k], out=largest)
    return largest


@cache
def _max_exponent(dtype: Any) -> float:
    """Return an exponent slightly below the largest one without overflow."""
    return 0.98 * log(float(np.finfo(dtype).max))
