"""Groups that are fitted one at a time: their order, their answers, and what stops them."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.automatic.one_by_one import alone, chains, extrapolated, minimize_one_by_one
from logitron.backend import ArrayContext
from logitron.data import wrap
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.solvers import Solution, Status
from tests.backends import host
from tests.documents import documents
from tests.tolerances import assert_near

NUMPY = ArrayContext.named("numpy")


def _objective(eager, classes, *, penalty=(1.0, 4.0, 2.0, 1.0)):
    X, _ = documents(60, 250)
    rng = np.random.default_rng(0)
    targets = rng.integers(max(classes, 2), size=(60, 2)).astype(np.int8)
    weights, counts = rng.uniform(size=60), rng.integers(3, size=(60, 2)).astype(float)
    context = eager.context()
    rows = make_training_rows(context, wrap("X", X), targets, weights, counts, width=4 * classes)
    part = [context.asarray(np.asarray(v), keep_dtype=True) for v in ([0, 0, 1, 1], [1, 1, 1, 0])]
    index = GroupIndex(target=part[0], weight=part[0], subset=part[1])
    return Objective.over(rows, groups=4, classes=classes, penalty=np.asarray(penalty), index=index)


def test_chains_differ_in_their_penalty_alone(eager):
    with eager.context().scope():
        found = chains(_objective(eager, 1))
    assert found == [[1, 0], [2], [3]]


@pytest.mark.parametrize("classes", [1, 3])
def test_a_group_alone_is_what_it_is_among_others(eager, classes):
    with eager.context().scope():
        objective = _objective(eager, classes)
        theta = np.random.default_rng(1).normal(size=objective.shape)
        whole = objective.evaluate(objective.context.asarray(theta))
        for group in range(4):
            one = alone(objective, group)
            found = one.evaluate(one.context.asarray(theta[group : group + 1]))
            for part in ("value", "grad", "intercept_hessian"):
                mine, all_of_them = getattr(found, part), getattr(whole, part)
                expected = host(all_of_them)[group : group + 1]
                assert_near(host(mine), expected, eager.precision, 60, growth=64)


def test_neighbours_begin_where_the_last_one_ended():
    starts = {}

    def minimize(objective, theta, callback):
        strength = float(objective.penalty.strength[0])
        starts.setdefault(strength, []).append(float(theta[0, 0, 0]))
        ones = np.ones(1)
        return Solution(theta + strength, ones.astype(int), ones.astype(int), ones[None], ones)

    class Numpy:
        library = "numpy"

        def context(self):
            return NUMPY

    objective = _objective(Numpy(), 1, penalty=(1.0, 4.0, 2.0, 8.0))
    theta = np.zeros(objective.shape)
    settings = {"interruptible": False}
    solution = minimize_one_by_one(objective, theta, minimize, warm=False, **settings)
    assert starts == {8.0: [0.0], 4.0: [0.0], 2.0: [0.0], 1.0: [4.0]}
    np.testing.assert_array_equal(solution.theta[:, 0, 0], [5.0, 4.0, 2.0, 8.0])
    starts.clear()
    minimize_one_by_one(objective, theta, minimize, warm=True, **settings)
    assert starts[1.0] == [0.0]


def test_a_line_through_two_answers_is_continued():
    rng = np.random.default_rng(0)
    at, slope = rng.normal(size=(2, 1, 3, 5))
    answers = [(size, at + size * slope) for size in (2.0, 0.5)]
    np.testing.assert_allclose(extrapolated(answers, -1.0), at - slope, rtol=1e-12)
    np.testing.assert_array_equal(extrapolated(answers[1:], -1.0), answers[1][1])
    np.testing.assert_array_equal(extrapolated([*answers, (0.5, at)], -1.0), at)
    np.testing.assert_array_equal(extrapolated(answers, -np.inf), answers[1][1])


@pytest.mark.parametrize("gap", [1e-15, 1e-9, 1e-4])
def test_nearly_equal_penalties_lead_nowhere(gap):
    """Their answers differ by what the tolerance leaves, and no line goes through that."""
    X, y = documents(600, 900, words=20)
    path = LogisticRegressionCV(Cs=[1.0, 1.0 + gap, 1e4], cv=2, refit=False).fit(X, y)
    apart = LogisticRegressionCV(Cs=[1.0, 1e4], cv=2, refit=False).fit(X, y)
    assert path.certified_.all()
    assert path.n_iter_[:, -1].max() <= 1.5 * apart.n_iter_[:, -1].max()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_callback_stops_the_groups_that_are_left(threads):
    X, y = documents(classes=6)
    Y = (y[:, None] == np.arange(6)).astype(np.int8)
    calls = []

    def stop(iteration):
        calls.append(iteration.running)
        return len(calls) == 2

    from logitron.estimators.fitting import Settings

    rows = make_training_rows(NUMPY, wrap("X", X), Y, width=6)
    objective = Objective.over(rows, groups=6, penalty=1.0)
    objective = objective.with_statistics(sum_of_squares=rows.sum_of_squares)
    with threadpool_limits(threads, user_api="blas"):
        fit = Settings("auto").minimize(objective, (None, np.zeros(6)), stop)
    stopped = fit.solution.status == Status.STOPPED
    assert 6 - threads - 2 <= stopped.sum() <= 4
    assert calls[:2] == [5, 4]
    assert np.isfinite(fit.solution.loss_curve).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_answers_do_not_depend_on_the_workers(threads):
    X, y = documents(classes=6)
    Y = ((y[:, None] - np.arange(6)) % 6 < 2).astype(np.int8)
    with threadpool_limits(threads, user_api="blas"):
        table = LogisticRegression().fit(X, Y)
    assert table.certified_.all()
    for t in range(6):
        one = LogisticRegression().fit(X, Y[:, t])
        np.testing.assert_allclose(table.coef_[t], one.coef_[0], rtol=0.0, atol=1e-12)


def test_weak_penalties_profit_from_their_neighbours():
    X, y = documents(2000, 1000, words=30)
    Cs = np.logspace(-2, 2, 9)
    path = LogisticRegressionCV(Cs=Cs, cv=2, refit=False).fit(X, y)
    alone = sum(LogisticRegression(C=C).fit(X, y).work_.passes for C in Cs)
    assert path.work_.passes <= 1.5 * alone
