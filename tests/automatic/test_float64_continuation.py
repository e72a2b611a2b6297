"""Groups that go on in float64 from where float32 left them: against optima by Newton's method."""

import numpy as np
import pytest

from logitron.automatic import AutomaticSolver, plan_of
from logitron.automatic.float64_continuation import continue_in_float64
from logitron.backend import ArrayContext
from logitron.estimators.fitting import Settings
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.reductions import centre
from tests.backends import host
from tests.reference import reference

N, P, T, C = 240, 160, 3, 1e3


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(N, P)) * np.arange(1, P + 1) ** -0.5).astype(np.float32)
    Y = (X @ rng.normal(size=(P, T)) + 0.3 * rng.logistic(size=(N, T)) > 0).astype(np.int8)
    return X, Y, [reference(X, Y[:, t], C=C).value for t in range(T)]


def objective_of(X, Y):
    context = ArrayContext.named("numpy", precision="float32")
    rows = make_training_rows(context, X, Y)
    return Objective.over(rows, groups=T, penalty=1.0 / C, index=GroupIndex(np.arange(T)))


def test_some_groups_go_on_and_others_stay(problem):
    X, Y, best = problem
    objective = centre(objective_of(X, Y))
    plan = plan_of(objective)
    rough = AutomaticSolver(plan, max_iter=12).minimize(objective, objective.start())
    objective, before = rough.objective, rough.solution
    groups, seen = np.asarray([0, 2]), []
    solver = AutomaticSolver(plan, tol=1e-5, warm=True)

    def callback(iteration):
        seen.append((iteration.number, [part.shape for part in iteration.parameters()]))

    after = continue_in_float64(objective, before, groups, solver, callback)
    value = host(objective.in_float64().evaluate(after.theta).value)
    for group in groups:
        assert value[group] == pytest.approx(best[group], rel=1e-9)
        assert after.loss_curve[-1, group] == pytest.approx(best[group], rel=1e-9)
        assert after.loss_curve[-1, group] - after.gap[group] <= best[group] * (1.0 + 1e-12)
        assert after.n_iter[group] > before.n_iter[group]
    assert (host(after.theta)[1] == host(before.theta)[1]).all()
    assert after.n_iter[1] == before.n_iter[1]
    assert seen[0] == (before.n_iter[groups].max() + 1, [(T, P), (T,)])


def test_lower_bounds_of_the_optima_judge_stored_coefficients(problem):
    X, Y, best = problem
    fit = Settings("auto", 1e-4, stored="float32").minimize(objective_of(X, Y), (None, None))
    lower = fit.lower_bounds
    assert np.isfinite(lower).any()
    assert (lower <= np.asarray(best) * (1.0 + 1e-12)).all()
    coef, intercept = (part.astype(np.float32) for part in map(host, fit.parameters))
    verdict = fit.judge(coef, intercept)
    assert verdict.certified.all()
    Z = X.astype(float) @ coef.T.astype(float) + intercept.astype(float)
    stored = np.logaddexp(0.0, -(2.0 * Y - 1.0) * Z).sum(axis=0)
    stored += (coef.astype(float) ** 2).sum(axis=1) / (2.0 * C)
    assert (stored / best - 1.0 <= verdict.suboptimality * (1.0 + 1e-6) + 1e-12).all()
