"""Slow columns go on in batches, with Hessians of their own; the others are not disturbed."""

from dataclasses import replace

import numpy as np

from logitron import LogisticRegression
from logitron.automatic import AutomaticSolver, Costs, choose
from logitron.backend import ArrayContext, to_host
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status


def _rare_labels(labels, rows=4000, features=12, part=0.005):
    """Labels of a small part of the rows, which look in directions of their own."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features)) / np.sqrt(np.arange(1, features + 1))
    Z = 6.0 * X @ rng.normal(size=(features, labels)) + rng.logistic(size=(rows, labels))
    return X, (np.quantile(Z, 1.0 - part, axis=0) < Z).astype(np.int8)


def _fit(X, Y, plan, penalty=0.1, tol=1e-6):
    rows = make_training_rows(ArrayContext.of(X), X, Y, None, width=Y.shape[1])
    objective = Objective.over(rows, groups=Y.shape[1], penalty=penalty)
    objective = centre(objective.with_statistics(sum_of_squares=lambda: float(np.sum(X * X))))
    engine = AutomaticSolver(plan, tol=tol)
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


#: a label of ten rows in ten thousand each, and the penalty of them all
THOUSAND = {"labels": 1000, "rows": 10_000, "features": 16, "part": 0.001}
PENALTY = 0.1


def _assert_near_those_alone(X, Y, coef, gaps):
    """As near as the strong convexity of the penalty, of modulus 1 / C, says."""
    for label in (0, 499, 999):
        alone = LogisticRegression(C=1.0 / PENALTY, tol=1e-8).fit(X, Y[:, label])
        distance = np.linalg.norm(coef[label] - alone.coef_[0])
        assert distance <= np.sqrt(2.0 / PENALTY * gaps[label]) + 1e-8
        assert distance <= 1e-4 * np.linalg.norm(alone.coef_)


def test_a_thousand_rare_labels_are_certified_at_once():
    X, Y = _rare_labels(**THOUSAND)
    assert (Y.sum(axis=0) == 10).all()
    together = LogisticRegression(C=1.0 / PENALTY).fit(X, Y)
    assert together.plan_.batch >= 1000
    assert together.converged_.all()
    assert together.certified_.all()
    assert together.suboptimality_.max() <= 1e-8
    gaps = together.suboptimality_ * together.loss_curve_[-1]
    _assert_near_those_alone(X, Y, together.coef_, gaps)


def test_a_thousand_rare_labels_are_solved_in_batches(monkeypatch):
    """As many at a time as the memory for Hessians is said to be good for."""
    summed, evaluate = [], Objective.evaluate

    def spy(self, theta, curvature, *arguments, **named):
        if curvature == "full":
            summed.append(self.groups)
        return evaluate(self, theta, curvature, *arguments, **named)

    monkeypatch.setattr(Objective, "evaluate", spy)
    X, Y = _rare_labels(**THOUSAND)
    plan = replace(choose(*X.shape, groups=1000, classes=1), batch=300)
    together, objective = _fit(X, Y, plan, PENALTY, tol=1e-4)
    assert 200 < max(summed) <= 300
    assert sum(summed) >= 1000  # batch after batch
    assert (together.status == Status.CONVERGED).all()
    lowest = together.loss_curve[-1] - together.gap
    assert (together.gap <= 1e-8 * lowest).all()
    coef = to_host(objective.split(together.theta)[0])
    _assert_near_those_alone(X, Y, coef, together.gap)
