"""Features without a penalty: those that separate classes, or depend on each other."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from logitron import (
    LogisticRegression,
    open_rows,
)
from tests.backends import host
from tests.estimators.penalty_factor_problems import (
    FACTORS,
    RATIOS,
    assert_same,
    fitted,
    optimum,
    primal,
    problem,
)

# --- separation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 1600])
@pytest.mark.parametrize("ratio", RATIOS)
def test_separation_by_free_features_is_reported(ratio, more):
    X, _ = problem()
    X = np.concatenate([X, np.random.default_rng(0).normal(size=(len(X), more))], axis=1)
    y = (X[:, 4] > 0.3).astype(int)
    X[:, 4] -= 0.3
    factors = np.concatenate([FACTORS, np.ones(more)])
    most = 60 if more else None
    clf = LogisticRegression(l1_ratio=ratio, penalty_factors=factors, max_iter=most)
    with pytest.warns(ConvergenceWarning, match=r"no finite optimum exists.*features 4"):
        clf.fit(X, y)
    assert not clf.converged_.any()
    assert np.isinf(clf.suboptimality_).all()


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("C", [1.0, 1e5])
def test_separation_by_penalised_features_is_none(ratio, C):
    X, _ = problem()
    y = (X[:, 2] > X[:, 2].mean()).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = LogisticRegression(C=C, l1_ratio=ratio, penalty_factors=FACTORS).fit(X, y)
    assert clf.certified_.all()


# --- dependence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(("dtype", "mean"), [("float32", 1e2), ("float64", 0.0), ("float64", 1e4)])
def test_free_features_may_depend_on_each_other(dtype, mean, classes):
    X, y = problem(classes, n=80, p=3)
    few = np.hstack([X, np.random.default_rng(4).normal(size=(80, 60))])
    few = few.astype(np.float32).astype(np.float64) + mean
    wide = np.hstack([few] + 10 * [few[:, :3]])  # the free ones, eleven times
    factors = np.append(np.zeros(3), np.ones(60))
    best = optimum(few - mean, y, C=0.01, ratio=0.0, factors=factors).fun
    factors = np.append(factors, np.zeros(30))
    clf = LogisticRegression(C=0.01, penalty_factors=factors, dtype=dtype).fit(wide, y)
    found = primal(clf.coef_, clf.intercept_, wide, y, C=0.01, ratio=0.0, factors=factors)
    assert found <= best * (1.0 + 1e-6)


@pytest.mark.parametrize(("n", "p", "classes"), [(500, 20, 2), (500, 20, 3), (600, 40, 5)])
def test_copies_of_free_features_cost_no_iterations(n, p, classes):
    X, y = problem(classes, n=n, p=p)
    X, factors = X.astype(np.float32), np.where(np.arange(p) < 3, 0.0, 1.0)
    settings = {"C": 0.1, "dtype": "float32"}
    alone = LogisticRegression(penalty_factors=factors, **settings).fit(X, y)
    factors = np.append(factors, np.zeros(6))
    X = np.hstack([X, X[:, :3], X[:, :3]])
    clf = LogisticRegression(penalty_factors=factors, **settings).fit(X, y)
    assert clf.certified_.all()
    assert clf.n_iter_.max() <= 2 * alone.n_iter_.max()


@pytest.mark.parametrize(("dtype", "mean"), [("float32", 0.0), ("float64", 0.0), ("float64", 1e4)])
def test_more_free_features_than_rows_are_separation(dtype, mean):
    X = np.random.default_rng(1).normal(size=(6, 40)) + mean
    factors = np.where(np.arange(40) < 12, 0.0, 1.0)
    with pytest.warns(ConvergenceWarning):
        clf = LogisticRegression(penalty_factors=factors, dtype=dtype).fit(X, np.arange(6) % 3)
    assert not clf.converged_.any()


@pytest.mark.parametrize("ratio", [0.0, 1.0])
@pytest.mark.parametrize("kind", ["binary", "softmax", "targets"])
def test_every_backend_gives_the_same_answer(backend, kind, ratio):
    X, y = problem(3 if kind == "softmax" else 2)
    if kind == "targets":
        y = np.stack([y, (X[:, 1] > 0).astype(int), 1 - y], axis=1)
    settings = {"C": 0.3, "l1_ratio": ratio, "penalty_factors": FACTORS}
    expected = LogisticRegression(**settings).fit(X.astype(backend.precision), y)
    settings["penalty_factors"] = backend.chunk(FACTORS)
    rough = ratio > 0.0 and not backend.lazy and backend.context().wide.precision == "float32"
    with warnings.catch_warnings():
        if rough:  # sums of float32 prove too little beside a free feature
            warnings.simplefilter("ignore", ConvergenceWarning)
        found = LogisticRegression(**settings).fit(backend.array(X), backend.array(y))
    assert rough or host(found.converged_).all()
    assert expected.certified_.all()
    assert_same(found, expected, rtol=1e-4 if backend.precision == "float64" else 2e-3)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_every_form_of_features_gives_the_same_answer(ratio, tmp_path):
    X, y = problem(n=400)
    X[np.abs(X) < 0.8] = 0.0
    expected = fitted(X, y, FACTORS, ratio)
    np.save(tmp_path / "X.npy", X)
    forms = {
        "csr": sp.csr_array(X),
        "frame": pd.DataFrame(X, columns=list("abcdefg")),
        "file": open_rows(tmp_path / "X.npy"),
        "list": X.tolist(),
    }
    for form, features in forms.items():
        found = fitted(features, y, FACTORS, ratio)
        assert found.certified_.all(), form
        assert_same(found, expected, rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_absent_columns_keep_the_order(ratio):
    X, y = problem(n=200)
    wide = np.zeros((200, 70))
    places = np.arange(7) * 9 + 2
    wide[:, places] = X
    factors = np.full(70, 5.0)
    factors[places] = FACTORS
    factors[:2] = 0.0  # (columns that never occur)
    found = fitted(sp.csr_array(wide), y, factors, ratio)
    assert found.certified_.all()
    assert not np.delete(found.coef_, places, axis=1).any()
    found.coef_ = found.coef_[:, places]
    assert_same(found, fitted(X, y, FACTORS, ratio), rtol=1e-5)


def test_free_features_may_be_missing_in_samples_of_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40_000, 5))
    X[:, 0] = np.arange(40_000) % 10_000 == 1
    y = (X[:, 1] + 3 * X[:, 0] * rng.normal(size=40_000) + rng.logistic(size=40_000) > 0).astype(
        int
    )
    y[[1, 10_001]] = 0, 1
    clf = LogisticRegression(C=0.01, penalty_factors=[0, 1, 2, 1, 0.5]).fit(X, y)
    assert clf.plan_.samples
    assert clf.certified_.all()
    P = clf.predict_proba(X)[:, 1]
    gradient = X.T @ (P - y) + 100 * np.asarray([0, 1, 2, 1, 0.5]) * clf.coef_[0]
    np.testing.assert_allclose(gradient, 0.0, atol=1e-2)
