"""A pass over the rows, a new direction, and the cost of a step besides the pass."""

import numpy as np
import pytest

from benchmarks.questions.steps.conftest import finish, make
from logitron import LogisticRegression
from logitron.backend import ArrayContext


@pytest.mark.parametrize("curvature", ["intercept", "subspace"])
def test_evaluate(benchmark, context, objective, curvature):
    with context.scope():
        preconditioner = objective.with_gram()[1] if curvature == "subspace" else None
        theta = objective.start() + 0.01
        benchmark(lambda: finish(objective.evaluate(theta, curvature, preconditioner).grad))


@pytest.mark.parametrize("rows", [128, 256, 512, 1024, 2048, 8000])
@pytest.mark.parametrize("columns", [1, 64])
def test_block_sizes(benchmark, columns, rows):
    context = ArrayContext.named("numpy")
    objective = make(context, columns, rows)
    with context.scope():
        theta = objective.start() + 0.01
        benchmark(lambda: objective.evaluate(theta))


def test_rough_pass(benchmark):
    context = ArrayContext.named("numpy")
    objective = make(context, 64)
    with context.scope():
        theta = objective.start() + 0.01
        benchmark(lambda: objective.evaluate(theta, low_precision=True))


def test_preconditioner(benchmark, context, objective):
    """The Gram matrix and its eigenbasis."""
    with context.scope():
        benchmark(lambda: finish(objective.with_gram()[1].spectrum))


def test_solve(benchmark, context, objective):
    """One multiplication by the inverse of the model."""
    with context.scope():
        centred, preconditioner = objective.with_gram()
        theta = centred.start() + 0.01
        evaluation = centred.evaluate(theta)
        everybody = context.asarray(np.ones(centred.groups, bool), keep_dtype=True)
        model = centred.preconditioner(evaluation, theta, preconditioner, everybody)
        benchmark(lambda: finish(model.solve(evaluation.grad)))


def test_tiny_fit(benchmark):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 5))
    y = (X[:, 0] + rng.logistic(size=100) > 0).astype(int)
    benchmark(lambda: LogisticRegression().fit(X, y))
