"""A fit that is interrupted and gone on with ends as one that was not, bit for bit."""

import signal
import subprocess
import sys
import warnings
from contextlib import suppress

import numpy as np
import pytest

from logitron import LogisticRegression, open_rows
from logitron.data import wrap
from logitron.data.readers.base import RowReader
from logitron.objective import Objective
from tests.checkpoints.fits import (
    DENSE,
    HOST,
    LABELS,
    NARROW,
    SOFTMAX,
    assert_same,
    moments,
    outcome,
)

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")
pytest.importorskip("safetensors", reason="checkpoints are safetensors files")

from logitron import Checkpoint
from logitron.checkpoints import CheckpointError

#: moments at which each fit is interrupted
DRAWN = 5

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _interrupted_and_resumed(kind, X, y, path, monkeypatch, drawn):
    """Interrupt fits at drawn moments, and compare each resumed one with an undisturbed fit."""
    plain = outcome(kind().fit(X, y))
    with moments(monkeypatch) as seen:
        whole = kind().set_callbacks(Checkpoint(path, every=10**9)).fit(X, y)
        assert_same(outcome(whole), plain)
        total = seen.count
        again = kind().set_callbacks(Checkpoint(path)).fit(X, y)
        assert_same(outcome(again), plain)
        assert seen.count == total  # everything was in the file
        rng = np.random.default_rng(total)
        for number, at in enumerate(rng.integers(1, total + 1, size=drawn).tolist()):
            path.unlink()
            seen.count, seen.interrupt_at = 0, at
            every = 1 if number % 2 else 10**9
            with suppress(KeyboardInterrupt):  # (tables keep what is done)
                kind().set_callbacks(Checkpoint(path, every=every)).fit(X, y)
            assert seen.count >= at
            seen.count, seen.interrupt_at = 0, 0
            resumed = kind().set_callbacks(Checkpoint(path, every=every)).fit(X, y)
            assert_same(outcome(resumed), plain)
            assert seen.count <= total - at + 1  # (what was received is not made again)


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("name", DENSE)
def test_dense_fits_on_every_library(name, library, tmp_path, monkeypatch):
    if library == "jax" and name in ("newton", "softmax"):
        pytest.skip("compilations take seconds, and the states are those of lbfgs and the table")
    kind, X, y = DENSE[name]
    xp = pytest.importorskip("jax.numpy" if library == "jax" else library)
    X = xp.asarray(X)
    _interrupted_and_resumed(kind, X, y, tmp_path / "fit", monkeypatch, 2)


@pytest.mark.parametrize("name", HOST)
def test_every_stage(name, tmp_path, monkeypatch):
    if name == "sparse table":  # (threads count together, and what was begun is read again)
        monkeypatch.setattr("tests.checkpoints.fits.WORK", ())
    _interrupted_and_resumed(*HOST[name], tmp_path / "fit", monkeypatch, DRAWN)


@pytest.mark.parametrize("name", ["samples", "kept logits", "sparse", "L1"])
def test_in_the_middle_of_an_iteration(name, tmp_path, monkeypatch):
    kind, X, y = HOST[name]
    add_up, sums, at = Objective.add_up, [0], 0

    def counted(self, *given, **named):
        sums[0] += 1
        if sums[0] == at:
            raise KeyboardInterrupt
        return add_up(self, *given, **named)

    monkeypatch.setattr(Objective, "add_up", counted)
    plain, total = outcome(kind().fit(X, y)), sums[0]
    for at in (total // 2, total - 1):
        path, sums[0] = tmp_path / str(at), 0
        with pytest.raises(KeyboardInterrupt):
            kind().set_callbacks(Checkpoint(path, every=10**9)).fit(X, y)
        # (a fit begins with a few sums, and an L1 penalty anew)
        again = max(total // 4, 6)
        sums[0], left = -total, total if name == "L1" else total - at + again
        resumed = kind().set_callbacks(Checkpoint(path)).fit(X, y)
        assert_same(outcome(resumed), plain)
        assert sums[0] + total <= left


@pytest.mark.parametrize("name", ["newton", "softmax"])
def test_features_that_are_read_in_blocks(name, tmp_path, monkeypatch):
    monkeypatch.setattr(RowReader, "block_bytes", 1 << 10)
    kind, X, y = DENSE[name]
    source = tmp_path / "X.npy"
    np.save(source, X)
    _interrupted_and_resumed(kind, source, y, tmp_path / "fit", monkeypatch, 2)
    changed = X.copy()
    changed[-1, -1] += 1.0
    np.save(source, changed)
    with pytest.raises(CheckpointError, match="holds another fit: X was"):
        kind().set_callbacks(Checkpoint(tmp_path / "fit")).fit(source, y)


def test_few_rows_of_large_files_are_compared():
    values = np.arange(40_000.0)[:, None]
    reader = open_rows([values[:25_000], values[25_000:]])
    (few,) = wrap("X", reader).drawn(100)
    assert 100 <= len(few) <= 200
    assert few[0, 0] < 1_000
    assert few[-1, 0] > 39_000
    np.testing.assert_array_equal(few, wrap("X", reader).drawn(100)[0])
    (everything,) = wrap("X", reader).drawn(20_000)
    np.testing.assert_array_equal(everything, values)


def test_ten_moments_of_one_fit_one_after_the_other(tmp_path, monkeypatch):
    def kind():
        return LogisticRegression(solver="gradient-descent", loss_change=1e-2)

    path, plain = tmp_path / "fit", outcome(kind().fit(NARROW, LABELS))
    rng = np.random.default_rng(1)
    with moments(monkeypatch) as seen:
        for at in rng.integers(1, 4, size=10).tolist():
            seen.count, seen.interrupt_at = 0, at
            with pytest.raises(KeyboardInterrupt):
                kind().set_callbacks(Checkpoint(path, every=2)).fit(NARROW, LABELS)
        seen.interrupt_at = 0
        assert_same(outcome(kind().set_callbacks(Checkpoint(path)).fit(NARROW, LABELS)), plain)


def test_a_callback_may_interrupt_a_fit(tmp_path):
    class Interrupts:
        left = 3

        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    model = LogisticRegression(C=1e4).fit(NARROW, SOFTMAX)
    plain, before = outcome(model), dict(vars(model))
    saved = Checkpoint(tmp_path / "fit")
    model.set_callbacks(Interrupts(), saved)
    with pytest.raises(KeyboardInterrupt):
        model.fit(NARROW[:, :3], LABELS)
    del model._skl_callbacks
    assert vars(model) == before
    model.set_callbacks(Checkpoint(tmp_path / "fit")).fit(NARROW[:, :3], LABELS)
    expected = LogisticRegression(C=1e4).fit(NARROW[:, :3], LABELS)
    assert_same(outcome(model), outcome(expected))
    assert_same(outcome(model.set_callbacks().fit(NARROW, SOFTMAX)), plain)


def test_tables_keep_what_is_done_and_can_go_on(tmp_path, monkeypatch):
    kind, X, y = DENSE["table"]
    with moments(monkeypatch) as seen, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen.interrupt_at = 2
        stopped = kind().set_callbacks(Checkpoint(tmp_path / "fit")).fit(X, y)
        assert not stopped.converged_.all()
        seen.interrupt_at = 0
        resumed = kind().set_callbacks(Checkpoint(tmp_path / "fit")).fit(X, y)
    assert_same(outcome(resumed), outcome(kind().fit(X, y)))


PROGRAM = """
import signal, sys, time
from tests.checkpoints.fits import DENSE
from logitron import Checkpoint
from logitron.checkpoints import CheckpointError

class Slow:
    def setup(self, estimator, context): ...
    def teardown(self, estimator, context): ...
    def on_fit_task_begin(self, estimator, context): ...

    def on_fit_task_end(self, estimator, context):
        print("iteration", flush=True)
        time.sleep(0.2)

# (a process that is started in the background ignores it)
signal.signal(signal.SIGINT, signal.default_int_handler)
kind, X, y = DENSE["gradient descent"]
model = kind().set_callbacks(Checkpoint(sys.argv[1], every=10**9), Slow())
try:
    model.fit(X, y)
except KeyboardInterrupt:
    print(hasattr(model, "coef_"), flush=True)
"""


def test_a_real_signal_leaves_a_file_to_go_on_from(tmp_path):
    path = tmp_path / "fit"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "iteration\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate()[0].splitlines()[-1] == "False"
    assert [one.name for one in tmp_path.iterdir()] == ["fit"]
    kind, X, y = DENSE["gradient descent"]
    resumed = kind().set_callbacks(Checkpoint(path)).fit(X, y)
    assert_same(outcome(resumed), outcome(kind().fit(X, y)))
