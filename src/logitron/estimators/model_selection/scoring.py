"""Scores of many fits on held-out rows, computed in the library and on the device of the rows.

Scores that are sums over rows (log-loss, accuracy, balanced accuracy, Brier score) are added up
block by block. Ranking scores (areas under curves) need all logits of a fit at once, and are
computed a few fits at a time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, logits_of
from logitron.neuron import formulas
from logitron.objective.groups import group_targets

__all__ = ["DEVICE_SCORES", "check_scoring", "mean_score", "scores_on_device"]


#: logits that ranking scores store at a time
MAX_LOGITS = 1 << 24


def scores_on_device(name: str, rows: Rows, coef: Array, intercept: Array) -> HostArray:
    """Score fits on held-out rows.

    Parameters
    ----------
    name : str
        A key of `DEVICE_SCORES`.
    rows : Rows
        Features, targets, weights (n,), (n, T) or None, no counts, and offsets; see
        `objective.groups`. A weight of zero leaves a row out.
    coef : array (T, P, K, p)
    intercept : array (T, P, K)

    Returns
    -------
    numpy.ndarray (T, P)
        Greater is better; NaN where the score is undefined.

    Raises
    ------
    ValueError
        If the score is for two classes, and there are more.
    """
    kind, finish = DEVICE_SCORES[name]
    T, P, K, p = coef.shape
    xp = array_namespace(coef)
    if kind is _score_sums:
        if rows.entries is not None:
            return _sum_scores_by_products(finish, rows, coef, intercept)
        W, b = xp.reshape(coef, (T * P * K, p)), xp.reshape(intercept, (T * P * K,))
        (sums,) = rows.sum(_score_block, W, b, shape=(T, P, K))
        scores: HostArray = finish(to_host(sums))
        return scores
    check_scoring(name, K)
    step = max(1, MAX_LOGITS // (rows.shape[0] * T))
    found = []
    bare = rows.with_row_arrays()
    for first in range(0, P, step):
        some = slice(first, min(first + step, P))
        W = xp.reshape(coef[:, some, :, :], (-1, p))
        Z = logits_of(bare, W, xp.reshape(intercept[:, some, :], (-1,)))
        codes, weights, _, offset = rows.row_arrays
        if rows.lazy:
            Z, codes = to_host(Z), to_host(codes)
            weights, offset = (None if a is None else to_host(a) for a in (weights, offset))
        Z = _with_offset(array_namespace(Z), Z, offset, (T, some.stop - some.start, 1))
        found.append(_rank_scores(finish, Z, codes, weights, targets=T))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.concatenate(found, axis=1)


def check_scoring(name: str | None, classes: int, *, on_device: bool = False) -> None:
    """Reject ranking scores for more than two classes.

    Parameters
    ----------
    name : str or None
    classes : int
        Outputs of each target; 1 for two classes.
    on_device : bool, default False
        Whether proportions, soft labels or offsets need a key of `DEVICE_SCORES`.

    Raises
    ------
    ValueError
        If the score is for two classes, and there are more; or if it must be another.
    """
    if on_device and name not in DEVICE_SCORES:
        raise ValueError(
            f"scoring must be one of {sorted(DEVICE_SCORES)} with proportions, soft labels and "
            f"offsets, got {name!r}"
        )
    if classes > 1 and name in DEVICE_SCORES and DEVICE_SCORES[name][0] is None:
        raise ValueError(
            f"scoring={name!r} is for two classes, got {classes}; try 'neg_log_loss' or 'accuracy'"
        )


def mean_score(scores: HostArray) -> HostArray:
    """Average scores over the last axis, leaving out NaN; NaN where all scores are NaN.

    Parameters
    ----------
    scores : numpy.ndarray
    """
    is_defined = ~np.isnan(scores)
    total = np.where(is_defined, scores, 0.0).sum(axis=-1)
    return _mean(total, is_defined.sum(axis=-1))


# --- sums over rows -----------------------------------------------------------------------------


def _sum_scores_by_products(
    finish: Callable[[HostArray], HostArray], rows: Rows, coef: Array, intercept: Array
) -> HostArray:
    """Score fits from the logits of all rows, of a few penalties at a time: (T, P)."""
    T, P, K, p = coef.shape
    xp, step = array_namespace(coef), max(1, MAX_LOGITS // (rows.shape[0] * T * K))
    bare, found = rows.with_row_arrays(), []
    for first in range(0, P, step):
        some = slice(first, min(first + step, P))
        W = xp.reshape(coef[:, some, ...], (-1, p))
        Z = logits_of(bare, W, xp.reshape(intercept[:, some, :], (-1,)))
        shape = T, some.stop - some.start, K
        (sums,) = rows.with_row_arrays(*rows.row_arrays, Z).sum_rows(_score_sums, shape=shape)
        found.append(finish(to_host(sums)))
    return np.concatenate(found, axis=1)


def _score_block(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    offset: Array | None,
    W: Array,
    b: Array,
    *,
    shape: tuple[int, int, int],
) -> tuple[Array]:
    """Sum over a block of features; see `_score_sums`."""
    T = array_namespace(W).matrix_transpose
    Z = formulas.logits(array_namespace(W), X, T(W), b)
    return _score_sums(targets, sample_weight, counts, offset, Z, shape=shape)


def _score_sums(
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    offset: Array | None,
    Z: Array,
    *,
    shape: tuple[int, int, int],
    dtype: str | None = None,
) -> tuple[Array]:
    """Sum over a block, for each fit: loss, squared residuals, and by class, weights and hits.

    Returns
    -------
    array (T, P, 2 + 2 C)
    """
    T, P, K = shape
    xp, n = array_namespace(Z), Z.shape[0]
    Z = _with_offset(xp, Z, offset, shape)
    Y = group_targets(xp, targets, None, K, Z.dtype)
    shared = Y.shape[1] == K
    Y = xp.reshape(Y, (n, 1, 1, K)) if shared else xp.reshape(Y, (n, T, 1, K))
    Y = xp.broadcast_to(Y, (n, T, P, K))
    value, grad, _ = formulas.loss_terms(xp, Z, xp.reshape(Y, (n, T * P * K)), classes=K)
    loss = xp.reshape(value, (n, T, P))
    residual = xp.reshape(grad, (n, T, P, K))
    squares = xp.sum(residual * residual, axis=3)
    if K == 1:
        chosen = xp.astype(xp.reshape(Z, (n, T, P)) > 0, Z.dtype)
        truth = Y[:, :, :, 0]
        of_class = [1.0 - truth, truth]
        hits = [(1.0 - truth) * (1.0 - chosen), truth * chosen]
    else:
        best = xp.argmax(xp.reshape(Z, (n, T, P, K)), axis=3)
        of_class = [Y[:, :, :, k] for k in range(K)]
        hits = [Y[:, :, :, k] * xp.astype(best == k, Z.dtype) for k in range(K)]
    parts = [loss, squares, *of_class, *hits]
    if sample_weight is not None:
        weights = xp.astype(sample_weight, Z.dtype)
        weights = weights[:, None, None] if weights.ndim == 1 else weights[:, :, None]
        parts = [part * weights for part in parts]
    return (xp.stack([xp.sum(part, axis=0) for part in parts], axis=-1),)


def _with_offset(xp: Any, Z: Array, offset: Array | None, shape: tuple[int, int, int]) -> Array:
    """Add the offsets of rows, of rows and targets, or of rows and classes, to logits."""
    if offset is None:
        return Z
    T, P, K = shape
    offset = xp.astype(offset, Z.dtype, copy=False)
    if offset.ndim == 1:
        return Z + offset[:, None]
    own = offset[:, None, None, :] if K > 1 else offset[:, :, None, None]
    return xp.reshape(xp.reshape(Z, (Z.shape[0], T, P, K)) + own, Z.shape)


def _split_sums(sums: HostArray) -> tuple[HostArray, HostArray, HostArray, HostArray]:
    """Split `_score_sums` into loss, squared residuals, weights and hits of each class."""
    classes = (sums.shape[-1] - 2) // 2
    return sums[..., 0], sums[..., 1], sums[..., 2 : 2 + classes], sums[..., 2 + classes :]


def _mean(values: HostArray, weights: HostArray) -> HostArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return values / weights


def _neg_log_loss(sums: HostArray) -> HostArray:
    loss, _, weights, _ = _split_sums(sums)
    return -_mean(loss, weights.sum(axis=-1))


def _accuracy(sums: HostArray) -> HostArray:
    _, _, weights, hits = _split_sums(sums)
    return _mean(hits.sum(axis=-1), weights.sum(axis=-1))


def _balanced_accuracy(sums: HostArray) -> HostArray:
    _, _, weights, hits = _split_sums(sums)
    is_defined = weights > 0
    recalls = np.where(is_defined, _mean(hits, np.where(is_defined, weights, 1.0)), 0.0)
    return _mean(recalls.sum(axis=-1), is_defined.sum(axis=-1))


def _neg_brier_score(sums: HostArray) -> HostArray:
    _, squares, weights, _ = _split_sums(sums)
    return -_mean(squares, weights.sum(axis=-1))


# --- rankings -----------------------------------------------------------------------------------


def _rank_scores(
    score: Callable[..., Array], Z: Array, codes: Array, weights: Array | None, *, targets: int
) -> HostArray:
    """Apply a ranking score to the logits (n, T * P) of each fit: (T, P)."""
    xp = array_namespace(Z)
    fits = Z.shape[1] // targets
    scores = []
    for column in range(Z.shape[1]):
        z, target = Z[:, column], column // fits
        y = codes if codes.ndim == 1 else codes[:, target]
        s = xp.ones_like(z)
        if weights is not None:
            s = xp.astype(weights if weights.ndim == 1 else weights[:, target], z.dtype)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores.append(score(z, y, s))
    return np.reshape(to_host(xp.stack(scores)), (targets, fits))


def _sort_by_logit(z: Array, y: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    """Sort rows by logit, and accumulate weights.

    Returns
    -------
    positives, negatives : arrays (n + 1,)
        Cumulative weights; entry i is the sum over the i smallest logits.
    own : array (n,)
        Weights of the positives, 0 for negatives.
    ties : array (2, n)
        First row with the same logit, and first row with a larger one.
    """
    xp = array_namespace(z)
    order = xp.argsort(z)
    z, y, weights = (xp.take(part, order, axis=0) for part in (z, y, weights))
    ones = weights * xp.astype(y, z.dtype)
    zero = xp.zeros_like(z[:1])
    sums = [xp.concat([zero, xp.cumulative_sum(part)]) for part in (ones, weights - ones)]
    begin, end = (xp.searchsorted(z, z, side=side) for side in ("left", "right"))
    return (*sums, ones, xp.stack([begin, end]))


def _roc_auc(z: Array, y: Array, weights: Array) -> Array:
    """Fraction of pairs of a positive and a negative in the right order; ties count half."""
    xp = array_namespace(z)
    ones, zeros, own, ties = _sort_by_logit(z, y, weights)
    below = 0.5 * (xp.take(zeros, ties[0, :], axis=0) + xp.take(zeros, ties[1, :], axis=0))
    return xp.sum(own * below) / (ones[-1] * zeros[-1])


def _average_precision(z: Array, y: Array, weights: Array) -> Array:
    """Mean over the positives of the precision at their logit as threshold."""
    xp = array_namespace(z)
    ones, zeros, own, ties = _sort_by_logit(z, y, weights)
    right = ones[-1] - xp.take(ones, ties[0, :], axis=0)
    wrong = zeros[-1] - xp.take(zeros, ties[0, :], axis=0)
    counted = own > 0
    precision = right / xp.where(counted, right + wrong, xp.ones_like(right))
    # 0 without positives, as in scikit-learn
    return xp.sum(own * precision) / xp.where(ones[-1] > 0.0, ones[-1], xp.ones_like(ones[-1]))


#: scores computed where the rows are: the function that is summed over blocks, None for rankings,
#: and the score of its sums, or of logits, labels and weights
DEVICE_SCORES: dict[str, tuple[Callable[..., Any] | None, Callable[..., Any]]] = {
    "neg_log_loss": (_score_sums, _neg_log_loss),
    "accuracy": (_score_sums, _accuracy),
    "balanced_accuracy": (_score_sums, _balanced_accuracy),
    "neg_brier_score": (_score_sums, _neg_brier_score),
    "roc_auc": (None, _roc_auc),
    "average_precision": (None, _average_precision),
}
