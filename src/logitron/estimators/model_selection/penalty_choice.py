"""The penalty with the best held-out scores, and coefficients averaged over folds."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from logitron.backend.types import Array, HostArray
from logitron.estimators.fit_grid import FitGrid, FitResults
from logitron.estimators.fitting import Settings
from logitron.estimators.model_selection.scoring import mean_score
from logitron.solvers import Status

__all__ = [
    "PenaltyChoice",
    "average_over_folds",
    "choose_penalties",
    "fit_chosen",
]


class PenaltyChoice(NamedTuple):
    """Indices of the chosen penalties."""

    best: HostArray
    """Best penalty of each target (T,), by the mean score over the folds."""
    by_fold: HostArray
    """Penalty of each target and fold (T, F) whose coefficients are averaged without a refit."""
    refit: bool
    """Whether to train on all rows with the best penalty."""


def choose_penalties(scores: HostArray, status: HostArray, *, refit: bool) -> PenaltyChoice:
    """Choose a penalty for each target, and one for each fold where there is no refit.

    Parameters
    ----------
    scores : numpy.ndarray (T, F, P)
        Held-out scores; greater is better, NaN is undefined.
    status : numpy.ndarray (T, F, P)
        Penalties with a fit that Ctrl-C stopped are not chosen, and there is no refit.
    refit : bool
    """
    means = mean_score(np.swapaxes(scores, 1, 2))  # over the folds with a defined score (T, P)
    unfinished = (status == Status.STOPPED).any(axis=1)
    means = np.where(np.isnan(means) | unfinished, -np.inf, means)
    best = np.argmax(means, axis=1)
    by_fold = np.repeat(best[:, None], scores.shape[1], axis=1)
    if not refit:
        ranked = np.where(np.isnan(scores), -np.inf, scores)
        own = np.argmax(ranked, axis=2)
        by_fold = np.where(np.isinf(ranked).all(axis=2), by_fold, own)
    return PenaltyChoice(best, by_fold, refit and not unfinished.any())


def average_over_folds(results: FitResults, by_fold: HostArray) -> tuple[Array, Array]:
    """Average the parameters of one penalty a fold.

    Parameters
    ----------
    results : FitResults
    by_fold : numpy.ndarray (T, F)
        Number of the penalty for each target and fold.

    Returns
    -------
    coef, intercept : arrays (T * K, p), (T * K,)
    """
    context = results.context
    xp = context.xp
    T, F, P, K, p = results.coef.shape
    flat = np.ravel_multi_index(
        (np.arange(T)[:, None], np.arange(F)[None, :], by_fold), (T, F, P)
    ).reshape(-1)
    index = context.asarray(flat, keep_dtype=True)
    coef = xp.take(xp.reshape(results.coef, (T * F * P, K, p)), index, axis=0)
    intercept = xp.take(xp.reshape(results.intercept, (T * F * P, K)), index, axis=0)
    coef = xp.reshape(xp.mean(xp.reshape(coef, (T, F, K, p)), axis=1), (T * K, p))
    return coef, xp.reshape(xp.mean(xp.reshape(intercept, (T, F, K)), axis=1), (T * K,))


def fit_chosen(
    make_grid: Callable[..., FitGrid],
    settings: Settings,
    results: FitResults,
    scores: HostArray,
    penalties: HostArray,
    *,
    refit: bool,
) -> tuple[Array, Array, HostArray, FitResults | None]:
    """Choose penalties, and compute their coefficients (m, p) and intercepts (m,).

    Parameters
    ----------
    make_grid : callable
        Makes the grid of all rows, for a ``C`` and an ``l1_ratio`` of each target.
    settings : Settings
    results : FitResults
        Of all penalties on all folds.
    scores : numpy.ndarray (T, F, P)
    penalties : numpy.ndarray (2, P)
        C, and the part of the L1 penalty.
    refit : bool

    Returns
    -------
    coef, intercept : arrays
    chosen : numpy.ndarray (2, T)
        C and the part of the L1 penalty of each target; their mean over the folds without a refit.
    refitted : FitResults or None
    """
    choice = choose_penalties(scores, results.status, refit=refit)
    coef, intercept = average_over_folds(results, choice.by_fold)
    if not choice.refit:
        return coef, intercept, penalties[:, choice.by_fold].mean(axis=2), None
    C, l1_ratio = penalties[:, choice.best, None, None]
    refitted = make_grid(C=C, l1_ratio=l1_ratio).fit(settings, start=(coef, intercept))
    xp = results.context.xp
    coef = xp.reshape(refitted.coef, coef.shape)
    return coef, xp.reshape(refitted.intercept, (-1,)), penalties[:, choice.best], refitted
