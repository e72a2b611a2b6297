"""The question about L1 penalties: its data, its judge, its ladders and its tables."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression as Sklearn

from benchmarks.contenders.l1_fits import L1_CONTENDERS, LogitronL1
from benchmarks.data.correlated import Correlated
from benchmarks.data.l1_problems import L1, L1Problem
from benchmarks.judge import store
from benchmarks.judge.cpu_time import AVAILABLE, climbed
from benchmarks.judge.elastic_net import ElasticNetObjective
from benchmarks.questions import l1
from benchmarks.report import l1_fits
from benchmarks.report.rst import restructured
from tests.checks import RELEASE

TINY = Correlated(60, 6, 0.5, 3, 1.0, seed=1)
PROBLEMS = {
    "one": L1Problem("60 x 6", TINY, (0.5,), fit_intercept=False),
    "softmax": L1Problem("K=3", replace(TINY, classes=3), (0.5,), l1_ratio=0.5),
    "targets": L1Problem("3 targets", replace(TINY, targets=3), (0.5,)),
    "folds": L1Problem("2 Cs x 3 folds", TINY, (0.2, 0.5), folds=3),
}


def drawn(classes, *, sparse=False):
    rng = np.random.default_rng(classes)
    X, y = rng.standard_normal((50, 4)), rng.integers(0, classes, 50)
    return (csr_array(X) if sparse else X), y, 1 if classes == 2 else classes


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("sparse", [False, True])
def test_the_judges_value_is_that_of_its_formula_and_gradient(classes, sparse):
    """The losses by another formula, and the gradient by differences."""
    X, y, m = drawn(classes, sparse=sparse)
    judge = ElasticNetObjective(X, y, 0.3, m, l1_ratio=0.6)
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((4, m)), rng.standard_normal(m)
    Z = np.asarray(X @ W + b)
    Z = np.hstack([np.zeros((50, 1)), Z]) if m == 1 else Z
    losses = np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(50), y]
    penalty = (0.6 * np.abs(W).sum() + 0.2 * (W**2).sum()) / 0.3
    value, by_coef, by_intercept = judge.value_and_gradient(W, b)
    assert value == pytest.approx(losses.sum() + penalty, rel=1e-13)
    assert judge.value(W, b) == pytest.approx(value, rel=1e-14)

    def smooth(V):
        return judge.value(V[:-1], V[-1]) - judge.penalty(V[:-1])

    V, step = np.vstack([W, b]), 1e-5
    for place in np.ndindex(V.shape):
        change = np.zeros_like(V)
        change[place] = step
        slope = (smooth(V + change) - smooth(V - change)) / (2 * step)
        expected = np.vstack([by_coef, by_intercept])[place]
        assert slope == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_judge_proves_scikit_learns_optimum_and_no_other(classes, l1_ratio, fit_intercept):
    X, y, m = drawn(classes)
    C = 0.3
    judge = ElasticNetObjective(X, y, C, m, l1_ratio, fit_intercept)
    settings = {"C": C, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    if RELEASE < (1, 8):  # l1_ratio needed this name beside it
        settings["penalty"] = "elasticnet"
    model = Sklearn(solver="saga", tol=1e-12, max_iter=20_000, random_state=0, **settings)
    model.fit(X, y)
    W, b = model.coef_.T, np.broadcast_to(model.intercept_, (m,))
    least = judge.value(W, judge.with_best_intercepts(W, b) if fit_intercept else b)
    assert 0.0 <= judge.bound(W, b) + 1e-14 <= 1e-9
    rng = np.random.default_rng(1)
    for size in (1e-3, 0.1, 1.0):  # the bound of any other point covers its distance
        other = W + size * rng.standard_normal(W.shape)
        value = judge.value(other, b)
        assert judge.bound(other, b) >= (value - least) / value - 1e-12
        assert value > least


def test_neighbours_are_correlated_and_neurons_are_sparse():
    data = Correlated(4000, 30, 0.7, 5, 1.0, seed=3, classes=4)
    X, y = data.load()
    found = np.corrcoef(X.T)
    expected = 0.7 ** np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
    assert np.abs(found - expected).max() < 5.0 / np.sqrt(4000)
    assert set(np.unique(y)) == set(range(4))
    assert replace(data, targets=3).load()[1].shape == (4000, 3)


def test_folds_hold_out_each_row_once():
    problem = PROBLEMS["folds"]
    X, y = problem.data.load()
    splits = problem.splits(60)
    assert np.array_equal(np.sort(np.concatenate([out for _, out in splits])), np.arange(60))
    paths = problem.paths(X, y)
    assert [len(path.y) for path in paths] == [40] * 3
    assert all(np.array_equal(path.y, y[path.rows]) for path in paths)


def long_calls_are_ended_and_the_rest_is_kept():
    def fit(tol):
        while tol < 1e-2:  # does not end
            pass
        return tol

    rungs, why = climbed(fit, gap=lambda found: found, goal=1e-6, limit=0.1)
    assert why == "time"
    assert [(rung["tol"], rung["gap"]) for rung in rungs] == [(0.1, 0.1), (0.01, 0.01)]


def ladders_end_at_goals_without_progress_and_at_failures():
    rungs, why = climbed(lambda tol: tol, lambda found: found, goal=1e-3, limit=5.0)
    assert (why, len(rungs), rungs[-1]["gap"]) == ("goal", 3, 1e-3)
    rungs, why = climbed(lambda tol: 1.0, lambda found: found, goal=1e-3, limit=5.0)
    assert (why, len(rungs)) == ("stalled", 6)
    rungs, why = climbed(lambda tol: 1 / 0, lambda found: found, goal=1e-3, limit=5.0)
    assert (rungs, why) == ([], "ZeroDivisionError: division by zero")


def tiny_problems_are_measured():
    who = ("logitron", "liblinear", "saga")
    results = l1.measured(PROBLEMS, who)
    assert store.load("l1") == json.loads(json.dumps(results))
    assert set(results) == set(PROBLEMS)
    for one in results.values():
        assert one["proven"] <= 1e-9
        for name in ("logitron", "saga"):
            assert one["contenders"][name]["ended"] == "goal"
            assert one["contenders"][name]["gap"] <= l1.GOAL
    assert results["softmax"]["left_out"] == {"liblinear": "has no softmax"}
    folds = results["folds"]
    assert folds["fits"] == folds["contenders"]["logitron"]["fitted"] == 6
    assert folds["contenders"]["saga"]["fitted"] == 2
    assert folds["contenders"]["saga"]["limit"] == 3 * PROBLEMS["folds"].limit


@pytest.mark.skipif(not AVAILABLE, reason="no forks or timers of CPU time here")
def test_calls_in_forks(tmp_path):
    """In a process without the threads of other tests' libraries, which forks would not have."""
    checks = (
        long_calls_are_ended_and_the_rest_is_kept,
        ladders_end_at_goals_without_progress_and_at_failures,
        tiny_problems_are_measured,
    )
    calls = "; ".join(f"found.{check.__name__}()" for check in checks)
    ran = subprocess.run(
        [sys.executable, "-c", f"import tests.benchmarks.test_l1 as found; {calls}"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, store.VARIABLE: str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_celer_has_the_same_optimum():
    who = L1_CONTENDERS["celer"]
    pytest.importorskip("celer", reason="an optional contender")
    problem = PROBLEMS["one"]
    X, y = problem.data.load()
    judge = l1.Judge(X, y, problem)
    ours, theirs = LogitronL1(), who()
    ours.prepare(X, y, problem)
    theirs.prepare(X, y, problem)
    assert judge.learn(ours.fit(1e-6)) <= 1e-9
    assert judge.gap(theirs.places, theirs.fit(1e-12)) <= 1e-9
    (((W, b),),) = theirs.fit(1e-12)
    assert judge.gap([0], [[(1.01 * W, b)]]) > 1e-9


def outcome(seconds, gap=1e-9, ended="goal", fitted=100):
    made = {"seconds": seconds, "gap": gap, "tol": 1e-5, "ended": ended, "fitted": fitted}
    made |= {"limit": 10.0}
    return made | {"rungs": [[1e-4, 1.0, 100 * gap], [1e-5, 1.0, gap]]}


def test_tables_are_made_from_results():
    result = {
        **{"title": "a problem", "shape": [60, 6], "fits": 100, "nonzeros": [3, 3]},
        **{"proven": 2e-12, "left_out": {"celer": "has no intercept"}},
        "machine": {"cores": "2", "processor": "some"},
        "contenders": {
            "logitron": outcome(2.0),
            "skglm": outcome(1.0),
            "liblinear": outcome(None, 3e-4, "stalled", 20),
            "saga": outcome(None, 0.5, "time"),
        },
    }
    text = l1_fits.table({"one": result})
    assert max(map(len, text.splitlines())) <= 80
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[2:]}
    assert rows["skglm"][0] == "1"
    assert "0.5x" in rows["skglm"]
    assert rows["liblinear"][0] == "never"
    assert rows["liblinear"][-3:] == ["stalled,", "20", "made"]
    assert rows["saga"][0] == ">10"
    assert rows["saga"][-2:] == ["5e+01", "time"]
    assert ">5x" in rows["saga"]
    assert rows["celer"] == ["left", "out:", "has", "no", "intercept"]
    page = l1_fits.l1({"one": result})
    assert "| a problem | 2 | 1 | (3e-04) | >10 (5e-01) | 0.5x |" in page
    assert "within 2e-12 of the optimum" in page
    assert "2 cores (some)" in page
    assert page.endswith("\n\n- a problem: liblinear 0.03, saga 50\n")
    assert ".. list-table::" in restructured(page)
    result["contenders"]["logitron"] = outcome(None, 1e-3, "ladder")
    assert "does not arrive" in l1_fits.l1({"one": result})
    del result["contenders"]["skglm"]
    result["contenders"]["logitron"] = outcome(2.0)
    assert l1_fits.faster(result) == "alone"


def test_stored_results_are_of_the_problems():
    stored = store.load("l1", store.SHOWN)
    assert set(stored) <= set(L1)
    for name, one in stored.items():
        assert one["title"] == L1[name].title
        assert one["proven"] <= l1.SLACK
        assert max(map(len, l1_fits.table({name: one}).splitlines())) <= 80
        for found in one["contenders"].values():
            assert (found["seconds"] is not None) == (found["gap"] <= l1.GOAL)
    assert any(problem.quick for problem in L1.values())
