"""Scores by a scorer of scikit-learn: on the host, one fit at a time."""

from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.data import wrap
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.model_selection.folds import with_labels
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.values import to_host_if_array

__all__ = ["scores_by_scorer"]


def scores_by_scorer(
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
