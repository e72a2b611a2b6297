"""Scores that are computed where the rows are: of soft labels, and of labels on a device.

Proportions and soft labels share rows out among the classes. A row of weight ``s`` with a share
``y`` of a class counts as a row of weight ``s y`` of that class. So the accuracy is the fraction of
trials whose outcome is the class predicted for their row.
"""

from typing import Any

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array
from logitron.data import Source, wrap
from logitron.estimators.model_selection.scoring import (
    DEVICE_SCORES,
    check_scoring,
    mean_score,
    scores_on_device,
)
from logitron.estimators.same_device import check_same_device
from logitron.estimators.target_rows import TargetRows
from logitron.estimators.traced_predictions import is_traced
from logitron.estimators.validation.device_labels import encode_on_device, stays_on_device
from logitron.estimators.validation.features import reject_nonfinite, validate_features
from logitron.estimators.validation.label_values import read_labels
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.multilabel import is_multilabel
from logitron.estimators.validation.offsets import validate_offset
from logitron.estimators.validation.sample_weights import validate_sample_weight
from logitron.estimators.validation.training_targets import read_targets
from logitron.estimators.validation.values import to_host_if_array, to_python
from logitron.objective import make_training_rows

__all__ = ["has_shares", "score_labels", "score_shares", "trial_share"]


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
    return _score(str(name), model, source, labels, weights, offset)


def score_labels(
    name: str | None, model: Any, X: Any, y: Any, sample_weight: Any = None, offset: Any = None
) -> float | None:
    """Score class labels (n,) on a device without reading them; None where that is impossible.

    That is so for labels on the host, for other scores, for labels that the model does not have,
    for proportions, and for features that are read in blocks, or are elsewhere than the labels.

    Parameters
    ----------
    name : str or None
    model : NeuronClassifier
        Fitted to class labels.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,) or (n, K)
    sample_weight, offset : array-like, optional

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid.
    """
    if name not in DEVICE_SCORES or not stays_on_device(y) or is_traced(X, offset):
        return None
    source = validate_features(model, X, reset=False)
    context, n = ArrayContext.of(source.meta), source.shape[0]
    elsewhere = source.lazy or source.in_blocks or not context.same_device_as(ArrayContext.of(y))
    labels = None if elsewhere or y.shape[0] != n else _numbered_on_device(model, y)
    if labels is None:
        return None
    check_scoring(name, labels.n_outputs)
    method = f"{type(model).__name__}.score()"
    check_same_device(method, ArrayContext.of(model._dense_coef()), context)
    weights = validate_sample_weight(sample_weight, n, beside=labels.codes)
    K = labels.n_outputs
    offset = validate_offset(offset, n, K, softmax=K > 1)
    with context.scope():  # (by sums that are made again in each score)
        reject_nonfinite(source.rows(context))
    return _score(name, model, source, labels, weights, offset)


def _score(
    name: str, model: Any, source: Source, labels: Labels, weights: Any, offset: Any
) -> float:
    """Score encoded labels where the features are."""
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
        return float(np.mean(scores_on_device([name], rows, W, b)[name]))


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


def _numbered_on_device(model: Any, y: Array) -> Labels | None:
    """Encode labels on a device by the classes of a model; None if y has others, or proportions."""
    found, fitted = encode_on_device(y), to_host(model.classes_)
    if found is None or found.codes is None or fitted.dtype.kind not in "biuf":
        return None
    order = np.argsort(fitted, kind="stable")
    places = np.minimum(np.searchsorted(fitted[order], found.classes), len(fitted) - 1)
    numbers = order[places]
    if not bool((fitted[numbers] == found.classes).all()):
        return None
    codes = found.codes
    if not np.array_equal(numbers, np.arange(len(numbers))):
        context = ArrayContext.of(y)
        with context.scope():
            table = context.asarray(numbers.astype(np.int32), keep_dtype=True)
            codes = context.library.take_rows(table, context.xp.astype(codes, context.xp.int64))
    return Labels(fitted, codes)
