"""The bound from the curvature of all rows: never too small, sharp, and none without an optimum."""

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.certificates import LocalObjective
from logitron.objective import Objective, make_training_rows
from logitron.solvers import DampedNewton
from tests.reference import reference


def problem(eager, classes=1, C=1.0, n=80, weights=None, separated=False, seed=0):
    """A group's objective on a backend, and its data."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    noise = 0.0 if separated else 1.0
    logits = X @ rng.normal(size=(3, max(classes, 2)))
    y = (logits + noise * rng.gumbel(size=logits.shape)).argmax(axis=1)
    rows = make_training_rows(eager.context(), eager.array(X), y, weights)
    penalty = 1.0 / C
    return Objective.over(rows, classes=classes, penalty=penalty), X, y


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("C", [1e-2, 1.0, 1e4, np.inf])
def test_it_is_never_below_the_distance(eager, classes, C):
    if eager.precision == "float32":
        pytest.skip("the reference is in float64")
    with eager.context().scope():
        objective, X, y = problem(eager, classes, C)
        best = reference(X, y, C=C, classes=classes)
        local = LocalObjective(objective, 1e-8)
        there = np.concatenate([best.coef, best.intercept[:, None]], axis=1)
        rng = np.random.default_rng(1)
        for size in (1e-6, 1e-4, 1e-2):
            theta = (there + size * rng.normal(size=there.shape)).reshape(-1)
            model = local.model(theta)
            bound = local.bound(theta, model, near=False).gap
            gap = model.value - best.value
            assert gap <= bound * (1 + 1e-9) + 1e-13 * best.value
            assert bound <= 2.0 * gap + 1e-12 * best.value  # and it is sharp


@pytest.mark.parametrize("classes", [1, 3])
def test_separated_classes_have_no_bound(classes):
    objective, _X, _y = problem(NUMPY, classes, np.inf, separated=True)
    local = LocalObjective(objective, 1e-8)
    damper = np.full(classes * 4, 20.0)
    found = DampedNewton(1e-8, 40).minimize(local, np.zeros(classes * 4), damper)
    assert found.value < 1e-3
    assert found.gap == np.inf


def test_rows_without_curvature_leave_no_bound():
    """On the wrong side, and so far that a probability is zero: there is a slope all the same."""
    objective, _X, _y = problem(NUMPY, 1, np.inf)
    local = LocalObjective(objective, 1e-8)
    theta = np.asarray([0.0, 0.0, 0.0, -7000.0])
    model = local.model(theta)
    assert model.value > 1e4
    assert local.bound(theta, model, near=False).gap == np.inf


@pytest.mark.parametrize("classes", [1, 3])
def test_small_curvatures_keep_their_digits(classes):
    """Of a probability of nearly 1, the rest is not the difference from 1."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    y = np.zeros(50, int)
    rows = make_training_rows(ArrayContext.named("numpy"), X, y)
    objective = Objective.over(rows, classes=classes, penalty=0.0)
    theta = np.zeros((classes, 4))
    theta[:, 3] = -35.0
    theta[0, 3] = -35.0 if classes == 1 else 0.0
    hessian = LocalObjective(objective, 1e-8).model(theta.reshape(-1)).hessian
    F = np.concatenate([X, np.ones((50, 1))], axis=1)
    p = np.exp(np.longdouble(-35.0)) / (1 + (classes if classes == 1 else 2) * np.exp(-35.0))
    times = 1 if classes == 1 else 2
    expected = times * p * (1 - times * p) * (F.T @ F)
    np.testing.assert_allclose(hessian[:4, :4], expected.astype(float), rtol=1e-12)


@pytest.mark.parametrize("fine", [False, True])
def test_damped_newton_meets_the_reference(fine):
    objective, X, y = problem(NUMPY, 3, 1e3)
    local = LocalObjective(objective, 1e-10)
    local.fine = fine
    found = DampedNewton(1e-10, 60).minimize(local, np.zeros(12), np.full(12, 40.0))
    best = reference(X, y, C=1e3, classes=3)
    assert found.gap <= 1e-10 * found.value
    np.testing.assert_allclose(found.value, best.value, rtol=1e-10)
    coef = found.theta.reshape(3, 4)[:, :3]
    np.testing.assert_allclose(coef, best.coef, atol=1e-4)


def test_copies_of_a_feature_need_no_penalty():
    _objective, X, y = problem(NUMPY, 1, np.inf)
    rows = make_training_rows(ArrayContext.named("numpy"), np.concatenate([X, X[:, :1]], axis=1), y)
    doubled = Objective.over(rows, penalty=0.0)
    local = LocalObjective(doubled, 1e-8)
    found = DampedNewton(1e-8, 40).minimize(local, np.zeros(5), np.full(5, 20.0))
    best = reference(X, y, C=np.inf)
    assert found.value - best.value <= found.gap <= 1e-8 * best.value


class NUMPY:
    context = staticmethod(lambda: ArrayContext.named("numpy"))
    array = staticmethod(np.asarray)
