"""Scores for proportions and soft labels: those of rows that are shared out among the classes.

A row of weight ``s`` with a share ``y`` of a class counts as a row of weight ``s y`` of that class.
So the accuracy is the fraction of trials whose outcome is the class predicted for their row.
"""

from typing import Any

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.data import wrap
from logitron.estimators.model_selection.scoring import (
    check_scoring,
    mean_score,
    scores_on_device,
)
from logitron.estimators.target_rows import TargetRows
from logitron.estimators.validation.features import validate_features
from logitron.estimators.validation.label_values import read_labels
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.multilabel import is_multilabel
from logitron.estimators.validation.offsets import validate_offset
from logitron.estimators.validation.sample_weights import validate_sample_weight
from logitron.estimators.validation.training_targets import read_targets
from logitron.estimators.validation.values import to_host_if_array, to_python
from logitron.objective import make_training_rows

__all__ = ["has_shares", "score_shares", "trial_share"]


def has_shares(y: Any) -> bool:
    """Whether y on the host holds numbers that are no labels: proportions, or soft labels.

    Parameters
    ----------
    y : array-like or sparse matrix (n,) or (n, T)
    """
    if wrap("y", y).sparse:
        return False
    values = np.asarray(y)
    return values.dtype.kind == "f" and not bool((values == np.trunc(values)).all())


def score_shares(
    name: str | None, model: Any, X: Any, y: Any, sample_weight: Any = None, offset: Any = None
) -> float:
    """Score a fitted model where X is; the mean over many targets.

    Parameters
    ----------
    name : str
        One of `DEVICE_SCORES`.
    model : NeuronClassifier
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,), (n, T) or (n, K)
        Labels, proportions or soft labels.
    sample_weight, offset : array-like, optional

    Raises
    ------
    ValueError
        If an argument is invalid, or y has other classes or targets than the model.
    """
    source = validate_features(model, X, reset=False)
    n = source.shape[0]
    if is_multilabel(y) or has_shares(y):
        labels, weights, offset = read_targets(y, n, sample_weight, offset, model.missing_label)
    else:
        labels, weights = _numbered(model, y, n), validate_sample_weight(sample_weight, n)
        K = labels.n_outputs
        offset = validate_offset(offset, n, K, softmax=K > 1)
    T, K = labels.n_targets, labels.n_outputs
    coef = model._dense_coef()
    if coef.shape[0] != T * K or bool(model._multilabel) != labels.multilabel:
        raise ValueError(
            f"y must have the {len(model.classes_)} classes or targets of fit, got "
            f"{len(labels.classes)}"
        )
    check_scoring(name, K, on_device=True)
    context = ArrayContext.of(source.meta)
    with context.scope():
        arrays = labels.codes, weights, None, offset
        rows = make_training_rows(context, source, *arrays, width=T * K)
        xp, p = context.xp, coef.shape[1]
        W = xp.reshape(context.asarray(coef), (T, 1, K, p))
        b = xp.reshape(context.asarray(model.intercept_), (T, 1, K))
        return float(np.mean(scores_on_device([str(name)], rows, W, b)[str(name)]))


def trial_share(found: TargetRows) -> float:
    """Compute the fraction of trials whose outcome is predicted, the mean over the targets."""
    parameters = found.coef[:, None, None, :], found.intercept[:, None, None]
    shares = scores_on_device(["accuracy"], found.rows, *parameters)["accuracy"]
    return float(mean_score(shares[:, 0]))


def _numbered(model: Any, y: Any, n: int) -> Labels:
    """Encode labels by the classes of a model, of which y may lack some."""
    classes, values = to_host(model.classes_), read_labels(to_host_if_array(y))
    order = np.argsort(classes, kind="stable")  # (those of soft labels are in the table's order)
    places = np.minimum(np.searchsorted(classes[order], values), len(classes) - 1)
    codes = order[places]
    if len(values) != n or not bool((classes[codes] == values).all()):
        raise ValueError(f"y must hold {n} labels of the classes of fit, {to_python(classes)}")
    return Labels(classes, codes)
