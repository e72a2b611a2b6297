"""More features than rows: the problem in the space of the rows has the same answer."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.automatic import choose
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre, rotate
from tests.reference import reference

#: features that are few on two sides of the plans: with directions that stand out, and without
KINDS = ("flat", "steep")


def wide(kind, classes, n=30, p=80):
    rng = np.random.default_rng(classes)
    X = rng.normal(size=(n, p)) + 1.0
    if kind == "steep":
        X = X * np.logspace(1, -2, p)
    y = np.argmax(X @ rng.normal(size=(p, max(classes, 2))) / 4 + rng.gumbel(size=(n, 1)), axis=1)
    y[: max(classes, 2)] = np.arange(max(classes, 2))
    return X, y, rng.uniform(0.1, 2.0, size=n)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [1e-2, 1.0, 1e2])
@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_the_optimum_is_that_of_the_reference(kind, classes, C, fit_intercept, weighted):
    X, y, weights = wide(kind, classes)
    weights = weights if weighted else None
    expected = reference(
        X, y, C=C, classes=classes, sample_weight=weights, fit_intercept=fit_intercept
    )
    clf = LogisticRegression(C=C, fit_intercept=fit_intercept, tol=1e-9)
    clf.fit(X, y, sample_weight=weights)
    assert clf.plan_.method in ("row-space", "diagonal")
    assert clf.converged_[0]
    intercept = clf.intercept_ - (clf.intercept_.mean() if classes > 1 else 0.0)
    scale = max(1.0, np.linalg.norm(expected.coef))
    assert np.linalg.norm(clf.coef_ - expected.coef) <= 1e-6 * scale
    assert np.linalg.norm(intercept - expected.intercept) <= 1e-5 * scale
    assert clf.certified_[0]


def rotated(classes, fit_intercept=True, kind="steep"):
    X, y, weights = wide(kind, classes)
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, weights)
    objective = centre(
        Objective.over(rows, classes=classes, penalty=0.3, fit_intercept=fit_intercept)
    )
    return objective, rotate(objective)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("classes", [1, 4])
def test_both_problems_have_the_same_values(classes, fit_intercept):
    """Going back changes neither loss nor length; but for directions that no row has."""
    objective, space = rotated(classes, fit_intercept)
    theta = np.random.default_rng(0).normal(size=space.objective.shape)
    theta = space.forth(space.back(theta), warm=True)
    there = space.objective.evaluate(theta)
    here = objective.evaluate(space.back(theta))
    np.testing.assert_allclose(here.value, there.value, rtol=1e-10)
    np.testing.assert_allclose(
        here.intercept_hessian, there.intercept_hessian, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("classes", [1, 4])
def test_going_back_and_forth_loses_what_no_row_has(classes):
    objective, space = rotated(classes)
    # the space of thirty centred rows has twenty-nine dimensions, and rotating loses the others
    theta = space.back(np.random.default_rng(0).normal(size=space.objective.shape))
    again = space.back(space.forth(theta, warm=True))
    np.testing.assert_allclose(again, theta, atol=1e-9 * np.abs(theta).max())
    other = theta + np.random.default_rng(1).normal(size=theta.shape)
    shorter = space.back(space.forth(other, warm=True))
    np.testing.assert_allclose(
        objective.evaluate(shorter).intercept_hessian,
        objective.evaluate(other).intercept_hessian,
        rtol=1e-9,
    )
    assert np.linalg.norm(shorter[:, :, :-1]) < np.linalg.norm(other[:, :, :-1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_warm_start_needs_no_more_than_two_iterations(kind):
    X, y, weights = wide(kind, 1)
    clf = LogisticRegression(C=10.0, warm_start=True).fit(X, y, sample_weight=weights)
    cold, coef = clf.n_iter_[0], clf.coef_.copy()
    clf.fit(X, y, sample_weight=weights)
    assert clf.n_iter_[0] <= 2 < cold
    np.testing.assert_allclose(clf.coef_, coef, atol=1e-4)


def test_directions_of_rounding_are_left_out():
    """With large means and weights, the products of rows have one that no row has."""
    X, y, weights = wide("steep", 1, n=60, p=200)
    X = X + 300.0 * np.logspace(1, -2, 200)
    objective = centre(
        Objective.over(
            make_training_rows(ArrayContext.named("numpy"), X, y, weights),
            penalty=0.0,
            fit_intercept=True,
        )
    )
    rank = np.linalg.matrix_rank(X - weights @ X / weights.sum())
    assert np.count_nonzero(rotate(objective).spreading.any(axis=0)) == rank == 59
    with pytest.warns(ConvergenceWarning, match="can be separated without an error"):
        clf = LogisticRegression(C=np.inf).fit(X, y, sample_weight=weights)
    assert clf.score(X, y) == 1.0
    losses = np.logaddexp(0.0, -(2 * y - 1) * clf.decision_function(X))
    assert weights @ losses == pytest.approx(clf.loss_curve_[-1], rel=1e-2)


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs"])
def test_separated_classes_without_a_penalty_are_warned_of(solver):
    """Thirty rows in eighty dimensions always are; what comes back does separate them."""
    X, y, _ = wide("flat", 1)
    clf = LogisticRegression(C=np.inf, solver=solver)
    with pytest.warns(ConvergenceWarning, match="no finite optimum exists"):
        clf.fit(X, y)
    assert np.isfinite(clf.coef_).all()
    assert clf.score(X, y) == 1.0


def test_rows_are_rotated_where_a_direction_stands_out():
    plan = choose(500, 5_000, 1, 1, flat=False)
    assert plan.method == "row-space"
    assert "500 rows" in plan.reason
