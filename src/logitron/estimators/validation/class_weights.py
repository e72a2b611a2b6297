"""Weights of classes: as weights of rows, or as what multiplies the weights of each group."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.values import to_python

__all__ = ["apply_class_weight", "class_factors"]


def apply_class_weight(
    labels: Labels, class_weight: Any, sample_weight: HostArray | None
) -> HostArray | None:
    """Multiply each row's sample weight by the weight of its class.

    "balanced" counts the classes with the sample weights, as scikit-learn does.
    """
    if class_weight is None:
        return sample_weight
    _check_numbers(class_weight)
    codes = to_host(labels.codes)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_class = compute_class_weight(
            class_weight,
            classes=labels.classes,
            y=labels.classes[codes],
            **({} if sample_weight is None else {"sample_weight": sample_weight}),
        )
        weights: HostArray = by_class[codes]
        if sample_weight is not None:
            weights = weights * sample_weight
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError(
            "class_weight must give finite, non-negative weights with a positive sum, got "
            f"{dict(zip(labels.classes.tolist(), by_class.tolist(), strict=True))}; 'balanced' "
            "needs a row of positive sample_weight in every class"
        )
    return weights


def class_factors(labels: Labels, class_weight: Any, totals: HostArray) -> HostArray | None:
    """Find what multiplies the weights of each class, target by target and subset by subset.

    Parameters
    ----------
    labels : Labels
    class_weight : dict, "balanced", None, or a list with one of them for each target
    totals : numpy.ndarray (T, F, C)
        Weight of each class in each subset.

    Returns
    -------
    numpy.ndarray (T, F, C) or None
        "balanced" is computed for each target and subset; classes without rows count 1.

    Raises
    ------
    ValueError
        If there is not one for each target, or a weight is for no class, or negative.
    """
    if class_weight is None:
        return None
    targets = totals.shape[0]
    each = (
        list(class_weight) if isinstance(class_weight, list | tuple) else [class_weight] * targets
    )
    if len(each) != targets:
        raise ValueError(
            f"class_weight must be one, or a list of one for each of {targets} targets, got "
            f"{len(each)}"
        )
    wrong = [one for one in each if one is not None and one != "balanced" and type(one) is not dict]
    if wrong:
        raise ValueError(
            "class_weight must be a dict, 'balanced' or None for each target, got "
            f"{to_python(wrong[0])!r}"
        )
    for one in each:
        _check_numbers(one)
    names = [0, 1] if labels.multilabel else labels.classes.tolist()
    factors = np.ones_like(totals)
    for own, total, chosen in zip(factors, totals, each, strict=True):
        if chosen is None:
            continue
        if isinstance(chosen, str):
            there = total > 0
            total_all = total.sum(axis=1, keepdims=True)
            own[:] = np.where(there, total_all / (len(names) * np.where(there, total, 1.0)), 1.0)
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
    """Refuse weights that are no real numbers."""
    weights = class_weight.values() if isinstance(class_weight, dict) else ()
    if not all(isinstance(weight, Real) for weight in weights):
        raise ValueError(
            f"class_weight must give a real number for each class, got {to_python(class_weight)}"
        )
