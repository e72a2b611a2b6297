"""Losses, each against its own differences; and Poisson as the proof that one is a file."""

import numpy as np
import pytest
from scipy.special import logsumexp

from logitron.automatic import AutomaticSolver
from logitron.automatic.curvature import refresh
from logitron.backend import ArrayContext, namespace_of
from logitron.losses import Binomial, Multinomial, Poisson
from logitron.objective import Objective, make_training_rows
from logitron.solvers import EveryIteration, QuasiNewton, Status, Stopping
from tests.backends import host

LOSSES = {
    "binomial": Binomial(),
    "multinomial": Multinomial(4),
    "poisson": Poisson(),
    "proportions": Binomial(soft=True),
    "soft labels": Multinomial(4, soft=True),
}


def case(loss, groups=3, n=20, seed=0):
    rng = np.random.default_rng(seed)
    K = loss.n_outputs
    Z = 3.0 * rng.normal(size=(n, groups * K))
    if loss.soft:
        shares = rng.dirichlet(np.ones(max(K, 2)), size=(n, groups))
        return Z, shares[:, :, :K].reshape(n, -1)
    if isinstance(loss, Multinomial):
        Y = np.eye(K)[rng.integers(K, size=(n, groups))].reshape(n, -1)
    else:
        most = 1 if isinstance(loss, Binomial) else 9
        Y = rng.integers(most + 1, size=Z.shape).astype(float)
    return Z, Y


def plainly(loss, Z, Y):
    """The loss by its definition."""
    if isinstance(loss, Binomial):
        return np.logaddexp(0.0, Z) - Y * Z
    if isinstance(loss, Poisson):
        return np.exp(Z) - Y * Z
    shape = (len(Z), -1, loss.n_outputs)
    grouped, targets = Z.reshape(shape), Y.reshape(shape)
    return logsumexp(grouped, axis=2) - (targets * grouped).sum(axis=2)


@pytest.mark.parametrize("name", LOSSES)
def test_values_are_those_of_the_definition(eager, name):
    loss = LOSSES[name]
    Z, Y = case(loss)
    context = eager.context()
    with context.scope():
        there = eager.array(Z)
        found = loss.terms(namespace_of(there), there, eager.array(Y))
        expected = plainly(loss, Z, Y)
        tolerance = 1e-12 if eager.precision == "float64" else 2e-5
        np.testing.assert_allclose(host(found.value), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_differences_of_values(name):
    loss, step = LOSSES[name], 1e-6
    Z, Y = case(loss)
    terms = loss.terms(np, Z, Y)
    for column in range(Z.shape[1]):
        change = step * (np.arange(Z.shape[1]) == column)
        ahead, behind = (loss.terms(np, Z + s * change, Y).value for s in (1, -1))
        slopes = (ahead - behind).sum(axis=1) / (2.0 * step)
        np.testing.assert_allclose(terms.grad[:, column], slopes, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_curvatures_are_differences_of_gradients(name):
    loss, step = LOSSES[name], 1e-6
    Z, Y = case(loss, groups=1)
    terms, K = loss.terms(np, Z, Y), loss.n_outputs
    second = terms.curvature[:, :, None]
    if K > 1:
        P = terms.curvature
        second = P[:, :, None] * np.eye(K) - P[:, :, None] * P[:, None, :]
    for column in range(K):
        change = step * (np.arange(K) == column)
        ahead, behind = (loss.terms(np, Z + s * change, Y).grad for s in (1, -1))
        slopes = (ahead - behind) / (2.0 * step)
        np.testing.assert_allclose(second[:, :, column], slopes, rtol=1e-6, atol=1e-6)
    if loss.curvature_bound is not None:
        assert np.linalg.eigvalsh(second).max() <= loss.curvature_bound


@pytest.mark.parametrize("name", ["binomial", "multinomial"])
def test_rows_are_misclassified_above_the_threshold(name):
    loss = LOSSES[name]
    Z, Y = case(loss, groups=1, n=200)
    terms, K = loss.terms(np, Z, Y), loss.n_outputs
    if K == 1:
        own = np.where(Y[:, 0] > 0, 1.0, -1.0) * Z[:, 0]
        wrong = own <= 0.0
    else:
        P = np.exp(Z - logsumexp(Z, axis=1, keepdims=True))
        wrong = (P * Y).sum(axis=1) <= 0.5
    np.testing.assert_array_equal(terms.value[:, 0] >= loss.misclassified_above, wrong)


def counts(n=400, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, rng.poisson(np.exp(0.5 + X @ rng.normal(size=p) / 2)).astype(float)


def poisson_objective(X, y, penalty=0.0):
    rows = make_training_rows(ArrayContext.of(X), X, y[:, None])
    return Objective.over(rows, loss=Poisson(), penalty=penalty)


def test_a_poisson_fit_agrees_with_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    X, y = counts()
    objective = poisson_objective(X, y)
    solver = QuasiNewton(
        EveryIteration(),
        refresh=refresh,
        stopping=Stopping(tol=1e-10),
    )
    found, _ = solver.minimize(objective, objective.start())
    assert found.status[0] in (Status.CONVERGED, Status.AT_PRECISION)
    coef, intercept = objective.split(found.theta)
    family = sm.families.Poisson()
    expected = sm.GLM(y, sm.add_constant(X), family=family).fit(tol=1e-14, maxiter=100)
    ours = np.append(intercept, coef[0])
    np.testing.assert_allclose(ours, expected.params, rtol=0, atol=1e-8)


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
def test_a_penalised_poisson_fit_is_stationary(method):
    """By every method of the engine, whose preconditioners know no loss."""
    from logitron.automatic import choose

    X, y = counts()
    objective = poisson_objective(X, y, penalty=2.0)
    solver = AutomaticSolver(choose(*X.shape, 1, 1, method=method), tol=1e-8)
    found, objective, _ = solver.minimize(objective, objective.start())
    coef, intercept = objective.split(found.theta)
    mean = np.exp(X @ coef[0] + intercept[0])
    np.testing.assert_allclose(X.T @ (mean - y) + 2.0 * coef[0], 0.0, atol=1e-6)
    np.testing.assert_allclose((mean - y).sum(), 0.0, atol=1e-6)


def test_a_loss_without_a_bound_has_no_safe_step():
    X, y = counts(n=50)
    with pytest.raises(ValueError, match="Poisson has no bound of its curvature"):
        poisson_objective(X, y).smoothness()
