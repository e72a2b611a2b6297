"""Blocks of each class with itself, of the rows with curvature."""

import numpy as np
import pytest

from logitron.automatic.curvature import gram_model
from logitron.automatic.curved_blocks import FEW, curved_blocks
from logitron.automatic.most_curved import PART, most_curved
from logitron.backend import ArrayContext
from logitron.objective import LogitObjective, Objective, make_training_rows
from logitron.reductions import centre
from tests.automatic.test_separable import separable

K = 4


def problem(*, fit_intercept, weights):
    X, y = separable(500, 9, K, 0.5)
    arrays = X, y.astype(np.int8), weights
    rows = make_training_rows(ArrayContext.named("numpy"), *arrays, width=K)
    one = Objective.over(rows, classes=K, penalty=1e-3, fit_intercept=fit_intercept)
    objective, shared = gram_model(centre(one))
    return X, LogitObjective(objective), shared


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_the_model_is_the_blocks_of_all_rows(fit_intercept, weighted):
    rng = np.random.default_rng(1)
    s = rng.uniform(0.5, 2.0, 500) if weighted else np.ones(500)
    X, kept, shared = problem(fit_intercept=fit_intercept, weights=s)
    theta = 8.0 * rng.normal(size=kept.objective.shape)
    logits = kept.logits(theta)
    model = curved_blocks(kept, logits, shared)
    assert model is not None
    F = X - X.T @ s / s.sum() if fit_intercept else X
    F = np.column_stack([F, np.ones(500)]) if fit_intercept else F
    Z = F @ theta[0].T
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    curvature = s[:, None] * P * (1.0 - P)
    places = most_curved(curvature.sum(axis=1), PART, 500)
    assert 0 < len(places) <= FEW * 500
    # (features of unit weight, as all rows have them)
    mean = (s[:, None] * F).T @ F / s.sum()
    if fit_intercept:
        mean[-1, :-1] = mean[:-1, -1] = 0.0
    grad = rng.normal(size=theta.shape)
    expected = np.empty_like(grad)
    for k, w in enumerate(curvature.T):
        chosen = F[places].T @ (w[places, None] * F[places])
        rest = w.sum() - w[places].sum()
        ridge = 1e-3 * np.eye(len(mean))
        ridge[X.shape[1] :] = 0.0
        expected[0, k] = np.linalg.solve(chosen + rest * mean + ridge, grad[0, k])
    expected -= expected.mean(axis=1, keepdims=True)
    found = model.solve(grad)
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


def test_there_is_none_where_all_rows_have_curvature():
    _, kept, shared = problem(fit_intercept=True, weights=None)
    theta = np.zeros(kept.objective.shape)
    assert curved_blocks(kept, kept.logits(theta), shared) is None


def test_rows_of_no_curvature_are_left_out():
    curvature = np.asarray([0.0, 0.2, 1e-9, 0.25, 0.0, 0.05])
    assert most_curved(curvature, 0.999, 6).tolist() == [1, 3, 5]
    assert most_curved(curvature, 0.999, 2).tolist() == [1, 3]
    assert most_curved(curvature, 0.4, 6).tolist() == [3]
    assert len(most_curved(np.full(8, 0.25), 1.0, 3)) == 3
    assert len(most_curved(np.zeros(8), 0.9, 3)) <= 3
