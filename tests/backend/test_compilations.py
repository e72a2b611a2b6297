"""How many functions JAX compiles for a fit: each takes tenths of a second, and more on a GPU."""

import numpy as np
import pytest

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.backend import ArrayContext, to_host
from logitron.objective import make_training_rows, sums
from logitron.objective.row_ladder import rung

jax = pytest.importorskip("jax")

EVENT = "/jax/core/compile/backend_compile_duration"


@pytest.fixture(scope="module")
def compiled():
    """Events of compilation; the listener stays until the process ends, and then hears nothing."""
    events, listening = [], [True]

    def listen(event, seconds, **_):
        if event == EVENT and listening:
            events.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield events
    listening.clear()


def problem(kind, rows, features):
    """Features of as many numbers in a row as no other test has: nothing is compiled for them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features))
    if kind == "targets":
        y = (X[:, :4] + rng.logistic(size=(rows, 4)) > 0).astype(np.int8)
    else:
        classes = 5 if kind == "softmax" else 2
        y = (X[:, :classes] + rng.gumbel(size=(rows, classes))).argmax(axis=1)
    return jax.numpy.asarray(X), jax.numpy.asarray(y)


def model(kind, **settings):
    if kind == "cv":
        return LogisticRegressionCV(Cs=2, cv=2)
    return LogisticRegression(l1_ratio=1.0 if kind == "l1" else 0.0, **settings)


@pytest.mark.parametrize(
    ("kind", "features", "first", "more"),
    [
        ("binary", 29, 8, 2),
        ("softmax", 31, 8, 2),
        ("targets", 37, 12, 4),
        ("l1", 41, 12, 2),
        # (folds, scores and the refit)
        ("cv", 43, 15, 2),
    ],
)
def test_a_fit_compiles_few_functions(kind, features, first, more, compiled):
    def count(rows, weighted=False, **settings):
        X, y = problem(kind, rows, features)
        weights = np.ones(rows) if weighted else None
        compiled.clear()
        model(kind, **settings).fit(X, y, sample_weight=weights)
        return len(compiled)

    with jax.enable_x64(True):
        # (steps of later iterations are compiled where an iteration needs them first)
        assert 0 < count(600, **({} if kind == "cv" else {"tol": 1e-8})) <= first
        assert count(600) == 0
        if kind != "cv":
            later = count(600, C=0.3) + count(600, tol=3e-5) + count(600, C=0.5)
            # (a kind of step may be new, and with an L1 penalty a number of features)
            assert later <= {"binary": 0, "targets": 0}.get(kind, 3)
        if kind not in ("cv", "targets"):  # (which score with weights, or have a table of them)
            assert count(600, weighted=True) == 0
        # (what appends rows, and perhaps a kind of step that no fit needed before)
        assert count(620) <= more


def test_rungs_are_few_and_close():
    n = np.arange(256, 5000)
    found = np.asarray([rung(int(one)) for one in n])
    assert (n <= found).all()
    assert (found <= 1.25 * n).all()
    assert len(set(found)) <= 4 * np.log2(5000 / 256) + 2


@pytest.mark.parametrize("on_host", [False, True])
def test_rows_on_the_ladder_change_no_sum(on_host):
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(300, 3)), rng.uniform(size=300)
    y, counts = rng.integers(2, size=300), rng.integers(3, size=(300, 2))
    with jax.enable_x64(True):
        context = ArrayContext.of(jax.numpy.asarray(X))
        arrays = (X, y) if on_host else map(jax.numpy.asarray, (X, y))
        rows = make_training_rows(context, *arrays, weights, counts, ladder=True)
        assert rows.shape == (320, 3)
        settings = {"classes": 1}
        means, _, total = map(to_host, rows.sum(sums.column_moments, None, **settings))
    each = weights * counts.mean(axis=1)
    np.testing.assert_allclose(means, each @ X, rtol=1e-10)
    np.testing.assert_allclose(total, each.sum(), rtol=1e-10)
