"""L1 penalties on sparse features by coordinate descent: the same answers as on dense ones."""

import numpy as np
import pytest
import scipy.sparse as sp

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.solvers import LeastSquares
from tests.tolerances import assert_near

N, P = 200, 1200


@pytest.fixture
def counted(monkeypatch):
    """List the shapes of least squares: fits of few parameters have none."""
    calls, minimize = [], LeastSquares.minimize

    def run(self, *arguments):
        calls.append(self.columns.shape)
        return minimize(self, *arguments)

    monkeypatch.setattr(LeastSquares, "minimize", run)
    return calls


def _problem(seed=0, targets=1):
    rng = np.random.default_rng(seed)
    X = sp.random_array((N, P), density=0.04, format="csr", rng=rng)
    Z = X @ (rng.normal(size=(P, targets)) * 10.0) - 0.3
    Y = (rng.logistic(size=Z.shape) < Z).astype(int)
    return X, Y[:, 0] if targets == 1 else Y, rng


def _agree(settings, X, y, calls, **more):
    sparse = LogisticRegression(tol=1e-6, **settings).fit(X, y, **more)
    assert calls
    dense = LogisticRegression(tol=1e-6, **settings).fit(X.toarray(), y, **more)
    assert sparse.converged_.all()
    assert sparse.certified_.all()
    assert 0 < (sparse.coef_ != 0).sum() < sparse.coef_.size
    np.testing.assert_allclose(sparse.coef_, dense.coef_, atol=1e-5)
    np.testing.assert_allclose(sparse.intercept_, dense.intercept_, atol=1e-5)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
@pytest.mark.parametrize("intercept", [True, False])
def test_one_fit(ratio, intercept, counted):
    X, y, _ = _problem()
    _agree({"l1_ratio": ratio, "C": 50.0, "fit_intercept": intercept}, X, y, counted)


def test_weights_classes_and_offsets(counted):
    X, y, rng = _problem(1)
    weights = rng.integers(0, 3, size=N).astype(float)
    settings = {"l1_ratio": 1.0, "C": 50.0, "class_weight": {0: 2.0, 1: 0.5}}
    _agree(settings, X, y, counted, sample_weight=weights, offset=rng.normal(size=N))


def test_each_target_has_models_of_its_own(counted):
    X, Y, _ = _problem(2, targets=3)
    _agree({"l1_ratio": 0.9, "C": [20.0, 50.0, 100.0]}, X, Y, counted)


def test_entries_in_float32(counted):
    X, y, _ = _problem(3)
    found = LogisticRegression(l1_ratio=1.0, C=50.0).fit(X.astype(np.float32), y)
    assert counted
    expected = LogisticRegression(l1_ratio=1.0, C=50.0).fit(X.toarray().astype(np.float32), y)
    assert_near(found.coef_, expected.coef_, "float32", growth=1e4)


def test_cross_validated_paths(counted):
    X, y, _ = _problem(4)
    settings = {"Cs": [20.0, 60.0], "cv": 2, "l1_ratios": [1.0], "tol": 1e-6}
    sparse = LogisticRegressionCV(scoring="neg_log_loss", **settings).fit(X, y)
    assert counted
    dense = LogisticRegressionCV(scoring="neg_log_loss", **settings).fit(X.toarray(), y)
    assert sparse.C_ == dense.C_
    np.testing.assert_allclose(sparse.coefs_paths_, dense.coefs_paths_, atol=1e-5)


def test_duplicated_columns(counted):
    X, y, _ = _problem(5)
    X = sp.csr_array(sp.hstack([X, X[:, :50]]))
    model = LogisticRegression(l1_ratio=1.0, C=100.0).fit(X, y)
    assert counted
    dense = LogisticRegression(l1_ratio=1.0, C=100.0).fit(X.toarray(), y)
    assert model.converged_.all()
    assert model.loss_curve_[-1] == pytest.approx(dense.loss_curve_[-1], rel=1e-6)
