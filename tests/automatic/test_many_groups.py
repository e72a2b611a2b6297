"""Many columns at once: each fitted as if it were alone, in hardly more calls than one takes."""

import numpy as np
import pytest

from logitron.automatic import AutomaticSolver, choose
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status
from tests.backends import host
from tests.reference import reference

N, P = 160, 5
METHODS = ("newton", "lbfgs")


def columns(groups, classes=1, seed=0):
    """Features, codes (n, G), 0/1 weights (n, G) and a C for each group, five decades apart."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) * [1.0, 3.0, 0.2, 1.0, 0.5] + 0.5
    W = rng.normal(size=(groups, P, max(classes, 2)))
    noise = rng.gumbel(size=(groups, N, max(classes, 2)))
    codes = np.argmax(X @ W + noise, axis=2).T
    weights = (rng.uniform(size=(N, groups)) < 0.7).astype(float)
    return X, codes, weights, 10.0 ** rng.uniform(-3.0, 2.0, size=groups)


def fit(X, codes, weights, C, *, classes=1, method="newton", tol=1e-9, context=None):
    context = context or ArrayContext.named("numpy")
    n, groups = codes.shape
    Y = codes if classes == 1 else np.eye(classes)[codes].reshape(n, -1)
    rows = make_training_rows(context, X, Y.astype(float), weights, width=groups * classes)
    objective = Objective.over(rows, groups=groups, classes=classes, penalty=1.0 / C)
    plan = choose(*X.shape, groups, classes, method=method)
    objective = centre(objective)
    return AutomaticSolver(plan, tol=tol).minimize(objective, objective.start())[:2]


def check(X, codes, weights, C, solution, objective, classes=1, allowed=1e-6):
    coef, intercept = map(host, objective.split(solution.theta))
    coef = coef.reshape(len(C), classes, -1)
    intercept = intercept.reshape(len(C), classes)
    for g in range(len(C)):
        alone = reference(X, codes[:, g], C=C[g], classes=classes, sample_weight=weights[:, g])
        shift = intercept[g].mean() if classes > 1 else 0.0
        scale = max(1.0, np.linalg.norm(alone.coef))
        assert np.linalg.norm(coef[g] - alone.coef) <= allowed * scale
        assert np.linalg.norm(intercept[g] - shift - alone.intercept) <= 10 * allowed * scale


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("groups", [1, 5, 40])
def test_each_column_has_its_own_optimum(groups, method):
    case = columns(groups)
    solution, objective = fit(*case, method=method)
    assert np.isin(solution.status, [Status.CONVERGED, Status.AT_PRECISION]).all()
    check(*case, solution, objective)


@pytest.mark.parametrize("method", METHODS)
def test_each_softmax_group_has_its_own_optimum(method):
    case = columns(3, classes=4)
    solution, objective = fit(*case, classes=4, method=method)
    assert np.isin(solution.status, [Status.CONVERGED, Status.AT_PRECISION]).all()
    check(*case, solution, objective, classes=4)


@pytest.mark.parametrize("method", METHODS)
def test_columns_end_at_different_times_and_come_back_in_order(method):
    X, codes, weights, _ = columns(12)
    C = 10.0 ** np.tile([-4.0, 3.0, -1.0, 1.0], 3)
    solution, objective = fit(X, codes, weights, C, method=method)
    assert len(set(solution.n_iter)) >= 3
    assert solution.n_iter[0] < solution.n_iter[1]
    check(X, codes, weights, C, solution, objective)
    # a column that has ended keeps its value, and its gap
    for g, count in enumerate(solution.n_iter):
        assert (solution.loss_curve[count:, g] == solution.loss_curve[count, g]).all()
    assert np.isfinite(solution.gap).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_separable_column_does_not_change_the_others(method):
    """One column that cannot be fitted ends alone: its classes are separated, without a penalty."""
    X, codes, weights, C = columns(4)
    codes[:, 2] = X[:, 1] > 0.5
    penalty = 1.0 / C
    penalty[2] = 0.0
    rows = make_training_rows(ArrayContext.named("numpy"), X, codes.astype(float), weights)
    objective = centre(Objective.over(rows, groups=4, penalty=penalty))
    plan = choose(N, P, 4, 1, method=method)
    solver = AutomaticSolver(plan, tol=1e-7)
    solution, objective, _ = solver.minimize(objective, objective.start())
    assert solution.status[2] == Status.SEPARABLE
    others = [0, 1, 3]
    assert np.isin(solution.status[others], [Status.CONVERGED, Status.AT_PRECISION]).all()
    coef, _ = objective.split(solution.theta)
    for g in others:
        alone = reference(X, codes[:, g], C=C[g], sample_weight=weights[:, g])
        distance = np.linalg.norm(coef[g] - alone.coef[0])
        assert distance <= 1e-5 * max(1.0, np.linalg.norm(alone.coef))


def test_each_column_has_its_own_optimum_on_every_backend(eager):
    if eager.name == "jax-float32":
        pytest.skip("JAX compiles for every number of columns, and this takes the way of float64")
    case = columns(3)
    with eager.context().scope():
        solution, objective = fit(*case, context=eager.context())
        allowed = 1e-6 if eager.precision == "float64" else 1e-3
        check(*case, solution, objective, allowed=allowed)


@pytest.mark.parametrize("method", METHODS)
def test_many_columns_take_hardly_more_calls_than_one(method, monkeypatch):
    from logitron.data import ArrayRows

    calls = []
    plain = ArrayRows.sum

    def counted(self, *arguments, **settings):
        calls[-1] += 1
        return plain(self, *arguments, **settings)

    monkeypatch.setattr(ArrayRows, "sum", counted)
    passes, iterations = [], []
    for groups in (1, 100):
        calls.append(0)
        X, codes, weights, _ = columns(groups)
        solution, objective = fit(X, codes, weights, np.ones(groups), method=method, tol=1e-4)
        passes.append(objective.cost.passes)
        iterations.append(int(solution.n_iter.max()))
    assert calls[1] <= 3 * calls[0]
    assert passes[1] <= 3 * passes[0]
    assert calls[1] <= iterations[1] + 5
    # what was read for the columns that were left is counted too
    assert passes[1] >= iterations[1] + 1


def test_many_columns_take_as_many_array_calls_as_one():
    """No loop over the columns hides below the sums either."""
    strict = pytest.importorskip("array_api_strict")
    counts = []
    for groups in (1, 100):
        X, codes, weights, _ = columns(groups)
        context = ArrayContext.of(strict.asarray(X))
        arguments = (X, codes, weights, np.ones(groups))
        counts.append(_python_calls(fit, *arguments, tol=1e-4, context=context))
    assert counts[1] <= 3 * counts[0]


def _python_calls(function, *arguments, **settings):
    import sys

    count = 0

    def tell(frame, event, _):
        nonlocal count
        count += event == "call" and "array_api_strict" in frame.f_code.co_filename

    sys.setprofile(tell)
    try:
        function(*arguments, **settings)
    finally:
        sys.setprofile(None)
    return count
