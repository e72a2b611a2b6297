"""An iteration's array work needs no value: it runs where arrays have none."""

from functools import partial

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.objective import LogisticObjective, blocks, make_training_rows, preconditioner
from logitron.objective.assembly import finish
from logitron.objective.certificate import bound
from logitron.solvers import steps

SETTINGS = {"memory": 3, "noise": 1e-7}


@pytest.mark.parametrize("curvature", ["intercept", "subspace", "full"])
@pytest.mark.parametrize("classes", [1, 3])
def test_on_torch_meta(classes, curvature):
    torch = pytest.importorskip("torch")
    meta = partial(torch.zeros, dtype=torch.float64, device="meta")
    X, targets = meta(50, 4), torch.zeros(50, dtype=torch.int64, device="meta")
    rows = make_training_rows(ArrayContext.of(X), X, targets, meta(50))
    objective = LogisticObjective.over(rows, groups=2, classes=classes, penalty=0.1)
    objective, model = objective.with_gram()
    theta = meta(*objective.shape)
    moved = torch.zeros(2, dtype=torch.bool, device="meta")

    evaluation = objective.evaluate(theta)
    state, report = steps.start(theta, evaluation, objective.bound(evaluation, theta), memory=3)
    model = objective.preconditioner(evaluation, theta, model, moved)
    for _ in range(5):  # until the memory is full, and on
        state = steps.turn(state, model, solve=objective.solve, rescales=False)
        trial = steps.trial_of(state)
        asked = "intercept" if isinstance(model, preconditioner.DenseInverse) else curvature
        evaluation = objective.evaluate(trial, asked, model)
        gap = objective.bound(evaluation, trial)
        state, report = steps.step(state, trial, evaluation, gap, **SETTINGS)
        if asked != "intercept":
            model = objective.preconditioner(
                evaluation, trial, model, moved, reuse=curvature == "full"
            )
    assert report.shape == (6, 2)
    assert report.device.type == state.theta.device.type == "meta"
    assert state.steps.shape == (2, 3, classes * 5)
    expected = {
        "intercept": preconditioner.Kronecker,
        "subspace": preconditioner.Kronecker,
        "full": preconditioner.DenseInverse,
    }
    assert type(model) is expected[curvature]
    assert (model._asdict().get("directions") is not None) == (curvature == "subspace")


@pytest.mark.parametrize("curvature", ["intercept", "subspace", "full"])
@pytest.mark.parametrize("classes", [1, 3])
def test_under_jax(classes, curvature):
    jax = pytest.importorskip("jax")
    run, arguments = _for_jax(classes, curvature)
    traced = jax.make_jaxpr(run)(*arguments)
    shapes = [v.aval.shape for v in traced.jaxpr.outvars]
    assert shapes == [(2, classes, 5), (6, 2)]


@pytest.mark.parametrize(("classes", "curvature"), [(3, "subspace"), (1, "full")])
def test_compiled_by_jax(classes, curvature):
    jax = pytest.importorskip("jax")
    run, arguments = _for_jax(classes, curvature)
    theta, report = jax.jit(run)(*arguments)
    assert np.isfinite(np.asarray(theta)).all()
    assert (np.asarray(report)[2] < 0.0).all()  # the step was made down the slope


def _for_jax(classes, curvature):
    rng = np.random.default_rng(0)
    arguments = (
        rng.normal(size=(30, 4)).astype("f4"),
        rng.integers(max(classes, 2), size=30),
        rng.uniform(size=30).astype("f4"),
        rng.normal(size=(2, classes, 5)).astype("f4"),
    )
    run = partial(_iteration, classes=classes, curvature=curvature, eye=np.eye(20, dtype="f4"))
    return run, arguments


def _iteration(X, y, weights, theta, *, classes, curvature, eye):
    """All of an iteration on tracers; whatever asked for a value would raise."""
    xp = _namespace(X)
    ones = xp.ones_like(theta[0, 0, :])
    penalised = xp.concat([ones[:4], 0.0 * ones[:1]])
    penalty, centre = 0.1 + 0.0 * theta[:, 0, 0], xp.concat([xp.mean(X, axis=0), 0.0 * ones[:1]])
    eyes = {size: xp.asarray(eye[:size, :size]) for size in (classes, min(classes, 3) + 1, 5)}

    def evaluate(theta, curvature, model=None):
        mixing = (
            preconditioner.mixing(model, theta, rank=min(classes, 3))
            if curvature == "subspace"
            else None
        )
        intercept = theta[:, :, 4] - theta[:, :, :4] @ centre[:4]
        sums = blocks.evaluate(
            X, y, weights, None, theta, intercept, None, mixing,
            classes=classes, curvature=curvature, count_errors=True,
        )  # fmt: skip
        recentre = curvature == "full"
        arguments = (sums, theta, penalty, penalised, centre, mixing)
        return finish(*arguments, curvature=curvature, weight=1.0, recentre=recentre)

    def model_of(evaluation, model):
        if evaluation.hessian is None:
            return preconditioner.shared(
                None, model.spectrum, evaluation.intercept_hessian, penalty
            )
        if evaluation.mixing is None:
            whole = (evaluation.hessian, penalty, penalised, eyes[5])
            return preconditioner.inverse(preconditioner.full(*whole, classes=classes))
        size = evaluation.mixing.shape[1] + 1
        seconds = (evaluation.mixing, evaluation.hessian, eyes[classes], eyes[size])
        return preconditioner.coarse(model, theta, *seconds, 1.0 - penalised)

    spectrum = xp.mean((X - centre[:4]) ** 2, axis=0)
    evaluation = evaluate(theta, "intercept")
    model = preconditioner.shared(None, spectrum, evaluation.intercept_hessian, penalty)
    if curvature != "intercept":
        evaluation = evaluate(theta, curvature, model)
        model = model_of(evaluation, model)
    largest = xp.sum(X * X)
    certain = (evaluation.value, evaluation.grad, evaluation.intercept_hessian, theta)
    gap = bound(*certain, penalty, largest, largest, eps=1e-7, fit_intercept=True)
    state, _ = steps.start(theta, evaluation, gap, memory=3)
    state = steps.turn(state, model, solve=preconditioner.solve, rescales=False)
    trial = steps.trial_of(state)
    return trial, steps.step(state, trial, evaluate(trial, "intercept"), None, **SETTINGS)[1]


def _namespace(array):
    from array_api_compat import array_namespace

    return array_namespace(array)
