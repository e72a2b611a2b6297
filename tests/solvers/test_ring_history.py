"""The long history of L-BFGS gives the directions of the exact one."""

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.preconditioners import Diagonal
from logitron.solvers import RingHistory, lbfgs, ring_size, short_history
from logitron.solvers.dropping_history import DroppingHistory
from logitron.solvers.ring_history import FILLED, GROWN
from tests.tolerances import assert_near

SHAPE = (2, 3, 7)
RNG = np.random.default_rng(0)


def _both(steps, capacity):
    roots = RNG.normal(size=(2, 21, 21))
    hessians = roots @ np.swapaxes(roots, 1, 2) + 5.0 * np.eye(21)
    exact, ring = lbfgs.empty(np.zeros(SHAPE), 0), RingHistory(2, 21, capacity)
    kept = capacity
    for number in range(steps):
        kept = 2 * kept if number == FILLED * kept else kept
        step = RNG.normal(size=SHAPE)
        change = np.einsum("gij,gj->gi", hessians, step.reshape(2, 21)).reshape(SHAPE)
        exact = lbfgs.append(exact, step, change, max_size=kept)
        ring = ring.append(step, change, np.ones(2), np.ones(2))
    return exact, ring


class TestRingHistory:
    """Directions, dropped pairs and groups."""

    @pytest.mark.parametrize("steps", [0, 1, 3, 5, 6, 10, 11, 14, 22])
    def test_directions_are_those_of_the_exact_history(self, steps):
        exact, ring = _both(steps, 5)
        grad, model = RNG.normal(size=SHAPE), Diagonal(RNG.uniform(0.5, 2.0, size=SHAPE))
        expected = lbfgs.direction(exact, grad, model, rescales=True)
        assert_near(ring.direction(grad, model), expected, "float32", 21, growth=64)

    def test_steps_without_curvature_count_for_nothing(self):
        _, ring = _both(3, 5)
        grad, model = RNG.normal(size=SHAPE), Diagonal(np.ones(SHAPE))
        before = ring.direction(grad, model)
        step = RNG.normal(size=SHAPE)
        ring = ring.append(step, -step, np.ones(2), np.ones(2))
        ring = ring.append(0.0 * step, 0.0 * step, np.ones(2), np.ones(2))
        after = ring.direction(grad, model)
        # the scale comes from the last step: along the other pairs the direction is the same
        assert np.isfinite(after).all()
        assert (np.einsum("gkq,gkq->g", after, grad) < 0.0).all()
        assert before.shape == after.shape

    def test_groups_without_pairs_follow_the_preconditioner(self):
        _, ring = _both(4, 5)
        grad, model = RNG.normal(size=SHAPE), Diagonal(RNG.uniform(0.5, 2.0, size=SHAPE))
        kept = ring.direction(grad, model)[1]
        found = ring.without(np.asarray([True, False])).direction(grad, model)
        assert_near(found[0], -model.solve(grad)[0], "float32", 21)
        np.testing.assert_array_equal(found[1], kept)

    def test_groups_can_be_taken(self):
        _, ring = _both(7, 5)
        grad, inverse = RNG.normal(size=SHAPE), RNG.uniform(0.5, 2.0, size=SHAPE)
        whole = ring.direction(grad, Diagonal(inverse))
        taken = ring.take_groups(np.asarray([1]))
        found = taken.direction(grad[1:], Diagonal(inverse[1:]))
        assert_near(found[0], whole[1], "float32", 21)

    def test_pairs_of_a_steeper_loss_are_dropped(self):
        """As in the exact history, whichever groups fall by a quarter, and after dropping all."""
        exact = DroppingHistory.of(ArrayContext.named("numpy"), np.zeros(SHAPE), max_size=8)
        ring = short_history(ArrayContext.named("numpy"), np.zeros(SHAPE))
        assert isinstance(ring, RingHistory)
        value = np.asarray([100.0, 100.0])
        for number in range(14):
            step = RNG.normal(size=SHAPE)
            before, value = value, value * (0.7 if number == 6 else np.asarray([0.9, 0.99]))
            exact = exact.append(step, 2.0 * step, before, value)
            ring = ring.append(step, 2.0 * step, before, value)
            grad, model = RNG.normal(size=SHAPE), Diagonal(RNG.uniform(0.5, 2.0, size=SHAPE))
            found = ring.direction(grad, model)
            assert_near(found, exact.direction(grad, model), "float32", 21, growth=64)
        wrong = np.asarray([True, False])
        found = ring.without(wrong).direction(grad, model)
        expected = exact.without(wrong).direction(grad, model)
        assert_near(found, expected, "float32", 21, growth=64)

    def test_a_past_outlives_dropped_pairs(self):
        _, ring = _both(7, 5)
        grad, model = RNG.normal(size=SHAPE), Diagonal(RNG.uniform(0.5, 2.0, size=SHAPE))
        past, expected = ring.past(), ring.direction(grad, model)
        step = RNG.normal(size=SHAPE)
        ring = ring.append(step, step, np.ones(2), np.ones(2)).without(np.asarray([True, True]))
        np.testing.assert_array_equal(past.restored().direction(grad, model), expected)


def test_a_history_grows_in_long_fits_only():
    _, ring = _both(FILLED * 30, 30)
    assert ring.S.shape[1] == 30
    _, ring = _both(FILLED * 30 + 1, 30)
    assert ring.S.shape[1] == 60
    _, ring = _both(FILLED * 60 + 1, 60)
    assert ring.S.shape[1] == GROWN


def test_long_histories_are_for_few_parameters():
    assert ring_size(1000) == 40
    assert ring_size(2_400_000) == 6
    assert ring_size(10**9) == 5
