"""Scores of many fits on the rows that their folds hold out."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.data import Rows, wrap
from logitron.estimators.device_scores import has_shares, score_labels, score_shares
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.model_selection.folds import (
    Fold,
    resolve_scorer,
    to_numpy_model,
    with_labels,
)
from logitron.estimators.model_selection.scoring import (
    DEVICE_SCORES,
    check_scoring,
    mean_score,
    scores_on_device,
)
from logitron.estimators.target_rows import check_targets, target_rows
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.features import validate_features
from logitron.estimators.validation.label_values import labels_for_scoring
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.multilabel import encode_multilabel
from logitron.estimators.validation.values import reject_masked, to_host_if_array
from logitron.objective.row_ladder import rows_to_the_ladder
from logitron.solvers import Status

__all__ = [
    "completed_scores",
    "drop_unseen_classes",
    "held_out_scores",
    "score_model",
    "selection_scores",
    "warn_undefined_scores",
    "warn_unseen_classes",
]


def completed_scores(
    model: Any, grid: FitGrid, results: FitResults, labels: Labels, folds: list[Fold], *data: Any
) -> tuple[HostArray, int]:
    """Score the fits that Ctrl-C did not stop, see `held_out_scores`.

    Returns
    -------
    scores : numpy.ndarray (T, F, P)
        NaN for stopped fits.
    n_undefined : int
        Number of completed fits whose score is undefined.

    Raises
    ------
    KeyboardInterrupt
        If no penalty was completed on all folds.
    """
    stopped = results.status == Status.STOPPED
    if stopped.any(axis=1).all():
        raise KeyboardInterrupt("no penalty was completed on all folds; nothing to choose from")
    done = np.flatnonzero(~stopped.any(axis=1).all(axis=0))
    if len(done) < stopped.shape[2]:
        index = results.context.asarray(done, keep_dtype=True)
        parts = (
            results.context.xp.take(a, index, axis=2) for a in (results.coef, results.intercept)
        )
        results = replace(results, **dict(zip(("coef", "intercept"), parts, strict=True)))
    some = held_out_scores(model, grid, results, labels, folds, *data)
    scores = np.full(stopped.shape, np.nan)
    scores[:, :, done] = some
    scores[stopped] = np.nan
    return scores, int(np.isnan(some).sum())


def held_out_scores(
    model: Any,
    grid: FitGrid,
    results: FitResults,
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
        Its copies are passed to scikit-learn's scorers.
    grid : FitGrid
    results : FitResults
    labels : Labels
    folds : list of (train, test)
    X : object
        Features as the user passed them.
    y : numpy.ndarray (n,), or None for many targets
    params : dict
        Parameters of the scorer, such as ``sample_weight``.
    """
    name, scorer = resolve_scorer(model.scoring)
    scores = np.zeros(tuple(results.coef.shape[:3]))
    if name in DEVICE_SCORES and not set(params) - {"sample_weight"}:
        rows = _scored_rows(grid.rows, labels, weighted="sample_weight" in params)
        for f, (_, test) in enumerate(folds):
            if not len(test):
                scores[:, f, :] = np.nan
                continue
            held = select_rows(rows, test)
            own = results.coef[:, f, ...], results.intercept[:, f, ...]
            scores[:, f, :] = scores_on_device([name], held, *own)[name]
        return scores
    for f, (_, test) in enumerate(folds):
        if not len(test):
            scores[:, f, :] = np.nan
            continue
        own = to_host(results.coef[:, f, ...]), to_host(results.intercept[:, f, ...])
        scores[:, f, :] = _scores_by_scorer(scorer, model, own, test, labels, X, y, params)
    return scores


def _scored_rows(rows: Rows, labels: Labels, *, weighted: bool) -> Rows:
    """Return rows with the weights of scores, which are zero for missing labels."""
    codes, weights, _, offset = rows.row_arrays
    if not weighted:
        known = labels.known
        move = partial(rows.context.asarray, keep_dtype=True)
        weights = known if known is None or rows.lazy else move(known)
    return rows.with_row_arrays(codes, weights, None, offset)


def selection_scores(
    scores: HostArray,
    model: Any,
    grid: FitGrid,
    results: FitResults,
    labels: Labels,
    folds: list[Fold],
    *data: Any,
) -> tuple[HostArray, int]:
    """Score without the held-out rows whose class their fold's training rows lack.

    The scores decide on C: see `drop_unseen_classes`.

    Returns
    -------
    scores : numpy.ndarray (T, F, P)
        The same ``scores`` if there are no such rows, or only such rows.
    n_unseen : int
        Number of the rows left out, summed over the folds.
    """
    known, n_unseen = drop_unseen_classes(grid, labels, folds)
    if not n_unseen:
        return scores, 0
    deciding, _ = completed_scores(model, grid, results, labels, known, *data)
    return (scores if np.isnan(deciding).all() else deciding), n_unseen


def drop_unseen_classes(grid: FitGrid, labels: Labels, folds: list[Fold]) -> tuple[list[Fold], int]:
    """Leave out held-out rows whose class their fold's training rows lack.

    A model without the class mispredicts these rows for every penalty, so that they add only noise
    to the choice of C.

    Returns
    -------
    folds : list of (train, test)
    n_unseen : int
        Number of the rows left out, summed over the folds.
    """
    if labels.multilabel or labels.soft:  # a row can lack one class, or target, and not another
        return folds, 0
    seen = grid.class_totals[0] > 0.0
    if seen.all():
        return folds, 0
    codes = to_host(labels.codes)
    kept = [(train, test[seen[f][codes[test]]]) for f, (train, test) in enumerate(folds)]
    before, after = (sum(len(test) for _, test in some) for some in (folds, kept))
    return kept, before - after


def warn_unseen_classes(n_unseen: int) -> None:
    """Warn about held-out rows that are left out of the choice of C."""
    if n_unseen:
        warn(
            f"{n_unseen} held-out rows are of classes that the training rows of their fold lack; "
            "they are left out of the choice of C. Use fewer folds, or stratified folds",
            UserWarning,
        )


def select_rows(rows: Rows, test: HostArray) -> Rows:
    """Select rows; where a selection needs a pass, set the weights of all others to zero.

    Where functions are compiled for each number of rows, some of weight zero can come after them.
    """
    more = rows_to_the_ladder(rows.context, len(test))
    held = rows.select(np.append(test, np.repeat(test[:1], more)))
    if held is not None and not more:
        return held
    if held is not None:
        rows, mask = held, np.repeat([1.0, 0.0], [len(test), more])
    else:
        mask = np.bincount(test, minlength=rows.shape[0]).astype(float)
    codes, weights, _, offset = rows.row_arrays
    if weights is not None:
        weights = to_host(weights)
        mask = weights * (mask if weights.ndim == 1 else mask[:, None])
    return rows.with_row_arrays(codes, mask, None, offset)


def warn_undefined_scores(scoring: Any, n_undefined: int, n_fits: int) -> None:
    """Warn about fits whose score is undefined."""
    if n_undefined:
        warn(
            f"scoring={scoring!r} is not defined for {n_undefined} of {n_fits} fits, perhaps "
            "because a class is missing in the held-out rows; these fits are left out of the "
            "choice of C. Use fewer folds, or another scoring",
            UserWarning,
        )


def score_model(model: Any, X: Any, y: Any, params: dict[str, Any], offset: Any = None) -> float:
    """Score a fitted model by its ``scoring``; average over many targets.

    Parameters
    ----------
    model : LogisticRegressionCV
    X, y : object
    params : dict
        Parameters of the scorer, such as ``sample_weight``.
    offset : array-like, optional
        Added to the logits; needs a score of `DEVICE_SCORES`, as proportions do.
    """
    scoring, scorer = resolve_scorer(model.scoring)
    for name, value in {"y": y, **params}.items():
        reject_masked(name, value)
    if model._multilabel:
        scores = _scores_of_targets(model, X, y, params, offset)
        warn_undefined_targets(model.scoring, scores)
        return float(mean_score(scores))
    if not set(params) - {"sample_weight"}:
        found = score_labels(scoring, model, X, y, params.get("sample_weight"), offset)
        if found is not None:
            return found
    if offset is not None or has_shares(labels_for_scoring(y)):
        return score_shares(scoring, model, X, y, params.get("sample_weight"), offset)
    model, X = to_numpy_model(model, X)
    params = {key: to_host_if_array(value) for key, value in params.items()}
    return float(with_labels(scorer, model.classes_)(model, X, labels_for_scoring(y), **params))


def _scores_of_targets(
    model: Any, X: Any, y: Any, params: dict[str, Any], offset: Any
) -> HostArray:
    """Score each target (T,): where X is, or by a scorer of scikit-learn on the host."""
    name, scorer = resolve_scorer(model.scoring)
    if name in DEVICE_SCORES and not set(params) - {"sample_weight"}:
        weights, method = params.get("sample_weight"), f"{type(model).__name__}.score()"
        rows, coef, intercept = target_rows(model, X, y, weights, method, offset)
        with rows.context.scope():
            parameters = coef[:, None, None, :], intercept[:, None, None]
            return scores_on_device([name], rows, *parameters)[name][:, 0]
    n = validate_features(model, X, reset=False).shape[0]
    labels = encode_multilabel(y, n, missing_label=model.missing_label)
    check_scoring(name, labels.n_outputs, on_device=labels.soft or offset is not None)
    check_targets(model, labels)
    model, X = to_numpy_model(model, X)
    own = model._dense_coef()[:, None, None, :], model.intercept_[:, None, None]
    return _scores_by_scorer(scorer, model, own, np.arange(n), labels, X, None, params)[:, 0]


def warn_undefined_targets(scoring: Any, scores: HostArray) -> None:
    """Warn about targets whose score is undefined."""
    undefined = np.flatnonzero(np.isnan(scores))
    if len(undefined):
        warn(
            f"scoring={scoring!r} is not defined for {len(undefined)} of {len(scores)} targets, "
            "perhaps because all of their labels are of one class, or missing; they are left out "
            "of the mean",
            UserWarning,
        )


def _scores_by_scorer(
    scorer: Any,
    model: Any,
    own: tuple[HostArray, HostArray],
    test: HostArray,
    labels: Labels,
    X: Any,
    y: HostArray | None,
    params: dict[str, Any],
) -> HostArray:
    """Score the fits of one fold by a scorer of scikit-learn, one by one: (T, P)."""
    coef, intercept = own
    T, P = coef.shape[:2]
    n = labels.codes.shape[0]
    held = wrap("X", X).take(test)
    params = _of_rows(params, test, n)
    scores = np.zeros((T, P))
    codes = to_host(labels.codes)[test]
    known = None if labels.known is None else to_host(labels.known)[test]
    for t in range(T):
        truth = codes[:, t] if y is None else y[test]
        kept = None if known is None else np.flatnonzero(known[:, t])
        if kept is not None and not len(kept):
            scores[t] = np.nan
            continue
        some = (
            (held, truth, params)
            if kept is None
            else (_safe_indexing(held, kept), truth[kept], _of_rows(params, kept, len(test)))
        )
        for c in range(P):
            scores[t, c] = _score_one(scorer, model, (coef[t, c], intercept[t, c]), t, *some)
    return scores


def _of_rows(params: dict[str, Any], rows: HostArray, n: int) -> dict[str, Any]:
    """Select rows of the parameters that have one entry for each of n rows."""
    return {
        key: _safe_indexing(to_host_if_array(value), rows)
        if value is not None and np.ndim(value) and len(value) == n
        else value
        for key, value in params.items()
    }


def _score_one(
    scorer: Any,
    model: Any,
    own: tuple[HostArray, HostArray],
    target: int,
    X: Any,
    y: HostArray,
    params: dict[str, Any],
) -> float:
    """Score one set of parameters as a `LogisticRegression` on the host."""
    scored_model = LogisticRegression(fit_intercept=model.fit_intercept)
    scored_model.coef_, scored_model.intercept_ = own
    scored_model.n_features_in_ = model.n_features_in_
    if hasattr(model, "feature_names_in_"):
        scored_model.feature_names_in_ = model.feature_names_in_
    scored_model.classes_ = np.arange(2) if model._multilabel else to_host(model.classes_)
    params = {
        key: np.asarray(value)[:, target] if np.ndim(value) == 2 else value
        for key, value in params.items()
    }
    return float(with_labels(scorer, scored_model.classes_)(scored_model, X, y, **params))
