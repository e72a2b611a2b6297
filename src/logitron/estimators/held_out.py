"""Scores of many fits on the rows that their folds hold out."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.data import Rows, wrap
from logitron.estimators.fits import Fits
from logitron.estimators.folds import Fold, model_on_host, on_classes, scorer_named
from logitron.estimators.grid import Grid
from logitron.estimators.label_values import comparable
from logitron.estimators.labels import Labels
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.multilabel import encode_many
from logitron.estimators.scoring import ON_DEVICE, scores_on_device
from logitron.estimators.values import on_host, refuse_masked
from logitron.solvers import Status

__all__ = [
    "deciding_scores",
    "held_out_scores",
    "known_classes",
    "score_of",
    "scores_of_done",
    "warn_of_left_out",
    "warn_of_undefined",
]


def scores_of_done(
    model: Any, grid: Grid, fits: Fits, labels: Labels, folds: list[Fold], *data: Any
) -> tuple[HostArray, int]:
    """Score the fits that are done, see `held_out_scores`.

    Returns
    -------
    scores : numpy.ndarray (T, F, P)
        NaN for fits that Ctrl-C stopped.
    undefined : int
        How many of the others could not be scored.

    Raises
    ------
    KeyboardInterrupt
        If no penalty was done on all folds.
    """
    stopped = fits.status == Status.STOPPED
    if stopped.any(axis=1).all():
        raise KeyboardInterrupt("no penalty was done, so that there is nothing to choose")
    done = np.flatnonzero(~stopped.any(axis=1).all(axis=0))
    if len(done) < stopped.shape[2]:
        index = fits.context.asarray(done, keep_dtype=True)
        parts = (fits.context.xp.take(a, index, axis=2) for a in (fits.coef, fits.intercept))
        fits = replace(fits, **dict(zip(("coef", "intercept"), parts, strict=True)))
    some = held_out_scores(model, grid, fits, labels, folds, *data)
    scores = np.full(stopped.shape, np.nan)
    scores[:, :, done] = some
    scores[stopped] = np.nan
    return scores, int(np.isnan(some).sum())


def held_out_scores(
    model: Any,
    grid: Grid,
    fits: Fits,
    labels: Labels,
    folds: list[Fold],
    X: Any,
    y: HostArray | None,
    params: dict[str, Any],
) -> HostArray:
    """Score all fits on the rows that their fold holds out (T, F, P).

    Parameters
    ----------
    model : LogisticRegressionCV
        What scikit-learn's scorers are given a copy of.
    grid : Grid
    fits : Fits
    labels : Labels
    folds : list of (train, test)
    X : object
        Features as they came.
    y : numpy.ndarray (n,), or None for many targets
    params : dict
        What goes to the scorer, such as ``sample_weight``.
    """
    name, scorer = scorer_named(model.scoring)
    scores = np.zeros(tuple(fits.coef.shape[:3]))
    if name in ON_DEVICE and not set(params) - {"sample_weight"}:
        codes, weights, _ = grid.rows.row_arrays
        rows = grid.rows.with_row_arrays(
            codes, weights if "sample_weight" in params else None, None
        )
        for f, (_, test) in enumerate(folds):
            if not len(test):
                scores[:, f, :] = np.nan
                continue
            held = select(rows, test)
            own = fits.coef[:, f, ...], fits.intercept[:, f, ...]
            scores[:, f, :] = scores_on_device(name, held, *own)
        return scores
    for f, (_, test) in enumerate(folds):
        if not len(test):
            scores[:, f, :] = np.nan
            continue
        own = to_host(fits.coef[:, f, ...]), to_host(fits.intercept[:, f, ...])
        scores[:, f, :] = _by_scorer(scorer, model, own, test, labels, X, y, params)
    return scores


def deciding_scores(
    scores: HostArray,
    model: Any,
    grid: Grid,
    fits: Fits,
    labels: Labels,
    folds: list[Fold],
    *data: Any,
) -> tuple[HostArray, int]:
    """Score again without held-out rows of classes that their fold lacks, for the choice of C.

    Returns
    -------
    scores : numpy.ndarray (T, F, P)
        The same, where there are no such rows, or no others.
    left_out : int
        Rows that are left out, in all folds.
    """
    known, left_out = known_classes(grid, labels, folds)
    if not left_out:
        return scores, 0
    deciding, _ = scores_of_done(model, grid, fits, labels, known, *data)
    return (scores if np.isnan(deciding).all() else deciding), left_out


def known_classes(grid: Grid, labels: Labels, folds: list[Fold]) -> tuple[list[Fold], int]:
    """Leave out held-out rows of classes that their fold's training rows lack.

    A model that never saw a class cannot be compared by its rows: what it makes of them says
    nothing of the penalty.

    Returns
    -------
    folds : list of (train, test)
    left_out : int
        Rows that are left out, in all folds.
    """
    if labels.many:  # whose rows count for other targets
        return folds, 0
    seen = grid.totals[0] > 0.0
    if seen.all():
        return folds, 0
    codes = to_host(labels.codes)
    kept = [(train, test[seen[f][codes[test]]]) for f, (train, test) in enumerate(folds)]
    before, after = (sum(len(test) for _, test in some) for some in (folds, kept))
    return kept, before - after


def warn_of_left_out(left_out: int, *, stacklevel: int) -> None:
    """Warn of held-out rows that have no say in the choice of C."""
    if left_out:
        warnings.warn(
            f"{left_out} held-out rows are of classes that the rows that their fold trains on "
            "lack; they have no say in the choice of C. Use fewer folds, or stratified ones",
            UserWarning,
            stacklevel=stacklevel,
        )


def select(rows: Rows, test: HostArray) -> Rows:
    """Take the held-out rows; where that would cost a pass, let the others weigh nothing."""
    held = rows.select(test)
    if held is not None:
        return held
    codes, weights, _ = rows.row_arrays
    mask = np.bincount(test, minlength=rows.shape[0]).astype(float)
    if weights is not None:
        weights = to_host(weights)
        mask = weights * (mask if weights.ndim == 1 else mask[:, None])
    return rows.with_row_arrays(codes, mask, None)


def warn_of_undefined(scoring: Any, undefined: int, fits: int, *, stacklevel: int) -> None:
    """Warn of fits that could not be scored."""
    if undefined:
        warnings.warn(
            f"scoring={scoring!r} is not defined for {undefined} of {fits} fits, for lack of a "
            "class among the rows that their fold holds out; they have no say in the choice of C. "
            "Use fewer folds, or another scoring",
            UserWarning,
            stacklevel=stacklevel,
        )


def score_of(model: Any, X: Any, y: Any, params: dict[str, Any]) -> float:
    """Score a fitted model by its ``scoring``, on the host; of many targets, their mean."""
    _, scorer = scorer_named(model.scoring)
    for name, value in {"y": y, **params}.items():
        refuse_masked(name, value)
    model, X = model_on_host(model, X)
    params = {key: on_host(value) for key, value in params.items()}
    if not model._many:
        return float(on_classes(scorer, model.classes_)(model, X, comparable(y), **params))
    coef, intercept = model._dense_coef()[:, None, :], model.intercept_[:, None]
    Y = encode_many(y, len(to_host(model.predict(X))))
    scores = [
        _scored(scorer, model, (coef[t], intercept[t]), X, to_host(Y.codes)[:, t], t, params)
        for t in range(len(coef))
    ]
    return float(np.mean(scores))


def _by_scorer(
    scorer: Any,
    model: Any,
    own: tuple[HostArray, HostArray],
    test: HostArray,
    labels: Labels,
    X: Any,
    y: HostArray | None,
    params: dict[str, Any],
) -> HostArray:
    """Score one fold's fits by a scorer of scikit-learn's, one after the other (T, P)."""
    coef, intercept = own
    T, P = coef.shape[:2]
    n = labels.codes.shape[0]
    held = wrap("X", X).take(test)
    params = {
        key: _safe_indexing(on_host(value), test)
        if value is not None and np.ndim(value) and len(value) == n
        else value
        for key, value in params.items()
    }
    scores = np.zeros((T, P))
    for t in range(T):
        truth = to_host(labels.codes)[test, t] if y is None else y[test]
        for c in range(P):
            one = coef[t, c], intercept[t, c]
            scores[t, c] = _scored(scorer, model, one, held, truth, t, params)
    return scores


def _scored(
    scorer: Any,
    model: Any,
    own: tuple[HostArray, HostArray],
    X: Any,
    y: HostArray,
    target: int,
    params: dict[str, Any],
) -> float:
    """Score one set of neurons, as a model that was never part of a cross-validation."""
    shown = LogisticRegression(fit_intercept=model.fit_intercept)
    shown.coef_, shown.intercept_ = own
    shown.n_features_in_ = model.n_features_in_
    if hasattr(model, "feature_names_in_"):
        shown.feature_names_in_ = model.feature_names_in_
    shown.classes_ = np.arange(2) if model._many else to_host(model.classes_)
    params = {
        key: np.asarray(value)[:, target] if np.ndim(value) == 2 else value
        for key, value in params.items()
    }
    return float(on_classes(scorer, shown.classes_)(shown, X, y, **params))
