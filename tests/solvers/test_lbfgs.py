"""The direction of limited-memory BFGS."""

import numpy as np
import pytest

from logitron.solvers.lbfgs import append, direction, empty
from tests.solvers.objectives import Dense


def two_loops(pairs, gradient, solve):
    """Algorithm 7.4 of Nocedal and Wright, for one group."""
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
    model = Dense(rng.uniform(0.5, 2.0, size=(groups, size))[:, :, None] * np.eye(size))
    return rng, hessians, model


class TestDirection:
    """The direction that a history and a model give."""

    @pytest.mark.parametrize("shape", [(1, 7), (3, 2)])
    @pytest.mark.parametrize("max_size", [1, 4, 10])
    def test_is_the_two_loop_recursion(self, shape, max_size):
        groups, size = 3, shape[0] * shape[1]
        rng, hessians, model = quadratics(groups, size)
        history = empty(np.zeros((groups, *shape)), 0)
        pairs = [[] for _ in range(groups)]
        for _ in range(6):
            step = rng.normal(size=(groups, *shape))
            flat = step.reshape(groups, size)
            change = np.einsum("gij,gj->gi", hessians, flat)
            chosen = rng.uniform(size=groups) < 0.7
            history = append(history, step, change.reshape(step.shape), chosen, max_size=max_size)
            for g in range(groups):
                pairs[g].append((flat[g], change[g]) if chosen[g] else None)
        assert history.S.shape == (groups, min(max_size, 6), size)
        gradient = rng.normal(size=(groups, *shape))
        ours = direction(history, gradient, model)
        for g in range(groups):
            kept = [pair for pair in pairs[g][-max_size:] if pair is not None]
            solve = np.linalg.inv(model.matrix[g]).__matmul__
            np.testing.assert_allclose(
                ours[g].ravel(), two_loops(kept, gradient[g].ravel(), solve), rtol=1e-10
            )

    def test_an_empty_history_of_full_length_changes_nothing(self):
        rng, _, model = quadratics(2, 4)
        gradient = rng.normal(size=(2, 1, 4))
        ours = direction(empty(gradient, 5), gradient, model)
        np.testing.assert_array_equal(ours, -model.solve(gradient))

    @pytest.mark.parametrize("size", [0.01, 100.0])
    def test_a_rescaled_model_is_right_along_the_last_step(self, size):
        """So the direction does not depend on the size of the model."""
        rng, hessians, model = quadratics(2, 5)
        step = rng.normal(size=(2, 1, 5))
        change = np.einsum("gij,gkj->gki", hessians, step)
        history = append(empty(step, 0), step, change, max_size=3)
        gradient = rng.normal(size=(2, 1, 5))
        expected = direction(history, gradient, model, rescales=True)
        found = direction(history, gradient, Dense(size * model.matrix), rescales=True)
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        # along that step, it is Newton's
        np.testing.assert_allclose(
            direction(history, change, model, rescales=True), -step, rtol=1e-9
        )


def test_a_step_without_curvature_is_not_kept():
    theta = np.ones((3, 1, 2))
    step = np.asarray([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 0.0]]])
    change = np.asarray([[[-1.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]])
    history = append(empty(theta, 0), step, change, max_size=5)
    np.testing.assert_array_equal(history.S, 0.0)
    identity = Dense(np.broadcast_to(np.eye(2), (3, 2, 2)))
    np.testing.assert_array_equal(direction(history, theta, identity), -theta)
