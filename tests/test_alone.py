"""The descent of one group, in plain numbers, takes the very steps of the general one."""

from dataclasses import replace

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.objective import LogisticObjective, blocks, make_training_rows
from logitron.solvers.alone import Alone, _Memory
from logitron.solvers.hessian_schedule import EveryIteration, WhenSlow
from logitron.solvers.plan import costs_of
from logitron.solvers.quasi_newton import QuasiNewton
from logitron.solvers.result import Status
from tests.backends import BACKENDS
from tests.datasets import classes_of, load

CASES = {
    "binary": ("breast_cancer", True, 1.0, {}),
    "nearly separable": ("breast_cancer", True, 1e6, {}),
    "unscaled": ("breast_cancer", False, 1e4, {}),
    "softmax": ("iris", True, 1.0, {}),
    "softmax, unscaled": ("wine", False, 1e2, {}),
    "no penalty": ("spector", True, np.inf, {}),
    "no penalty, softmax": ("iris", True, np.inf, {}),
    "no intercept": ("spector", True, 1.0, {"fit_intercept": False}),
}


def _objective(name, standardised, C, settings, *, rows=slice(None)):
    X, y, weights = load(name, standardised)
    X, y, weights = X[rows], y[rows], weights[rows]
    K = classes_of(y)
    targets = y if K > 1 else y[:, None].astype(float)
    seen = make_training_rows(ArrayContext.named("numpy"), X, targets, weights)
    objective = LogisticObjective.over(seen, classes=K, penalty=1.0 / C, **settings)
    return objective.bounded_by(lambda: float((X * X).sum()), float(weights.max())).centred()


def _both(objective, start, **settings):
    with np.errstate(over="ignore", invalid="ignore"):
        alone, _ = Alone(EveryIteration(), **settings).minimize(objective, start)
        general, _ = QuasiNewton(EveryIteration(), **settings).minimize(objective, start)
    return alone, general


def assert_same(alone, general):
    """To rounding, which grows along the way of classes that are nearly separable."""
    assert list(alone.status) == list(general.status)
    np.testing.assert_array_equal(alone.n_iter, general.n_iter)
    np.testing.assert_allclose(alone.loss_curve, general.loss_curve, rtol=1e-7)
    scale = np.max(np.abs(general.theta))
    np.testing.assert_allclose(alone.theta, general.theta, atol=1e-5 * scale)
    noise = 1e-10 * np.abs(general.loss_curve[-1])
    np.testing.assert_allclose(alone.gap, general.gap, rtol=0.1, atol=float(noise.max()))


@pytest.mark.parametrize("case", CASES)
def test_with_a_constant_among_the_features_it_is_the_same_objective(case):
    objective = _objective(*CASES[case])
    copied = objective.with_constant()
    assert (copied is objective) == (case == "no intercept")
    assert copied.shape == objective.shape
    p, intercept = objective.rows.shape[1], objective.has_intercept
    scale = np.append(1.0 / np.sqrt(objective.squares), 1.0)[: p + intercept]
    theta = 0.1 * scale * np.random.default_rng(0).normal(size=objective.shape)
    for curvature in ("intercept", "full"):
        here, there = (one.evaluate(theta, curvature) for one in (copied, objective))
        np.testing.assert_allclose(here.value, there.value, rtol=1e-12)
        np.testing.assert_allclose(here.intercept_hessian, there.intercept_hessian, rtol=1e-11)
        steepness = np.sqrt(np.sum((here.grad * scale) ** 2))
        np.testing.assert_allclose(here.grad * scale, there.grad * scale, atol=1e-10 * steepness)
        if curvature == "full":
            both = np.tile(scale, objective.classes)
            both = both[:, None] * both
            sizes = np.abs(here.hessian * both).max()
            np.testing.assert_allclose(
                here.hessian * both, there.hessian * both, atol=1e-10 * sizes
            )
        bounds = (one.bound(e, theta) for one, e in ((copied, here), (objective, there)))
        np.testing.assert_allclose(*bounds, rtol=1e-6)


def test_what_is_more_than_a_block_is_not_copied():
    X = np.ones((5000, 2))
    X[::2] = 0.0
    rows = make_training_rows(
        ArrayContext.named("numpy"), X, (X[:, :1] > 0).astype(int), None, block_rows=1000
    )
    objective = LogisticObjective.over(rows, penalty=1.0).centred()
    assert objective.with_constant() is objective


@pytest.mark.parametrize("columns", [1, 2, 16, 17, 18, 33])
def test_columns_are_multiplied_with_each_other(columns):
    F = np.random.default_rng(0).normal(size=(50, columns))
    products = np.einsum("ni,nj->ij", F, F)
    np.testing.assert_allclose(blocks._squared(np, F), products, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("tol", [1e-1, 1e-4])
@pytest.mark.parametrize("case", CASES)
def test_it_takes_the_same_steps(case, tol):
    objective = _objective(*CASES[case])
    assert_same(*_both(objective, objective.start(), tol=tol))


#: problems, and how far the two may be apart in iterations: where steps are refused, the general
#: descent remembers that there was none, which takes the place of a step that was
QUASI = {
    "binary": (("breast_cancer", True, 1.0, {}), 0),
    "large C": (("breast_cancer", True, 1e4, {}), 3),
    "softmax": (("wine", True, 1.0, {}), 0),
    "many rows": (("fair", True, 1.0, {}), 0),
    "no penalty": (("spector", True, np.inf, {}), 1),
    "no intercept": (("spector", True, 1.0, {"fit_intercept": False}), 0),
}


@pytest.mark.parametrize("model", ["shared", "diagonal", "full"])
@pytest.mark.parametrize("case", QUASI)
def test_with_a_memory_it_takes_the_same_steps(case, model):
    problem, apart = QUASI[case]
    objective = _objective(*problem)
    start, preconditioner = objective.start(), None
    if model == "shared":
        here, preconditioner = objective.with_gram()
        start, objective = here.recentre(start, objective), here
    elif model == "diagonal":
        preconditioner = objective.with_squares(flat=False)
    if model == "full" and objective.classes > 1:
        pytest.skip("softmax groups are begun with the shared model")
    costs = costs_of(objective.rows.shape[0], objective.rows.shape[1], 1, objective.classes)
    settings = {"coarse": model != "full", "batch": 1, "begin": model == "full"}
    alone, general = (
        kind(
            WhenSlow(costs, classes=objective.classes, rescales=model == "diagonal", **settings),
            tol=1e-6,
        ).minimize(objective, start, preconditioner=preconditioner)[0]
        for kind in (Alone, QuasiNewton)
    )
    assert alone.status[0] == general.status[0]
    apart += 6 if model == "diagonal" else 0  # so long a way tells of every rounding
    assert abs(int(alone.n_iter[0]) - int(general.n_iter[0])) <= apart
    np.testing.assert_allclose(alone.loss_curve[-1], general.loss_curve[-1], rtol=1e-10)
    if apart == 0:
        np.testing.assert_allclose(alone.loss_curve, general.loss_curve, rtol=1e-6)
        noise = 1e-10 * np.abs(general.loss_curve[-1])
        np.testing.assert_allclose(alone.gap, general.gap, rtol=0.1, atol=float(noise.max()))


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_steps_are_remembered_than_that(most):
    memory = _Memory()
    rng = np.random.default_rng(0)
    for _ in range(5):
        step = rng.normal(size=(1, 1, 4))
        memory.remember(step, 2.0 * step, most=most)
    assert len(memory.pairs) == most
    # the last step's curvature is known: along it, the direction is Newton's
    way = memory.direction(2.0 * step, None, solve=lambda _, grad: grad, rescales=False)
    np.testing.assert_allclose(way, -step)
    memory.remember(step, -step, most=most)  # no curvature that a convex function has
    assert memory.pairs[-1][0] is step


@pytest.mark.parametrize("kind", [Alone, QuasiNewton])
def test_slow_is_not_taken_for_the_precision_of_the_arithmetic(kind):
    """Four classes of thirty rows, hardly penalised, and a model that knows nothing of rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 80))
    y = np.concatenate([np.arange(4), rng.integers(4, size=26)])
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, None, width=4)
    objective = LogisticObjective.over(rows, classes=4, penalty=1e-2)
    objective = objective.bounded_by(lambda: float((X * X).sum()), 1.0).centred()
    preconditioner = objective.with_squares(flat=True)
    curvature = WhenSlow(costs_of(30, 80, 1, 4), coarse=True, batch=0, rescales=True)
    descent = kind(curvature, tol=1e-9, max_iter=100)
    ended, _ = descent.minimize(objective, objective.start(), preconditioner=preconditioner)
    assert ended.status[0] == Status.MAX_ITER  # a hundred are not enough
    assert ended.gap[0] > 1e-6 * ended.loss_curve[-1, 0]
    further, _ = replace(descent, max_iter=5000).minimize(
        objective, ended.theta, preconditioner=preconditioner
    )
    assert further.status[0] in (Status.CONVERGED, Status.AT_PRECISION)
    newton, _ = kind(EveryIteration(), tol=1e-9).minimize(objective, objective.start())
    np.testing.assert_allclose(further.loss_curve[-1], newton.loss_curve[-1], rtol=1e-11)
    # (the bound, half of a squared derivative times C, can have more left than the objective tells)
    assert further.gap[0] <= 1e-9 * further.loss_curve[-1, 0]


def test_it_is_for_one_group_on_the_host():
    objective = _objective("breast_cancer", True, 1.0, {})
    assert Alone.suits(objective)
    assert not Alone.suits(replace(objective, supports_float32=True))
    assert not Alone.suits(LogisticObjective.over(objective.rows, groups=2))
    torch = pytest.importorskip("torch")
    rows = make_training_rows(
        ArrayContext.named("torch"), torch.zeros(3, 2), torch.zeros(3, 1), None
    )
    assert not Alone.suits(LogisticObjective.over(rows))


@pytest.mark.parametrize("size", [3.0, 30.0])
def test_it_shortens_steps_alike(size):
    """From far away, where the first steps go too far."""
    objective = _objective("breast_cancer", True, 1.0, {})
    rng = np.random.default_rng(0)
    start = size * rng.normal(size=objective.shape)
    alone, general = _both(objective, start, tol=1e-4)
    assert (np.diff(alone.loss_curve[:, 0]) == 0.0).any()  # a step was refused
    assert_same(alone, general)


@pytest.mark.parametrize("max_iter", [0, 1, 3])
def test_it_stops_alike(max_iter):
    objective = _objective("breast_cancer", True, 1.0, {})
    alone, general = _both(objective, objective.start(), max_iter=max_iter)
    assert alone.status[0] == Status.MAX_ITER
    assert alone.n_iter[0] == max_iter
    assert_same(alone, general)


def test_it_finds_separable_classes_alike():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X @ [1.0, -2.0, 0.5] > 0).astype(float)[:, None]
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, None)
    objective = LogisticObjective.over(rows, penalty=0.0).centred()
    alone, general = _both(objective, objective.start())
    assert alone.status[0] == Status.SEPARABLE
    assert_same(alone, general)


def test_what_is_not_a_number_ends_it():
    objective = _objective("breast_cancer", True, 1.0, {})
    start = objective.start()
    start[0, 0, 0] = np.nan
    alone, general = _both(objective, start)
    assert alone.status[0] == general.status[0] == Status.DIVERGED


def test_ctrl_c_keeps_what_is_done_where_that_is_wanted():
    class Interrupted:
        """An objective that is interrupted in its third evaluation."""

        def __init__(self, objective):
            self.objective, self.count = objective, 0

        def __getattr__(self, name):
            return getattr(self.objective, name)

        def evaluate(self, *arguments):
            self.count += 1
            if self.count == 3:
                raise KeyboardInterrupt
            return self.objective.evaluate(*arguments)

    objective = _objective("breast_cancer", True, 1.0, {})
    with pytest.raises(KeyboardInterrupt):
        Alone(EveryIteration()).minimize(Interrupted(objective), objective.start())
    kept, _ = Alone(EveryIteration(), interruptible=True).minimize(
        Interrupted(objective), objective.start()
    )
    assert kept.status[0] == Status.STOPPED
    assert len(kept.loss_curve) == 2  # the start, and one iteration
    assert kept.n_iter[0] == 1


@pytest.mark.parametrize("backend", [b for b in BACKENDS if b.name == "numpy"], ids=repr)
def test_shortcuts_of_the_namespace_give_the_same_arrays(backend):
    import array_api_compat.numpy as plain

    xp = backend.context().xp
    x = np.arange(24.0).reshape(2, 3, 4)[:, ::2, :]
    assert xp is not plain
    for name, arguments, settings in [
        ("reshape", (x, (4, 4)), {}),
        ("matrix_transpose", (x,), {}),
        ("sum", (x,), {}),
        ("sum", (x,), {"axis": 1, "keepdims": True}),
        ("sum", (x > 3.0,), {"axis": (0, 2)}),
        ("max", (x,), {"axis": -1}),
        ("zeros_like", (x,), {}),
        ("ones_like", (x > 0.0,), {}),
        ("ones_like", (x,), {"dtype": np.int8}),
        ("stack", ([x, x],), {}),
        ("stack", ([x, x],), {"axis": 1}),
    ]:
        ours = getattr(xp, name)(*arguments, **settings)
        theirs = getattr(plain, name)(*arguments, **settings)
        np.testing.assert_array_equal(ours, theirs)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
