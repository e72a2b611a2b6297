"""Newton's method and L-BFGS: one algorithm for one group and for many."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.solvers import EveryIteration, QuasiNewton, Status, Stopping, WhenSlow
from tests.solvers.objectives import Dense, Huber, Quadratic, gap_bound, generated, refresh

SHAPE = (2, 3)


def solver(kind, **settings):
    stopping = Stopping(tol=settings.pop("tol", 1e-6))
    schedule = {
        "newton": EveryIteration(),
        "lbfgs": WhenSlow(1.0, 1e9, subspace=False, batch=0),
        "refreshed": WhenSlow(1.0, 1e-3, subspace=False, batch=99, refresh_first=True),
    }[kind]
    settings = {"refresh": refresh, "gap_bound": gap_bound, **settings}
    return QuasiNewton(schedule, stopping=stopping, **settings)


def started(objective, size=1.0):
    theta = size * np.random.default_rng(5).normal(size=(objective.groups, *SHAPE))
    identity = np.broadcast_to(np.eye(6), (objective.groups, 6, 6))
    return theta, Dense(30.0 * identity)


@pytest.mark.parametrize("kind", ["newton", "lbfgs", "refreshed"])
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("make", [Quadratic, Huber])
def test_finds_the_minimum(make, groups, kind):
    objective = make.random(groups, SHAPE)
    theta, model = started(objective)
    found, _ = solver(kind).minimize(objective, theta, preconditioner=model)
    assert set(found.status.tolist()) <= {Status.CONVERGED, Status.AT_PRECISION}
    assert (found.gap <= 1e-11 * found.loss_curve[-1]).all()
    for g in range(groups):
        np.testing.assert_allclose(found.theta[g].ravel(), objective.minimum(g), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Quadratic, "newton"),
        (Quadratic, "lbfgs"),
        (Quadratic, "refreshed"),
        (Huber, "newton"),
        (Huber, "lbfgs"),
        (Huber, "refreshed"),
    ],
)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_ends_no_higher_than_the_minimum_and_its_gap(make, kind, data):
    objective = data.draw(generated(make))
    groups, _, size = objective.A.shape
    theta = data.draw(st.sampled_from([0.0, 1.0, -100.0])) + np.zeros((groups, 1, size))
    model = Dense(30.0 * np.broadcast_to(np.eye(size), (groups, size, size)))
    found, _ = solver(kind).minimize(objective, theta, preconditioner=model)
    # (from a start that is the minimum to rounding, no step may be found)
    ends = {Status.CONVERGED, Status.AT_PRECISION, Status.STALLED}
    assert set(found.status.tolist()) <= ends
    value, _ = objective.value_and_gradient(found.theta)
    best = np.concatenate([objective.minimum(g) for g in range(groups)])
    least, _ = objective.value_and_gradient(best.reshape(theta.shape))
    rounding = 1e-13 * (1.0 + least)
    assert (value - least <= found.gap + rounding).all()
    assert (value - least <= 1e-12 * least + rounding).all()


@pytest.mark.parametrize("kind", ["newton", "lbfgs"])
@pytest.mark.parametrize("make", [Quadratic, Huber])
def test_takes_the_same_steps_among_others(make, kind):
    """One rule for one group, in floats, and for many, in arrays."""
    objective = make.random(3, SHAPE)
    theta, model = started(objective, size=10.0)
    together, _ = solver(kind).minimize(objective, theta, preconditioner=model)
    for g in range(3):
        index = np.asarray([g])
        alone, _ = solver(kind).minimize(
            objective.take(index), theta[index], preconditioner=model.take_groups(index)
        )
        assert alone.status[0] == together.status[g]
        first = slice(0, 9)  # rounding grows along the way, and a bound can come one step sooner
        curve = together.loss_curve[: alone.n_iter[0] + 1, g]
        np.testing.assert_allclose(alone.loss_curve[first, 0], curve[first], rtol=1e-9)
        if kind == "newton":
            assert abs(alone.n_iter[0] - together.n_iter[g]) <= 1
        np.testing.assert_allclose(alone.theta[0], together.theta[g], atol=1e-6)


def test_newton_needs_few_steps_for_a_quadratic():
    objective = Quadratic.random(2, SHAPE)
    theta, _ = started(objective)
    found, _ = solver("newton").minimize(objective, theta)
    assert (found.n_iter <= 3).all()  # one that arrives, and two that show it


def test_the_hessian_is_summed_when_it_is_due():
    objective = Huber.random(1, SHAPE)
    theta, model = started(objective)
    solver("newton").minimize(objective, theta)
    assert set(objective.requests) == {"full"}
    objective.requests.clear()
    solver("lbfgs").minimize(objective, theta, preconditioner=model)
    assert set(objective.requests) == {"intercept"}


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("max_iter", [0, 1, 3])
def test_stops_at_max_iter(groups, max_iter):
    objective = Huber.random(groups, SHAPE)
    theta, model = started(objective, size=100.0)
    found, _ = solver("lbfgs", max_iter=max_iter).minimize(objective, theta, preconditioner=model)
    assert (found.status == Status.MAX_ITER).all()
    assert (found.n_iter == max_iter).all()
    assert found.loss_curve.shape == (max_iter + 1, groups)
    if max_iter == 0:
        np.testing.assert_array_equal(found.theta, theta)


@pytest.mark.parametrize("groups", [1, 3])
def test_a_callback_stops_the_run(groups):
    objective = Huber.random(groups, SHAPE)
    theta, model = started(objective, size=100.0)
    seen = []

    def callback(iteration):
        seen.append(iteration)
        return iteration.number == 3

    found, _ = solver("lbfgs").minimize(objective, theta, preconditioner=model, callback=callback)
    assert [iteration.number for iteration in seen] == [1, 2, 3]
    assert (found.status == Status.STOPPED).all()
    np.testing.assert_array_equal([i.loss for i in seen], found.loss_curve[1:])
    np.testing.assert_array_equal(seen[-1].parameters(), found.theta)


@pytest.mark.parametrize("interruptible", [True, False])
def test_ctrl_c_keeps_what_is_done_where_that_is_asked_for(interruptible):
    class Interrupted(Huber):
        def evaluate(self, *arguments, **named):
            if len(self.requests) == 2:
                raise KeyboardInterrupt
            return super().evaluate(*arguments, **named)

    objective = Interrupted.random(1, SHAPE)
    theta, model = started(objective, size=100.0)
    descent = solver("lbfgs", interruptible=interruptible)
    if not interruptible:
        with pytest.raises(KeyboardInterrupt):
            descent.minimize(objective, theta, preconditioner=model)
        return
    found, _ = descent.minimize(objective, theta, preconditioner=model)
    assert found.status[0] == Status.STOPPED
    assert found.n_iter[0] == 1
    assert len(found.loss_curve) == 2  # the start, and one iteration


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("kind", ["newton", "lbfgs"])
def test_a_group_that_is_not_a_number_ends_alone(groups, kind):
    objective = Quadratic.random(groups, SHAPE)
    theta, model = started(objective)
    theta[0, 0, 0] = np.nan
    found, _ = solver(kind).minimize(objective, theta, preconditioner=model)
    assert found.status[0] == Status.DIVERGED
    assert (found.status[1:] == Status.CONVERGED).all()


@pytest.mark.parametrize("groups", [1, 3])
def test_a_group_without_a_minimum_ends(groups):
    class Falling(Quadratic):
        strongly_convex = False

        def evaluate(self, theta, *arguments, **named):
            found = super().evaluate(theta, *arguments, **named)
            return found._replace(unbounded=np.ones(len(theta)))

    objective = Falling.random(groups, SHAPE)
    theta, model = started(objective)
    found, _ = solver("lbfgs").minimize(objective, theta, preconditioner=model)
    assert (found.status == Status.SEPARABLE).all()
    assert (found.n_iter == 0).all()


@pytest.mark.parametrize("groups", [1, 2])
def test_a_direction_that_does_not_descend_is_replaced(groups):
    """By steepest descent, with the length of the direction before."""
    objective = Quadratic.random(groups, SHAPE)
    theta, _ = started(objective)
    wrong = Dense(-np.broadcast_to(np.eye(6), (groups, 6, 6)))
    descent = solver("lbfgs", refresh=None)
    state = descent.init(objective, theta, Dense(-wrong.matrix))
    length = np.sqrt((state.direction**2).sum(axis=(1, 2)))
    # a step short enough to be accepted, after which the model is spoilt
    size = state.step_size * 1e-4 if groups > 1 else 1e-4
    state = descent.step(state._replace(step_size=size, preconditioner=wrong))
    new = np.sqrt((state.direction**2).sum(axis=(1, 2)))
    np.testing.assert_allclose(new, length, rtol=1e-12)
    cosine = (state.direction * state.grad).sum(axis=(1, 2)) / new
    np.testing.assert_allclose(-cosine, np.sqrt((state.grad**2).sum(axis=(1, 2))), rtol=1e-12)


def test_without_a_bound_the_distance_is_estimated():
    objective = Huber.random(2, SHAPE)
    theta, model = started(objective)
    found, _ = solver("lbfgs", gap_bound=None).minimize(objective, theta, preconditioner=model)
    assert (found.status == Status.CONVERGED).all()
    assert np.isfinite(found.gap).all()


def test_finished_groups_are_dropped_and_come_back_in_order():
    objective = Huber.random(8, SHAPE)
    theta, model = started(objective, size=1.0)
    theta[:6] = [objective.minimum(g).reshape(SHAPE) for g in range(6)]
    descent = replace(solver("lbfgs"), line_search=solver("lbfgs").line_search)
    found, state = descent.minimize(objective, theta, preconditioner=model)
    assert state.objective.groups < 8
    for g in range(8):
        np.testing.assert_allclose(found.theta[g].ravel(), objective.minimum(g), atol=1e-5)
    for g, count in enumerate(found.n_iter):
        assert (found.loss_curve[count:, g] == found.loss_curve[count, g]).all()
