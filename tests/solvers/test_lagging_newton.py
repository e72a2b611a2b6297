"""Newton's method whose linearisation lags: the optimum of separable classes, without a search."""

import numpy as np
import pytest

from logitron.automatic.lagging import is_affordable, minimize_lagging
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows, with_gram_norm_bound
from logitron.reductions import centre
from logitron.solvers import LaggingNewton, Solution, Status, Stopping
from tests.backends import host
from tests.reference import reference


def _objective(X, y, C, *, sample_weight=None):
    context, K = ArrayContext.named("numpy"), int(y.max()) + 1
    rows = make_training_rows(context, X, y[:, None].astype(np.int8), sample_weight, None, width=K)
    one = Objective.over(
        rows,
        classes=K,
        penalty=1.0 / C,
        max_sample_weight=2.0,
        sum_of_squares=rows.sum_of_squares,
    )
    return with_gram_norm_bound(centre(one))


def _nothing(objective):
    theta = objective.start()
    value = host(objective.evaluate(theta).value)
    return Solution(
        theta, np.asarray([int(Status.MAX_ITER)]), np.zeros(1, int), value[None, :], None
    )


def _solved(objective, *, max_iter=150, callback=None):
    return minimize_lagging(
        objective,
        _nothing(objective),
        max_iter=max_iter,
        tol=1e-4,
        interruptible=False,
        callback=callback,
    )


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e4])
@pytest.mark.parametrize("margin", [0.0, 3.0])
@pytest.mark.parametrize("weights", [False, True])
def test_it_finds_the_optimum(C, margin, weights):
    rng = np.random.default_rng(0)
    K = 4
    y = rng.integers(K, size=120)
    X = rng.normal(size=(120, 6)) + margin * rng.normal(size=(K, 6))[y]
    s = rng.uniform(0.5, 2.0, size=120) if weights else None
    objective = _objective(X, y, C, sample_weight=s)
    assert is_affordable(objective)
    found = _solved(objective)
    expected = reference(X, y, C=C, classes=K, sample_weight=s)
    value = float(host(objective.evaluate(found.theta).value)[0])
    assert value <= expected.value * (1.0 + 1e-8) + 1e-300
    assert value >= expected.value * (1.0 - 1e-9)
    assert found.status[0] in (Status.CONVERGED, Status.AT_PRECISION)


def test_it_keeps_the_best_parameters_when_it_is_cut_short():
    rng = np.random.default_rng(1)
    y = rng.integers(5, size=80)
    X = rng.normal(size=(80, 8)) + 2.0 * rng.normal(size=(5, 8))[y]
    objective, seen = _objective(X, y, 1e5), []
    found = _solved(objective, max_iter=4, callback=lambda one: seen.append(float(one.loss[0])))
    assert found.status[0] == Status.MAX_ITER
    assert found.n_iter[0] == 4
    value = float(host(objective.evaluate(found.theta).value)[0])
    np.testing.assert_allclose(value, min(seen), rtol=1e-12)
    np.testing.assert_allclose(found.loss_curve[-1][0], value, rtol=1e-12)


def test_what_is_left_only_if_better_replaces_the_outcome():
    rng = np.random.default_rng(2)
    y = rng.integers(3, size=60)
    X = rng.normal(size=(60, 4))
    objective = _objective(X, y, 1.0)
    best = _solved(objective)
    again = Solution(
        best.theta, np.asarray([int(Status.MAX_ITER)]), best.n_iter, best.loss_curve, best.gap
    )
    found = minimize_lagging(
        objective, again, max_iter=1, tol=1e-4, interruptible=False, callback=None
    )
    np.testing.assert_array_equal(host(found.theta), host(best.theta))
    assert found.n_iter[0] == best.n_iter[0] + 1


def test_it_stops_when_a_callback_says_so():
    rng = np.random.default_rng(3)
    y = rng.integers(3, size=60)
    objective = _objective(rng.normal(size=(60, 4)), y, 1e3)
    found = _solved(objective, callback=lambda one: one.number == 2)
    assert found.status[0] == Status.STOPPED
    assert found.n_iter[0] == 2


class _Parabola:
    """``1 + (x - 1) ** 2 / 2``, whose steps go a part of the way unless they have to be exact."""

    context, eps, strongly_convex = ArrayContext.named("numpy"), 2.0**-52, True

    def __init__(self, part):
        self.part, self.exact_steps = part, 0

    def logits(self, theta):
        return theta[0]

    def evaluate(self, theta, logits):
        return None

    def value_and_slope(self, theta, direction, logits, change, step_size):
        away = float(theta[0, 0, 0] + step_size * direction[0, 0, 0]) - 1.0
        return 1.0 + 0.5 * away**2, away * float(direction[0, 0, 0])

    def step_to_minimum(self, theta, logits, points, value, *, exact):
        self.exact_steps += exact
        return (1.0 - theta) * (1.0 if exact else self.part)

    def followed(self, points, logits, most, value):
        return logits


def _ended(objective, gap_bound, start):
    solver = LaggingNewton(gap_bound, 60, stopping=Stopping(tol=1e-4))
    return solver.minimize(objective, np.full((1, 1, 1), 1.0 + start))


def _distance(objective, evaluation, theta, logits):
    return 0.5 * (theta[0, 0] - 1.0) ** 2


def test_slow_steps_near_the_minimum_are_made_exact():
    objective = _Parabola(0.05)
    found = _ended(objective, _distance, 2e-3)
    assert found.status[0] == Status.CONVERGED
    assert 1 <= objective.exact_steps <= 2
    assert found.n_iter[0] <= 8  # (slow ones alone would take forty)


def test_quick_steps_are_not_made_exact():
    objective = _Parabola(0.9)
    assert _ended(objective, _distance, 1.0).status[0] == Status.CONVERGED
    assert objective.exact_steps == 0


@pytest.mark.parametrize(("part", "expected"), [(0.4, "CONVERGED"), (0.8, "AT_PRECISION")])
def test_a_bound_that_falls_is_waited_for(part, expected):
    """The estimate is far below the target, and the bound is not yet."""
    bounds = iter(1e-4 * part ** np.arange(60))
    found = _ended(_Parabola(0.9), lambda *_: np.asarray([next(bounds)]), 1e-5)
    assert found.status[0] == Status[expected]
