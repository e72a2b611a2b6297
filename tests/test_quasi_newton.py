"""The directions of the limited memory, and the steps along them."""

from types import SimpleNamespace

import numpy as np
import pytest

from logitron.solvers import steps
from logitron.solvers.lbfgs import Memory, direction, empty, remember


def two_loops(pairs, gradient, solve):
    """The recursion of Nocedal, for one group."""
    q, kept = gradient.copy(), []
    for s, y in reversed(pairs):
        rho = 1.0 / (s @ y)
        alpha = rho * (s @ q)
        q -= alpha * y
        kept.append((s, y, rho, alpha))
    r = solve(q)
    for s, y, rho, alpha in reversed(kept):
        r += s * (alpha - rho * (y @ r))
    return -r


def quadratics(groups, size, seed=0):
    """Hessians of which steps and changes are made, and diagonal models of them."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(groups, size, size))
    hessians = roots @ np.swapaxes(roots, 1, 2) + np.eye(size)
    return rng, hessians, rng.uniform(0.5, 2.0, size=(groups, size))


def solve(model, grad):
    return grad / model.reshape(grad.shape)


@pytest.mark.parametrize("shape", [(1, 7), (3, 2)])
@pytest.mark.parametrize("most", [1, 4, 10])
def test_it_is_the_two_loop_recursion(shape, most):
    groups, size = 3, shape[0] * shape[1]
    rng, hessians, model = quadratics(groups, size)
    memory = empty(np.zeros((groups, *shape)), 0)
    pairs = [[] for _ in range(groups)]
    for _ in range(6):
        step = rng.normal(size=(groups, *shape))
        flat = step.reshape(groups, size)
        change = np.einsum("gij,gj->gi", hessians, flat)
        wanted = rng.uniform(size=groups) < 0.7
        memory = remember(memory, step, change.reshape(step.shape), wanted, most=most)
        for g in range(groups):
            pairs[g].append((flat[g], change[g]) if wanted[g] else None)
    assert memory.steps.shape == (groups, min(most, 6), size)
    gradient = rng.normal(size=(groups, *shape))
    ours = direction(memory, gradient, model, solve=solve)
    for g in range(groups):
        kept = [pair for pair in pairs[g][-most:] if pair is not None]
        theirs = two_loops(kept, gradient[g].ravel(), lambda v, g=g: v / model[g])
        np.testing.assert_allclose(ours[g].ravel(), theirs, rtol=1e-10)


def test_nothing_is_remembered_of_a_step_without_curvature():
    theta = np.ones((3, 1, 2))
    step = np.asarray([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 0.0]]])
    change = np.asarray([[[-1.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]])
    memory = remember(empty(theta, 0), step, change, np.ones(3, bool), most=5)
    np.testing.assert_array_equal(memory.steps, 0.0)
    ours = direction(memory, theta, np.ones((3, 2)), solve=solve)
    np.testing.assert_array_equal(ours, -theta)


def test_an_empty_memory_of_full_length_changes_nothing():
    rng, _, model = quadratics(2, 4)
    gradient = rng.normal(size=(2, 1, 4))
    ours = direction(empty(gradient, 5), gradient, model, solve=solve)
    np.testing.assert_array_equal(ours, -solve(model, gradient))
    assert direction(Memory(*empty(gradient, 0)), gradient, model, solve=solve).shape == (2, 1, 4)


class _Evaluation:
    def __init__(self, value, grad):
        self.value, self.grad, self.errors = value, grad, np.zeros_like(value)


def test_a_step_is_taken_or_shortened_group_by_group():
    """One falls, one rises, one leaves the numbers; each goes its own way."""
    theta, heading = np.zeros((3, 1, 1)), np.ones((3, 1, 1))
    grad = -np.ones((3, 1, 1))
    state, _ = steps.start(theta, _Evaluation(np.full(3, 5.0), grad), None, memory=2)
    state = state._replace(heading=heading, slope=np.full(3, -1.0))
    trial = steps.trial_of(state)
    np.testing.assert_array_equal(trial, 1.0)
    found = _Evaluation(np.asarray([4.5, 6.0, np.nan]), np.full((3, 1, 1), -0.1))
    state, report = steps.step(state, trial, found, None, memory=2, noise=1e-15)
    np.testing.assert_array_equal(state.moved, [True, False, False])
    np.testing.assert_array_equal(state.theta[:, 0, 0], [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(state.value, [4.5, 5.0, 5.0])
    assert state.step[0] >= 1.0
    assert 0.1 <= state.step[1] <= 0.5
    assert state.step[2] == 0.1
    np.testing.assert_array_equal(report[4], [0.0, 1.0, 1.0])
    # what was remembered is of the first group only
    assert (state.steps[0] != 0.0).any()
    np.testing.assert_array_equal(state.steps[1:], 0.0)


def test_a_spoilt_model_gives_way_to_the_slope():
    """A direction that does not go down is replaced by the gradient's, as long as the last step."""
    theta = np.zeros((2, 1, 2))
    grad = np.asarray([[[3.0, 4.0]], [[3.0, 4.0]]])
    state, _ = steps.start(theta, _Evaluation(np.ones(2), grad), None, memory=0)
    state = state._replace(heading=np.asarray([[[0.0, 2.0]], [[0.0, 2.0]]]))
    model = np.asarray([[1.0, 1.0], [-1.0, np.nan]])
    state = steps.turn(state, model, solve=solve, rescales=False)
    np.testing.assert_allclose(state.heading[0, 0], [-3.0, -4.0])
    np.testing.assert_allclose(state.heading[1, 0], [-1.2, -1.6])
    np.testing.assert_allclose(state.slope, [-25.0, -10.0])


@pytest.mark.parametrize(("length", "curvature", "following"), [(0.25, 4.0, 0.25), (1.0, 1.0, 1.0)])
def test_the_next_step_is_as_long_as_the_last_one_should_have_been(length, curvature, following):
    """On a parabola, whose curvature a model takes for 1."""
    theta = np.ones((1, 1, 1))

    def at(theta):
        value, slope = 0.5 * curvature * theta[0, 0, 0] ** 2, curvature * theta
        return SimpleNamespace(value=np.array([value]), grad=slope, errors=np.zeros(1))

    state, _ = steps.start(theta, at(theta), None, memory=0)
    heading = -state.grad
    slope = (state.grad * heading).sum(axis=(1, 2))
    state = state._replace(heading=heading, slope=slope, step=np.array([length]))
    trial = steps.trial_of(state)
    np.testing.assert_allclose(trial, 0.0, atol=1e-15)  # the minimum, for these lengths
    state, _ = steps.step(state, trial, at(trial), None, memory=0, noise=0.0)
    assert state.moved.all()
    np.testing.assert_allclose(state.step, following)
