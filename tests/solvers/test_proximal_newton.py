"""Proximal Newton's method, on smooth functions that know nothing of rows."""

import numpy as np
import pytest
from scipy.optimize import minimize

from logitron.penalties import L1, L2
from logitron.solvers import MatrixModel, ProximalNewton
from tests.solvers.objectives import Huber, Quadratic


class Composite:
    """A smooth objective of the suite beside an L1 penalty."""

    def __init__(self, smooth, strength):
        self.smooth, self.eps = smooth, float(np.finfo(float).eps)
        G, q = smooth.A.shape[0], smooth.A.shape[2]
        self.shape = G, 1, q
        self.l1 = L1(np.broadcast_to(np.asarray(strength, float), (G,)).copy(), np.ones(q))
        self.penalty = L2(np.zeros(G), np.ones(q))

    def evaluate(self, theta):
        return self.smooth.evaluate(theta, "intercept", None)

    def take(self, groups):
        return Composite(self.smooth.take(groups), self.l1.strength[groups])

    def value(self, theta):
        return np.asarray(self.evaluate(theta).value) + self.l1.value(theta)


def models(composite, factor=1.0):
    """Models of second derivatives."""
    summed = hessians(composite, factor)

    def at(groups, theta, evaluation, curvature):
        H = summed(groups, theta, evaluation)
        return MatrixModel(H + curvature[:, :, None] * np.eye(H.shape[-1]))

    return at


def hessians(composite, factor=1.0):
    """Second derivatives by central differences of the gradient."""

    def summed(groups, theta, evaluation):
        part, found = composite.smooth.take(groups), []
        q = theta.shape[2]
        for j in range(q):
            step = np.zeros(q)
            step[j] = 1e-5
            up, down = (part.value_and_gradient(theta + s)[1] for s in (step, -step))
            found.append((up - down)[:, 0, :] / 2e-5)
        return factor * np.stack(found, axis=1)

    return summed


def optimum(composite, group):
    """The same by L-BFGS-B in the positive and the negative parts of the parameters."""
    one = composite.take(np.asarray([group]))
    q, size = one.shape[2], float(one.l1.strength[0])

    def split(parts):
        theta = (parts[:q] - parts[q:]).reshape(1, 1, q)
        found = one.evaluate(theta)
        grad = np.asarray(found.grad).reshape(q)
        value = float(np.asarray(found.value)[0]) + size * parts.sum()
        return value, np.concatenate([grad + size, -grad + size])

    found = minimize(
        split,
        np.full(2 * q, 0.1),
        jac=True,
        bounds=[(0, None)] * (2 * q),
        options={"maxiter": 5000, "ftol": 0.0, "gtol": 1e-12},
    )
    return (found.x[:q] - found.x[q:]), found.fun


@pytest.mark.parametrize("factor", [1.0, 3.0, 0.4], ids=["exact", "too steep", "too flat"])
@pytest.mark.parametrize("make", [Quadratic, Huber])
def test_it_minimises_whatever_the_model(make, factor):
    smooth = make.random(3)
    theta = np.zeros((3, 1, smooth.A.shape[2]))
    largest = np.abs(smooth.value_and_gradient(theta)[1]).max(axis=(1, 2))
    composite = Composite(smooth, 0.2 * largest)
    places = np.tile(np.arange(theta.shape[2]), (3, 1))
    found = ProximalNewton(max_iter=400).minimize(
        composite, theta, places, models(composite, factor), np.zeros(3)
    )
    values = composite.value(found.theta)
    for group in range(3):
        expected, least = optimum(composite, group)
        assert values[group] <= least * (1 + 1e-9)
        np.testing.assert_allclose(found.theta[group, 0], expected, atol=2e-4)
    assert (found.theta == 0.0).any()
    assert (found.n_iter >= 1).all()


def test_places_that_are_none_do_not_move():
    smooth = Quadratic.random(2)
    composite, q = Composite(smooth, 0.1), smooth.A.shape[2]
    places = np.asarray([[0, 1, q], [1, q, q]])  # the second group has one parameter only
    start = np.zeros(composite.shape)

    def some(groups, theta, evaluation, curvature):
        whole = hessians(composite)(groups, theta, evaluation)
        padded = np.zeros((len(groups), q + 1, q + 1))
        padded[:, :q, :q], padded[:, q, q] = whole, 1.0
        own = places[groups]
        taken = np.stack([H[np.ix_(at, at)] for H, at in zip(padded, own, strict=True)])
        held = (own != q)[:, None] * (own != q)[:, :, None]
        return MatrixModel(np.where(np.eye(3) > 0, taken, taken * held))

    found = ProximalNewton().minimize(composite, start, places, some, np.zeros(2))
    assert not found.theta[0, 0, 2:].any()
    assert not found.theta[1, 0, 0]
    assert not found.theta[1, 0, 2:].any()
    assert found.theta[:, 0, 1].any()
    assert (composite.value(found.theta) < composite.value(start)).all()
