"""Array functions of an iteration need no value: they run where arrays have none.

They are what a fit of many parameters runs beside its rows, on a device.
"""

from functools import partial

import numpy as np
import pytest

from logitron.automatic.curvature import gram_model, refresh
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.certificates.strong_convexity import bound
from logitron.losses import cross_entropy
from logitron.objective import Objective, make_training_rows, sums
from logitron.objective.evaluation import assemble
from logitron.penalties import L2
from logitron.preconditioners import (
    DenseInverse,
    Kronecker,
    corrected,
    dense_hessian,
    kronecker,
    projection,
)
from logitron.solvers import lbfgs
from logitron.solvers.group_arrays import descending, moved


@pytest.mark.parametrize("curvature", ["intercept", "subspace", "full"])
@pytest.mark.parametrize("classes", [1, 3])
def test_an_iteration_runs_on_torch_meta(classes, curvature):
    torch = pytest.importorskip("torch")
    meta = partial(torch.zeros, dtype=torch.float64, device="meta")
    X, targets = meta(50, 4), torch.zeros(50, dtype=torch.int64, device="meta")
    rows = make_training_rows(ArrayContext.of(X), X, targets, meta(50))
    objective = Objective.over(rows, groups=2, classes=classes, penalty=0.1, on_host=False)
    objective, model = gram_model(objective)
    theta = direction = meta(*objective.shape)
    chosen = torch.zeros(2, dtype=torch.bool, device="meta")

    evaluation = objective.evaluate(theta)
    grad, history = evaluation.grad, lbfgs.empty(theta, 3)
    model = refresh(objective, evaluation, theta, model, chosen)
    for _ in range(5):  # until the history is full, and on
        direction, slope = descending(lbfgs.direction(history, grad, model), grad, direction)
        trial = theta + 0.5 * direction
        asked = "intercept" if isinstance(model, DenseInverse) else curvature
        evaluation = objective.evaluate(trial, asked, model)
        gap = GapBound()(objective, evaluation, trial)
        theta, grad, history = moved(history, theta, grad, trial, evaluation.grad, chosen, memory=3)
        if asked != "intercept":
            reuse = curvature == "full"
            model = refresh(objective, evaluation, trial, model, chosen, reuse=reuse)
    assert slope.shape == gap.shape == (2,)
    assert gap.device.type == theta.device.type == "meta"
    assert history.S.shape == (2, 3, classes * 5)
    expected = {"intercept": Kronecker, "subspace": Kronecker, "full": DenseInverse}
    assert type(model) is expected[curvature]
    assert (model._asdict().get("subspace") is not None) == (curvature == "subspace")


@pytest.mark.parametrize("curvature", ["intercept", "subspace", "full"])
@pytest.mark.parametrize("classes", [1, 3])
def test_an_iteration_is_traced_by_jax(classes, curvature):
    jax = pytest.importorskip("jax")
    run, arguments = _for_jax(classes, curvature)
    traced = jax.make_jaxpr(run)(*arguments)
    shapes = [v.aval.shape for v in traced.jaxpr.outvars]
    assert shapes == [(2, classes, 5), (2,), (2,)]


@pytest.mark.parametrize(("classes", "curvature"), [(3, "subspace"), (1, "full")])
def test_an_iteration_is_compiled_by_jax(classes, curvature):
    jax = pytest.importorskip("jax")
    run, arguments = _for_jax(classes, curvature)
    theta, slope, gap = jax.jit(run)(*arguments)
    assert np.isfinite(np.asarray(theta)).all()
    assert (np.asarray(slope) < 0.0).all()
    assert (np.asarray(gap) > 0.0).all()


def _for_jax(classes, curvature):
    rng = np.random.default_rng(0)
    arguments = (
        rng.normal(size=(30, 4)).astype("f4"),
        rng.integers(max(classes, 2), size=30),
        rng.uniform(size=30).astype("f4"),
        rng.normal(size=(2, classes, 5)).astype("f4"),
    )
    run = partial(_iteration, classes=classes, curvature=curvature)
    return run, arguments


def _iteration(X, y, weights, theta, *, classes, curvature):
    """All of an iteration on tracers; whatever asked for a value would raise."""
    xp = _namespace(X)
    ones = xp.ones_like(theta[0, 0, :])
    penalised = xp.concat([ones[:4], 0.0 * ones[:1]])
    penalty, centre = 0.1 + 0.0 * theta[:, 0, 0], xp.concat([xp.mean(X, axis=0), 0.0 * ones[:1]])

    def evaluate(theta, curvature, model=None):
        along = None
        if curvature == "subspace":
            along = projection(model, theta, rank=min(classes, 3))
        intercept = theta[:, :, 4] - theta[:, :, :4] @ centre[:4]
        found = sums.evaluate(
            X, y, weights, None, None, theta[:, :, :4], intercept, theta[:, :, 4], None, along,
            loss=cross_entropy(classes), curvature=curvature, count_misclassified=True,
        )  # fmt: skip
        l2 = L2(penalty, penalised)
        settings = {"fit_intercept": True, "curvature": curvature, "scale": 1.0}
        return assemble(found, theta, l2, centre, along, **settings)

    def model_of(evaluation, model):
        if evaluation.hessian is None:
            return model.with_curvature(evaluation.intercept_hessian, penalty)
        if evaluation.projection is None:
            whole = (evaluation.hessian, penalty, penalised)
            return DenseInverse.of(dense_hessian(*whole, classes=classes))
        return corrected(model, theta, evaluation.projection, evaluation.hessian, penalised)

    spectrum = xp.mean((X - centre[:4]) ** 2, axis=0)
    evaluation = evaluate(theta, "intercept")
    model = kronecker(None, spectrum, evaluation.intercept_hessian, penalty)
    if curvature != "intercept":
        evaluation = evaluate(theta, curvature, model)
        model = model_of(evaluation, model)
    largest = xp.sum(X * X)
    certain = (evaluation.value, evaluation.grad, evaluation.intercept_hessian, theta)
    gap = bound(
        *certain,
        penalty,
        largest,
        largest,
        loss=cross_entropy(classes),
        eps=1e-7,
        fit_intercept=True,
    )
    history = lbfgs.empty(theta, 3)
    direction = lbfgs.direction(history, evaluation.grad, model)
    direction, slope = descending(direction, evaluation.grad, 0.0 * theta)
    trial = theta + 0.5 * direction
    after = evaluate(trial, "intercept")
    chosen = after.value < evaluation.value
    theta, _, _ = moved(history, theta, evaluation.grad, trial, after.grad, chosen, memory=3)
    return theta, slope, gap


def _namespace(array):
    from array_api_compat import array_namespace

    return array_namespace(array)
