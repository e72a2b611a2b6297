"""A softmax group's quadratic function as least squares: Newton's step, and saturated rows."""

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.objective import LinearisedRows, linearise, slope_along
from tests.backends import host
from tests.objective.random_objectives import random_parameters, softmax_objective

N, P, K = 40, 3, 4


def _objective(**options):
    return softmax_objective(ArrayContext.named("numpy"), (N, P), K, **options)


def _theta(objective, seed):
    theta = random_parameters(objective, seed)
    return theta - theta.mean(axis=1, keepdims=True)


def _step(objective, theta, logits, points, **options):
    settings = {"negligible": 0.0, "most": np.inf, **options}
    return LinearisedRows.of(objective).step_to_minimum(theta[0], logits, points, **settings)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("offset", [False, True])
def test_its_step_has_no_gradient_left(weights, intercept, offset):
    objective = _objective(weights=weights, intercept=intercept, offset=offset)
    theta, at = _theta(objective, 1), _theta(objective, 2)
    points = host(objective.logits(at))
    step = _step(objective, theta, host(objective.logits(theta)), points)
    new = theta + step[None]
    left = linearise(objective, new, objective.logits(new), points).grad
    np.testing.assert_allclose(host(left), 0.0, atol=1e-11)
    np.testing.assert_allclose(step.sum(axis=0), 0.0, atol=1e-12)


def test_rows_that_are_negligible_are_left_out():
    objective = _objective(weights=False)
    theta = _theta(objective, 1)
    logits = host(objective.logits(theta))
    whole = _step(objective, theta, logits, logits)
    np.testing.assert_allclose(
        _step(objective, theta, logits, logits, negligible=1e-9), whole, rtol=1e-6
    )
    alone = _step(objective, theta, logits, logits, negligible=1.0)  # only the penalty is left
    np.testing.assert_allclose(alone[:, :P], -theta[0, :, :P], atol=1e-12)


@pytest.mark.parametrize("below", [30.0, 70.0, 200.0])
def test_a_wrong_row_without_curvature_keeps_its_slope(below):
    objective = _objective(weights=False)
    theta = _theta(objective, 1)
    logits = host(objective.logits(theta))
    points, true = logits.copy(), host(objective.rows.row_arrays[0])[0]
    points[0, true] -= below
    new = theta + _step(objective, theta, logits, points, negligible=1e-24)[None]
    left = linearise(objective, new, objective.logits(new), points).grad
    np.testing.assert_allclose(host(left), 0.0, atol=1e-9)


def test_no_step_where_a_slope_has_no_curvature_at_all():
    objective = _objective(weights=False)
    theta = _theta(objective, 1)
    logits = host(objective.logits(theta))
    points, true = logits.copy(), host(objective.rows.row_arrays[0])[0]
    points[0, true] -= 1e4
    with np.errstate(invalid="ignore", divide="ignore"):
        assert _step(objective, theta, logits, points) is None


def test_steps_that_cost_too_much_are_not_made():
    objective = _objective()
    theta = _theta(objective, 1)
    logits = host(objective.logits(theta))
    assert _step(objective, theta, logits, logits, most=1e3) is None


def test_slopes_keep_the_digits_of_saturated_rows():
    objective = _objective()
    direction = _theta(objective, 2)
    logits = np.where(np.arange(K) == host(objective.rows.row_arrays[0]), 60.0, 0.0)
    change = host(objective.logits(direction))
    value, slope = (float(host(one)[0]) for one in slope_along(objective, logits, change, 0.5))
    step = 1e-4
    lower, upper = (
        float(host(slope_along(objective, logits, change, 0.5 + by)[0])[0]) for by in (-step, step)
    )
    assert 0.0 < value < 1e-20
    np.testing.assert_allclose(slope, (upper - lower) / (2.0 * step), rtol=1e-6)
