"""Coordinate descent: near the minimum that optimality conditions define, and never uphill."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.solvers.coordinate_descent import CoordinateDescent
from logitron.solvers.l1_quadratic import L1Quadratic


@st.composite
def problems(draw):
    """A matrix of unit diagonal, of correlated features; some parameters may have no penalty."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(1, 40))
    A = rng.normal(size=(3 * size + 3, size))
    A = A + draw(st.floats(0, 1)) * A[:, :1]
    A = A / np.linalg.norm(A, axis=0)
    c = A.T @ rng.normal(size=len(A))
    thresholds = np.abs(c).max() * 10.0 ** rng.uniform(-2, 0, size)
    thresholds[: draw(st.integers(0, min(2, size)))] = 0.0
    return A.T @ A, c, thresholds, rng.normal(size=size) * (rng.random(size) < 0.5)


def value(H, c, thresholds, u):
    return 0.5 * u @ H @ u - c @ u + thresholds @ np.abs(u)


def excess(H, c, thresholds, u):
    """How far zero is from the subdifferential."""
    grad = H @ u - c
    at_zero = np.maximum(np.abs(grad) - thresholds, 0.0)
    return np.where(u == 0.0, at_zero, np.abs(grad + thresholds * np.sign(u))).max()


@settings(deadline=None)
@given(problems())
def test_it_ends_near_the_minimum(problem):
    H, c, thresholds, _ = problem
    u = CoordinateDescent(tol=1e-12, epochs=100_000).minimize(*problem)
    assert excess(H, c, thresholds, u) <= 1e-4 * np.abs(c).max()


@settings(deadline=None)
@given(problems(), st.integers(1, 5))
def test_few_epochs_lower_the_value(problem, epochs):
    H, c, thresholds, _ = problem
    u = CoordinateDescent(epochs=epochs).minimize(*problem)
    before = value(*problem)
    assert value(H, c, thresholds, u) <= before + 1e-12 * (1.0 + abs(before))


def test_signs_that_all_change_take_few_systems(monkeypatch):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(150, 150)) + 3.0 * rng.normal(size=(150, 1))
    H, c = A.T @ A, A.T @ rng.normal(size=150)
    solve, systems = np.linalg.solve, []

    def counted(*arrays):
        systems.append(1)
        return solve(*arrays)

    monkeypatch.setattr(np.linalg, "solve", counted)
    thresholds = np.full((1, 150), 1e-3 * np.abs(c).max())
    start = rng.normal(size=(1, 150))
    found, exact = L1Quadratic().minimize(H[None], c[None], thresholds, start)
    assert exact.all()
    assert excess(H, c, thresholds[0], found[0]) <= 1e-6 * np.abs(c).max()
    assert len(systems) <= 16
