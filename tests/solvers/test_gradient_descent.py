"""Gradient descent: its path, its stopping, and what it asks of the device."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.backend import ArrayContext, count_host_reads, namespace_of
from logitron.losses import cross_entropy
from logitron.objective import Objective, make_training_rows
from logitron.solvers import GradientDescent, Status
from logitron.solvers.gradient_descent import READ_EVERY, _descend
from tests.backends import host
from tests.problems import problem
from tests.solvers.objectives import Huber, Quadratic, generated
from tests.tolerances import assert_near


def _objective(case, context=None, **settings):
    context = context or ArrayContext.named("numpy")
    rows = make_training_rows(context, case.X, case.Y, case.sample_weight)
    return Objective.over(rows, groups=case.groups, classes=case.classes, on_host=False, **settings)


def _start(objective):
    return objective.context.zeros(objective.shape)


@pytest.mark.parametrize("classes", [1, 3])
def test_it_follows_the_textbook_rule(classes):
    from logitron import neuron

    case = problem(classes=classes)
    objective = _objective(case, penalty=0.3)
    solution = GradientDescent(0.1, 0.0, 5).minimize(objective, _start(objective))
    W, b = np.zeros_like(case.W), np.zeros_like(case.b)
    rate = 0.1 / case.sample_weight.sum()
    for _ in range(5):
        grad_coef, grad_intercept = neuron.gradient(
            case.X, case.Y, W, b, sample_weight=case.sample_weight, classes=classes
        )
        W, b = W - rate * (grad_coef + 0.3 * W), b - rate * grad_intercept
    ours = objective.split(solution.theta)
    assert_near(ours[0].T, W, "float64", 61)
    assert_near(ours[1], b, "float64", 61)


@pytest.mark.parametrize("make", [Quadratic, Huber])
def test_it_finds_the_minimum(make):
    objective = make.random(3, ridge=1.0)
    start = np.random.default_rng(5).normal(size=(3, 2, 3))
    solution = GradientDescent(loss_change=1e-13, max_iter=50_000).minimize(objective, start)
    assert (solution.status == Status.CONVERGED).all()
    assert (np.diff(solution.loss_curve, axis=0) <= 1e-12).all()
    for g in range(3):
        np.testing.assert_allclose(solution.theta[g].ravel(), objective.minimum(g), atol=1e-5)


@pytest.mark.parametrize("make", [Quadratic, Huber])
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_it_ends_as_near_as_its_last_change_says(make, data):
    """A step falls by ``|g|^2 / (2 L)`` at least; the minimum is no further than by ``L / m``."""
    objective = data.draw(generated(make))
    start = data.draw(st.sampled_from([0.0, 1.0, -10.0])) + np.zeros(
        (objective.groups, 1, objective.A.shape[2])
    )
    change = 1e-9
    solution = GradientDescent(loss_change=change).minimize(objective, start)
    assert (solution.status == Status.CONVERGED).all()
    value, _ = objective.value_and_gradient(solution.theta)
    best = np.concatenate([objective.minimum(g) for g in range(objective.groups)])
    least, _ = objective.value_and_gradient(best.reshape(start.shape))
    condition = objective.smoothness() / objective.ridge
    assert (value - least <= condition * change + 1e-12 * (1.0 + least)).all()


def test_a_learning_rate_is_of_the_mean_of_the_rows():
    objective = Huber.random(1)
    (bound,), (rows,) = objective.smoothness(), objective.weight_sum()
    start = np.ones((1, 2, 3))
    automatic = GradientDescent("auto", 0.0, 50).minimize(objective, start)
    given_one = GradientDescent(rows / bound, 0.0, 50).minimize(objective, start)
    np.testing.assert_allclose(given_one.loss_curve, automatic.loss_curve, rtol=1e-12)


@pytest.mark.parametrize(("times", "status"), [(1.9, Status.CONVERGED), (2.1, Status.DIVERGED)])
def test_a_quadratic_bears_steps_of_twice_the_inverse_bound(times, status):
    """Its curvature in the steepest direction is the bound itself."""
    objective = Quadratic.random(1)
    (bound,), (rows,) = objective.smoothness(), objective.weight_sum()
    descent = GradientDescent(times * rows / bound, 1e-10, 20_000)
    solution = descent.minimize(objective, np.ones((1, 2, 3)))
    assert solution.status[0] == status
    assert np.isfinite(solution.theta).all()


def test_each_column_stops_as_if_it_were_alone():
    case = problem(groups=12)
    solver = GradientDescent(0.3, 1e-3, 5000)
    objective = _objective(case, penalty=0.1)
    together = solver.minimize(objective, _start(objective))
    assert len(set(together.n_iter)) > 3  # they do stop at different times
    assert (together.status == Status.CONVERGED).all()
    for g in range(12):
        alone = problem(groups=12)
        alone = type(alone)(
            alone.X, alone.Y[:, [g]], alone.W[:, [g]], alone.b[[g]], alone.sample_weight, 1
        )
        single = _objective(alone, penalty=0.1)
        solution = solver.minimize(single, _start(single))
        assert solution.n_iter[0] == together.n_iter[g]
        assert_near(solution.theta[0], together.theta[g], "float64", 61, growth=1000)


def test_the_result_does_not_depend_on_how_often_the_host_looks(monkeypatch):
    case = problem(groups=5)
    objective = _objective(case, penalty=0.1)
    solver = GradientDescent(0.3, 1e-3, 5000)
    looking = solver.minimize(objective, _start(objective))
    monkeypatch.setattr(type(objective.context.library), "is_host", False)
    trusting = solver.minimize(objective, _start(objective))
    np.testing.assert_array_equal(looking.theta, trusting.theta)
    np.testing.assert_array_equal(looking.n_iter, trusting.n_iter)
    np.testing.assert_array_equal(looking.loss_curve, trusting.loss_curve)


def test_the_automatic_step_never_overshoots(eager):
    for classes in (1, 3):
        case = problem(groups=2, classes=classes)
        context = eager.context()
        with context.scope():
            objective = _objective(case, context, penalty=0.2)
            solution = GradientDescent("auto", 0.0, 50).minimize(objective, _start(objective))
        rises = np.diff(solution.loss_curve, axis=0)
        assert (rises <= 1e-5 * solution.loss_curve[0] * (eager.precision == "float32")).all()


def test_the_curvature_bound_is_a_bound_and_not_a_loose_one():
    case = problem()
    objective = _objective(case, penalty=0.2)
    Xb = np.concatenate([case.X, np.ones((len(case.X), 1))], axis=1)
    hessian = 0.25 * (Xb.T * case.sample_weight) @ Xb
    largest = np.linalg.eigvalsh(hessian).max() + 0.2
    assert largest <= objective.smoothness()[0] <= Xb.shape[1] * largest


def test_a_loss_that_is_no_longer_finite_ends_its_column_only(eager):
    """Steps that are too long for a strong penalty grow without bound; the others go on."""
    case = problem(groups=3)
    case.sample_weight[:] = 1.0
    context = eager.context()
    with context.scope():
        weights = np.ones((61, 3))
        weights[:, 1] = 1e-4  # little data, so that the penalty rules the second column
        rows = make_training_rows(context, *map(eager.array, (case.X, case.Y, weights)))
        objective = Objective.over(rows, groups=3, penalty=1.0, on_host=False)
        start = context.asarray(np.ones(objective.shape))
        solution = GradientDescent(0.1, 1e-4, 20_000).minimize(objective, start)
        theta = host(solution.theta)
    assert list(solution.status) == [Status.CONVERGED, Status.DIVERGED, Status.CONVERGED]
    assert np.isfinite(theta).all()
    assert np.isfinite(solution.loss_curve).all()
    assert "learning_rate" in Status.DIVERGED.explanation


def test_iterations_are_told_and_can_be_stopped(eager):
    case = problem(groups=2)
    context = eager.context()
    told = []

    def watch(iteration):
        told.append(iteration)
        return iteration.number == 40

    with context.scope():
        objective = _objective(case, context)
        solution = GradientDescent("auto", 0.0, 1000).minimize(
            objective, _start(objective), callback=watch
        )
    assert [iteration.number for iteration in told] == list(range(1, len(told) + 1))
    assert 40 <= len(told) < 40 + READ_EVERY
    assert (solution.status == Status.STOPPED).all()
    np.testing.assert_array_equal([i.loss for i in told], solution.loss_curve)


def test_no_iterations_are_made_when_none_are_asked_for():
    case = problem()
    objective = _objective(case)
    solution = GradientDescent(max_iter=0).minimize(objective, _start(objective) + 3.0)
    assert solution.status[0] == Status.MAX_ITER
    assert solution.n_iter[0] == 0
    assert solution.loss_curve.shape == (0, 1)
    np.testing.assert_array_equal(solution.theta, 3.0 * np.ones_like(solution.theta))


def test_a_device_is_read_once_in_many_iterations(eager):
    case = problem()
    context = eager.context()
    with context.scope():
        objective = _objective(case, context)
        start = _start(objective)
        with count_host_reads() as counted:
            solution = GradientDescent("auto", 0.0, 100).minimize(objective, start)
    looks = 100 if eager.library == "numpy" else -(-100 // READ_EVERY)
    assert counted.reads == looks + 2  # the curvature before, and whether the last step arrived
    assert solution.n_iter[0] == 100


def _step(objective, state):
    """One whole iteration, as the loop makes it."""
    before, theta, losses, rate = state
    value, slope = objective.value_and_gradient(theta)
    return _descend(before, theta, losses, rate, value, slope, loss_change=1e-5)


def test_an_iteration_needs_no_value_on_torch_meta():
    torch = pytest.importorskip("torch")
    meta = partial(torch.zeros, dtype=torch.float64, device="meta")
    X = meta(50, 4)
    context = ArrayContext.of(X)
    for classes in (1, 3):
        targets = torch.zeros(50, dtype=torch.int64, device="meta")
        rows = make_training_rows(context, X, targets, meta(50))
        objective = Objective.over(rows, groups=2, classes=classes, penalty=0.1, on_host=False)
        theta = meta(*objective.shape)
        rate = 1.0 / objective.smoothness()
        before, after, state = _step(objective, (theta, theta, meta(2, 2), rate))
        assert after.device.type == "meta"
        assert after.shape == before.shape == objective.shape
        assert state.shape == (2, 2)


def test_an_iteration_can_be_traced_by_jax():
    jax = pytest.importorskip("jax")
    case = problem(groups=2)
    jaxpr = jax.make_jaxpr(_traced_step)(
        case.X.astype("f4"),
        case.Y.astype("f4"),
        np.zeros((2, 1, 8), "f4"),
        np.zeros((2, 2), "f4"),
        np.ones(2, "f4"),
    )
    assert [v.aval.shape for v in jaxpr.jaxpr.outvars] == [(2, 1, 8), (2, 1, 8), (2, 2)]


def _traced_step(X, Y, theta, losses, rate):
    """The iteration on tracers; whatever asked for a value would raise."""
    from logitron.objective.sums import evaluate

    value, by_coef, by_intercept, _ = evaluate(
        X,
        Y,
        None,
        None,
        None,
        theta[:, :, :-1],
        theta[:, :, -1],
        None,
        None,
        None,
        loss=cross_entropy(1),
        curvature="intercept",
        count_misclassified=False,
    )
    xp = namespace_of(theta)
    slope = xp.reshape(xp.concat([by_coef, by_intercept[:, None]], axis=1), theta.shape)
    return _descend(theta, theta, losses, rate, value, slope, loss_change=1e-5)


@pytest.mark.filterwarnings("ignore:Dynamo detected a call:UserWarning")
def test_a_step_can_run_under_torch_compile():
    torch = pytest.importorskip("torch")
    case = problem(groups=2)
    X, Y = torch.asarray(case.X), torch.asarray(case.Y)
    theta, losses, rate = torch.zeros(2, 1, 8).double(), torch.zeros(2, 2).double(), torch.ones(2)
    # the eager backend traces the graph, whole, without a C++ compiler
    compiled = torch.compile(_traced_step, backend="eager", fullgraph=True)
    arguments = (X, Y, theta, losses, rate.double())
    for ours, plain in zip(compiled(*arguments), _traced_step(*arguments), strict=True):
        assert_near(host(ours), host(plain), "float64", 61)
