"""The hard regime: its data are what they are called, its question tells times and honesty."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.data import Bundled, Separable, glyphs, separable_labels
from benchmarks.data.few_shot import FewShot
from benchmarks.data.glyphs import CHARACTERS, SIDE, Glyphs, alphabet, fonts
from benchmarks.data.problem import Problem
from benchmarks.data.problems import PROBLEMS, chosen
from benchmarks.data.separable_problems import GROUPS, SEPARABLE, few_shot
from benchmarks.data.texts import TextTopics
from benchmarks.judge import Objective, rates, reference, store
from benchmarks.judge.reference import minimise
from benchmarks.judge.separation import separation
from benchmarks.judge.threads import Setting
from benchmarks.questions import many, regime, separable
from benchmarks.report import exact_fits, regime_fits

SMALL = Separable(120, 40, 5, margin=0.5, seed=1)
#: logitron, one of scikit-learn's solvers, one that is left out, and one that needs no package
WHO = ("logitron", "sklearn newton-cg", "sklearn newton-cholesky")

#: Seconds where logitron is not the fastest
WINNER = {"logitron": 2.0, "sklearn lbfgs": 0.5, "torch lbfgs": None}

needs_fonts = pytest.mark.skipif(Glyphs().missing() is not None, reason="no fonts to draw")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The question, asked about a tiny problem of 101 features."""
    data = Separable(60, 101, 40, margin=0.5, seed=2)
    problem = Problem("tiny", "60 x 101, K=40, C=100", "apart", data, 100.0, limit=10.0)
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("results")
        patch.setenv(store.VARIABLE, str(folder))
        patch.setattr(reference, "CACHE", folder / "optima")
        patch.setattr(rates, "SHAPE", (1000, 50))  # (any will do, and 400 MB take seconds)
        found = separable.measured([problem], WHO, rounds=1)
        assert store.load("separable") == json.loads(json.dumps(found))
    return found


# --- data -----------------------------------------------------------------------------------------


def test_separable_embeddings_are_separable():
    X, y = SMALL.load()
    assert X.shape == (120, 40)
    assert len(np.unique(y)) == 5
    for k in range(5):
        assert separation(X, (y == k).astype(int)) == "complete"
    mixed, labels = Separable(400, 3, 2, margin=0.1, seed=1).load()
    assert separation(mixed, labels) == "overlap"


def test_a_seed_draws_the_same_embeddings():
    X, y = SMALL.load()
    again, labels = SMALL.load()
    other, _ = Separable(120, 40, 5, margin=0.5, seed=2).load()
    assert (again == X).all()
    assert (y == labels).all()
    assert not (other == X).any()


def test_deviations_of_embeddings_fall_as_they_say():
    """Within a class, of which the covariance has eigenvalues ``j ** -1.4``."""
    X, y = Separable(40_000, 8, 2, margin=2.0, seed=3).load()
    inside = X - np.stack([X[y == k].mean(axis=0) for k in range(2)])[y]
    found = np.sqrt(np.linalg.eigvalsh(inside.T @ inside / len(X))[::-1])
    np.testing.assert_allclose(found / found[0], np.arange(1.0, 9.0) ** -0.7, rtol=0.03)
    assert np.sqrt((found**2).sum()) == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize("shots", [1, 4, 16])
def test_few_shots_are_so_many_rows_a_class(shots):
    (problem,) = (p for p in few_shot(10, 32, (1.0,), 1.0) if f"x{shots}@" in f"{p.name}@")
    X, y = problem.data.load()
    assert X.shape == (10 * shots, 32)
    assert (np.bincount(y) == shots).all()


def test_labels_are_rare_and_hardly_overlap():
    X, Y = separable_labels(400, 60, 7, seed=4)
    assert X.shape == (400, 60)
    assert Y.shape == (400, 7)
    shares = Y.mean(axis=0)
    assert ((shares > 0.01) & (shares < 0.55)).all()
    assert len(set(shares)) > 3
    assert any(separation(X, y) == "complete" for y in Y.T.astype(int))
    assert (separable_labels(400, 60, 7, seed=4)[1] == Y).all()


class Given:
    """A data set of ten rows: six of class 0, three of class 1, one of class 2."""

    def missing(self):
        return None

    def load(self):
        return np.arange(20.0).reshape(10, 2), np.array([0, 1, 0, 1, 0, 2, 0, 1, 0, 0])


def test_a_few_rows_of_each_class_are_drawn():
    X, y = FewShot(Given(), 2).load()
    everything, labels = Given().load()
    assert np.bincount(y).tolist() == [2, 2, 1]
    for row, label in zip(X, y, strict=True):
        (place,) = np.flatnonzero((everything == row).all(axis=1))
        assert labels[place] == label
    assert (FewShot(Given(), 2).load()[0] == X).all()
    assert any((FewShot(Given(), 2, seed).load()[0] != X).any() for seed in (1, 2, 3))


@needs_fonts
def test_every_font_draws_letters_of_its_own():
    files = fonts()
    assert len(files) >= 16
    for path in files:
        pictures = alphabet(path)
        assert pictures.shape == (len(CHARACTERS), SIDE, SIDE)
        assert len({picture.tobytes() for picture in pictures}) >= 60
        assert (pictures > 127).any(axis=(1, 2)).all()


@needs_fonts
def test_glyphs_have_a_row_for_each_letter_and_font():
    X, y = Glyphs(filters=3).load()
    assert X.shape == (62 * len(fonts()), 12)
    assert (np.bincount(y) == len(fonts())).all()
    assert (X >= 0.0).all()
    assert (Glyphs(filters=3).load()[0] == X).all()
    assert "'matplotlib': '" in repr(Glyphs())


def test_packages_that_are_missing_are_told(monkeypatch):
    monkeypatch.setattr(glyphs, "lacking", lambda *modules: [modules[0]])
    assert Glyphs().missing() == "matplotlib not installed"
    assert FewShot(Glyphs(), 4).missing() == "matplotlib not installed"
    with pytest.raises(ModuleNotFoundError, match="matplotlib not installed"):
        FewShot(Glyphs(), 4).load()
    assert FewShot(TextTopics(3, ("nowhere",)), 4).missing() == "nowhere not installed"


# --- the catalogue --------------------------------------------------------------------------------


def test_the_regime_has_to_be_named():
    assert not set(SEPARABLE) & set(PROBLEMS)
    assert not {p.name for p in chosen(["all"])} & set(SEPARABLE)
    assert [p.name for p in chosen(["few10x4"])] == ["few10x4@1"]
    assert {p.group for p in SEPARABLE.values()} == set(GROUPS)
    assert {p.name for group in GROUPS for p in chosen([group])} == set(SEPARABLE)
    assert len({p.key for p in SEPARABLE.values()}) == len(SEPARABLE)
    assert max(len(p.title) for p in SEPARABLE.values()) <= 30  # the width in the table


def test_the_protocol_is_a_sweep_of_45_penalties(monkeypatch):
    arrays = SMALL.load()
    monkeypatch.setattr(Separable, "load", lambda self: arrays)
    for name in ("protocol-apart20", "protocol-apart100"):
        work = many.PROBLEMS[name]()
        assert len(work.columns) == 45
        assert pytest.approx((1e-6, 1e5)) == (work.columns[0].C, work.columns[-1].C)
        assert {way.part for way in work.ways} == {None}
        assert [way.name for way in work.ways][:2] == ["logitron", "loop, lbfgs, 100 iterations"]


# --- the reference --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "C"),
    [
        (SMALL, 1e6),
        (Separable(80, 60, 20, margin=0.5, seed=5, balanced=True), 1e4),
        (Separable(50, 300, 2, margin=0.5, seed=6), 1e6),
        (Bundled("iris", "standardised"), 1e6),
    ],
    ids=["classes", "few-shot", "wide", "overlap"],
)
def test_optima_of_the_regime_are_proven(data, C):
    """By conjugate gradients too, which the second one is large enough for."""
    objective = Objective.of(*data.load(), C)
    V, found = minimise(objective)
    assert found.bound <= 1e-11
    assert objective.value(0.999 * V[:-1], V[-1]) > found.value


@pytest.mark.parametrize("columns", [1, 3])
def test_losses_far_inside_a_class_keep_their_digits(columns):
    """Of logits 40 apart the loss is ``exp(-40)``, for each other class once."""
    X, y = np.array([[1.0], [-1.0]]), np.array([1, 0])
    W = np.array([[40.0]]) if columns == 1 else np.array([[-20.0, 20.0, 0.0]])
    found = Objective(X, y, 1.0, columns).losses(X @ W, y)
    expected = np.exp(-40.0) if columns == 1 else np.exp(-40.0) + np.exp(-20.0)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


# --- the question ---------------------------------------------------------------------------------


def test_a_tiny_problem_has_times_and_reports(results):
    one = results["tiny"]
    assert set(one["contenders"]) == {"logitron", "sklearn newton-cg"}
    assert "4000 rows" in one["left_out"]["sklearn newton-cholesky"]
    assert one["contenders"]["logitron"]["seconds"]["1e-06"] > 0.0
    assert one["contenders"]["logitron"]["ended"] == "goal"
    default = one["default"]
    reports = {"converged", "certified", "bound", "gap"}
    assert set(default) == {"seconds", "iterations", "passes", *reports}
    assert default["converged"]
    assert default["certified"]
    assert default["gap"] <= 1e-8
    assert one["shape"] == [60, 101]


def test_a_fit_that_stops_early_is_told_as_it_is(monkeypatch):
    X, y = SMALL.load()
    objective = Objective.of(X, y, 1e4)
    _, best = minimise(objective)
    model = regime.LogisticRegression
    monkeypatch.setattr(regime, "LogisticRegression", lambda C: model(C=C, max_iter=1))
    told = regime.default_fit(objective, best.value, Setting(1, 1))
    assert not told["converged"]
    assert told["gap"] > 1e-4


def test_tables_fit_a_terminal(results):
    text = regime_fits.table(results, regime_fits.SEPARABLE)
    assert max(map(len, text.splitlines())) <= 80
    assert GROUPS["apart"] in text
    assert "60 x 101, K=40, C=100" in text
    assert f"{results['tiny']['default']['gap']:.0e}" in text


def test_the_page_tells_what_was_not_certified(results):
    text = regime_fits.separable(results)
    (line,) = (line for line in text.splitlines() if line.startswith("| 60 x 101"))
    assert line.endswith("| certified |")
    assert "1 fits with default parameters, 1 are certified" in text
    one = results["tiny"]
    failed = one | {"default": one["default"] | {"certified": False, "converged": False}}
    assert "| NOT converged |" in regime_fits.separable({"tiny": failed})
    assert "!" in regime_fits.row(failed, regime_fits.SEPARABLE)


def test_who_is_faster_is_told(results):
    one = results["tiny"]
    times = {who: {"seconds": {"1e-06": s}, "limit": 9.0} for who, s in WINNER.items()}
    text = regime_fits.separable({"tiny": one | {"contenders": times}})
    assert "On 0 of these 1 problems" in text
    assert "- 60 x 101, K=40, C=100: sklearn lbfgs is 4.00 times faster" in text
    times["sklearn lbfgs"] = times["torch lbfgs"]
    assert "Others are faster" not in regime_fits.separable({"tiny": one | {"contenders": times}})


def test_a_sentence_counts_both_regimes(results):
    assert exact_fits.regimes({}, {}) == ""
    told = exact_fits.regimes(results, results)
    first = int(regime_fits.ahead(results["tiny"], regime_fits.SEPARABLE))
    assert f", on {first} of 1 with few rows" in told
    assert told.endswith(" of 1 with sparse features")


def test_problems_that_were_measured_so_are_left_out(results):
    name, stored = next(iter(results.items()))
    settings, contenders = stored["settings"], tuple(stored["contenders"])
    asked = regime.Asked(contenders, settings["rounds"], settings["limit"])
    problem = Problem(name, "", "apart", SMALL, 1.0, limit=settings["limit"])
    assert asked.unmeasured([problem], results) == []
    assert replace(asked, limit=None).unmeasured([problem], results) == []
    assert replace(asked, contenders=contenders[:1]).unmeasured([problem], results) == []
    assert asked.unmeasured([problem], {}) == [problem]
    assert asked.unmeasured([problem], {name: stored | {"package": "another"}}) == [problem]
    for other in ({"limit": 99.0}, {"rounds": 7}, {"contenders": (*contenders, "another")}):
        assert replace(asked, **other).unmeasured([problem], results) == [problem]
