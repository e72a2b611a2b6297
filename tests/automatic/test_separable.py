"""Separable, few-shot and many-class problems: converged, certified, and in few passes."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.automatic import AutomaticSolver, choose
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status
from tests.backends import host
from tests.reference import reference
from tests.tolerances import assert_near


def separable(n, p, K, margin, *, seed=0, decay=0.7, balanced=False):
    """Gaussian classes about their means, with a spectrum that falls like that of embeddings."""
    rng = np.random.default_rng(seed)
    sizes = np.arange(1, p + 1) ** -decay
    sizes *= 10.0 / np.linalg.norm(sizes)
    Q, _ = np.linalg.qr(rng.normal(size=(p, p)))
    means = rng.normal(size=(K, p)) * sizes * margin
    y = np.arange(n) % K if balanced else rng.integers(0, K, n)
    y[:K] = np.arange(K)
    return (rng.normal(size=(n, p)) * sizes + means[y]) @ Q, y


PROBLEMS = {
    "many classes": ((300, 40, 20, 0.5), 1.0),
    "many classes, large C": ((300, 40, 20, 0.5), 1e3),
    "few features": ((400, 12, 4, 0.6), 1e4),
    "more features than rows": ((60, 100, 10, 0.5), 10.0),
    "one row a class": ((40, 60, 40, 1.0), 1.0),
    "two classes": ((300, 60, 2, 0.5), 1e5),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_answers_are_the_optimum(name):
    shape, C = PROBLEMS[name]
    X, y = separable(*shape, balanced=name == "one row a class")
    clf = LogisticRegression(C=C).fit(X, y)
    assert clf.converged_.all()
    assert clf.certified_.all()
    classes = 1 if shape[2] == 2 else shape[2]
    truth = reference(X, y, C=C, classes=classes)
    value = float(host(clf.loss_curve_)[-1])
    assert value - truth.value <= 1.01 * clf.suboptimality_.max() * truth.value + 1e-12
    assert clf.suboptimality_.max() <= 1e-8


@pytest.mark.parametrize("C", [1.0, 1e2, 1e3, 1e4, 1e5, 1e6])
def test_digits_converge_at_any_penalty(C):
    X, y = load_digits(return_X_y=True)
    clf = LogisticRegression(C=C).fit(scale(X), y)
    assert clf.certified_.all()
    assert clf.n_iter_.max() <= 120


def test_few_rows_of_many_classes_take_few_passes():
    X, y = separable(1600, 128, 100, 0.5, balanced=True)
    for C in (1.0, 1e3):
        clf = LogisticRegression(C=C).fit(X, y)
        assert clf.certified_.all()
        assert clf.work_.passes <= 45


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_library_ends_at_the_same_answer(eager, dtype):
    X, y = separable(200, 30, 12, 0.5)
    exact = LogisticRegression(C=100.0, tol=1e-6).fit(X, y)
    clf = LogisticRegression(C=100.0, tol=1e-6)
    with warnings.catch_warnings():
        if eager.precision != "float64":  # single precision does not prove 1e-12
            warnings.simplefilter("ignore", ConvergenceWarning)
        clf.fit(eager.array(X.astype(dtype)), y)
    size = np.linalg.norm(exact.coef_)
    precise = eager.precision == "float64" and dtype == np.float64
    distance = np.linalg.norm(host(clf.coef_) - exact.coef_)
    assert distance <= (1e-5 if precise else 1e-2) * size
    assert host(clf.n_iter_).max() <= 200  # float32 is left or ended, where it leads no further


def test_weights_of_zero_are_rows_left_out():
    X, y = separable(200, 30, 8, 0.5)
    weights = np.ones(200)
    weights[150:] = 0.0
    some = LogisticRegression(C=100.0, tol=1e-7).fit(X, y, sample_weight=weights)
    alone = LogisticRegression(C=100.0, tol=1e-7).fit(X[:150], y[:150])
    np.testing.assert_allclose(some.coef_, alone.coef_, atol=1e-5 * np.abs(alone.coef_).max())


def test_folds_and_penalties_are_what_they_are_alone():
    X, y = separable(240, 24, 6, 0.5)
    both = LogisticRegressionCV(Cs=[1.0, 1e3], cv=3, tol=1e-6).fit(X, y)
    assert both.converged_.all()
    alone = LogisticRegression(C=both.C_, tol=1e-6).fit(X, y)
    assert_near(both.coef_, alone.coef_, "float32", 1, growth=200.0)


def test_folds_without_a_class_are_fitted():
    X, y = separable(60, 10, 3, 0.5, seed=2)
    y[:] = np.repeat([0, 1, 2], [20, 20, 20])
    weights = np.where(np.arange(60) < 40, 1.0, 0.0)  # nothing is left of the last class
    folds = [(np.arange(60), np.arange(10)), (np.flatnonzero(weights), np.arange(10))]
    clf = LogisticRegressionCV(Cs=[1.0, 100.0], cv=folds, solver="lbfgs", refit=False).fit(X, y)
    assert np.isfinite(clf.coef_).all()


def test_targets_that_can_be_separated_are_certified():
    X, _ = separable(300, 30, 5, 0.5)
    rng = np.random.default_rng(1)
    Z = X @ rng.normal(size=(30, 20))
    Y = (np.quantile(Z, rng.uniform(0.5, 0.95, 20), axis=0).diagonal() < Z).astype(np.int8)
    clf = LogisticRegression(C=1e4).fit(X, Y)
    assert clf.certified_.all()


def test_easy_targets_do_not_change_hard_ones():
    """Those whose step is found leave the line search, which goes on for the others."""
    X, _ = separable(200, 150, 2, 0.5)
    rng = np.random.default_rng(3)
    Z = X @ rng.normal(size=(150, 12)) + np.linspace(0.0, 40.0, 12) * rng.normal(size=(200, 12))
    Y = (Z > 0).astype(np.int8)
    together = LogisticRegression(C=1e3, tol=1e-6, solver="lbfgs").fit(X, Y)
    for k in (0, 6, 11):
        alone = LogisticRegression(C=1e3, tol=1e-6, solver="lbfgs").fit(X, Y[:, k])
        size = np.abs(alone.coef_).max()
        np.testing.assert_allclose(together.coef_[k], alone.coef_[0], atol=1e-4 * size)


def test_a_callback_sees_every_iteration():
    X, y = separable(120, 20, 10, 0.5)
    losses = []
    clf = LogisticRegression(C=100.0, verbose=0)
    clf.fit(X, y)
    losses = host(clf.loss_curve_)
    assert len(losses) == clf.n_iter_.max() + 1
    assert losses[-1] < losses[0]


def test_a_fit_can_be_stopped_in_its_first_iteration():
    X, y = separable(120, 20, 10, 0.5)
    rows = make_training_rows(ArrayContext.of(X), X, y.astype(np.int8), None)
    objective = centre(Objective.over(rows, classes=10, penalty=0.01))
    solver = AutomaticSolver(choose(*X.shape, 1, 10, method="lbfgs"))
    for last in (1, 2, 3):
        seen = []

        def stop(iteration, seen=seen, last=last):
            seen.append(iteration.number)
            return iteration.number == last

        solution, *_ = solver.minimize(objective, objective.start(), callback=stop)
        assert seen == list(range(1, last + 1))
        assert (solution.status == Status.STOPPED).all()


def test_a_fit_that_is_cut_short_says_so():
    X, y = separable(300, 40, 20, 0.5)
    with pytest.warns(UserWarning, match="max_iter"):
        clf = LogisticRegression(C=1e3, max_iter=4).fit(X, y)
    assert clf.n_iter_.max() == 4
    assert not clf.converged_.any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_weak_penalty_does_not_amplify_the_rounding_of_rows(dtype):
    """What float32 leaves of a gradient, times C, was more than the coefficients are."""
    X, y = separable(6000, 700, 8, 0.3)
    X = X.astype(dtype)
    for C in (1e3, 1e5):
        clf = LogisticRegression(C=C)
        with warnings.catch_warnings():  # (coefficients as stored, in float32, prove less)
            warnings.simplefilter("ignore", ConvergenceWarning)
            clf.fit(X, y)
        assert clf.n_iter_.max() <= 90
        assert clf.suboptimality_.max() <= 1e-10 * C + 1e-7
        mean = np.linalg.norm(host(clf.coef_).mean(axis=0))
        assert mean <= 1e-3 * np.linalg.norm(host(clf.coef_))


@pytest.mark.parametrize(("size", "seed"), [(15, 7), (25, 4), (25, 11), (40, 6)])
def test_classes_of_successive_rows_take_few_iterations(size, seed):
    """Newton's step soon leads beyond where the loss of a row grows exponentially."""
    rng, rows = np.random.default_rng(seed), np.arange(120)
    X = np.column_stack([rows, rng.normal(size=(120, 2))])
    clf = LogisticRegression(C=1e5).fit(X, rows // size)
    assert clf.certified_.all()
    assert clf.n_iter_.max() <= 22
