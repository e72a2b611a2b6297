"""Predictions as functions of the logits of a block of rows."""

from array_api_compat import array_namespace

from logitron import neuron
from logitron.backend.types import Array

__all__ = [
    "class_codes",
    "decision",
    "log_probabilities",
    "multilabel_predictions",
    "probabilities",
]


def decision(Z: Array) -> Array:
    """Return the logits (n,) of one neuron, or (n, m)."""
    return Z[:, 0] if Z.shape[1] == 1 else Z


def _logits_of_both_classes(Z: Array) -> Array:
    """Return logits of both classes: 1 - sigmoid(z) = sigmoid(-z) avoids cancellation."""
    return array_namespace(Z).concat([-Z, Z], axis=1) if Z.shape[1] == 1 else Z


def probabilities(Z: Array, *, classes: int) -> Array:
    """Return the probability of each class (n, K); of many targets, of 1 (n, T)."""
    if classes == 1 and Z.shape[1] == 1:
        return neuron.formulas.both_sigmoids(array_namespace(Z), Z)
    return neuron.sigmoid(Z) if classes == 1 else neuron.softmax(Z, classes=classes)


def log_probabilities(Z: Array, *, classes: int) -> Array:
    """Return the logarithms of `probabilities`, without underflow."""
    xp = array_namespace(Z)
    Z = _logits_of_both_classes(Z) if classes == 1 else Z
    P = neuron.sigmoid(Z) if classes == 1 else neuron.softmax(Z, classes=classes)
    # the logarithm of `predict_proba` where this is a normal number
    is_normal = float(xp.finfo(P.dtype).eps) < P
    log_P = xp.log(xp.where(is_normal, P, xp.ones_like(P)))
    return xp.where(is_normal, log_P, neuron.log_probability(Z, classes=classes))


def multilabel_predictions(Z: Array, *, dtype: str) -> Array:
    """Return whether each target is 1 (n, T), in a dtype."""
    xp = array_namespace(Z)
    return xp.astype(Z > 0, getattr(xp, dtype))


def class_codes(Z: Array) -> Array:
    """Return the number of the most probable class (n,)."""
    xp = array_namespace(Z)
    if Z.shape[1] == 1:
        return xp.astype(Z[:, 0] > 0, xp.int32)
    return xp.astype(xp.argmax(Z, axis=1), xp.int32)
