"""The penalty from which on an L1 penalty leaves only zeros."""

from dataclasses import replace
from typing import Any

import numpy as np

from logitron.backend.types import Array, HostArray
from logitron.estimators import argument_types as types
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fitting import Settings
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.validation.features import resolve_contexts, validate_features
from logitron.estimators.validation.penalty_factors import read_penalty_factors
from logitron.estimators.validation.training_targets import read_targets
from logitron.objective import LogitObjective, Objective

__all__ = ["l1_min_c"]

#: Newton's steps of the intercepts, at most; and their gradient that ends, relative to the weights
MOST_STEPS, PART = 60, 1e-12
#: strength of a penalty that leaves zeros in any case; tolerance of the features without one, and
#: suboptimality that is small enough
BEYOND_ALL, TOL, NEAR = 1e100, 1e-7, 1e-8


def l1_min_c(
    X: types.Features,
    y: types.LabelArray,
    sample_weight: types.Weights = None,
    *,
    l1_ratio: float = 1.0,
    penalty_factors: types.PenaltyFactors = None,
    class_weight: Any = None,
    fit_intercept: bool = True,
    offset: types.Offset = None,
    backend: types.BackendName | None = None,
    device: Any = None,
) -> float | HostArray:
    """Find the largest C at which `LogisticRegression` with an L1 penalty leaves only zeros.

    A path of penalties begins there. Intercepts, and the coefficients of features with a penalty
    factor of 0, are the best ones beside these zeros. They have no penalty: scikit-learn's function
    of this name is about liblinear, which penalises intercepts.

    Parameters
    ----------
    X : array, sparse matrix, list or table (n, p)
        Of any library.
    y : array-like (n,) or (n, T)
        See `LogisticRegression.fit`.
    sample_weight : array-like (n,) or (n, T), optional
    l1_ratio : float, default 1.0
        Part of the penalty that is L1, above 0.
    penalty_factors : array-like (p,), optional
        See `LogisticRegression`; one must be above 0.
    class_weight : dict, "balanced" or list of dict, optional
    fit_intercept : bool, default True
    offset : array-like (n,), (n, T) or (n, K), optional
    backend, device : str, optional
        Where to compute; by default, where X is.

    Returns
    -------
    float, or numpy.ndarray (T,) for a table of targets
        Infinite where no feature with a penalty can lower the loss.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid.

    Warns
    -----
    ConvergenceWarning
        If the fit of the features without a penalty did not converge, since they separate the
        classes.

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
        penalty_factors=penalty_factors,
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
    factors = read_penalty_factors(model)
    if factors is not None and not factors.any():
        raise ValueError(
            "penalty_factors must be above 0 for a feature, got zeros only: without a penalty no "
            "C leaves only zeros"
        )
    _, context = resolve_contexts(features, backend, device, model.dtype)
    labels, weights, offset = read_targets(y, features.shape[0], sample_weight, offset, None)
    with context.scope():
        grid = FitGrid.over(
            context,
            features,
            labels,
            C=1.0,
            l1_ratio=l1_ratio,
            penalty_factors=factors,
            sample_weight=weights,
            class_weight=class_weight,
            offset=offset,
            fit_intercept=fit_intercept,
        )
        least = _least(grid.objective, grid.start_intercepts())
    return least if labels.multilabel else float(least[0])


def _least(objective: Objective, intercepts: HostArray) -> HostArray:
    """Find the largest C of each group, of which penalties are those of ``C = 1`` (G,).

    ``intercepts (G K,)`` are those to begin with where features have no penalty.
    """
    assert objective.l1 is not None
    thresholds = np.asarray(objective.l1.thresholds(), dtype=float)
    thresholds = thresholds[:, :, : objective.rows.shape[1]]
    penalised = thresholds > 0.0
    start = objective.start()
    if not penalised.all():
        start = _without_penalised(objective, intercepts)
    grad = np.abs(np.asarray(_gradient_at_best_intercepts(objective, start)))
    grad = grad[:, :, : objective.rows.shape[1]]
    ratios = np.where(penalised, grad / np.where(penalised, thresholds, 1.0), 0.0)
    with np.errstate(divide="ignore"):
        found: HostArray = 1.0 / ratios.max(axis=(1, 2), initial=0.0)
    return found


def _without_penalised(objective: Objective, intercepts: HostArray) -> Array:
    """Fit the features that have no penalty: parameters (G, K, q), zeros of the others."""
    l1 = objective.l1
    assert l1 is not None
    beyond_all = objective.context.zeros((objective.groups,)) + BEYOND_ALL
    alone = replace(objective, l1=l1._replace(strength=beyond_all))
    settings = Settings("auto", TOL)
    fit = settings.minimize(alone, (None, objective.context.asarray(intercepts)))
    coef, intercept = fit.parameters
    verdict = fit.judge(coef, intercept)
    if not (verdict.suboptimality <= NEAR).all():
        fit.warn("l1_min_c", "auto", verdict, None)
    return objective.start(coef, intercept)


def _gradient_at_best_intercepts(objective: Objective, theta: Array) -> Any:
    """Compute the gradient (G, K, q) at coefficients of ``theta`` and the best intercepts."""
    kept = LogitObjective.of(objective)
    logits = kept.logits(theta)
    for _ in range(MOST_STEPS if objective.layout.has_intercept else 0):
        step = kept.with_newton_intercepts(theta, logits)
        if np.abs(np.asarray(step.grad)).max() <= PART * objective.rows.shape[0]:
            break
        theta, logits = step.theta, step.logits
    return kept.evaluate(theta, logits).grad
