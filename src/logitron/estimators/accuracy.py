"""The accuracy of a fitted model of class labels: the fraction of rows whose label is predicted."""

from typing import Any

from sklearn.metrics import accuracy_score

from logitron.estimators.device_scores import has_shares, score_labels, score_shares
from logitron.estimators.validation.label_values import labels_for_scoring
from logitron.estimators.validation.sample_weights import validate_sample_weight
from logitron.estimators.validation.values import to_host_if_array

__all__ = ["accuracy"]


def accuracy(model: Any, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> float:
    """Compute the accuracy, on the device if the labels are there, and otherwise on the host.

    Parameters
    ----------
    model : NeuronClassifier
        Of one target.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,) or (n, K)
        Labels, proportions or soft labels.
    sample_weight, offset : array-like, optional

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid.
    """
    found = score_labels("accuracy", model, X, y, sample_weight, offset)
    if found is not None:
        return found
    y = labels_for_scoring(y)
    if has_shares(y):
        return score_shares("accuracy", model, X, y, sample_weight, offset)
    predicted = to_host_if_array(model.predict(X, offset=offset))
    weights = validate_sample_weight(sample_weight, predicted.shape[0])
    return float(accuracy_score(y, predicted, sample_weight=weights))
