"""The bound of fits with an L1 penalty is never below their true distance from the optimum."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.automatic import minimize_elastic_net, sparse_gap
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre


def problem(seed):
    """Few rows of unscaled, shifted and correlated features; weights; two or more classes."""
    rng = np.random.default_rng(seed)
    n, p, K = int(rng.integers(30, 150)), int(rng.integers(2, 40)), int(rng.integers(2, 5))
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-1, 1, p) + rng.normal(size=p)
    X = X + rng.uniform(0, 2) * X[:, :1]
    logits = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(p, K)) * rng.uniform(0, 2)
    y = np.argmax(logits + rng.gumbel(size=(n, K)), axis=1)
    y[:K] = np.arange(K)
    weights = rng.uniform(0.2, 2.0, n) if seed % 2 else None
    return X, y, weights, [1.0, 0.5, 0.05][seed % 3], bool(seed % 5)


def objective_of(seed, C):
    X, y, weights, ratio, fit_intercept = problem(seed)
    K = int(y.max()) + 1
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, weights)
    one = Objective.over(
        rows,
        classes=1 if K == 2 else K,
        penalty=(1.0 - ratio) / C,
        l1=ratio / C,
        fit_intercept=fit_intercept,
    )
    return centre(one)


def value_at(objective, theta):
    return float((objective.evaluate(theta).value + objective.l1.value(theta))[0])


@pytest.mark.parametrize("seed", range(40))
def test_it_is_never_below_the_true_distance(seed):
    rng = np.random.default_rng(seed)
    C = 10.0 ** rng.uniform(-2, 2)
    objective = objective_of(seed, C)
    start = objective.start()
    best = minimize_elastic_net(objective, start, tol=1e-6, max_iter=400)
    least, seen = value_at(objective, best.theta), []
    for tol, max_iter in ((1e-1, 400), (1e-2, 400), (1e-4, 400), (1e-4, 1), (1e-4, 3)):
        found = minimize_elastic_net(objective, start, tol=tol, max_iter=max_iter)
        point = sparse_gap(objective, found.theta)
        distance = value_at(objective, found.theta) - least
        rounding = 1e-12 * abs(least)
        assert distance <= point.gap[0] + rounding
        seen.append(np.isfinite(point.gap[0]))
        # away from the optimum, along a ray
        for length in (0.5, 1.5):
            theta = start + length * (found.theta - start)
            away = value_at(objective, theta) - least
            assert away <= sparse_gap(objective, theta).gap[0] + rounding
    assert any(seen)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
@pytest.mark.parametrize("C", [0.05, 1.0, 50.0])
def test_a_stored_fit_is_judged_as_it_is(ratio, C):
    X, y, _, _, _ = problem(6)
    y = (y > 0).astype(int)

    def primal(model):
        logits = X @ model.coef_[0].astype(float) + float(model.intercept_[0])
        margins = np.where(y == 1, -logits, logits)
        sizes = np.abs(model.coef_.astype(float))
        penalty = ratio * sizes.sum() + 0.5 * (1.0 - ratio) * (sizes**2).sum()
        return np.logaddexp(0.0, margins).sum() + penalty / C

    best = LogisticRegression(C=C, l1_ratio=ratio, tol=1e-7).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for dtype, max_iter in (("float64", None), ("float64", 2), ("float32", None)):
            model = LogisticRegression(C=C, l1_ratio=ratio, max_iter=max_iter)
            model.fit(X.astype(dtype), y)
            if dtype == "float64":
                gap = (primal(model) - primal(best)) / primal(best)
                assert gap <= model.suboptimality_[0] + 1e-12
            assert model.certified_[0] == model.converged_[0]
