"""Scores of many fits on the rows that their folds hold out."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.model_selection.folds import Fold, resolve_scorer
from logitron.estimators.model_selection.scorer_scores import scores_by_scorer
from logitron.estimators.model_selection.scoring import DEVICE_SCORES, scores_on_device
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.labels import Labels
from logitron.objective.row_ladder import rows_to_the_ladder
from logitron.solvers import Status

__all__ = ["HeldOut", "warn_undefined_scores", "warn_unseen_classes"]


@dataclass(frozen=True)
class HeldOut:
    """Rows that folds hold out, and the fits that are scored on them.

    Parameters
    ----------
    model : LogisticRegressionCV
        Its copies are passed to scikit-learn's scorers.
    grid : FitGrid
    results : FitResults
        Of the grid.
    labels : Labels
    folds : list of (train, test)
    X : object
        Features as the user passed them.
    y : numpy.ndarray (n,), or None for many targets
    params : dict
        Parameters of the scorer, such as ``sample_weight``.
    """

    model: Any
    grid: FitGrid
    results: FitResults
    labels: Labels
    folds: list[Fold]
    X: Any
    y: HostArray | None
    params: dict[str, Any]

    def completed_scores(self) -> tuple[HostArray, int]:
        """Score the fits that Ctrl-C did not stop.

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
        results = self.results
        stopped = results.status == Status.STOPPED
        if stopped.any(axis=1).all():
            raise KeyboardInterrupt("no penalty was completed on all folds; nothing to choose from")
        done = np.flatnonzero(~stopped.any(axis=1).all(axis=0))
        if len(done) < stopped.shape[2]:
            index, take = results.context.asarray(done, keep_dtype=True), results.context.xp.take
            coef, intercept = (take(a, index, axis=2) for a in (results.coef, results.intercept))
            results = replace(results, coef=coef, intercept=intercept)
        some = replace(self, results=results).scores()
        scores = np.full(stopped.shape, np.nan)
        scores[:, :, done] = some
        scores[stopped] = np.nan
        return scores, int(np.isnan(some).sum())

    def selection_scores(self, scores: HostArray) -> tuple[HostArray, int]:
        """Score without the held-out rows whose class their fold's training rows lack.

        A model without the class mispredicts these rows for every penalty, so that they add only
        noise to the choice of C.

        Returns
        -------
        scores : numpy.ndarray (T, F, P)
            The same ``scores`` if there are no such rows, or only such rows.
        n_unseen : int
            Number of the rows left out, summed over the folds.
        """
        known = self._folds_of_seen_classes()
        before, after = (sum(len(test) for _, test in some) for some in (self.folds, known))
        if before == after:
            return scores, 0
        deciding, _ = replace(self, folds=known).completed_scores()
        return (scores if np.isnan(deciding).all() else deciding), before - after

    def scores(self) -> HostArray:
        """Score all fits (T, F, P)."""
        name, scorer = resolve_scorer(self.model.scoring)
        if name in DEVICE_SCORES and not set(self.params) - {"sample_weight"}:
            score = partial(self._score_on_device, name, self._scored_rows())
        else:
            score = partial(self._score_by_scorer, scorer)
        results, scores = self.results, np.full(tuple(self.results.coef.shape[:3]), np.nan)
        for f, (_, test) in enumerate(self.folds):
            if len(test):
                scores[:, f, :] = score(test, results.coef[:, f, ...], results.intercept[:, f, ...])
        return scores

    def _score_on_device(
        self, name: str, rows: Rows, test: HostArray, coef: Array, intercept: Array
    ) -> HostArray:
        """Score the fits of one fold where the rows are (T, P)."""
        return scores_on_device([name], _select_rows(rows, test), coef, intercept)[name]

    def _score_by_scorer(
        self, scorer: Any, test: HostArray, coef: Array, intercept: Array
    ) -> HostArray:
        """Score the fits of one fold by a scorer of scikit-learn (T, P)."""
        own, data = (to_host(coef), to_host(intercept)), (self.X, self.y, self.params)
        return scores_by_scorer(scorer, self.model, own, test, self.labels, *data)

    def _scored_rows(self) -> Rows:
        """Return rows with the weights of scores, which are zero for missing labels."""
        rows = self.grid.rows
        codes, weights, _, offset = rows.row_arrays
        if "sample_weight" not in self.params:
            known = self.labels.known
            move = partial(rows.context.asarray, keep_dtype=True)
            weights = known if known is None or rows.lazy else move(known)
        return rows.with_row_arrays(codes, weights, None, offset)

    def _folds_of_seen_classes(self) -> list[Fold]:
        """Leave out held-out rows whose class their fold's training rows lack."""
        labels = self.labels
        if labels.multilabel or labels.soft:  # a row can lack one class, or target, but not another
            return self.folds
        seen = self.grid.class_totals[0] > 0.0
        if seen.all():
            return self.folds
        codes = to_host(labels.codes)
        return [(train, test[seen[f][codes[test]]]) for f, (train, test) in enumerate(self.folds)]


def _select_rows(rows: Rows, test: HostArray) -> Rows:
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


def warn_unseen_classes(n_unseen: int) -> None:
    """Warn about held-out rows that are left out of the choice of C."""
    if n_unseen:
        warn(
            f"{n_unseen} held-out rows are of classes that the training rows of their fold lack; "
            "they are left out of the choice of C. Use fewer folds, or stratified folds",
            UserWarning,
        )


def warn_undefined_scores(scoring: Any, n_undefined: int, n_fits: int) -> None:
    """Warn about fits whose score is undefined."""
    if n_undefined:
        warn(
            f"scoring={scoring!r} is not defined for {n_undefined} of {n_fits} fits, perhaps "
            "because a class is missing in the held-out rows; these fits are left out of the "
            "choice of C. Use fewer folds, or another scoring",
            UserWarning,
        )
