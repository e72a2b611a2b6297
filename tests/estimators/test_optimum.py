"""Fits end at the optimum that an independent Newton method finds, whatever the data and C."""

import numpy as np
import pytest

from logitron import LogisticRegression
from tests.backends import host
from tests.datasets import BUNDLED, SURVEYS, classes_of, load
from tests.reference import reference

#: what the project promises of a fit to the last digits, relative to the length of the answer
PROMISED = {"float64": 1e-6, "float32": 1e-3}
#: the reference has to be surer of itself than that
SURE = 1e-7


def distances(clf, expected):
    """Relative distances of coefficients and intercepts; softmax intercepts are centred."""
    coef, intercept = host(clf.coef_), host(clf.intercept_)
    if len(intercept) > 1:
        intercept = intercept - intercept.mean()
    return [
        np.linalg.norm(ours - theirs) / max(1.0, np.linalg.norm(theirs))
        for ours, theirs in ((coef, expected.coef), (intercept, expected.intercept))
    ]


def check(name, standardised, C, fit_intercept, solver="auto"):
    X, y, weights = load(name, standardised)
    expected = reference(
        X,
        y,
        C=C,
        classes=classes_of(y),
        sample_weight=weights,
        fit_intercept=fit_intercept,
    )
    assert expected.distance <= SURE * max(1.0, np.linalg.norm(expected.coef))
    clf = LogisticRegression(C=C, fit_intercept=fit_intercept, tol=1e-9, solver=solver)
    clf.fit(X, y, sample_weight=weights)
    assert clf.converged_[0]
    by_coef, by_intercept = distances(clf, expected)
    assert by_coef <= PROMISED["float64"]
    assert by_intercept <= 10.0 * PROMISED["float64"]  # the certificate is about coefficients


@pytest.mark.parametrize("fit_intercept", [True, False], ids=["intercept", "none"])
@pytest.mark.parametrize("C", [1e-4, 1e-2, 1.0, 1e2, 1e4])
@pytest.mark.parametrize("standardised", [False, True], ids=["raw", "standardised"])
@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "digits"])
def test_small_data(name, standardised, C, fit_intercept):
    check(name, standardised, C, fit_intercept)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("C", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("standardised", [False, True], ids=["raw", "standardised"])
@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
def test_small_data_with_a_solver_that_was_asked_for(name, standardised, C, solver):
    check(name, standardised, C, True, solver)


@pytest.mark.parametrize(
    ("standardised", "C"), [(False, 1e-2), (False, 1.0), (True, 1e-2), (True, 1.0)]
)
def test_ten_classes(standardised, C):
    check("digits", standardised, C, True)


@pytest.mark.parametrize("C", [1e-4, 1e-2, 1.0, 1e2, 1e4])
@pytest.mark.parametrize("standardised", [False, True], ids=["raw", "standardised"])
@pytest.mark.parametrize("name", SURVEYS)
def test_surveys(name, standardised, C):
    check(name, standardised, C, True)


@pytest.mark.parametrize(
    ("name", "solver"), [("iris", "auto"), ("iris", "lbfgs"), ("breast_cancer", "lbfgs")]
)
def test_every_backend(backend, name, solver):
    if backend.name == "jax-float32" and (name, solver) != ("iris", "lbfgs"):
        pytest.skip("JAX compiles for every shape, and this takes the way of float64")
    X, y, weights = load(name, True)
    expected = reference(X, y, classes=classes_of(y), sample_weight=weights)
    clf = LogisticRegression(solver=solver, tol=1e-9)
    clf.fit(backend.array(X), backend.array(y), sample_weight=weights)
    assert clf.converged_[0]
    by_coef, by_intercept = distances(clf, expected)
    assert by_coef <= PROMISED[backend.precision]
    assert by_intercept <= PROMISED[backend.precision]


@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_the_reference_is_scikit_learns_optimum(name):
    """Two oracles that agree are better than one."""
    from sklearn.linear_model import LogisticRegression as Sklearn

    X, y, weights = load(name, True)
    theirs = Sklearn(tol=1e-10, max_iter=10_000).fit(X, y, sample_weight=weights)
    ours = reference(X, y, classes=classes_of(y), sample_weight=weights)
    np.testing.assert_allclose(ours.coef, theirs.coef_, atol=1e-5)
    shift = theirs.intercept_.mean() if len(theirs.intercept_) > 1 else 0.0
    np.testing.assert_allclose(ours.intercept, theirs.intercept_ - shift, atol=1e-5)
