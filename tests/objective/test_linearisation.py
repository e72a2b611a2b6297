"""Losses linearised row by row: exact at the points, linear between parameters, and bounded."""

import numpy as np
import pytest

from logitron.neuron import formulas
from logitron.objective import follow, linearise
from tests.backends import host
from tests.objective.random_objectives import random_parameters, softmax_objective
from tests.tolerances import assert_near

N, P, K = 50, 4, 3


def _objective(eager, **options):
    return softmax_objective(eager.context(), (N, P), K, array=eager.array, **options)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
def test_at_the_logits_it_is_gradient_and_hessian(eager, weights, intercept):
    with eager.context().scope():
        objective = _objective(eager, weights=weights, intercept=intercept)
        theta = random_parameters(objective, 1)
        logits = objective.logits(theta)
        found, expected = (
            linearise(objective, theta, logits, logits),
            objective.evaluate(theta, "full"),
        )
        assert_near(host(found.grad), host(expected.grad), eager.precision, N, growth=64.0)
        assert_near(host(found.hessian), host(expected.hessian), eager.precision, N, growth=64.0)


def test_its_gradient_is_linear_in_the_parameters(eager):
    with eager.context().scope():
        objective = _objective(eager)
        theta, other, at = (random_parameters(objective, seed) for seed in (1, 2, 3))
        points = objective.logits(at)
        first, second = (
            linearise(objective, one, objective.logits(one), points) for one in (theta, other)
        )
        change = host(other) - host(theta)
        expected = (host(first.hessian)[0] @ change.ravel()).reshape(change.shape)
        expected = expected + host(objective.penalty.grad(other - theta))
        difference = host(second.grad) - host(first.grad)
        assert_near(difference, expected, eager.precision, N, growth=256.0)


@pytest.mark.parametrize("most", [0.5, 3.0])
def test_points_follow_by_bounded_steps(eager, most):
    with eager.context().scope():
        objective = _objective(eager)
        points = objective.logits(random_parameters(objective, 1))
        logits = objective.logits(20.0 * random_parameters(objective, 2))
        least = objective.context.asarray(np.asarray([-1e4, -1e4]))
        moved = follow(objective, points, logits, most=most, least=least)
        at, to, new = (
            formulas.log_probability(np, np.asarray(host(one), np.float64), classes=K)
            for one in (points, logits, moved)
        )
        # the change of a log-probability is bounded before the row is normalised again
        moves = np.asarray(host(moved), np.float64) - np.asarray(host(points), np.float64)
        assert_near(moves, np.clip(to - at, -most, most), eager.precision, N, growth=64.0)
        for _ in range(400):
            moved = follow(objective, moved, logits, most=most, least=least)
        new = formulas.log_probability(np, np.asarray(host(moved), np.float64), classes=K)
        assert_near(np.exp(new), np.exp(to), eager.precision, N, growth=1e3)


def test_points_are_never_below_what_matters(eager):
    with eager.context().scope():
        objective = _objective(eager)
        points = objective.logits(random_parameters(objective, 1))
        logits = objective.logits(1e4 * random_parameters(objective, 2))
        least = objective.context.asarray(np.asarray([-12.0, -9.0]))
        for _ in range(8):
            points = follow(objective, points, logits, most=5.0, least=least)
        found = formulas.log_probability(np, np.asarray(host(points), np.float64), classes=K)
        assert found.min() >= -12.0 - np.log(K)
        assert found.min() < -11.0
        back = follow(objective, points, -logits, most=1.0, least=least)
        again = formulas.log_probability(np, np.asarray(host(back), np.float64), classes=K)
        assert again[found < -11.0].min() >= -12.5
