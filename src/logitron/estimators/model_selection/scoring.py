"""Scores of many fits on held-out rows, computed in the library and on the device of the rows.

Scores of sums over rows (losses, accuracy, F1) are added up block by block. Ranking scores (areas
under curves) need all logits of a fit at once, and are computed some fits at a time.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace

from logitron.backend import to_host, to_host_all
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, logits_of
from logitron.estimators.model_selection.ranking_scores import RANKED, score_rankings
from logitron.estimators.model_selection.summed_scores import (
    LOSSES,
    SUMMED,
    TWO_CLASSES,
    score_block,
    score_sums,
    split_sums,
    with_offset,
)

__all__ = ["DEVICE_SCORES", "ScoreMemory", "check_scoring", "mean_score", "scores_on_device"]


#: scores computed where the rows are
DEVICE_SCORES = (*SUMMED, *RANKED)


class ScoreMemory(NamedTuple):
    """What bounds the memory of scores."""

    logits: int = 1 << 24
    """Logits that are stored at a time."""
    sorted_logits: int = 1 << 22
    """Logits that are sorted at a time: about ten arrays of this size."""
    columns: int = 1 << 13
    """Logits of a row that a block of rows computes at a time."""


DEFAULT_MEMORY = ScoreMemory()


def scores_on_device(
    names: Sequence[str],
    rows: Rows,
    coef: Array,
    intercept: Array,
    memory: ScoreMemory = DEFAULT_MEMORY,
) -> dict[str, HostArray]:
    """Score fits on held-out rows, by sums of one pass and sorts of another.

    Parameters
    ----------
    names : sequence of str
        Some of `DEVICE_SCORES`.
    rows : Rows
        Features, targets, weights (n,), (n, T) or None, no counts, and offsets; see
        `objective.groups`. A weight of zero leaves a row out.
    coef : array (T, P, K, p)
    intercept : array (T, P, K)
    memory : ScoreMemory, optional

    Returns
    -------
    dict of numpy.ndarray (T, P)
        Greater is better; NaN where the score is undefined.

    Raises
    ------
    ValueError
        If a score is for two classes, and there are more.
    """
    for name in names:
        check_scoring(name, coef.shape[2])
    found = {name: np.zeros(tuple(coef.shape[:2])) for name in names}
    rank_scores = partial(_rank_scores, sorted_logits=memory.sorted_logits)
    for kind, scored in ((SUMMED, _sum_scores), (RANKED, rank_scores)):
        some = [name for name in names if name in kind]
        stores_logits = kind is RANKED or rows.entries is not None
        limit = memory.logits // rows.shape[0] if stores_logits else memory.columns
        for T, P in _parts(tuple(coef.shape[:3]), limit) if some else ():
            own = _of_targets(rows, T, coef.shape[0])
            part = scored(some, own, coef[T, P, ...], intercept[T, P, ...])
            for name in some:
                found[name][T, P] = part[name]
    return found


def check_scoring(name: str | None, classes: int, *, on_device: bool = False) -> None:
    """Reject scores for two classes if there are more.

    Parameters
    ----------
    name : str or None
    classes : int
        Outputs of each target; 1 for two classes.
    on_device : bool, default False
        Whether proportions, soft labels or offsets need one of `DEVICE_SCORES`.

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
    if classes > 1 and (name in RANKED or name in TWO_CLASSES):
        other = f"{name}_macro" if name in TWO_CLASSES else "accuracy"
        raise ValueError(
            f"scoring={name!r} is for two classes, got {classes}; try 'neg_log_loss' or {other!r}"
        )


def mean_score(scores: HostArray) -> HostArray:
    """Average scores over the last axis, leaving out NaN; NaN where all scores are NaN.

    Parameters
    ----------
    scores : numpy.ndarray
    """
    is_defined = ~np.isnan(scores)
    total = np.where(is_defined, scores, 0.0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: HostArray = total / is_defined.sum(axis=-1)
    return mean


def _parts(shape: tuple[int, ...], limit: int) -> Iterator[tuple[slice, slice]]:
    """Divide fits into targets and penalties with at most ``limit`` outputs, or one fit."""
    T, P, K = shape
    limit = max(1, limit // K)
    targets = min(T, limit)
    penalties = max(1, limit // targets) if targets == T else 1
    for t in range(0, T, targets):
        for c in range(0, P, penalties):
            yield slice(t, min(t + targets, T)), slice(c, min(c + penalties, P))


def _of_targets(rows: Rows, targets: slice, n_targets: int) -> Rows:
    """Return the rows with the row arrays of some targets."""
    codes, weights, _, offset = rows.row_arrays
    if targets.stop - targets.start == n_targets:
        return rows
    codes, weights, offset = (
        part if part is None or part.ndim == 1 else part[:, targets]
        for part in (codes, weights, offset)
    )
    return rows.with_row_arrays(codes, weights, None, offset)


def _beside_rows(rows: Rows, coef: Array, intercept: Array) -> tuple[Array, Array]:
    """Bring the parameters of all fits to the rows, as arrays (m, p) and (m,)."""
    xp, receive = array_namespace(coef), rows.context.wide.receive
    W, b = xp.reshape(coef, (-1, coef.shape[-1])), xp.reshape(intercept, (-1,))
    return receive(W), receive(b)


def _sum_scores(
    names: list[str], rows: Rows, coef: Array, intercept: Array
) -> dict[str, HostArray]:
    """Score fits by sums over the rows: arrays (T, P)."""
    T, P, K, _ = coef.shape
    losses = any(name in LOSSES for name in names)
    W, b = _beside_rows(rows, coef, intercept)
    settings = {"shape": (T, P, K), "losses": losses}
    if rows.entries is None:
        sums = rows.sum(score_block, W, b, **settings)
    else:  # products with all rows cost less than blocks
        Z = logits_of(rows.with_row_arrays(), W, b)
        sums = rows.with_row_arrays(*rows.row_arrays, Z).sum_rows(score_sums, **settings)
    columns = [np.broadcast_to(part, (T, P)) for part in to_host_all(sums)]
    split = split_sums(np.stack(columns, axis=-1), K, losses=losses)
    return {name: SUMMED[name](split) for name in names}


def _rank_scores(
    names: list[str], rows: Rows, coef: Array, intercept: Array, *, sorted_logits: int
) -> dict[str, HostArray]:
    """Score fits by the order of their logits: arrays (T, P)."""
    T, context = coef.shape[0], rows.context
    W, b = _beside_rows(rows, coef, intercept)
    Z = logits_of(rows.with_row_arrays(), W, b)
    codes, weights, _, offset = rows.row_arrays
    if rows.lazy:
        codes = context.asarray(to_host(codes), keep_dtype=True)
        weights, offset = (None if part is None else to_host(part) for part in (weights, offset))
    if offset is not None:
        Z = with_offset(Z, context.asarray(offset), (T, Z.shape[1] // T, 1))
    weights = None if weights is None else context.wide.asarray(weights)
    return score_rankings(names, Z, codes, weights, targets=T, at_a_time=sorted_logits)
