"""Slow columns go on in batches, with Hessians of their own; the others are not disturbed."""

from dataclasses import replace

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.automatic import AutomaticSolver, Costs, choose
from logitron.automatic import plan as costs
from logitron.backend import ArrayContext, to_host
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status


def _rare_labels(labels):
    """Labels of one row in 200, which look in directions of their own."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 12)) / np.sqrt(np.arange(1, 13))
    Z = 6.0 * X @ rng.normal(size=(12, labels)) + rng.logistic(size=(4000, labels))
    return X, (np.quantile(Z, 0.995, axis=0) < Z).astype(np.int8)


def _fit(X, Y, plan, penalty=0.1):
    rows = make_training_rows(ArrayContext.of(X), X, Y, None)
    objective = Objective.over(rows, groups=Y.shape[1], penalty=penalty)
    objective = centre(objective.with_sizes(lambda: float(np.sum(X * X)), 1.0))
    engine = AutomaticSolver(plan, tol=1e-6)
    return engine.minimize(objective, objective.start())[:2]


def test_batches_end_where_single_fits_do():
    X, Y = _rare_labels(7)
    plan = choose(*X.shape, groups=7, classes=1, method="lbfgs")
    # Hessians that cost nothing are always worth it, and only two of them fit
    plan = replace(plan, batch=2, costs=Costs(one_pass=1.0, gram=1.0, hessian=0.0, refresh=0.0))
    together, objective = _fit(X, Y, plan)
    assert set(together.status) <= {Status.CONVERGED, Status.AT_PRECISION}
    assert objective.cost.grams > 1.0  # there were Hessians besides the Gram matrix
    coef = to_host(objective.split(together.theta)[0])
    for column in range(7):
        alone, single = _fit(X, Y[:, [column]], choose(*X.shape, 1, 1, method="newton"))
        expected = to_host(single.split(alone.theta)[0])[0]
        np.testing.assert_allclose(coef[column], expected, atol=1e-6 * np.linalg.norm(expected))


def test_a_penalised_column_is_not_taken_for_separable():
    X, _ = _rare_labels(1)
    y = (X[:, :1] > 0).astype(np.int8)
    plan = choose(*X.shape, groups=2, classes=1, method="newton")
    solution, _ = _fit(X, np.repeat(y, 2, axis=1), plan, penalty=[1e-9, 0.0])
    assert solution.status[0] != Status.SEPARABLE
    assert solution.status[1] == Status.SEPARABLE


@pytest.mark.parametrize("batch", [1000, 300])
def test_a_thousand_labels_of_one_row_in_a_thousand(batch, monkeypatch):
    """All at once, or as many at a time as the memory for Hessians is good for."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 16)) / np.sqrt(np.arange(1, 17))
    Z = 6.0 * X @ rng.normal(size=(16, 1000)) + rng.logistic(size=(10_000, 1000))
    Y = (np.quantile(Z, 0.999, axis=0) < Z).astype(np.int8)
    assert (Y.sum(axis=0) == 10).all()
    monkeypatch.setattr(costs, "MOST_REFRESHED", batch * 17**2)
    together = LogisticRegression(C=10.0).fit(X, Y)
    assert together.plan_.batch == batch
    assert together.converged_.all()
    assert together.certified_.all()
    assert together.suboptimality_.max() <= 1e-8
    for label in (0, 499, 999):
        alone = LogisticRegression(C=10.0, tol=1e-8).fit(X, Y[:, label])
        # as near as the strong convexity of the penalty, of modulus 1 / C, says
        gap = together.suboptimality_[label] * alone.loss_curve_[-1]
        distance = np.linalg.norm(together.coef_[label] - alone.coef_[0])
        assert distance <= np.sqrt(2.0 * 10.0 * gap) + 1e-8
        assert distance <= 1e-4 * np.linalg.norm(alone.coef_)
