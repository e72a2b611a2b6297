"""The score of a fitted cross-validation, by its ``scoring``."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.device_scores import has_shares, score_labels, score_shares
from logitron.estimators.model_selection.folds import resolve_scorer, to_numpy_model, with_labels
from logitron.estimators.model_selection.scorer_scores import scores_by_scorer
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
from logitron.estimators.validation.multilabel import encode_multilabel
from logitron.estimators.validation.values import reject_masked, to_host_if_array

__all__ = ["score_model"]


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
        _warn_undefined_targets(model.scoring, scores)
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
    return scores_by_scorer(scorer, model, own, np.arange(n), labels, X, None, params)[:, 0]


def _warn_undefined_targets(scoring: Any, scores: HostArray) -> None:
    """Warn about targets whose score is undefined."""
    undefined = np.flatnonzero(np.isnan(scores))
    if len(undefined):
        warn(
            f"scoring={scoring!r} is not defined for {len(undefined)} of {len(scores)} targets, "
            "perhaps because all of their labels are of one class, or missing; they are left out "
            "of the mean",
            UserWarning,
        )
