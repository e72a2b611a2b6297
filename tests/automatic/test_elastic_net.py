"""Fits with an L1 penalty along the path of penalties, and what is left of them when stopped."""

import numpy as np
import pytest

from logitron.automatic import minimize_elastic_net
from logitron.backend import ArrayContext
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status

N, P = 120, 200


def made(strengths, *, separable=True, targets=1, ratio=1.0):
    """Groups of the same rows: for each target, one for each strength."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P))
    noise = 0.0 if separable else 2.0
    Y = (X[:, :targets] + noise * rng.logistic(size=(N, targets)) > 0).astype(float)
    rows = make_training_rows(ArrayContext.named("numpy"), X, Y)
    each = np.tile(strengths, targets)
    target = np.repeat(np.arange(targets), len(strengths))
    one = Objective.over(
        rows,
        groups=len(each),
        penalty=(1.0 - ratio) * each,
        l1=ratio * each,
        index=GroupIndex(target=target),
    )
    return centre(one)


def values(objective, theta):
    return objective.evaluate(theta).value + objective.l1.value(theta)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
@pytest.mark.parametrize("order", [1, -1], ids=["weakest last", "weakest first"])
def test_groups_of_a_path_are_what_they_are_alone(order, ratio):
    strengths = np.logspace(1.0, -3.0, 5)[::order]
    together = made(strengths, separable=False, targets=2, ratio=ratio)
    found = minimize_elastic_net(together, together.start(), tol=1e-5, max_iter=300)
    assert (found.status == Status.CONVERGED).all()
    for group in range(10):
        alone = together.take(np.asarray([group]))
        other = minimize_elastic_net(alone, alone.start(), tol=1e-5, max_iter=300)
        np.testing.assert_allclose(found.theta[group], other.theta[0], atol=1e-5)
        assert found.loss_curve[-1, group] == pytest.approx(other.loss_curve[-1, 0], rel=1e-9)


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_what_is_stopped_between_penalties_is_not_done(calls):
    objective, seen = made(np.asarray([1e-4])), []

    def stop(iteration):
        seen.append(iteration)
        return len(seen) == calls

    found = minimize_elastic_net(
        objective, objective.start(), tol=1e-4, max_iter=300, callback=stop
    )
    assert len(seen) == calls
    assert found.status.tolist() == [Status.STOPPED]
    assert np.isinf(found.gap).all()
    np.testing.assert_allclose(found.loss_curve[-1], values(objective, found.theta), rtol=1e-12)
    whole = minimize_elastic_net(objective, objective.start(), tol=1e-4, max_iter=300)
    assert whole.loss_curve[-1, 0] < found.loss_curve[-1, 0]
    assert whole.status.tolist() == [Status.CONVERGED]


def test_groups_that_are_done_keep_their_answer_when_stopped():
    objective, seen = made(np.asarray([10.0, 1e-4])), []

    def stop(iteration):
        seen.append(iteration.running)
        return iteration.running == 1 and len(seen) > 1

    found = minimize_elastic_net(
        objective, objective.start(), tol=1e-4, max_iter=300, callback=stop
    )
    assert found.status.tolist() == [Status.CONVERGED, Status.STOPPED]
    assert np.isfinite(found.gap[0])


def test_few_passes_over_all_features():
    """A strong penalty of many features: rounds between passes have a few columns only."""
    objective = made(np.asarray([3.0]), separable=False)
    before = objective.cost.passes
    found = minimize_elastic_net(objective, objective.start(), tol=1e-4, max_iter=300)
    assert (found.status == Status.CONVERGED).all()
    assert 0 < (found.theta[0, 0, :-1] != 0).sum() < P // 2
    assert objective.cost.passes - before <= 16.0
