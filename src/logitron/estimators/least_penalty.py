"""The penalty from which on an L1 penalty leaves only zeros."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators import argument_types as types
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.validation.features import resolve_contexts, validate_features
from logitron.estimators.validation.training_targets import read_targets
from logitron.objective import LogitObjective, Objective

__all__ = ["l1_min_c"]

#: Newton's steps of the intercepts, at most; and their gradient that ends, relative to the weights
MOST_STEPS, PART = 60, 1e-12


def l1_min_c(
    X: types.Features,
    y: types.LabelArray,
    sample_weight: types.Weights = None,
    *,
    l1_ratio: float = 1.0,
    class_weight: Any = None,
    fit_intercept: bool = True,
    offset: types.Offset = None,
    backend: types.BackendName | None = None,
    device: Any = None,
) -> float | HostArray:
    """Find the largest C at which `LogisticRegression` with an L1 penalty leaves only zeros.

    A path of penalties begins there. Intercepts are the best ones without features, and have no
    penalty: scikit-learn's function of this name is about liblinear, which penalises them.

    Parameters
    ----------
    X : array, sparse matrix, list or table (n, p)
        Of any library.
    y : array-like (n,) or (n, T)
        See `LogisticRegression.fit`.
    sample_weight : array-like (n,) or (n, T), optional
    l1_ratio : float, default 1.0
        Part of the penalty that is L1, above 0.
    class_weight : dict, "balanced" or list of dict, optional
    fit_intercept : bool, default True
    offset : array-like (n,), (n, T) or (n, K), optional
    backend, device : str, optional
        Where to compute; by default, where X is.

    Returns
    -------
    float, or numpy.ndarray (T,) for a table of targets
        Infinite where no feature can lower the loss.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from logitron import LogisticRegression, l1_min_c
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> least = l1_min_c(X, y)
    >>> [int((LogisticRegression(C=c * least, l1_ratio=1.0).fit(X, y).coef_ != 0).sum())
    ...  for c in (0.99, 1.01)]
    [0, 1]
    """
    model = LogisticRegression(
        l1_ratio=l1_ratio,
        class_weight=class_weight,
        fit_intercept=fit_intercept,
        backend=backend,
        device=device,
    )
    model._validate_params()
    if not l1_ratio > 0.0:
        raise ValueError(
            f"l1_ratio must be above 0, got {l1_ratio}: without an L1 penalty no C leaves only "
            "zeros. Pass a number up to 1"
        )
    features = validate_features(model, X, reset=True)
    _, context = resolve_contexts(features, backend, device, model.dtype)
    labels, weights, offset = read_targets(y, features.shape[0], sample_weight, offset, None)
    with context.scope():
        grid = FitGrid.over(
            context,
            features,
            labels,
            C=1.0,
            l1_ratio=l1_ratio,
            sample_weight=weights,
            class_weight=class_weight,
            offset=offset,
            fit_intercept=fit_intercept,
        )
        least = _least(grid.objective)
    return least if labels.multilabel else float(least[0])


def _least(objective: Objective) -> HostArray:
    """Find the largest C of each group, of which penalties are those of ``C = 1`` (G,)."""
    assert objective.l1 is not None
    grad = np.abs(np.asarray(_gradient_without_features(objective)))[
        :, :, : objective.rows.shape[1]
    ]
    largest = grad.max(axis=(1, 2), initial=0.0)
    strength = np.asarray(objective.l1.strength, dtype=float)
    with np.errstate(divide="ignore"):
        found: HostArray = strength / largest
    return found


def _gradient_without_features(objective: Objective) -> Any:
    """Compute the gradient (G, K, q) at coefficients of zero and the best intercepts."""
    kept, theta = LogitObjective(objective), objective.start()
    logits = kept.logits(theta)
    evaluation = kept.evaluate(theta, logits)
    for _ in range(MOST_STEPS if objective.layout.has_intercept else 0):
        residuals = np.abs(np.asarray(evaluation.grad)[:, :, -1]).max()
        if residuals <= PART * objective.rows.shape[0]:
            break
        theta, logits = kept.with_newton_intercepts(theta, logits, evaluation)
        evaluation = kept.evaluate(theta, logits)
    return evaluation.grad
