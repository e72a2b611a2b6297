"""Cholesky factors for one column: the model that an eigenbasis would give, for less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.automatic.curvature import gram_model, refresh
from logitron.backend import LIBRARIES, ArrayContext, linalg
from logitron.objective import Objective, make_training_rows
from logitron.preconditioners import CholeskyModel, Kronecker, choose, without_curvature
from logitron.reductions import centre
from tests.backends import host
from tests.tolerances import assert_near


def setting(n, p, *, penalty, fit_intercept=True, groups=1, seed=0):
    """An objective of binary targets in centred features of unequal sizes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-2, 2, size=p) + 1.0
    y = rng.integers(2, size=(n, groups)).astype(float)
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, rng.uniform(0.0, 2.0, size=n))
    settings = {"groups": groups, "penalty": penalty, "fit_intercept": fit_intercept}
    objective = centre(Objective.over(rows, **settings))
    return objective, rng.normal(size=objective.shape) / p


def updated(objective, theta, model, *, corrects):
    model = refresh(objective, objective.evaluate(theta), theta, model)
    if corrects:
        evaluation = objective.evaluate(theta, "subspace", model)
        model = refresh(objective, evaluation, theta, model)
    return model


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(2, 40),
    p=st.integers(1, 30),
    penalty=st.floats(1e-3, 1e3),
    fit_intercept=st.booleans(),
    corrects=st.booleans(),
    seed=st.integers(0, 99),
)
def test_the_model_is_that_of_an_eigenbasis(n, p, penalty, fit_intercept, corrects, seed):
    objective, theta = setting(n, p, penalty=penalty, fit_intercept=fit_intercept, seed=seed)
    objective, model = gram_model(objective)
    assert isinstance(model, CholeskyModel)
    spectrum, basis = np.linalg.eigh(model.covariance)
    other = without_curvature(model.penalty, 1, basis, np.maximum(spectrum, 0.0))
    grad = np.random.default_rng(seed).normal(size=theta.shape)
    for scale in (0.0, 1.0, 5.0):
        model, other = (
            updated(objective, scale * theta, one, corrects=corrects and scale > 0.0)
            for one in (model, other)
        )
        step, expected = model.solve(grad), other.solve(grad)
        np.testing.assert_allclose(step, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())
        np.testing.assert_allclose(model.curvature, other.curvature, rtol=1e-12)


def test_systems_are_solved_in_every_library(eager):
    rng = np.random.default_rng(0)
    F, scale, shift = rng.normal(size=(9, 6)), np.asarray([0.5, 2.0]), np.asarray([1.0, 0.1])
    B, A = rng.normal(size=(2, 6, 3)), F.T @ F
    with eager.context().scope():
        factors = linalg.shifted_cholesky(*map(eager.array, (A, scale, shift)))
        found = host(linalg.cholesky_solve(factors, eager.array(B)))
    matrices = scale[:, None, None] * A + shift[:, None, None] * np.eye(6)
    # (the condition of the matrices multiplies rounding)
    growth = 8.0 * float(np.linalg.cond(matrices).max())
    assert_near(found, np.linalg.solve(matrices, B), eager.precision, growth=growth)


def test_matrices_that_are_not_definite_give_nan():
    factors = linalg.shifted_cholesky(-np.eye(3), np.ones(2), np.asarray([0.5, 2.0]))
    solved = linalg.cholesky_solve(factors, np.ones((2, 3, 1)))
    assert np.isnan(solved[0]).all()
    np.testing.assert_allclose(solved[1], 1.0)


def test_groups_that_are_not_chosen_keep_their_factors():
    objective, theta = setting(20, 5, penalty=1.0)
    objective, model = gram_model(objective)
    new = refresh(objective, objective.evaluate(theta), theta, model)
    grad = np.ones(theta.shape)
    for is_chosen, expected in ((True, new), (False, model)):
        found = choose(new, model, np.asarray([is_chosen])).solve(grad)
        np.testing.assert_array_equal(found, expected.solve(grad))
    np.testing.assert_array_equal(new.take_groups(np.asarray([0])).solve(grad), new.solve(grad))


@pytest.mark.parametrize(("penalty", "groups"), [(1e-14, 1), (0.0, 1), (1.0, 2)])
def test_other_problems_keep_the_eigenbasis(penalty, groups):
    """Penalties that rounding hides, and several columns or penalties."""
    objective, _ = setting(30, 6, penalty=penalty, groups=groups)
    assert isinstance(gram_model(objective)[1], Kronecker)


@pytest.fixture
def decomposed(monkeypatch):
    """Sizes of the matrices whose eigenvectors are computed."""
    sizes, eigh = [], LIBRARIES["numpy"].eigh

    def count(A):
        sizes.append(A.shape[-1])
        return eigh(A)

    monkeypatch.setattr(LIBRARIES["numpy"], "eigh", count)
    return sizes


def problem(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.linspace(0.3, 2.3, p) + rng.normal(size=(n, 1))
    return X, (X @ rng.normal(size=p) / np.sqrt(p) + rng.logistic(size=n) > 0).astype(int)


def test_one_fit_needs_no_eigenvectors(decomposed):
    X, y = problem(3000, 150)
    clf = LogisticRegression().fit(X, y)
    assert clf.plan_.method == "shared"
    assert not decomposed
    LogisticRegressionCV(Cs=3, cv=2).fit(X, y)
    assert 150 in decomposed


@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3])
def test_passes_are_those_with_an_eigenbasis(C, monkeypatch):
    X, y = problem(3000, 150)
    clf = LogisticRegression(C=C).fit(X, y)
    monkeypatch.setattr("logitron.automatic.curvature._cholesky", lambda *_, **__: None)
    other = LogisticRegression(C=C).fit(X, y)
    assert clf.work_ == other.work_
    assert clf.n_iter_ == other.n_iter_
    assert clf.converged_.all()
    np.testing.assert_allclose(clf.coef_, other.coef_, atol=1e-4)
