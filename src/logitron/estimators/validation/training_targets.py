"""What a fit is given beside the features, checked together: targets, weights and offsets."""

from typing import Any, NamedTuple

from logitron.backend.types import Array
from logitron.data import column_of_frame, wrap
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.multilabel import encode_y
from logitron.estimators.validation.offsets import validate_offset

__all__ = ["TrainingTargets", "read_targets"]


class TrainingTargets(NamedTuple):
    """Encoded targets, and numbers for each row, or for each row and neuron."""

    labels: Labels
    weights: Array | None
    """Sample weights (n,), or (n, T) for many targets, 0 for missing labels; None is 1."""
    offset: Array | None
    """Added to the logits: (n,), (n, T), or (n, K) for a softmax layer; None is 0."""


def read_targets(
    y: Any,
    n_rows: int,
    sample_weight: Any = None,
    offset: Any = None,
    missing_label: Any = None,
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
    missing_label : number or str, optional
        Marks missing labels of a table, besides NaN and None.

    Raises
    ------
    ValueError
        If an argument is invalid.
    """
    y = wrap("y", column_of_frame(y)).in_reach()
    sample_weight, offset = column_of_frame(sample_weight), column_of_frame(offset)
    labels, weights = encode_y(y, n_rows, sample_weight, missing_label)
    neurons, softmax = labels.n_targets * labels.n_outputs, labels.n_outputs > 1
    offset = validate_offset(offset, n_rows, neurons, softmax=softmax)
    return TrainingTargets(labels, weights, offset)
