"""Newton's method whose linearisation lags: the optimum of separable classes, without a search."""

import numpy as np
import pytest

from logitron.automatic.lagging import is_affordable, minimize_lagging
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows, with_gram_norm_bound
from logitron.reductions import centre
from logitron.solvers import Solution, Status
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
