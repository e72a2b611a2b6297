"""Features of few bits: computed wide enough, summed wider, answered in their kind."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from tests.backends import host
from tests.datasets import load


@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_float16_is_fitted_as_float32(name, solver):
    X, y, _ = load(name, True)
    X = X.astype(np.float16)
    clf = LogisticRegression(solver=solver).fit(X, y)
    assert clf.coef_.dtype == clf.intercept_.dtype == np.float32
    exact = LogisticRegression(tol=1e-9).fit(X.astype(np.float64), y)
    distance = np.linalg.norm(clf.coef_ - exact.coef_)
    assert distance <= 1e-3 * np.linalg.norm(exact.coef_)


@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
def test_bfloat16_is_fitted_as_float32(solver):
    torch = pytest.importorskip("torch")
    X, y, _ = load("iris", True)
    X = torch.asarray(np.array(X)).to(torch.bfloat16)
    clf = LogisticRegression(solver=solver).fit(X, y)
    assert clf.coef_.dtype == torch.float32
    exact = LogisticRegression(tol=1e-9).fit(X.to(torch.float64), y)
    distance = np.linalg.norm(host(clf.coef_) - host(exact.coef_))
    assert distance <= 1e-3 * np.linalg.norm(host(exact.coef_))


@pytest.mark.parametrize("classes", [1, 3])
def test_many_rows_of_float32_are_summed_in_float64(classes):
    """Rows that agree: what a sum in float32 loses, it loses in the same direction every time."""
    n, size = 200_000, 20
    X = np.full((n, 3), 0.3, np.float32)
    y = np.zeros(n, int)
    gradients = []
    for precision in ("float32", "float64"):
        context = ArrayContext.named("numpy", precision=precision)
        rows = make_training_rows(context, X, y, None, block_rows=size)
        objective = Objective.over(rows, classes=classes)
        theta = np.full(objective.shape, 0.3)
        gradients.append(objective.evaluate(theta).grad[0])
        assert gradients[-1].dtype == np.float64
    ours, exact = gradients
    error = np.max(np.abs(ours - exact)) / np.max(np.abs(exact))
    blocks = np.full(n // size, np.float32(ours[0, -1] / n * size))
    in_float32 = np.abs(np.cumsum(blocks)[-1] / ours[0, -1] - 1.0)
    assert error <= 5e-7 < 0.1 * in_float32


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_float32_features_have_the_answer_of_float64(precision):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 6)).astype(np.float32)
    y = (X.sum(axis=1) + rng.logistic(size=len(X)) > 0).astype(int)
    clf = LogisticRegression(dtype=precision).fit(X, y)
    exact = LogisticRegression(tol=1e-9).fit(X.astype(np.float64), y)
    assert clf.coef_.dtype == np.float32
    np.testing.assert_allclose(clf.coef_, exact.coef_, rtol=1e-4)
    assert clf.certified_[0]
    assert clf.suboptimality_[0] <= 1e-8


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("mean", [1e3, 1e7])
def test_float32_features_far_from_zero_are_no_error(mean, solver):
    """Hardly a digit is left of them; what is can be fitted, or it is told that it cannot."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    rng = np.random.default_rng(0)
    X = (rng.normal(size=(3000, 4)) + mean).astype(np.float32)
    centred = X - X.mean(axis=0, dtype=np.float64)
    y = (centred @ [1, -2, 0.5, 0] + rng.logistic(size=3000) > 0).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clf = LogisticRegression(solver=solver).fit(X, y)
    assert np.isfinite(clf.coef_).all()


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_float64_features_far_from_zero_are_as_good_as_centred(solver):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4))
    y = (X @ [1, -2, 0.5, 0] + rng.logistic(size=3000) > 0).astype(int)
    far = X + 1e7
    clf = LogisticRegression(solver=solver).fit(far, y)
    near = LogisticRegression(tol=1e-9).fit(far - 1e7, y)
    assert clf.converged_[0]
    np.testing.assert_allclose(clf.coef_, near.coef_, atol=1e-5)
