"""Scores of predictions: of all rows, of each class, and of each target."""

from typing import Any

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    precision_recall_fscore_support,
    roc_auc_score,
)

from logitron import score_targets
from logitron.backend.types import HostArray
from logitron.cli.data import is_shares
from logitron.cli.exits import UserError

__all__ = ["TARGET_SCORES", "class_scores", "match_labels", "overall_scores", "target_scores"]

#: scores of each target
TARGET_SCORES = ("roc_auc", "average_precision", "accuracy", "f1")


def overall_scores(model: Any, X: Any, y: Any, weights: HostArray | None = None) -> dict[str, Any]:
    """Score a model on all rows.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
    X : array (n, p)
    y : labels (n,), or a table of targets (n, T)
    weights : numpy.ndarray, optional

    Returns
    -------
    dict
        For classes: accuracy, balanced accuracy, mean log-loss, and the area under the ROC curve of
        two classes; None where a score is undefined. For targets, means over them.
    """
    if y.ndim == 2:
        found = score_targets(model, X, y, scoring=list(TARGET_SCORES), sample_weight=weights)
        return {
            "rows": len(y),
            "targets": y.shape[1],
            **{f"mean_{name}": _mean(values) for name, values in found.items()},
        }
    if is_shares(y):
        share = float(model.score(X, y, sample_weight=weights))
        return {"rows": len(y), "trials_predicted": share}
    y = match_labels(model.classes_, y)
    P = np.asarray(model.predict_proba(X), dtype=np.float64)
    predicted = np.asarray(model.predict(X))
    known = np.isin(y, model.classes_)
    scores: dict[str, Any] = {
        "rows": len(y),
        "accuracy": float(accuracy_score(y, predicted, sample_weight=weights)),
        "balanced_accuracy": _balanced(y, predicted, weights),
        "log_loss": None,
    }
    if known.all():
        place = np.searchsorted(model.classes_, y)
        loss = -np.log(np.maximum(P[np.arange(len(y)), place], np.finfo(float).tiny))
        scores["log_loss"] = float(np.average(loss, weights=weights))
    if len(model.classes_) == 2 and known.all():
        both = len(np.unique(y)) == 2
        positive = y == model.classes_[1]
        scores["roc_auc"] = (
            float(roc_auc_score(positive, P[:, 1], sample_weight=weights)) if both else None
        )
    return scores


def class_scores(
    model: Any, X: Any, y: HostArray, weights: HostArray | None = None
) -> list[dict[str, Any]]:
    """Compute precision, recall, F1 and the number of rows of each class."""
    y = match_labels(model.classes_, y)
    classes = np.asarray(model.classes_)
    found = precision_recall_fscore_support(
        y, model.predict(X), labels=classes, sample_weight=weights, zero_division=0.0
    )
    names = "precision", "recall", "f1", "rows"
    return [
        {"class": name, **dict(zip(names, map(float, values), strict=True))}
        for name, *values in zip(classes.tolist(), *found, strict=True)
    ]


def target_scores(
    model: Any, X: Any, Y: Any, weights: HostArray | None = None
) -> list[dict[str, Any]]:
    """Compute the scores of each target; None where one is undefined."""
    found = score_targets(model, X, Y, scoring=list(TARGET_SCORES), sample_weight=weights)
    names = getattr(model, "target_names_", model.classes_).tolist()
    rows = zip(names, *(found[name].tolist() for name in TARGET_SCORES), strict=True)
    return [{"target": name, **dict(zip(TARGET_SCORES, row, strict=True))} for name, *row in rows]


def match_labels(classes: HostArray, y: HostArray) -> HostArray:
    """Return labels of the type of the model's classes: numbers of a file can be its text.

    Raises
    ------
    UserError
        If no label is one of the model's classes.
    """
    classes, y = np.asarray(classes), np.asarray(y)
    if isinstance(classes.tolist()[0], str):
        y = y.astype(str)
    known = np.isin(y, classes)
    if not known.any():
        shown = ", ".join(map(str, classes.tolist()[:5]))
        raise UserError(
            f"labels must be the classes of the model, {shown}, got {y.tolist()[0]!r}; choose the "
            "column or file of labels that it was trained with"
        )
    return y


def _balanced(y: HostArray, predicted: HostArray, weights: HostArray | None) -> float:
    import warnings

    with warnings.catch_warnings():  # about predicted classes that no row has
        warnings.simplefilter("ignore")
        return float(balanced_accuracy_score(y, predicted, sample_weight=weights))


def _mean(values: HostArray) -> float | None:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else None
