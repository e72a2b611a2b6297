"""Quadratic functions with an L1 penalty: the minimum, by its optimality conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.solvers.feature_sign import FeatureSign
from logitron.solvers.l1_quadratic import L1Quadratic


@st.composite
def problems(draw):
    """A positive definite matrix, of features of unequal sizes that are correlated."""
    seed, size = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 40))
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(size + draw(st.integers(0, 2 * size)), size))
    A = A * 10.0 ** rng.uniform(-1, 1, size) + draw(st.floats(0, 3)) * A[:, :1]
    columns = draw(st.integers(1, 3))
    H = A.T @ A + 1e-6 * np.trace(A.T @ A) / size * np.eye(size)
    c = rng.normal(size=(columns, len(A))) @ A
    thresholds = np.abs(c).max(axis=1, keepdims=True) * 10.0 ** rng.uniform(-3, 0, (columns, 1))
    thresholds = np.repeat(thresholds, size, axis=1)
    thresholds[:, -1] = 0.0  # the intercept's
    start = rng.normal(size=c.shape) * (rng.random(c.shape) < draw(st.floats(0, 1)))
    return H, c, thresholds, start


def violations(H, c, thresholds, u):
    """How far zero is from the subdifferential, in units of each parameter's own curvature."""
    grad, scale = u @ H - c, 1.0 / np.sqrt(np.diag(H))
    at_zero = np.maximum(np.abs(grad) - thresholds, 0.0)
    each = np.where(u == 0.0, at_zero, np.abs(grad + thresholds * np.sign(u))) * scale
    size = np.abs(c * scale).max(axis=1) + (thresholds * scale).max(axis=1)
    return each.max(axis=1) / size


@settings(deadline=None)
@given(problems())
def test_columns_of_one_matrix_are_minimised(problem):
    H, c, thresholds, start = problem
    u, exact = L1Quadratic(small=5).minimize(H[None], c, thresholds, start)
    assert exact.all()
    assert violations(H, c, thresholds, u).max() <= 1e-6


@pytest.mark.parametrize("small", [0, 1000], ids=["after FISTA", "at once"])
def test_each_column_can_have_a_matrix_of_its_own(small):
    rng = np.random.default_rng(3)
    A = rng.normal(size=(4, 60, 30))
    H, c = np.swapaxes(A, 1, 2) @ A, rng.normal(size=(4, 30)) * 20
    thresholds = np.full((4, 30), 15.0)
    u, exact = L1Quadratic(small=small).minimize(H, c, thresholds, np.zeros((4, 30)))
    assert exact.all()
    for column in range(4):
        own = slice(column, column + 1)
        assert violations(H[column], c[own], thresholds[own], u[own]).max() <= 1e-9
    assert 0 < (u != 0).sum() < u.size


def test_equal_features_are_no_harm():
    rng = np.random.default_rng(4)
    A = np.repeat(rng.normal(size=(50, 10)), 2, axis=1)
    H, c = A.T @ A, (rng.normal(size=50) @ A)[None]
    thresholds = np.full((1, 20), 0.1 * np.abs(c).max())
    u, _ = L1Quadratic().minimize(H[None], c, thresholds, np.zeros((1, 20)))
    assert violations(H, c, thresholds, u).max() <= 1e-8


def test_many_parameters_are_solved_roughly_far_from_the_optimum():
    rng = np.random.default_rng(5)
    A = rng.normal(size=(200, 80))
    H, c = A.T @ A, (rng.normal(size=200) @ A)[None]
    thresholds = np.full((1, 80), 0.3 * np.abs(c).max())
    settings_ = L1Quadratic(many=50)
    u, exact = settings_.minimize(H[None], c, thresholds, np.zeros((1, 80)), rough=True)
    assert not exact.any()
    assert violations(H, c, thresholds, u).max() <= 1e-2


def test_a_singular_system_is_reported():
    u, exact = FeatureSign().minimize(np.zeros((2, 2)), np.ones(2), np.full(2, 0.5), np.zeros(2))
    assert not exact
    assert not u.any()
