"""Splits of the rows: who trains on which, and how held-out rows are scored by scikit-learn."""

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj, is_numpy_array
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import check_cv

from logitron.backend import to_host
from logitron.backend.types import HostArray

__all__ = [
    "Fold",
    "make_folds",
    "resolve_scorer",
    "to_numpy_model",
    "training_counts",
    "with_labels",
]

#: numbers of the rows that are trained on, and of those that are held out
Fold = tuple[HostArray, HostArray]


def make_folds(cv: Any, X: Any, y: Any, rows: int, params: dict[str, Any]) -> list[Fold]:
    """Split the rows as scikit-learn does.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test), or None
    X : object
        As it came; splitters that look at it see it if it is on the host.
    y : numpy.ndarray (n,), or None for many targets
        Labels, which folds are stratified by.
    rows : int
    params : dict
        What goes to the splitter, such as ``groups``.

    Raises
    ------
    ValueError
        If there is no fold, or one without rows to train on or to hold out.
    """
    on_host = not is_array_api_obj(X) or is_numpy_array(X)
    splitter = check_cv(cv, y, classifier=y is not None)
    splits = splitter.split(X if on_host else np.zeros((rows, 1)), y, **params)
    folds = [(_row_numbers(train, rows), _row_numbers(test, rows)) for train, test in splits]
    if not folds or any(len(train) == 0 or len(test) == 0 for train, test in folds):
        raise ValueError(
            "cv must give one split or more, each with rows to train on and rows to hold out, got "
            f"{[(len(train), len(test)) for train, test in folds]}"
        )
    return folds


def training_counts(folds: Sequence[Fold], rows: int) -> HostArray:
    """Count how often each row is trained on in each fold (n, F)."""
    counts = np.stack([np.bincount(train, minlength=rows) for train, _ in folds], axis=1)
    return counts.astype(np.uint8 if counts.max() < 256 else np.int64)


def _row_numbers(split: Any, rows: int) -> HostArray:
    chosen: HostArray = np.asarray(split)
    if chosen.dtype == bool:
        return np.flatnonzero(chosen)
    if chosen.ndim != 1 or (len(chosen) and not (chosen.min() >= 0 and chosen.max() < rows)):
        raise ValueError(f"cv must give numbers of rows from 0 to {rows - 1}")
    return chosen


def resolve_scorer(scoring: Any) -> tuple[str | None, Callable[..., float]]:
    """Find a scorer, and its name if it has one; None is the accuracy."""
    if scoring is None:
        scoring = "accuracy"
    return (scoring if isinstance(scoring, str) else None), get_scorer(scoring)


def with_labels(scorer: Any, classes: HostArray) -> Any:
    """Tell a scorer all classes, if it wants to know them: held-out rows may lack some."""
    function = getattr(scorer, "_score_func", None)
    parameters = inspect.signature(function).parameters if function is not None else {}
    if "labels" not in parameters:
        return scorer
    labels = {"pos_label": classes[-1]} if len(classes) == 2 and "pos_label" in parameters else {}
    return make_scorer(
        function,
        greater_is_better=scorer._sign == 1,
        response_method=scorer._response_method,
        **{"labels": classes, **labels, **scorer._kwargs},
    )


def to_numpy_model(model: Any, X: Any) -> tuple[Any, Any]:
    """Bring a model and its features to NumPy, where scikit-learn's scorers are sure to work."""
    if is_array_api_obj(X) and not is_numpy_array(X):
        return copy.copy(model).to("numpy"), to_host(X)
    return model, X
