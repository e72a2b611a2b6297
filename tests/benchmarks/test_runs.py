"""The benchmark's own arithmetic: what it shows is what was measured, and who lost is told."""

import json

import numpy as np
import pytest

from benchmarks.__main__ import HEADLINE, MANY
from benchmarks.contenders import CONTENDERS
from benchmarks.data import Hard
from benchmarks.data.hostile import FEATURES, KINDS, plain
from benchmarks.data.problems import PROBLEMS, chosen
from benchmarks.data.r_tables import of_table
from benchmarks.judge import Objective, gap, store
from benchmarks.judge.reference import minimise
from benchmarks.questions import (
    compare,
    growth,
    hostile,
    inference,
    many,
    memory,
    overhead,
    tables,
)
from benchmarks.report import exact_fits, figures, table
from benchmarks.report.rst import restructured

ENGINE = store.load("engine", store.SHOWN)


def contender(seconds, limit=10.0):
    times = dict(zip(("0.0001", "1e-06", "1e-09"), (seconds,) * 3, strict=True))
    return {"seconds": times, "limit": limit, "facts": {}, "setting": None, "best_gap": 1e-9}


def result(**times):
    named = {name.replace("_", " "): contender(t) for name, t in times.items()}
    return {
        "title": "a problem",
        "group": "large",
        "floor": 0.1,
        "asked": None,
        "asked_lbfgs": None,
        "machine": {"cores": "2", "processor": "some"},
        "contenders": named,
        "left_out": {},
    }


def test_ratios_are_to_the_best_other():
    one = result(logitron=2.0, sklearn_lbfgs=10.0, glum_irls=4.0, null=None)
    assert table.ratio(one, "logitron", table.others(one)) == ("2.00x", 2.0)
    nobody = result(logitron=2.0, sklearn_lbfgs=None)
    assert table.ratio(nobody, "logitron", table.others(nobody)) == (">5.0x", 5.0)
    never = result(logitron=None, sklearn_lbfgs=1.0)
    assert table.ratio(never, "logitron", table.others(never)) is None


def test_the_headline_says_who_and_whether_anybody_arrived():
    results = {"a": result(logitron=2.0, sklearn_lbfgs=10.0, glum_irls=4.0)}
    assert table.headline(results).splitlines()[1].split()[2:] == [
        "2",
        "4",
        "2.00x",
        "glum",
        "irls",
    ]
    results = {"a": result(logitron=2.0, sklearn_lbfgs=None), "b": result(logitron=1.0, null=None)}
    (_, line) = table.headline(results).splitlines()
    assert line.split()[2:] == ["2", ">10", ">5.0x", "nobody"]


@pytest.mark.skipif(not memory.STATUS.exists(), reason="peaks begin anew on Linux only")
def test_a_peak_is_what_was_held_at_once():
    before = memory.peak(anew=True)
    held = np.ones(20_000_000)
    del held
    assert memory.peak() - before >= 0.9 * 20_000_000 * 8 / 1024
    assert memory.peak(anew=True) - before < 0.1 * 20_000_000 * 8 / 1024


def test_losses_are_told_with_their_reason():
    results = {"C": result(logitron=2.0, sklearn_lbfgs=1.0), "D@1": result(logitron=1.0, x=2.0)}
    text = exact_fits.losses(results)
    assert "sklearn lbfgs is 2.0 times faster" in text
    assert "Why: " in text
    assert text.count("times faster") == 1
    assert exact_fits.losses({"D@1": results["D@1"]}) == "Nowhere.\n"
    never = {"C": result(logitron=None, sklearn_lbfgs=1.0)}
    assert "sklearn lbfgs arrives, logitron does not" in exact_fits.losses(never)
    nobody = {"C": result(logitron=None, sklearn_lbfgs=None)}
    assert exact_fits.losses(nobody) == "Nowhere.\n"


@pytest.mark.parametrize("name", ENGINE)
def test_every_problem_that_another_wins_has_a_reason(name):
    one = ENGINE[name]
    value = exact_fits.times(one) if name in exact_fits.compared(ENGINE) else None
    assert value is None or value >= 1.0 or exact_fits.reason(name, one)


def test_problems_that_are_shown_exist():
    assert set(figures.DESCENTS) <= set(PROBLEMS)
    assert chosen(list(HEADLINE))
    assert chosen(list(compare.DEFAULT))
    assert set(MANY) <= set(many.PROBLEMS)
    assert any(who.headline for who in CONTENDERS.values())


def test_tables_of_markdown_become_restructured_text():
    text = restructured("Words.\n\n| a | b |\n|---|---|\n| 1 |  |\n\n- one\n- two\n")
    assert text == (
        "Words.\n\n.. list-table::\n   :header-rows: 1\n\n   * - a\n     - b\n   * - 1\n     -\n\n"
        "- one\n- two\n"
    )


def test_slopes_are_of_the_larger_sizes():
    sizes = [1, 10, 100, 1000]
    assert growth.slope(sizes, [5.0, 1.0, 100.0, 10_000.0]) == 2.0
    assert growth.slope(sizes, [None, 1.0, 10.0, None]) == 1.0
    assert growth.slope(sizes, [None, None, 1.0, None]) is None


def test_growth_changes_one_size():
    for axis, (_, sizes) in growth.AXES.items():
        place = "npK".index(axis)
        for size, shape in sizes.items():
            assert shape[place] == size
        others = {shape[:place] + shape[place + 1 :] for shape in sizes.values()}
        assert len(others) == 1


def test_the_turn_of_a_revision_does_not_matter_to_its_ratio():
    found = {"new": {"seconds": [1.0, 2.0, 9.0]}, "old": {"seconds": [2.0, 4.0, 4.5]}}
    assert compare.ratio(found, "new", "old") == 0.5
    found = {"new": {"seconds": [None, 2.0]}, "old": {"seconds": [1.0, 4.0]}}
    assert compare.ratio(found, "new", "old") == 0.5
    found["new"]["seconds"] = [None, None]
    assert compare.ratio(found, "new", "old") is None


def test_results_are_kept_entry_by_entry(tmp_path, monkeypatch):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    store.merge("some", {"a": {"x": 1}, "b": {"x": 2}})
    store.merge("some", {"b": {"x": 3}})
    assert store.load("some") == {"a": {"x": 1}, "b": {"x": 3}}
    assert len((tmp_path / "some.json").read_text().splitlines()) == 4
    assert store.load("other") == {}
    assert json.loads((tmp_path / "some.json").read_text())["a"] == {"x": 1}


def test_only_the_best_points_are_drawn():
    points = [(3.0, 1e-3), (1.0, 1e-1), (2.0, 1e-1), (4.0, 1e-2)]
    assert figures.best_by_time(points) == [(1.0, 1e-1), (3.0, 1e-3)]


def test_typical_times_are_by_turns():
    order = []
    calls = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    found = overhead.typical(calls, 3)
    assert order == ["a", "b"] * 3
    assert set(found) == {"a", "b"}


def test_standard_errors_are_compared_with_those_of_statsmodels():
    pytest.importorskip("statsmodels")
    found = inference.of_shape(200, 2, 3, repeats=1)
    assert found["difference"] < 1e-4
    assert min(found["seconds"].values()) > 0.0
    assert "statsmodels" in inference.table({"few": found})


@pytest.mark.parametrize("trouble", ["separable", "collinear", "unscaled", "imbalanced"])
def test_the_judges_optimum_is_proven(trouble):
    """And the judge can tell an answer that is a little off."""
    X, y = Hard(trouble, seed=8, rows=4000, features=10).load()
    objective = Objective.of(X, y, 1.0)
    V, found = minimise(objective)
    assert found.bound <= 1e-11
    assert abs(gap(objective, found.value, V[:-1].T, V[-1])) <= 1e-10
    assert gap(objective, found.value, 1.01 * V[:-1].T, V[-1]) > 1e-9
    assert gap(objective, found.value, np.zeros_like(V[:-1].T), V[-1]) > 1e-3


def test_features_of_tables_come_as_they_are():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(
        {
            "year": [1990 + i for i in range(30)],
            "income": [1e5 * i for i in range(29)] + [None],
            "kind": ["a", "b", "c"] * 10,
            "name": [f"n{i}" for i in range(30)],
            "answer": [i % 2 for i in range(30)],
        }
    )
    (kind, *_), (answer, X, y) = of_table(table)
    assert (kind, answer) == ("kind", "answer")
    assert X.shape == (29, 5)  # the year, the income and three kinds; no names, no missing row
    assert X[3].tolist() == [1993.0, 3e5, 1.0, 0.0, 0.0]
    assert y.tolist() == [i % 2 for i in range(29)]


def test_what_tables_broke_is_told_in_80_columns():
    one = {
        **{"title": "raw float32, C=1", "fits": 1289, "converged": 1200, "unconverged": 9},
        **{"separated": 0, "worst_gap": 1e-9, "seconds": 123.4, "broken": {"silent": 2}},
    }
    text = tables.table({"float32": one})
    assert max(map(len, text.splitlines())) <= 80
    assert tables.LAW["silent"] in text
    assert "broken: nothing" in tables.table({"float32": one | {"broken": {}}})


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_problems_are_what_they_are_called(kind):
    problem = KINDS[kind](np.random.default_rng(0), 3)
    assert np.isfinite(problem.X).all()
    assert problem.X.dtype == ("float32" if kind.startswith("float32") else "float64")
    assert len(np.unique(problem.y)) == 3
    assert hostile.exists(problem, problem.y) == ("separated" not in kind)


def test_a_wrong_answer_to_a_hostile_problem_is_seen():
    problem = plain(np.random.default_rng(0), 2)
    zero = np.zeros((1, FEATURES)), np.zeros(1)
    assert "converged with a gap" in hostile.judged(problem, problem.y, zero, True, 1e-9)
    assert "a bound of" in hostile.judged(problem, problem.y, zero, False, 1e-9)
    assert hostile.judged(problem, problem.y, zero, False, np.inf) == "honest"
    text = hostile.table(
        {"kind": {"tried": 1, "right": 0, "honest": 0, "wrong": 1, "examples": []}}
    )
    assert max(map(len, text.splitlines())) <= 80
