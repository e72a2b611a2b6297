"""Sparse features: their data, the reference, and the question about them."""

import ast
import json
from functools import cache

import numpy as np
import pytest
from scipy.sparse import issparse

from benchmarks.contenders import CONTENDERS
from benchmarks.data import saved
from benchmarks.data.problem import Problem
from benchmarks.data.problems import PROBLEMS, chosen
from benchmarks.data.separable_problems import SEPARABLE
from benchmarks.data.sparse_problems import GROUPS, SPARSE
from benchmarks.data.sparse_synthetic import ClickLog, ManyWords
from benchmarks.data.sparse_texts import DocstringWords, FunctionNames, bags_of
from benchmarks.data.texts import TextTopics
from benchmarks.judge import Objective, rates, reference, store
from benchmarks.judge.reference import minimise
from benchmarks.questions import sparse
from benchmarks.report import regime_fits

SMALL = ManyWords(400, 900, 12, seed=1)
#: logitron, two solvers that take sparse features, and one that does not
WHO = ("logitron", "sklearn newton-cg", "sklearn sgd", "sklearn liblinear", "jaxopt lbfgs")


def is_canonical(X):
    """Whether sorted indices without duplicates, and no zeros, are stored."""
    again = X.copy()
    again.sum_duplicates()
    same = np.array_equal(again.indices, X.indices) and np.array_equal(again.indptr, X.indptr)
    types = X.dtype == np.float64 and X.indices.dtype == np.int32
    return X.format == "csr" and types and same and bool((X.data != 0.0).all())


@pytest.mark.parametrize("data", [SMALL, ClickLog(300, 50, 4, seed=2)], ids=["words", "log"])
def test_drawn_features_are_sparse_and_repeat(data):
    X, y = data.load()
    again, labels = data.load()
    assert issparse(X)
    assert is_canonical(X)
    assert set(np.unique(y)) == {0, 1}
    assert (again != X).nnz == 0
    assert (y == labels).all()


def test_rows_of_words_have_length_one():
    X, _ = SMALL.load()
    np.testing.assert_allclose(np.asarray((X * X).sum(axis=1)).reshape(-1), 1.0, rtol=1e-12)


def test_a_click_has_one_category_of_each_field():
    X, _ = ClickLog(300, 50, 4, seed=2).load()
    assert X.shape == (300, 200)
    fields = X.indices.reshape(300, 4) // 50
    assert (fields == np.arange(4)).all()
    assert (X.data == 1.0).all()
    counts = np.bincount(X.indices % 50, minlength=50)
    assert counts[0] > 5 * counts[20:].max()


def test_names_are_those_in_a_function():
    code = "def f(x, y):\n    z = x.shape\n    return g(z)\n\ndef h():\n    return one\n"
    assert list(bags_of(ast.parse(code))) == [{"x", "y", "z", "shape", "g"}]


def test_functions_of_a_package_are_rows():
    X, y = FunctionNames("joblib", ("array_api_compat", "joblib")).load()
    assert is_canonical(X)
    assert (X.data == 1.0).all()
    assert (X.sum(axis=1) > 0).all()
    assert 0 < (y == 0).sum() < (y == 1).sum()
    assert "'numpy': '" in repr(FunctionNames())
    assert FunctionNames(None, ("nowhere",)).missing() == "nowhere not installed"


def test_docstrings_are_rows_of_their_words(monkeypatch):
    monkeypatch.setattr(TextTopics, "documents", cache(TextTopics.documents))  # seconds each time
    texts = TextTopics(0, ("numpy", "scipy"), fewest=16)
    X, y = DocstringWords(texts=texts).load()
    assert is_canonical(X)
    two, positive = DocstringWords("scipy", texts).load()
    assert (two != X).nnz == 0
    assert set(np.unique(positive)) == {0, 1}
    assert len(np.unique(y)) > 20
    assert np.bincount(y).min() >= 16


def test_the_regime_has_to_be_named():
    assert not set(SPARSE) & {*PROBLEMS, *SEPARABLE}
    assert not {p.name for p in chosen(["all"])} & set(SPARSE)
    assert {p.group for p in SPARSE.values()} == set(GROUPS)
    assert {p.name for group in GROUPS for p in chosen([group])} == set(SPARSE)
    assert len({p.key for p in SPARSE.values()}) == len(SPARSE)
    assert max(len(p.title) for p in SPARSE.values()) <= 30  # the width in the table


def test_a_folder_holds_one_data_set(tmp_path):
    X, y = SMALL.load()
    saved.save(tmp_path, X, y)
    found, labels = saved.load(tmp_path)
    assert (found != X).nnz == 0
    assert (labels == y).all()
    saved.save(tmp_path, X[:9].toarray(), y[:9])
    np.testing.assert_array_equal(saved.load(tmp_path)[0], X[:9].toarray())


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("C", [0.1, 1e3])
def test_sparse_optima_are_proven_and_those_of_dense_features(classes, C):
    X, _ = SMALL.load()
    y = np.random.default_rng(3).integers(0, classes, X.shape[0])
    V, found = minimise(Objective.of(X, y, C))
    _, dense = minimise(Objective.of(X.toarray(), y, C))
    assert found.bound <= reference.PROVEN
    assert found.value == pytest.approx(dense.value, rel=1e-11)
    assert Objective.of(X, y, C).value(0.99 * V[:-1], V[-1]) > found.value


def test_a_tiny_problem_is_measured(tmp_path, monkeypatch):
    data = ManyWords(200, 250, 12, seed=1)  # (fits that end early form the matrix of all words)
    problem = Problem("tiny", "200 x 250, C=10", "drawn", data, 10.0, limit=10.0)
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    monkeypatch.setattr(reference, "CACHE", tmp_path / "optima")
    monkeypatch.setattr(rates, "SHAPE", (1000, 50))  # (any will do, and 400 MB take seconds)
    results = sparse.measured([problem], WHO, rounds=1)
    assert store.load("sparse") == json.loads(json.dumps(results))
    one = results["tiny"]
    assert one["left_out"] == {"jaxopt lbfgs": "takes no sparse features"}
    assert one["contenders"]["logitron"]["ended"] == "goal"
    assert one["contenders"]["sklearn newton-cg"]["ended"] == "goal"
    assert one["default"]["certified"]
    assert one["default"]["gap"] <= 1e-8
    text = regime_fits.table(results, regime_fits.SPARSE)
    assert max(map(len, text.splitlines())) <= 80
    assert GROUPS["drawn"] in text
    assert "| 200 x 250, C=10 |" in regime_fits.sparse(results)


@pytest.mark.parametrize(("name", "near"), [("sklearn lbfgs", 1e-9), ("sklearn sgd", 0.1)])
def test_contenders_come_near_the_optimum(name, near):
    """SGD, whose steps are those of single rows, comes near to a tenth only."""
    X, y = SMALL.load()
    objective = Objective.of(X, y, 1.0)
    _, best = minimise(objective)
    contender = CONTENDERS[name]()
    contender.prepare(X, y, 1.0)
    fit = contender.fit(1e-6)
    value = objective.value(fit.coef.reshape(-1, 1), np.asarray(fit.intercept).reshape(-1))
    assert value <= best.value * (1.0 + near)
