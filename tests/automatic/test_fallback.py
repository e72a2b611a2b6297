"""Hard problems of wide features, which a diagonal model leaves: the space of the rows goes on."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Oracle

from logitron import LogisticRegression
from logitron.automatic.plan import PLAIN_PASSES, choose

CLASSES, C = 10, 20.0


@pytest.fixture(scope="module")
def problem():
    """Features of unequal directions, on which the classes can be separated."""
    rng = np.random.default_rng(0)
    n, p = 800, 960
    y = np.arange(n) % CLASSES
    directions = rng.normal(size=(n, 40)) * 40.0 / np.arange(1, 41)
    features = directions + 4.0 * rng.normal(size=(CLASSES, 40))[y]
    X = np.abs(features @ rng.normal(size=(40, p))) + 0.01 * rng.normal(size=(n, p))
    return X, y


def test_a_rotation_that_is_dear_is_the_fallback():
    plan = choose(800, 960, 1, CLASSES)
    assert plan.method == "diagonal"
    assert plan.fallback.method == "row-space"
    assert choose(800, 960, 1, CLASSES, method="lbfgs").fallback is None
    assert choose(800, 960, 1, CLASSES, weighed=True).fallback is None
    assert choose(200, 960, 1, CLASSES).fallback is None  # rotated at once


def _value(X, y, clf):
    logits = X @ clf.coef_.T + clf.intercept_
    logits = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y]
    return losses.sum() + np.sum(clf.coef_**2) / (2.0 * C)


def test_hard_problems_end_at_the_optimum(problem):
    X, y = problem
    clf = LogisticRegression(C=C).fit(X, y)
    assert PLAIN_PASSES < clf.n_iter_[0] < 2000
    assert clf.certified_.all()
    assert len(clf.loss_curve_) == clf.n_iter_[0] + 1
    oracle = Oracle(C=C, solver="newton-cg", tol=1e-7, max_iter=1000).fit(X, y)
    assert _value(X, y, clf) <= _value(X, y, oracle) * (1.0 + 1e-8)


@pytest.mark.parametrize("most", [PLAIN_PASSES - 20, PLAIN_PASSES + 5])
def test_no_more_iterations_are_made_than_allowed(problem, most):
    with pytest.warns(ConvergenceWarning):
        clf = LogisticRegression(C=C, max_iter=most).fit(*problem)
    assert clf.n_iter_ == [most]


def test_callbacks_count_the_iterations_of_both(problem):
    pytest.importorskip("sklearn.callback")
    ends = []

    class Ends:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context):
            ends.append(estimator)

    clf = LogisticRegression(C=C).set_callbacks(Ends()).fit(*problem)
    assert len(ends) >= clf.n_iter_[0]
