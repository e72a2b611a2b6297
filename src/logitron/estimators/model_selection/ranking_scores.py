"""Scores of how logits rank rows: areas under curves, of many fits in one sort."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace

from logitron.backend import ArrayContext, linalg, to_host
from logitron.backend.types import Array, HostArray

__all__ = ["RANKED", "rank_rows", "score_rankings"]


class Ranking(NamedTuple):
    """Rows of m fits, sorted by logit, with the sums of weights up to each."""

    positives: Array
    """Weights of the positives with a smaller number in the order (m, n + 1)."""
    negatives: Array
    own: Array
    """Weight of each row if it is positive, else 0 (m, n)."""
    first: Array | None
    """Number of rows with a smaller logit (m, n); None without ties, where it is the number of the
    row itself."""
    last: Array | None
    """Number of rows with a smaller or equal logit (m, n), or None."""

    def below(self, sums: Array) -> Array:
        """Return the sums over the rows with a smaller logit (m, n)."""
        return sums[:, :-1] if self.first is None else _take_by_row(sums, self.first)

    def through(self, sums: Array) -> Array:
        """Return the sums over the rows with a smaller or equal logit (m, n)."""
        return sums[:, 1:] if self.last is None else _take_by_row(sums, self.last)


def score_rankings(
    names: list[str],
    Z: Array,
    codes: Array,
    weights: Array | None,
    *,
    targets: int,
    at_a_time: int = 1 << 22,
) -> dict[str, HostArray]:
    """Score the logits of fits.

    Parameters
    ----------
    names : list of str
        Keys of `RANKED`.
    Z : array (n, T * P)
        Logits of P fits of each target.
    codes : array (n,) or (n, T)
        0 or 1, or proportions: a row counts in part as each class.
    weights : array (n,) or (n, T) of floats, or None
    targets : int
        T.
    at_a_time : int
        Logits that are sorted at a time.

    Returns
    -------
    dict of numpy.ndarray (T, P)
        NaN where a class has no weight, for the area under the ROC curve.
    """
    xp, (n, m) = array_namespace(Z), Z.shape
    fits, step = m // targets, max(1, at_a_time // n)
    Y, S = codes, weights
    Y = Y[:, None] if Y.ndim == 1 else Y
    positive = xp.astype(Y, Z.dtype if S is None else S.dtype)
    S = xp.ones_like(positive) if S is None else S[:, None] if S.ndim == 1 else S
    positives, negatives = positive * S, (1 - positive) * S
    found: dict[str, list[Array]] = {name: [] for name in names}
    for start in range(0, m, step):
        stop = min(start + step, m)
        low, high = start // fits, (stop - 1) // fits + 1
        own = slice(low, high) if targets > 1 else slice(None)
        of_fit = np.arange(start, stop) // fits - low
        ranking = rank_rows(Z[:, start:stop], positives[:, own], negatives[:, own], of_fit)
        for name in names:
            with np.errstate(invalid="ignore", divide="ignore"):
                found[name].append(RANKED[name](ranking))
    return {
        name: np.reshape(to_host(xp.concat(parts)), (targets, fits))
        for name, parts in found.items()
    }


def rank_rows(Z: Array, positives: Array, negatives: Array, target: HostArray) -> Ranking:
    """Sort the rows of each fit.

    Parameters
    ----------
    Z : array (n, m)
        Logits.
    positives, negatives : arrays (n, T)
        Weights of the rows of each class.
    target : numpy.ndarray (m,)
        Number of the target of each fit.
    """
    xp, (n, m) = array_namespace(Z), Z.shape
    z = _row_by_row(Z)
    order = xp.argsort(z, axis=1)
    place = xp.astype(linalg.range_like(order, m), order.dtype)[:, None] * n
    numbers = xp.astype(ArrayContext.of(Z).asarray(target, keep_dtype=True), order.dtype)
    z = _take(z, order + place)
    index = order + numbers[:, None] * n
    ones, zeros = (_take(_row_by_row(part), index) for part in (positives, negatives))
    before, others = (
        xp.cumulative_sum(part, axis=1, include_initial=True) for part in (ones, zeros)
    )
    same = z[:, 1:] == z[:, :-1]
    if not bool(to_host(xp.any(same))):
        return Ranking(before, others, ones, None, None)
    first = xp.astype(xp.zeros_like(same[:, :1]), order.dtype)
    run = xp.cumulative_sum(xp.concat([first, xp.astype(~same, order.dtype)], axis=1), axis=1)
    runs = xp.reshape(xp.astype(run, order.dtype) + place, (-1,))  # numbers of equal logits
    begin, end = (
        xp.reshape(xp.astype(xp.searchsorted(runs, runs, side=side), order.dtype), (m, n)) - place
        for side in ("left", "right")
    )
    return Ranking(before, others, ones, begin, end)


def _roc_auc(ranking: Ranking) -> Array:
    """Fraction of pairs of a positive and a negative in the right order; ties count half."""
    xp, negatives = array_namespace(ranking.own), ranking.negatives
    below = 0.5 * (ranking.below(negatives) + ranking.through(negatives))
    return xp.sum(ranking.own * below, axis=1) / (ranking.positives[:, -1] * negatives[:, -1])


def _average_precision(ranking: Ranking) -> Array:
    """Mean over the positives of the precision at their logit as threshold.

    0 without positives, as in scikit-learn; NaN without any weight.
    """
    xp, own = array_namespace(ranking.own), ranking.own
    positives, negatives = ranking.positives[:, -1:], ranking.negatives[:, -1:]
    right = positives - ranking.below(ranking.positives)
    wrong = negatives - ranking.below(ranking.negatives)
    precision = right / xp.where(own > 0, right + wrong, xp.ones_like(right))
    total, any_weight = positives[:, 0], positives[:, 0] + negatives[:, 0]
    some = xp.where(total > 0.0, total, xp.ones_like(total))
    return xp.sum(own * precision, axis=1) / some * (any_weight / any_weight)


#: scores of a ranking: (m,)
RANKED: dict[str, Callable[[Ranking], Array]] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
}


def _row_by_row(table: Array) -> Array:
    """Transpose a table (n, m), so that each column's numbers are side by side in memory."""
    xp = array_namespace(table)
    return xp.reshape(
        xp.reshape(xp.matrix_transpose(table), (-1,)), (table.shape[1], table.shape[0])
    )


def _take(values: Array, index: Array) -> Array:
    """Return the entries of an array with these numbers, in the shape of the index."""
    xp = array_namespace(values)
    flat = xp.take(xp.reshape(values, (-1,)), xp.reshape(index, (-1,)), axis=0)
    return xp.reshape(flat, index.shape)


def _take_by_row(sums: Array, index: Array) -> Array:
    """Return ``sums[i, index[i, j]]``."""
    xp = array_namespace(sums)
    rows = xp.astype(linalg.range_like(index, index.shape[0]), index.dtype)
    return _take(sums, index + rows[:, None] * sums.shape[1])
