"""The least C of an L1 penalty: scikit-learn's oracle, the optimum on both sides, every array."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression, l1_min_c


def _problem(classes=2, n=80, p=12):
    rng = np.random.default_rng(classes)
    X = rng.normal(size=(n, p)) + 0.5
    return X, (X[:, :classes] + rng.gumbel(size=(n, classes))).argmax(axis=1)


def _by_hand(X, y, weights, classes):
    """Largest gradient at the intercepts of the classes' shares."""
    own = np.stack([y == k for k in range(classes)], axis=1) * weights[:, None]
    residuals = own.sum(axis=0) / weights.sum() * weights[:, None] - own
    return 1.0 / np.abs(X.T @ residuals).max()


@pytest.mark.parametrize("classes", [2, 4])
def test_it_is_the_largest_gradient_without_features(backend, classes):
    X, y = _problem(classes)
    weights = np.random.default_rng(1).integers(0, 3, size=len(y)).astype(float)
    found = l1_min_c(backend.array(X), y, weights)
    assert isinstance(found, float)
    expected = _by_hand(X, y, weights, classes)
    assert found == pytest.approx(expected, rel=1e-9 if backend.precision == "float64" else 1e-5)
    half = l1_min_c(backend.array(X), y, weights, l1_ratio=0.5)
    assert half == pytest.approx(0.5 * found, rel=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("settings", [{}, {"class_weight": "balanced"}, {"fit_intercept": False}])
def test_coefficients_leave_zero_there(classes, settings):
    X, y = _problem(classes)
    offset = np.random.default_rng(2).normal(size=(len(y), classes) if classes > 2 else len(y))
    least = l1_min_c(X, y, offset=offset, **settings)
    for factor, zeros in ((0.999, True), (1.01, False)):
        model = LogisticRegression(C=factor * least, l1_ratio=1.0, **settings)
        assert (not model.fit(X, y, offset=offset).coef_.any()) is zeros


def test_each_target_of_a_table_has_its_own():
    X, y = _problem(4)
    Y = np.stack([y == k for k in range(4)], axis=1).astype(int)
    found = l1_min_c(sp.csr_array(X * (X > 1.0)), Y)
    dense = [l1_min_c(X * (X > 1.0), Y[:, k]) for k in range(4)]
    np.testing.assert_allclose(found, dense)


def test_where_no_feature_helps_it_is_infinite():
    assert l1_min_c(np.zeros((6, 2)), np.arange(6) % 2) == np.inf
    with pytest.raises(ValueError, match="l1_ratio must be above 0"):
        l1_min_c(np.ones((4, 1)), np.arange(4) % 2, l1_ratio=0.0)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("free", [(), (0,), (1, 4)])
def test_factors_divide_the_gradient(backend, classes, free):
    """Coefficients leave zero there, beside the best ones of features without a penalty."""
    X, y = _problem(classes)
    factors = np.random.default_rng(3).uniform(0.2, 4.0, X.shape[1])
    factors[list(free)] = 0.0
    least = l1_min_c(backend.array(X), y, penalty_factors=factors)
    penalised = factors > 0.0
    for factor, zeros in ((0.999, True), (1.01, False)):
        model = LogisticRegression(C=factor * least, l1_ratio=1.0, penalty_factors=factors)
        coef = model.fit(X, y).coef_
        assert (not coef[:, penalised].any()) is zeros
        assert coef[:, ~penalised].all()


def test_free_features_are_fitted_for_each_target():
    X, y = _problem(3)
    Y = np.stack([y == k for k in range(3)], axis=1).astype(int)
    factors = np.ones(X.shape[1])
    factors[:2] = 0.0
    found = l1_min_c(sp.csr_array(X * (X > 0.5)), Y, penalty_factors=factors)
    dense = [l1_min_c(X * (X > 0.5), Y[:, k], penalty_factors=factors) for k in range(3)]
    np.testing.assert_allclose(found, dense, rtol=1e-6)
    plain = LogisticRegression(C=np.inf, tol=1e-9).fit(X[:, :2], y)
    gradient = (X.T @ (plain.predict_proba(X[:, :2]) - np.eye(3)[y]))[2:]
    found = l1_min_c(X, y, penalty_factors=factors)
    assert found == pytest.approx(1.0 / np.abs(gradient).max(), rel=1e-6)


def test_free_features_alone_are_refused():
    X, y = _problem()
    with pytest.raises(ValueError, match="penalty_factors must be above 0 for a feature"):
        l1_min_c(X, y, penalty_factors=np.zeros(X.shape[1]))
    with pytest.raises(ValueError, match="one number for each of the 12 features"):
        l1_min_c(X, y, penalty_factors=[1.0])


def test_free_features_that_separate_are_reported():
    X, _ = _problem()
    y = (X[:, 0] > 0.5).astype(int)
    factors = np.ones(X.shape[1])
    factors[0] = 0.0
    with pytest.warns(ConvergenceWarning, match=r"l1_min_c.*no finite optimum exists"):
        l1_min_c(X, y, penalty_factors=factors)
