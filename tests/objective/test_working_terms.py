"""The loss as least squares of the logits: the same gradient, and enough curvature."""

import numpy as np
import pytest

from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.objective.working_terms import COUPLED, working_terms
from tests.backends import host
from tests.tolerances import assert_near

N, P = 40, 3


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("least", [0.0, 0.5])
def test_products_with_the_roots_are_residuals(eager, classes, least):
    rng = np.random.default_rng(0)
    with eager.context().scope():
        context = eager.context()
        targets = rng.integers(max(classes, 2), size=N).astype(np.int8)
        weights = rng.integers(0, 3, size=N).astype(float)
        X = eager.array(rng.normal(size=(N, P)))
        rows = make_training_rows(context, X, targets, weights, None, width=classes)
        objective = Objective.over(rows, classes=classes, index=GroupIndex())
        theta = objective.context.asarray(3.0 * rng.normal(size=objective.shape))
        logits = objective.logits(theta)
        there = objective.rows.with_row_arrays(*objective.rows.row_arrays, logits)
        bound = objective.rows.context.asarray(np.asarray(least))
        terms = there.map_rows(working_terms, bound, GroupIndex(), loss=objective.loss)
        roots, moves = np.split(host(terms), 2, axis=1)
        grad = host(objective.evaluate(theta).grad)[0, :, P]
    assert_near((roots * moves).sum(axis=0), grad, eager.precision, N, growth=64.0)
    Z = host(logits).astype(float)
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    p = 1.0 / (1.0 + np.exp(-Z)) if classes == 1 else E / E.sum(axis=1, keepdims=True)
    own = targets[:, None] == (1 if classes == 1 else np.arange(classes))
    curvature = p * (1.0 - p) * (1.0 if classes == 1 else COUPLED)
    curvature = np.maximum(curvature, least * np.abs(p - own)) * weights[:, None]
    assert_near(roots**2, curvature, eager.precision, N, growth=64.0)
