"""Objectives of logits: everything agrees with the objective of parameters."""

import numpy as np
import pytest

from logitron.objective import GroupIndex, LogitObjective, Objective, make_training_rows
from logitron.reductions import centre
from tests.backends import host
from tests.objective.random_objectives import random_parameters
from tests.tolerances import assert_near

N, P = 60, 5


def _objective(eager, classes, *, weights=True, intercept=True, groups=3):
    rng = np.random.default_rng(0)
    X = eager.array(rng.normal(size=(N, P)) + 1.0)
    targets = rng.integers(max(classes, 2), size=(N, groups)).astype(np.int8)
    context = eager.context()
    sample_weight = rng.uniform(0.5, 2.0, size=N) if weights else None
    counts = rng.integers(3, size=(N, groups)).astype(float) if weights else None
    index = GroupIndex() if not weights else None
    rows = make_training_rows(context, X, targets, sample_weight, counts, width=groups * classes)
    one = Objective.over(
        rows,
        groups=groups,
        classes=classes,
        penalty=[0.5, 1.0, 2.0][:groups],
        fit_intercept=intercept,
        index=index,
        max_sample_weight=2.0,
        sum_of_squares=rows.sum_of_squares,
    )
    return centre(one)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
def test_evaluations_are_those_of_the_parameters(eager, classes, weights, intercept):
    with eager.context().scope():
        objective = _objective(eager, classes, weights=weights, intercept=intercept)
        kept, theta = LogitObjective(objective), random_parameters(objective, 1)
        logits = kept.logits(theta)
        parts = ["intercept", "block_diagonal" if classes > 1 else "full"]
        for part in parts:
            found, expected = kept.evaluate(theta, logits, part), objective.evaluate(theta, part)
            for one, other in zip(found, expected, strict=True):
                assert (one is None) == (other is None)
                if one is not None:
                    assert_near(host(one), host(other), eager.precision, N, growth=64.0)


@pytest.mark.parametrize("classes", [1, 3])
def test_values_and_slopes_along_a_ray(eager, classes):
    with eager.context().scope():
        objective = _objective(eager, classes)
        kept, theta, direction = (
            LogitObjective(objective),
            random_parameters(objective, 1),
            random_parameters(objective, 2),
        )
        logits, change = kept.logits(theta), kept.logits(direction)
        sizes = np.asarray([0.0, 0.3, 1.7])
        t = objective.context.asarray(sizes)
        loss, slope = kept.along(logits, change, t)
        value, first, second = kept.penalty(theta, direction)
        moved = theta + t[:, None, None] * direction
        there = objective.evaluate(moved)
        reached = host(loss) + host(value) + sizes * (host(first) + 0.5 * sizes * host(second))
        assert_near(reached, host(there.value), eager.precision, N)
        slopes = host(slope) + host(first) + sizes * host(second)
        expected = (host(there.grad) * host(direction)).sum(axis=(1, 2))
        assert_near(slopes, expected, eager.precision, N, growth=64.0)
        assert_near(
            host(kept.moved(logits, change, sizes)), host(kept.logits(moved)), eager.precision, P
        )


def test_newtons_step_of_intercepts_shrinks_their_gradient(eager):
    with eager.context().scope():
        for classes in (1, 3):
            objective = _objective(eager, classes)
            kept, theta = LogitObjective(objective), 0.1 * random_parameters(objective, 1)
            logits = kept.logits(theta)
            before = kept.evaluate(theta, logits)
            step = kept.with_newton_intercepts(theta, logits)
            assert_near(host(step.value), host(before.value), eager.precision, N)
            assert_near(host(step.grad), host(before.grad)[:, :, -1], eager.precision, N)
            for _ in range(3):
                step = kept.with_newton_intercepts(step.theta, step.logits)
            evaluation = kept.evaluate(step.theta, step.logits)
            small = 1e-8 if eager.precision == "float64" else 1e-3
            left = np.abs(host(evaluation.grad)[:, :, -1]).max()
            assert left <= small * np.abs(host(before.grad)[:, :, -1]).max()
            assert (host(evaluation.value) <= host(before.value) * (1.0 + 1e-6)).all()


def test_curvatures_are_those_of_the_rows(eager):
    with eager.context().scope():
        objective = _objective(eager, 1, groups=2)
        kept, theta = LogitObjective(objective), random_parameters(objective, 1)
        logits = kept.logits(theta)
        curvature = host(kept.curvatures(logits))
        assert curvature.shape == (2, N)
        total = host(objective.evaluate(theta).intercept_hessian)[:, 0, 0]
        assert_near(curvature.sum(axis=1), total, eager.precision, N)


def test_groups_are_taken_with_their_logits(eager):
    with eager.context().scope():
        objective = _objective(eager, 3)
        kept, theta = LogitObjective(objective), random_parameters(objective, 1)
        logits, some = kept.logits(theta), np.asarray([2, 0])
        part, own = kept.take(some), kept.take_logits(logits, some)
        index = objective.context.asarray(some, keep_dtype=True)
        chosen = objective.context.xp.take(theta, index, axis=0)
        assert_near(host(part.logits(chosen)), host(own), eager.precision, P)
        found, expected = part.evaluate(chosen, own), kept.evaluate(theta, logits)
        assert_near(host(found.value), host(expected.value)[some], eager.precision, N)
