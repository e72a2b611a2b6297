"""Least squares of sparse columns with an L1 penalty: the minimum, by its optimality conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from logitron.solvers import ClassSquares, LeastSquares, LeastSquaresModel


@st.composite
def problems(draw):
    """Sparse columns of unequal sizes, of which the last is an intercept's, and penalties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, s = draw(st.integers(20, 60)), draw(st.integers(1, 30))
    X = sparse.random_array((n, s), density=draw(st.floats(0.05, 0.6)), rng=rng).tocsc()
    X = X * 10.0 ** rng.uniform(-1, 1, s)
    roots = rng.uniform(0.1, 0.5, n)
    centre = np.append(rng.normal(size=s), 0.0) if draw(st.booleans()) else np.zeros(s + 1)
    columns = sparse.csc_array(sparse.hstack([X, np.ones((n, 1))]) * roots[:, None])
    response = rng.normal(size=n) + draw(st.floats(-2, 2))
    ridge = np.append(rng.uniform(0, 1, s) * draw(st.sampled_from([0.0, 1.0])), 0.0)
    largest = np.abs(columns.T @ response).max()
    sizes = largest * 10.0 ** rng.uniform(-2, 0, s) if draw(st.booleans()) else np.full(s, 0.1)
    start = rng.normal(size=s + 1) * (rng.random(s + 1) < draw(st.floats(0, 1)))
    return LeastSquares(columns, response, ridge, centre, s), np.append(sizes, 0.0), start


@settings(deadline=None, max_examples=60)
@given(problems())
def test_the_minimum_meets_the_optimality_conditions(problem):
    squares, thresholds, start = problem
    u = squares.minimize(thresholds, start, 5000)
    roots = squares.columns[:, [-1]].toarray()
    A = squares.columns.toarray() - roots * squares.centre  # the intercept is of centred features
    grad = A.T @ (A @ u - squares.response) + squares.ridge * u
    beyond = np.maximum(np.abs(grad) - thresholds, 0.0)
    violation = np.where(u == 0.0, beyond, np.abs(grad + thresholds * np.sign(u)))
    assert violation.max() <= 1e-6 * np.abs(A.T @ squares.response).max()


@settings(deadline=None, max_examples=20)
@given(problems())
def test_few_epochs_lower_the_value(problem):
    squares, thresholds, start = problem
    A = squares.columns.toarray() - squares.columns[:, [-1]].toarray() * squares.centre

    def value(u):
        residual = A @ u - squares.response
        return 0.5 * (residual @ residual + squares.ridge @ u**2) + thresholds @ np.abs(u)

    assert value(squares.minimize(thresholds, start, 2)) <= value(start) * (1 + 1e-12)


def test_a_model_minimises_its_groups_one_by_one():
    rng = np.random.default_rng(0)
    parts, s = [], 8
    for _ in range(3):
        columns = sparse.random_array((30, s), density=0.4, rng=rng).tocsc()
        parts.append(LeastSquares(columns, rng.normal(size=30), np.zeros(s), np.zeros(s), None))
    model = LeastSquaresModel(tuple(ClassSquares((part,)) for part in parts), 300)
    thresholds, start = np.full((3, s), 0.2), np.zeros((3, s))
    u, decrement = model.minimize(start, thresholds, start, rough=False)
    assert model.serves_once
    for group, part in enumerate(parts):
        np.testing.assert_allclose(u[group], part.minimize(thresholds[0], start[0], 300))
        moved = part.columns.toarray() @ u[group]
        assert decrement[group] == pytest.approx(0.5 * moved @ moved)
    last, _ = model.take(np.asarray([2])).minimize(
        start[2:], thresholds[2:], start[2:], rough=False
    )
    np.testing.assert_array_equal(last[0], u[2])


def test_classes_of_a_group_come_one_after_the_other():
    rng = np.random.default_rng(1)
    parts = []
    for s in (4, 7):
        columns = sparse.random_array((30, s), density=0.4, rng=rng).tocsc()
        parts.append(LeastSquares(columns, rng.normal(size=30), np.zeros(s), np.zeros(s), None))
    both, thresholds, start = ClassSquares(tuple(parts)), np.full(11, 0.1), np.zeros(11)
    u = both.minimize(thresholds, start, 200)
    alone = [part.minimize(np.full(len(part.ridge), 0.1), 0.0 * part.ridge, 200) for part in parts]
    np.testing.assert_array_equal(u, np.concatenate(alone))
    moved = [part.columns.toarray() @ own for part, own in zip(parts, alone, strict=True)]
    assert both.decrement(u) == pytest.approx(sum(0.5 * z @ z for z in moved))
