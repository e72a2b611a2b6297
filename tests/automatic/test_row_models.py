"""The rows of most curvature: which are chosen, what model they make, and in which precision."""

import numpy as np
import pytest

from logitron.automatic.curvature import gram_model
from logitron.automatic.row_models import RowModels
from logitron.backend import ArrayContext
from logitron.objective import LogitObjective, Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import LogitQuasiNewton, RowSchedule
from tests.automatic.test_separable import separable


def _problem(shape, penalty, shift=0.0):
    X, y = separable(*shape)
    K, groups = shape[2], len(penalty)
    rows = make_training_rows(
        ArrayContext.of(X), X + shift, y.astype(np.int8), None, None, width=groups * K
    )
    one = Objective.over(
        rows, groups=groups, classes=K, penalty=penalty, sum_of_squares=rows.sum_of_squares
    )
    return X, *gram_model(centre(one))


@pytest.mark.parametrize("rank", [3, 30])
def test_the_model_is_that_of_the_chosen_rows(rank):
    """With few rows for all columns those are drawn, with many all rows are rotated once."""
    X, objective, shared = _problem((300, 12, 5, 0.5), [0.7])
    kept, rng = LogitObjective(objective), np.random.default_rng(1)
    theta = 0.3 * rng.normal(size=objective.shape)
    models = RowModels(shared, blocks=False)
    state = RowSchedule(rank, rank).start()
    model = models(kept, theta, kept.logits(theta), state)
    assert len(models.eigenbasis.rotated) == (rank == 30)
    centred = np.column_stack([X - X.mean(axis=0), np.ones(len(X))])
    Z = centred @ theta[0].T
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    curvature, p = P * (1.0 - P), X.shape[1]
    grad = rng.normal(size=theta.shape)
    projected = grad - grad.mean(axis=1, keepdims=True)
    expected = np.empty_like(grad)
    for k, w in enumerate(curvature.T):
        chosen = np.argsort(-w)[:rank]
        rest = w.sum() - w[chosen].sum()
        M = rest * centred.T @ centred / len(X)
        M[:p, :p] += 0.7 * np.eye(p)
        F = np.sqrt(w[chosen])[:, None] * centred[chosen]
        expected[0, k] = np.linalg.solve(M + F.T @ F, projected[0, k])
    expected -= expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(model.solve(grad), expected, rtol=1e-7, atol=1e-9)


def test_far_groups_return_to_float32_when_near_ones_are_done():
    _, objective, shared = _problem((2500, 240, 30, 0.2), [3.0, 1e-4])
    kept = LogitObjective(objective).in_float32()
    assert kept is not None
    models, schedule = RowModels(shared, blocks=False), RowSchedule(30, 30)
    solver = LogitQuasiNewton(models, schedule)
    state, seen = solver.init(kept, objective.start()), []
    while solver.is_running(state):
        state = solver.step(state)
        seen.append((state.objective.groups, state.objective.eps))
    low, high = (float(np.finfo(dtype).eps) for dtype in (np.float32, np.float64))
    assert seen[0] == (2, low)
    assert (2, high) in seen
    assert next(eps for groups, eps in seen if groups == 1) == low
    assert seen[-1] == (1, high)


@pytest.mark.parametrize(("shape", "shift"), [((2500, 240, 30, 0.5), 1e4), ((200, 20, 3, 0.5), 0)])
def test_far_centres_and_small_problems_stay_in_float64(shape, shift):
    _, objective, _ = _problem(shape, [1.0], shift)
    assert LogitObjective(objective).in_float32() is None
