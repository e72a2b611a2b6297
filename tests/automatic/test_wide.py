"""Wide features: no matrix of them with themselves, and the optimum all the same."""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from scipy.fft import dct

from logitron import LogisticRegression
from logitron.objective import Objective
from tests.backends import host
from tests.reference import reference


def _problem(n, p, K, seed=0, *, mixed=True):
    """Features of falling sizes, ``mixed`` by an orthogonal transform or not."""
    rng = np.random.default_rng(seed)
    sizes = np.arange(1, p + 1) ** -0.7
    means = rng.normal(size=(K, p)) * sizes
    y = rng.integers(0, K, n)
    y[:K] = np.arange(K)
    X = rng.normal(size=(n, p)) * sizes + 0.3 * means[y]
    return (dct(X, axis=1, norm="ortho") if mixed else X), y


@cache
def _least_loss(K, C):
    """The optimum of `_problem` of 900 rows, mixed or not: a rotation of features changes none."""
    X, y = _problem(900, 1000, K, mixed=False)
    return reference(X, y, C=C, classes=1 if K == 2 else K).value


def _assert_optimal(clf, K, C):
    """Assert that a fit is as near the optimum as its certificate says."""
    assert clf.certified_.all()
    least, value = _least_loss(K, C), float(clf.loss_curve_[-1])
    # (both values are rounded to some parts in 1e14)
    assert value - least <= 1.01 * clf.suboptimality_.max() * least + 1e-12
    assert value - least >= -1e-12 * least


@pytest.mark.parametrize(("K", "C"), [(2, 1e-2), (2, 1.0), (2, 1e3), (3, 10.0)])
def test_answers_are_the_optimum(K, C):
    X, y = _problem(900, 1000, K)
    clf = LogisticRegression(C=C).fit(X, y)
    assert clf.plan_.method == "sampled"
    _assert_optimal(clf, K, C)


def test_weights_and_far_means_change_nothing():
    """Weights, no intercept, and far means: the same as by the exact spectrum."""
    X, y = _problem(700, 1050, 2, seed=1)
    X += 30.0
    weights = np.random.default_rng(0).uniform(0.0, 2.0, 700)
    for intercept in (True, False):
        clf = LogisticRegression(C=10.0, fit_intercept=intercept)
        clf.fit(X, y, sample_weight=weights)
        assert clf.certified_.all()
        truth = reference(X, y, C=10.0, sample_weight=weights, fit_intercept=intercept)
        assert float(clf.loss_curve_[-1]) == pytest.approx(truth.value, rel=1e-8)


def test_every_library_ends_at_the_same_answer(eager):
    X, y = _problem(700, 1050, 3, seed=2)
    exact = LogisticRegression(tol=1e-6).fit(X, y)
    clf = LogisticRegression().fit(eager.array(X.astype(np.float32)), y)
    distance = np.linalg.norm(host(clf.coef_) - exact.coef_)
    assert (clf.plan_.method == "sampled") == (not eager.name.startswith("jax"))
    assert distance <= 2e-3 * np.linalg.norm(exact.coef_)


def test_float32_is_left_where_its_digits_end():
    """Sums of float32 prove 1e-5 here; the last iterations are computed in float64."""
    X, y = _problem(5000, 1050, 2, seed=3)
    clf = LogisticRegression().fit(X.astype(np.float32), y)
    assert clf.plan_.method == "sampled"
    assert clf.suboptimality_.max() <= 2e-8
    assert clf.work_.passes <= 70


def test_float64_is_for_the_last_iterations(monkeypatch):
    """Gradients in float32 lead below the rounding of its values: float64 is for the bound."""
    X, y = _problem(4200, 1050, 2, seed=4)
    rows = []
    evaluate = Objective.evaluate_at

    def counted(objective, *arguments):
        rows.append(objective.rows.context.precision)
        return evaluate(objective, *arguments)

    monkeypatch.setattr(Objective, "evaluate_at", counted)
    clf = LogisticRegression(C=100.0).fit(X.astype(np.float32), y)
    assert clf.certified_.all()
    assert rows.count("float32") > 20
    assert rows.count("float64") <= 6


def test_targets_go_together():
    X, _ = _problem(800, 1100, 2)
    Z = X @ np.random.default_rng(1).normal(size=(1100, 6))
    Y = (np.median(Z, axis=0) < Z).astype(np.int8)
    together = LogisticRegression(tol=1e-6).fit(X, Y)
    assert together.plan_.method == "sampled"
    assert together.certified_.all()
    for k in (0, 5):
        alone = LogisticRegression(tol=1e-6).fit(X, Y[:, k])
        size = np.linalg.norm(alone.coef_)
        np.testing.assert_allclose(together.coef_[k], alone.coef_[0], atol=1e-5 * size)


def test_memory_is_a_part_of_the_features():
    X, y = _problem(8000, 2000, 2)
    X = X.astype(np.float32)
    LogisticRegression().fit(X[:100], y[:100])
    tracemalloc.start()
    try:
        LogisticRegression().fit(X, y)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # (the matrix of all features with themselves, in float64, would be half of them)
    assert held <= 0.15 * X.nbytes


@pytest.mark.parametrize(("K", "C"), [(2, 1e-2), (2, 1e3), (3, 10.0)])
def test_uncorrelated_features_are_modelled_one_by_one(K, C):
    X, y = _problem(900, 1000, K, mixed=False)
    clf = LogisticRegression(C=C).fit(X, y)
    assert clf.plan_.method == "hessian-diagonal"
    _assert_optimal(clf, K, C)


def test_a_model_of_uncorrelated_features_saves_passes():
    """Scales of a factor of thousand: a spectrum has no better directions than the columns."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 3000)) * np.exp(rng.normal(size=3000))
    y = (X @ rng.normal(size=3000) + rng.logistic(size=1500) > 0).astype(int)
    one_by_one = LogisticRegression().fit(X, y)
    rotated = LogisticRegression().fit(dct(X, axis=1, norm="ortho"), y)
    assert one_by_one.plan_.method == "hessian-diagonal"
    assert rotated.plan_.method == "sampled"
    assert one_by_one.work_.passes < 0.95 * rotated.work_.passes


def test_few_correlated_directions_are_not_taken_for_none():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 60)) @ rng.normal(size=(60, 2000)) + rng.normal(size=(1500, 2000))
    clf = LogisticRegression().fit(X, rng.integers(0, 2, 1500))
    assert clf.plan_.method == "sampled"
