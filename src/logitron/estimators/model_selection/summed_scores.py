"""Scores that are functions of sums over rows: losses, and weights of right and chosen classes."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from logitron.backend import linalg, namespace_of
from logitron.backend.types import Array, HostArray, Namespace
from logitron.neuron import formulas
from logitron.objective.groups import group_targets

__all__ = [
    "LOSSES",
    "SUMMED",
    "TWO_CLASSES",
    "ScoreSums",
    "score_block",
    "score_sums",
    "split_sums",
    "with_offset",
]


class ScoreSums(NamedTuple):
    """Sums over the rows of each fit (T, P), and of each class (T, P, C)."""

    loss: HostArray
    squares: HostArray
    """Squared residuals."""
    weights: HostArray
    """Weights of the rows of each class."""
    hits: HostArray
    """Weights of those for which the class is predicted."""
    predicted: HostArray
    """Weights of all rows for which the class is predicted."""

    @property
    def total(self) -> HostArray:
        """Weights of all rows (T, P)."""
        total: HostArray = self.weights.sum(axis=-1)
        return total


def score_block(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    offset: Array | None,
    W: Array,
    b: Array,
    *,
    shape: tuple[int, int, int],
    losses: bool,
) -> tuple[Array, ...]:
    """Sum over a block of features; see `score_sums`."""
    T = namespace_of(W).matrix_transpose
    Z = formulas.logits(namespace_of(W), X, T(W), b)
    return score_sums(targets, sample_weight, counts, offset, Z, shape=shape, losses=losses)


def score_sums(
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    offset: Array | None,
    Z: Array,
    *,
    shape: tuple[int, int, int],
    losses: bool,
    dtype: str | None = None,
) -> tuple[Array, ...]:
    """Sum over a block, for each fit, what `ScoreSums` has.

    Parameters
    ----------
    targets : array (n,), (n, T) or (n, K)
    sample_weight : array (n,) or (n, T), or None
    counts : None
    offset : array (n,), (n, T) or (n, K), or None
    Z : array (n, T * P * K)
        Logits, without offsets.
    shape : tuple
        ``(T, P, K)``
    losses : bool
        Whether to sum the loss and the squared residuals, which need exponentials.
    dtype : str, optional
        Not used.

    Returns
    -------
    *columns : arrays (T, P), (T, 1) or (1, 1)
        See `split_sums`.
    """
    T, P, K = shape
    xp, n = namespace_of(Z), Z.shape[0]
    Z = with_offset(Z, offset, shape)
    Y = group_targets(xp, targets, None, K, Z.dtype)
    Y = xp.reshape(Y, (n, 1, 1, K)) if Y.shape[1] == K else xp.reshape(Y, (n, T, 1, K))
    logits = xp.reshape(Z, (n, T, P, K))
    parts = _class_parts(xp, Y, logits)
    if losses:
        every = xp.reshape(xp.broadcast_to(Y, (n, T, P, K)), (n, T * P * K))
        value, grad, _ = formulas.loss_terms(xp, Z, every, classes=K)
        squares = xp.reshape(grad * grad, (n, T, P, K))
        parts += [xp.reshape(value, (n, T, P)), xp.sum(squares, axis=3)]
    if sample_weight is not None:
        weights = xp.astype(sample_weight, Z.dtype)
        weights = weights[:, None, None] if weights.ndim == 1 else weights[:, :, None]
        parts = [part * weights for part in parts]
    return tuple(xp.sum(part, axis=0) for part in parts)


def with_offset(Z: Array, offset: Array | None, shape: tuple[int, int, int]) -> Array:
    """Add the offsets of rows, of rows and targets, or of rows and classes, to logits.

    Parameters
    ----------
    Z : array (n, T * P * K)
    offset : array (n,), (n, T) or (n, K), or None
    shape : tuple
        ``(T, P, K)``
    """
    if offset is None:
        return Z
    xp, K = namespace_of(Z), shape[2]
    offset = xp.astype(offset, Z.dtype, copy=False)
    if offset.ndim == 1:
        return Z + offset[:, None]
    own = offset[:, None, None, :] if K > 1 else offset[:, :, None, None]
    return xp.reshape(xp.reshape(Z, (Z.shape[0], *shape)) + own, Z.shape)


def _class_parts(xp: Namespace, Y: Array, Z: Array) -> list[Array]:
    """Return, for each row, its share of each class, the part predicted, and the class chosen."""
    if Y.shape[3] == 1:
        truth, chosen = Y[..., 0], xp.astype(Z[..., 0] > 0, Z.dtype)
        return [1.0 - truth, truth, (1.0 - truth) * (1.0 - chosen), truth * chosen]
    best, K = xp.argmax(Z, axis=3), Y.shape[3]
    indicators = linalg.indicators(xp.reshape(best, (-1,)), K, Z.dtype)
    chosen = [xp.reshape(indicators[k, :], best.shape) for k in range(K)]
    truth = [Y[..., k] for k in range(Y.shape[3])]
    return [*truth, *(one * own for one, own in zip(truth, chosen, strict=True)), *chosen]


def split_sums(sums: HostArray, classes: int, *, losses: bool) -> ScoreSums:
    """Name the columns of `score_sums`, stacked along the last axis.

    Parameters
    ----------
    sums : numpy.ndarray (T, P, columns)
    classes : int
        Outputs K of each fit; 1 for two classes.
    losses : bool
        As in `score_sums`; without, they are NaN.
    """
    C = max(classes, 2)
    weights, hits = sums[..., :C], sums[..., C : 2 * C]
    predicted = sums[..., 2 * C : 3 * C]
    if classes == 1:  # what is not a hit is predicted as the other class
        predicted = hits + (weights - hits)[..., ::-1]
    nothing = np.full(sums.shape[:2], np.nan)
    loss, squares = (sums[..., -2], sums[..., -1]) if losses else (nothing, nothing)
    return ScoreSums(loss, squares, weights, hits, predicted)


def _divide(values: HostArray, weights: HostArray) -> HostArray:
    """Divide; NaN where there is no weight."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: HostArray = np.where(weights > 0.0, values / weights, np.nan)
    return quotient


def _ratio(hits: HostArray, of: HostArray) -> HostArray:
    """Divide; 0 where there is nothing to divide by, as scikit-learn does."""
    return np.nan_to_num(_divide(hits, of))


def _defined(scores: HostArray, sums: ScoreSums) -> HostArray:
    """Return NaN for fits without any weight."""
    return np.where(sums.total > 0.0, scores, np.nan)


def _neg_log_loss(sums: ScoreSums) -> HostArray:
    return -_divide(sums.loss, sums.total)


def _neg_brier_score(sums: ScoreSums) -> HostArray:
    return -_divide(sums.squares, sums.total)


def _accuracy(sums: ScoreSums) -> HostArray:
    return _divide(sums.hits.sum(axis=-1), sums.total)


def _balanced_accuracy(sums: ScoreSums) -> HostArray:
    """Mean of the recalls of the classes that occur."""
    return _divide(_recall(sums).sum(axis=-1), (sums.weights > 0.0).sum(axis=-1))


def _matthews_corrcoef(sums: ScoreSums) -> HostArray:
    """Correlation of the right and the predicted class; 0 where one of them does not vary."""
    total = sums.total
    along = sums.hits.sum(axis=-1) * total - (sums.weights * sums.predicted).sum(axis=-1)
    spreads = [total**2 - (part**2).sum(axis=-1) for part in (sums.weights, sums.predicted)]
    varies = np.all([part.max(axis=-1) < total for part in (sums.weights, sums.predicted)], axis=0)
    scale = np.sqrt(np.where(varies, np.maximum(spreads[0] * spreads[1], 0.0), 0.0))
    return _defined(_ratio(along, scale), sums)


def _recall(sums: ScoreSums) -> HostArray:
    return _ratio(sums.hits, sums.weights)


def _precision(sums: ScoreSums) -> HostArray:
    return _ratio(sums.hits, sums.predicted)


def _f1(sums: ScoreSums) -> HostArray:
    return _ratio(2.0 * sums.hits, sums.weights + sums.predicted)


def _jaccard(sums: ScoreSums) -> HostArray:
    return _ratio(sums.hits, sums.weights + sums.predicted - sums.hits)


def _of_the_second(score: Callable[[ScoreSums], HostArray], sums: ScoreSums) -> HostArray:
    return _defined(score(sums)[..., 1], sums)


def _macro(score: Callable[[ScoreSums], HostArray], sums: ScoreSums) -> HostArray:
    """Mean over the classes."""
    return _defined(score(sums).mean(axis=-1), sums)


def _weighted(score: Callable[[ScoreSums], HostArray], sums: ScoreSums) -> HostArray:
    """Mean over the classes, by the weights of their rows."""
    return _divide((score(sums) * sums.weights).sum(axis=-1), sums.total)


def _micro(score: Callable[[ScoreSums], HostArray], sums: ScoreSums) -> HostArray:
    """Score of the sums over all classes."""
    added = (part.sum(axis=-1, keepdims=True) for part in sums[2:])
    return _defined(score(ScoreSums(sums.loss, sums.squares, *added))[..., 0], sums)


_BY_CLASS = {"f1": _f1, "precision": _precision, "recall": _recall, "jaccard": _jaccard}
_AVERAGES = {"macro": _macro, "weighted": _weighted, "micro": _micro}

#: scores of sums that need the losses
LOSSES: dict[str, Callable[[ScoreSums], HostArray]] = {
    "neg_log_loss": _neg_log_loss,
    "neg_brier_score": _neg_brier_score,
}
#: scores of sums that are for two classes
TWO_CLASSES: dict[str, Callable[[ScoreSums], HostArray]] = {
    name: partial(_of_the_second, score) for name, score in _BY_CLASS.items()
}
#: all scores of sums
SUMMED: dict[str, Callable[[ScoreSums], HostArray]] = {
    **LOSSES,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews_corrcoef,
    **TWO_CLASSES,
    **{
        f"{name}_{average}": partial(mean, score)
        for name, score in _BY_CLASS.items()
        for average, mean in _AVERAGES.items()
    },
}
