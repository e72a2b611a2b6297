"""What a fit is given beside the features, checked together: targets, weights and offsets."""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend.types import Array
from logitron.estimators.validation.labels import Labels, encode_labels
from logitron.estimators.validation.multilabel import encode_multilabel, is_multilabel
from logitron.estimators.validation.offsets import validate_offset
from logitron.estimators.validation.sample_weights import validate_sample_weight

__all__ = ["TrainingTargets", "read_targets"]


class TrainingTargets(NamedTuple):
    """Encoded targets, and numbers for each row, or for each row and neuron."""

    labels: Labels
    weights: Array | None
    """Sample weights (n,), or (n, T) for many targets; None is 1."""
    offset: Array | None
    """Added to the logits: (n,), (n, T), or (n, K) for a softmax layer; None is 0."""


def read_targets(
    y: Any, n_rows: int, sample_weight: Any = None, offset: Any = None
) -> TrainingTargets:
    """Check and encode targets, weights and offsets.

    Parameters
    ----------
    y : array-like (n,), (n, T) or (n, K)
        Labels, proportions or soft labels; see `soft_labels`.
    n_rows : int
        Number of rows of X.
    sample_weight : array-like (n,) or (n, T), number, or None
    offset : array-like (n,), (n, T) or (n, K), or None

    Raises
    ------
    ValueError
        If an argument is invalid.
    """
    if is_multilabel(y):
        weights = validate_sample_weight(sample_weight, n_rows, np.shape(y)[1])
        labels = encode_multilabel(y, n_rows, weights)
    else:
        labels = encode_labels(y, n_rows)
        weights = validate_sample_weight(sample_weight, n_rows)
    neurons, softmax = labels.n_targets * labels.n_outputs, labels.n_outputs > 1
    offset = validate_offset(offset, n_rows, neurons, softmax=softmax)
    return TrainingTargets(labels, weights, offset)
