"""Folds of the rows, and scikit-learn's scorers for the rows that they hold out."""

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from array_api_compat import is_numpy_array
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import check_cv

from logitron.backend.types import HostArray
from logitron.data import wrap

__all__ = [
    "Fold",
    "make_folds",
    "resolve_scorer",
    "to_numpy_model",
    "training_counts",
    "with_labels",
]

#: numbers of the training rows, and of the held-out rows
Fold = tuple[HostArray, HostArray]


def make_folds(cv: Any, X: Any, y: Any, rows: int, params: dict[str, Any]) -> list[Fold]:
    """Split the rows with scikit-learn's splitters.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test), or None
    X : object
        Features as the user passed them. Splitters see them only if they are on the host.
    y : numpy.ndarray (n,), or None for many targets
        Labels for stratified folds.
    rows : int
    params : dict
        Parameters of the splitter, such as ``groups``.

    Returns
    -------
    list of (train, test)

    Raises
    ------
    ValueError
        If there is no fold, or a fold without training or held-out rows.
    """
    on_host = wrap("X", X).on_host
    splitter = check_cv(cv, y, classifier=y is not None)
    splits = splitter.split(X if on_host else np.zeros((rows, 1)), y, **params)
    folds = [(_row_numbers(train, rows), _row_numbers(test, rows)) for train, test in splits]
    if not folds or any(len(train) == 0 or len(test) == 0 for train, test in folds):
        raise ValueError(
            "cv must give at least one fold, each with training and held-out rows, got folds of "
            f"(train, test) sizes {[(len(train), len(test)) for train, test in folds]}"
        )
    return folds


def training_counts(folds: Sequence[Fold], rows: int) -> HostArray:
    """Count how often each row is in the training rows of each fold: (n, F)."""
    counts = np.stack([np.bincount(train, minlength=rows) for train, _ in folds], axis=1)
    return counts.astype(np.uint8 if counts.max() < 256 else np.int64)


def _row_numbers(split: Any, rows: int) -> HostArray:
    """Convert a mask or numbers of rows to checked numbers."""
    chosen: HostArray = np.asarray(split)
    if chosen.dtype == bool:
        return np.flatnonzero(chosen)
    if chosen.ndim != 1:
        raise ValueError(
            "cv must give one-dimensional masks or numbers of rows, got an array of shape "
            f"{chosen.shape}"
        )
    outside = chosen[(chosen < 0) | (chosen >= rows)]
    if len(outside):
        raise ValueError(f"cv must give numbers of rows from 0 to {rows - 1}, got {outside[0]}")
    return chosen


def resolve_scorer(scoring: Any) -> tuple[str | None, Callable[..., float]]:
    """Find the name of a scorer, if it has one, and the scorer itself.

    Parameters
    ----------
    scoring : str, callable or None
        None is the accuracy.

    Returns
    -------
    name : str or None
    scorer : callable
    """
    if scoring is None:
        scoring = "accuracy"
    return (scoring if isinstance(scoring, str) else None), get_scorer(scoring)


def with_labels(scorer: Any, classes: HostArray) -> Any:
    """Pass all classes to a scorer with a parameter ``labels``: held-out rows may lack some.

    Parameters
    ----------
    scorer : callable
    classes : numpy.ndarray (K,)
    """
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
    """Copy a model and its features to NumPy, which all of scikit-learn's scorers support.

    Parameters
    ----------
    model : NeuronClassifier
    X : object
    """
    source = wrap("X", X)
    if source.on_host or (is_numpy_array(source.meta) and not source.lazy):
        return model, X  # (rows that are read in blocks are predicted in blocks)
    return copy.copy(model).to("numpy"), source.to_host()
