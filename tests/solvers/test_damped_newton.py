"""Newton's method with damping: the minimum from anywhere, and how it ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.solvers import DampedNewton
from tests.solvers.objectives import Huber, Local, Quadratic, generated

RELATIVE = 1e-10


def minimised(objective, group=0, size=0.0, *, max_iter=100, **named):
    """One group, from a point of about this size; damped by the curvature of all rows."""
    theta = size * np.random.default_rng(5).normal(size=objective.A.shape[2])
    damper = (objective.A[group] ** 2).sum(axis=0) + objective.ridge[group]
    solver = DampedNewton(RELATIVE, max_iter)
    return solver.minimize(Local(objective, group), theta, damper, **named)


def value_at(objective, group, theta):
    one = objective.take(np.asarray([group]))
    return one.value_and_gradient(theta.reshape(1, 1, -1))[0][0]


@pytest.mark.parametrize("size", [0.0, 1.0, 1e3])
@pytest.mark.parametrize("make", [Quadratic, Huber])
def test_finds_the_minimum(make, size):
    objective = make.random(3)
    for group in range(3):
        found = minimised(objective, group, size)
        assert found.gap <= RELATIVE * (found.value - found.gap)
        assert not found.flat
        np.testing.assert_allclose(found.theta, objective.minimum(group), atol=1e-5)
        assert found.value == value_at(objective, group, found.theta)


@pytest.mark.parametrize("make", [Quadratic, Huber])
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_ends_no_higher_than_the_minimum_and_its_gap(make, data):
    objective = data.draw(generated(make, ridges=(1e-3, 10.0)))
    size = data.draw(st.sampled_from([0.0, 1.0, 100.0]))
    found = minimised(objective, size=size)
    least = value_at(objective, 0, objective.minimum(0))
    rounding = 1e-12 * (1.0 + least)
    assert found.value - least <= found.gap + rounding
    assert found.gap <= RELATIVE * found.value + rounding


def test_a_quadratic_takes_one_step():
    assert minimised(Quadratic.random(), size=10.0).n_iter == 1


def test_a_step_is_bounded_where_rows_have_no_curvature():
    """All rows are beyond the bend, where the inverse of the ridge alone is far too long a step."""
    objective = Huber(np.ones((1, 9, 1)), np.linspace(-1.0, 1.0, 9)[None, :], np.asarray([1e-4]))
    start = np.asarray([5.0])
    model = Local(objective).model(start)
    assert not model.hessian.any()
    newton = start - (model.gradient + model.pull) / model.ridge
    assert value_at(objective, 0, newton) > 1e3 * model.value
    found = DampedNewton(RELATIVE, 100).minimize(Local(objective), start, np.asarray([9.0]))
    np.testing.assert_allclose(found.theta, 0.0, atol=1e-7)
    assert found.n_iter < 30


@pytest.mark.parametrize("max_iter", [0, 1, 2])
def test_stops_at_max_iter(max_iter):
    objective = Huber.random()
    found = minimised(objective, size=100.0, max_iter=max_iter)
    assert found.n_iter == max_iter
    assert not found.flat
    assert found.gap > RELATIVE * found.value  # what can be said of where it is
    assert found.value - value_at(objective, 0, objective.minimum(0)) <= found.gap


def test_iterations_are_told_and_can_be_stopped():
    told = []

    def watch(iteration):
        told.append(iteration)
        return iteration.number == 3

    objective = Huber.random()
    found = minimised(objective, size=100.0, callback=watch)
    assert [iteration.number for iteration in told] == [1, 2, 3]
    values = [float(iteration.loss[0]) for iteration in told]
    assert values == sorted(values, reverse=True)  # it never rises
    assert values[-1] == found.value == value_at(objective, 0, found.theta)
    np.testing.assert_array_equal(told[-1].parameters(), found.theta)


@pytest.mark.parametrize("make", [Quadratic, Huber])
def test_ends_where_nothing_falls_any_more(make):
    """No gap that is computed is zero: such a target cannot be met."""
    objective = make.random()
    solver, damper = DampedNewton(0.0, 200), (objective.A[0] ** 2).sum(axis=0)
    found = solver.minimize(Local(objective), np.ones(6), damper)
    assert found.flat
    assert found.n_iter < 100
    assert found.gap <= 1e-12 * found.value
    np.testing.assert_allclose(found.theta, objective.minimum(0), atol=1e-5)
