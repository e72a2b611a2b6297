"""``class_weight`` as factors of the sample weights: by row for one fit, by class for many."""

from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.sample_weights import are_weights
from logitron.estimators.validation.values import to_python

__all__ = ["apply_class_weight", "class_factors"]


def apply_class_weight(
    labels: Labels, class_weight: Any, sample_weight: Array | None
) -> Array | None:
    """Multiply each sample weight by the weight of the row's class.

    Parameters
    ----------
    labels : Labels
    class_weight : dict, "balanced" or None
        "balanced" counts classes with the sample weights, as scikit-learn does.
    sample_weight : array (n,) or None

    Returns
    -------
    array (n,) or None
        Where the labels are.

    Raises
    ------
    ValueError
        If a weight is not real, finite and non-negative, or all weights are zero.
    """
    if class_weight is None:
        return sample_weight
    _check_numbers(class_weight)
    codes = to_host(labels.codes) if labels.lazy else labels.codes
    labels = replace(labels, codes=codes, lazy=False)
    counted = {}
    if isinstance(class_weight, str):
        counted = {"sample_weight": labels.totals(sample_weight)}
    with np.errstate(divide="ignore", invalid="ignore"):
        by_class = compute_class_weight(
            class_weight, classes=labels.classes, y=labels.classes, **counted
        )
        context = ArrayContext.of(codes).wide
        with context.scope():
            xp = context.xp
            weights = xp.take(context.asarray(by_class), xp.astype(codes, xp.int64), axis=0)
            if sample_weight is not None:
                weights = weights * context.asarray(sample_weight)
            is_valid = are_weights(context, weights)
    if not is_valid:
        raise ValueError(
            "class_weight must give finite, non-negative weights with a positive sum, got "
            f"{dict(zip(labels.classes.tolist(), by_class.tolist(), strict=True))}; 'balanced' "
            "needs a row of positive sample_weight in every class"
        )
    return weights


def class_factors(labels: Labels, class_weight: Any, totals: HostArray) -> HostArray | None:
    """Compute the factor of each class's sample weights, for each target and subset.

    Parameters
    ----------
    labels : Labels
    class_weight : dict, "balanced", None, or a list with one of them for each target
    totals : numpy.ndarray (T, F, C)
        Sum of the sample weights of each class in each subset.

    Returns
    -------
    numpy.ndarray (T, F, C) or None
        "balanced" is computed for each target and subset. Classes without rows get the factor 1.

    Raises
    ------
    ValueError
        If the list has another length than there are targets, a class does not exist, or a weight
        is not real, finite and non-negative.
    """
    if class_weight is None:
        return None
    targets = totals.shape[0]
    each = (
        list(class_weight) if isinstance(class_weight, list | tuple) else [class_weight] * targets
    )
    if len(each) != targets:
        raise ValueError(
            f"class_weight must be a list with one item for each of {targets} targets, got "
            f"{len(each)} items"
        )
    invalid = [
        one for one in each if one is not None and one != "balanced" and type(one) is not dict
    ]
    if invalid:
        raise ValueError(
            "class_weight must be a dict, 'balanced' or None for each target, got "
            f"{to_python(invalid[0])!r}"
        )
    for one in each:
        _check_numbers(one)
    names = [0, 1] if labels.multilabel else labels.classes.tolist()
    factors = np.ones_like(totals)
    for own, total, chosen in zip(factors, totals, each, strict=True):
        if chosen is None:
            continue
        if isinstance(chosen, str):
            has_rows = total > 0
            counted = np.where(has_rows, total, 1.0)
            balanced = total.sum(axis=1, keepdims=True) / (len(names) * counted)
            own[:] = np.where(has_rows, balanced, 1.0)
            continue
        unknown = set(chosen) - set(names)
        if unknown:
            raise ValueError(
                "The given class_weight dict must have the class labels as keys; "
                f"classes={names} but key={to_python(sorted(unknown, key=str))}"
            )
        own[:] = [float(chosen.get(name, 1.0)) for name in names]
    if not np.all(np.isfinite(factors)) or np.any(factors < 0) or not np.any(factors > 0):
        raise ValueError(
            f"class_weight must give finite, non-negative weights, got {to_python(class_weight)}"
        )
    return factors


def _check_numbers(class_weight: Any) -> None:
    """Reject class weights that are no real numbers."""
    weights = class_weight.values() if isinstance(class_weight, dict) else ()
    if not all(isinstance(weight, Real) for weight in weights):
        raise ValueError(
            f"class_weight must give a real number for each class, got {to_python(class_weight)}"
        )
