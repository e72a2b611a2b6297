"""Models of the curvature: solving with them inverts the matrices that they stand for."""

import numpy as np
import pytest

from logitron.automatic.curvature import gram_model, refresh
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.preconditioners import DenseInverse, choose, take
from logitron.reductions import centre
from tests.reference import hessian

G = 2


def setting(classes, *, penalty=0.7, fit_intercept=True, seed=0, size=1.0):
    """An objective in centred features, and parameters of it; both groups have other targets."""
    rng = np.random.default_rng(seed)
    n, p = 50, 4
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + 2.0
    codes = rng.integers(max(classes, 2), size=(n, G))
    Y = codes.astype(float) if classes == 1 else np.eye(classes)[codes].reshape(n, -1)
    weights = rng.uniform(0.0, 2.0, size=n)
    rows = make_training_rows(ArrayContext.named("numpy"), X, Y, weights)
    objective = centre(
        Objective.over(
            rows, groups=G, classes=classes, penalty=penalty, fit_intercept=fit_intercept
        )
    )
    theta = size * rng.normal(size=objective.shape)
    return objective, X, weights, theta


def exact(objective, X, weights, theta, g):
    """One group's Hessian in the objective's features, by its definition."""
    if objective.layout.fit_intercept:
        X = np.concatenate([X - objective.layout.centre, np.ones((len(X), 1))], axis=1)
    Z = X @ theta[g].T
    if objective.classes == 1:
        P = 1.0 / (1.0 + np.exp(-Z))
    else:
        P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    return hessian(X, weights, P, objective.penalty.strength[g] * objective.penalty.factors)


def balanced(classes, q):
    """Orthonormal vectors that do not change all classes alike, as columns (K q, .)."""
    across = np.eye(1)
    if classes > 1:
        across = np.linalg.svd(np.ones((1, classes)))[2][1:].T
    return np.kron(across, np.eye(q))


def inverse_of(model, shape, g):
    """The matrix that solving multiplies by, for one group."""
    _, K, q = shape
    columns = []
    for unit in np.eye(K * q):
        grad = np.broadcast_to(unit.reshape(K, q), shape)
        columns.append(model.solve(grad)[g].ravel())
    return np.asarray(columns).T


def modelled(objective, theta, curvature):
    objective, model = gram_model(objective)
    model = refresh(objective, objective.evaluate(theta), theta, model)
    if curvature == "subspace":
        model = refresh(objective, objective.evaluate(theta, curvature, model), theta, model)
    return objective, model


def assert_inverse(inverse, matrix, vectors, allowed=1e-9):
    """Assert that a matrix is inverted on a space that it does not leave."""
    product = vectors.T @ inverse @ matrix @ vectors
    np.testing.assert_allclose(product, np.eye(vectors.shape[1]), atol=allowed)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("classes", [1, 3])
def test_the_shared_model_is_a_kronecker_product(classes, fit_intercept):
    objective, X, weights, theta = setting(classes, fit_intercept=fit_intercept)
    objective, model = modelled(objective, theta, "intercept")
    curvature = objective.evaluate(theta).intercept_hessian
    F = X - objective.layout.centre if fit_intercept else X
    Sigma = (F.T * weights) @ F / weights.sum()
    if fit_intercept:
        Sigma = np.block([[Sigma, np.zeros((4, 1))], [np.zeros((1, 4)), np.ones((1, 1))]])
    for g in range(G):
        ridge = np.kron(
            np.eye(classes), np.diag(objective.penalty.strength[g] * objective.penalty.factors)
        )
        matrix = np.kron(curvature[g], Sigma) + ridge
        inverse = inverse_of(model, theta.shape, g)
        assert_inverse(inverse, matrix, balanced(classes, theta.shape[2]))


def test_rounding_moves_no_softmax_group_as_a_whole():
    """Rounded curvatures have some along the same change of all classes: its inverse is huge."""
    objective, _, _, theta = setting(3, penalty=1e-7)
    objective, model = modelled(objective, theta, "intercept")
    rng, A = np.random.default_rng(1), model.curvature
    noise = 1e-8 * rng.normal(size=A.shape)
    model = model.with_curvature(A * (1.0 + noise + np.swapaxes(noise, 1, 2)), model.penalty)
    gradient = rng.normal(size=theta.shape)
    step, whole = model.solve(gradient), model.solve(gradient + rng.normal(size=(G, 1, 5)))
    size = np.abs(step).max()
    assert np.abs(step.mean(axis=1)).max() <= 1e-9 * size
    np.testing.assert_allclose(whole, step, atol=1e-9 * size)


@pytest.mark.parametrize("classes", [1, 3])
def test_the_kronecker_model_is_the_hessian_at_zero(classes):
    objective, X, weights, theta = setting(classes)
    theta[:, :, :-1] = 0.0
    objective, model = modelled(objective, theta, "intercept")
    for g in range(G):
        inverse = inverse_of(model, theta.shape, g)
        matrix = exact(objective, X, weights, theta, g)
        assert_inverse(inverse, matrix, balanced(classes, theta.shape[2]))
        by_differences = differences(objective, theta, g)
        assert_inverse(inverse, by_differences, balanced(classes, theta.shape[2]), 1e-6)


def differences(objective, theta, g, step=1e-4):
    """One group's Hessian by differences of the gradient."""
    columns = []
    for unit in np.eye(theta[g].size):
        change = np.zeros_like(theta)
        change[g] = step * unit.reshape(theta[g].shape)
        ahead, behind = (objective.evaluate(theta + s * change).grad[g] for s in (1, -1))
        columns.append((ahead - behind).ravel() / (2.0 * step))
    return np.asarray(columns).T


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("classes", [1, 3])
def test_the_corrected_model_is_exact_on_its_subspace(classes, fit_intercept):
    objective, X, weights, theta = setting(classes, fit_intercept=fit_intercept)
    objective, model = modelled(objective, theta, "subspace")
    assert model.subspace is not None
    q = theta.shape[2]
    for g in range(G):
        inverse = inverse_of(model, theta.shape, g)
        np.testing.assert_allclose(inverse, inverse.T, atol=1e-9 * np.abs(inverse).max())
        vectors = balanced(classes, q)
        inner = np.linalg.inv(vectors.T @ inverse @ vectors)
        assert np.linalg.eigvalsh(inner)[0] > 0.0
        looks = [np.append(w[:4], np.zeros(q - 4)) for w in theta[g]]
        looks = np.asarray([*looks, np.eye(5)[4]] if fit_intercept else looks)
        across = balanced(classes, 1)
        space = vectors.T @ np.kron(across, looks.T)
        H = vectors.T @ exact(objective, X, weights, theta, g) @ vectors
        desired = space.T @ H @ space
        np.testing.assert_allclose(
            space.T @ inner @ space, desired, atol=1e-6 * np.abs(desired).max()
        )


@pytest.mark.parametrize("prepare", [lambda model: model, DenseInverse.of], ids=["full", "inverse"])
@pytest.mark.parametrize("classes", [1, 3])
def test_the_full_model_is_the_hessian(classes, prepare):
    objective, X, weights, theta = setting(classes, size=0.5)
    evaluation = objective.evaluate(theta, "full")
    model = prepare(refresh(objective, evaluation, theta, None))
    for g in range(G):
        inverse = inverse_of(model, theta.shape, g)
        matrix = exact(objective, X, weights, theta, g)
        assert_inverse(inverse, matrix, balanced(classes, theta.shape[2]))


@pytest.mark.parametrize("classes", [1, 3])
def test_steps_of_the_full_model_have_the_units_of_the_features(classes):
    """Without a penalty, a feature in other units gets a step in other units."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 4))
    X[:, 3] = 0.0
    units = np.asarray([1e-6, 1.0, 1e7, 1.0])
    codes = rng.integers(max(classes, 2), size=60)
    steps = []
    for scale in (np.ones(4), units):
        rows = make_training_rows(ArrayContext.named("numpy"), X * scale, codes, None)
        objective = Objective.over(rows, classes=classes)
        theta = objective.start()
        evaluation = objective.evaluate(theta, "full")
        model = refresh(objective, evaluation, theta, None)
        step = model.solve(evaluation.grad)[0]
        np.testing.assert_array_equal(step[:, 3], 0.0)
        steps.append(step * np.append(scale, 1.0))
    assert np.abs(steps[0][:, :3]).min() > 1e-6
    np.testing.assert_allclose(steps[1], steps[0], rtol=1e-8, atol=1e-14)


def test_models_are_taken_and_merged_by_group():
    objective, _, _, theta = setting(3)
    _, old = modelled(objective, theta, "subspace")
    objective, new = modelled(objective, -0.3 * theta, "subspace")
    mixed = choose(new, old, np.asarray([True, False]))
    grad = np.random.default_rng(0).normal(size=theta.shape)
    expected = [new.solve(grad)[0], old.solve(grad)[1]]
    np.testing.assert_array_equal(mixed.solve(grad), expected)
    curvature = take(mixed, np.asarray([1]))
    np.testing.assert_allclose(curvature.solve(grad[1:]), expected[1:], rtol=1e-12)
