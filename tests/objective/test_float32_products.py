"""Models of the curvature whose products of features are summed in float32."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.automatic.curvature import gram_model
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows, with_float32_products
from logitron.objective.second_derivatives import weighted_products
from logitron.reductions import centre
from tests.reference import reference


def setting(n=3000, p=60, *, penalty=1.0, scale=1.0, groups=1, weighted=False):
    rng = np.random.default_rng(0)
    X = scale * (rng.normal(size=(n, p)) + rng.normal(size=(n, 1)) + 0.5)
    y = rng.integers(2, size=(n, groups)).astype(float)
    weights = rng.uniform(0.5, 2.0, size=n) if weighted else None
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, weights)
    return X, centre(Objective.over(rows, groups=groups, penalty=penalty))


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", [(2000, 33), (700, 300), (5, 2)])
def test_products_are_those_of_float64(weighted, intercept, shape):
    rng = np.random.default_rng(1)
    X, w = rng.normal(size=shape) + 1.0, rng.uniform(0.0, 2.0, size=shape[0])
    products, *sums = weighted_products(
        np, X, w[None, :] if weighted else None, intercept, low=True
    )
    w = w if weighted else np.ones(shape[0])
    assert products.dtype == np.float64
    expected = X.T @ (w[:, None] * X)
    np.testing.assert_allclose(products[0], expected, atol=1e-6 * np.diag(expected).max())
    assert not np.array_equal(products[0], expected)
    assert len(sums) == 2 * intercept
    if intercept:  # which centres and bounds are computed of
        np.testing.assert_allclose(sums[0][0], w @ X, rtol=1e-12)
        np.testing.assert_allclose(sums[1], w.sum(), rtol=1e-12)


@pytest.mark.parametrize("weighted", [True, False])
def test_hessians_are_those_of_float64(weighted):
    X, objective = setting(weighted=weighted)
    low = with_float32_products(objective)
    assert low.statistics.products_in_float32
    theta = np.random.default_rng(2).normal(size=objective.shape) / X.shape[1]
    exact, found = (one.evaluate(theta, "full") for one in (objective, low))
    for name in ("value", "grad", "intercept_hessian"):
        np.testing.assert_array_equal(getattr(found, name), getattr(exact, name))
    size = np.abs(exact.hessian).max()
    np.testing.assert_allclose(found.hessian, exact.hessian, atol=1e-6 * size)
    for kind in ("intercept",):
        np.testing.assert_array_equal(low.evaluate(theta, kind).grad, exact.grad)


def test_the_bound_of_the_gram_matrix_stays_one():
    X, objective = setting(weighted=False)
    here, _ = gram_model(with_float32_products(objective))
    centred = X - X.mean(axis=0)
    assert float(here.statistics.gram_norm_bound) >= np.linalg.norm(centred, 2) ** 2


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty": 1e-6},
        {"penalty": 0.0},
        {"scale": 1e3},
        {"scale": 1e20, "penalty": 1e40},
        {"n": 400},
        {"groups": 2},
    ],
)
def test_other_objectives_keep_float64(changes):
    _, objective = setting(**changes)
    assert not with_float32_products(objective).statistics.products_in_float32


@pytest.mark.parametrize("C", [1e-3, 1.0])
def test_fits_find_the_minimum_of_float64(C):
    X, _ = setting(3000, 120)
    rng = np.random.default_rng(3)
    y = (X @ rng.normal(size=X.shape[1]) + 3.0 * rng.logistic(size=len(X)) > 0).astype(int)
    clf = LogisticRegression(C=C, tol=1e-6).fit(X, y)
    assert clf.plan_.method == "shared"
    assert clf.converged_.all()
    best = reference(X, y, C=C)
    np.testing.assert_allclose(clf.coef_, best.coef, atol=1e-5 * np.abs(best.coef).max())
    assert clf.suboptimality_.max() >= 0.0
