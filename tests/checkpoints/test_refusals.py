"""Damaged, foreign and other checkpoints are refused before work begins, and are not changed."""

import json
import os

import numpy as np
import pytest

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from tests.checkpoints.fits import LABELS, NARROW, TABLE, moments

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")
safetensors_numpy = pytest.importorskip("safetensors.numpy", reason="checkpoints need safetensors")

from datetime import timedelta  # noqa: E402

from logitron import Checkpoint  # noqa: E402
from logitron.checkpoints import CheckpointError  # noqa: E402
from logitron.checkpoints.fingerprint import MOST_BYTES  # noqa: E402
from logitron.objective import Objective  # noqa: E402
from logitron.persistence.checksum import checksum  # noqa: E402
from logitron.solvers import GradientDescent  # noqa: E402

TRUNCATED, FLIPPED = 20, 40

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def saved(tmp_path):
    """A path of the checkpoint of a fit."""
    path = tmp_path / "fit.safetensors"
    _fit(path)
    return path


def _fit(path, X=NARROW, y=LABELS, *, kind=LogisticRegression, parameters=(), **given):
    model = kind(**dict(parameters)).set_callbacks(Checkpoint(path))
    return model.fit(X, y, **given)


def _refuses(monkeypatch, path, text, **given):
    """The fit is refused by a message, before the objective is evaluated; the file stays."""
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Objective, "over", lambda *_, **__: pytest.fail("work began"))
        with pytest.raises(CheckpointError, match=text) as caught:
            _fit(path, **given)
    assert path.read_bytes() == before
    assert str(path) in str(caught.value)


def test_damaged_files(saved, monkeypatch):
    good, rng = saved.read_bytes(), np.random.default_rng(0)
    for length in np.linspace(0, len(good) - 1, TRUNCATED).astype(int):
        saved.write_bytes(good[:length])
        _refuses(monkeypatch, saved, "is no checkpoint")
    for bit in rng.choice(8 * len(good), size=FLIPPED, replace=False):
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << (bit % 8)
        saved.write_bytes(bytes(flipped))
        _refuses(monkeypatch, saved, "is no checkpoint")


def test_foreign_files(tmp_path, monkeypatch):
    path = tmp_path / "model"
    logitron.save(LogisticRegression().fit(NARROW, LABELS), path)
    _refuses(monkeypatch, path, "no field 'checkpoint'")
    safetensors_numpy.save_file({"coef": np.ones(2)}, path)
    _refuses(monkeypatch, path, "is no checkpoint")
    path.write_bytes(b"\x80\x04N.")
    _refuses(monkeypatch, path, "is no checkpoint")


def _rewritten(path, change):
    """Change the header of a file, with the right checksum."""
    tensors = safetensors_numpy.load_file(path)
    with safetensors_numpy.safe_open(path, "numpy") as file:
        content = json.loads(file.metadata()["logitron"])
    del content["sha256"]
    change(content)
    content["sha256"] = checksum(content, tensors)
    safetensors_numpy.save_file(tensors, path, {"logitron": json.dumps(content)})


def test_newer_formats_and_crafted_entries(saved, monkeypatch):
    good = saved.read_bytes()
    _rewritten(saved, lambda content: content.update(checkpoint=2, version="9.0"))
    _refuses(monkeypatch, saved, r"format 2, written by logitron 9.0")
    for value in (
        {"builtins.eval": {}},
        {"tensor": 99},
        {"device": "x"},
        {},
        [],
        None,
        {"State": {}},
    ):
        saved.write_bytes(good)
        _rewritten(saved, lambda content, value=value: _replace_values(content, value))
        with pytest.raises(CheckpointError, match=r"malformed|none of"):
            _fit(saved)


def _replace_values(content, value):
    for entry in content["entries"].values():
        entry["value"] = value


OTHERS = {
    "X": {"X": NARROW + 1e-9},
    "y": {"y": 1 - LABELS},
    "sample_weight": {"sample_weight": np.arange(200.0)},
    "offset": {"offset": np.ones(200)},
    "C": {"parameters": {"C": 2.0}},
    "penalty_factors": {"parameters": {"penalty_factors": np.arange(float(NARROW.shape[1]))}},
    "max_iter": {"parameters": {"max_iter": 3}},
    "the precision": {"parameters": {"dtype": "float32"}},
    "the estimator": {"kind": LogisticRegressionCV},
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_fits_are_named(name, saved, monkeypatch):
    _refuses(monkeypatch, saved, rf"holds another fit.*\b{name} was .* and is ", **OTHERS[name])


def test_another_library_and_version_are_named(saved, monkeypatch):
    torch = pytest.importorskip("torch")
    _refuses(monkeypatch, saved, "the backend was numpy .* and is torch", X=torch.asarray(NARROW))
    _rewritten(saved, lambda content: content["facts"].update({"the version of logitron": "0"}))
    _refuses(monkeypatch, saved, r"the version of logitron was 0 and is \d")


def test_a_change_between_compared_rows_is_found(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "fit"
    X = rng.normal(size=(2 * MOST_BYTES // (8 * 40) + 2, 40))  # (every second row is compared)
    y = (X[:, 0] + rng.normal(size=len(X)) > 0).astype(int)
    _fit(path, X, y)
    X[1::2] *= -1.0
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="began at a gradient of"):
        _fit(path, X, y)
    assert path.read_bytes() == before


def test_resume_false_replaces_the_file(saved):
    before = saved.read_bytes()
    model = LogisticRegression(C=2.0).set_callbacks(Checkpoint(saved, resume=False))
    model.fit(NARROW, LABELS)
    assert saved.read_bytes() != before
    _fit(saved, parameters={"C": 2.0})


def test_a_path_that_cannot_be_written_is_refused_before_work(tmp_path, monkeypatch):
    monkeypatch.setattr(Objective, "over", lambda *_, **__: pytest.fail("work began"))
    for path in (tmp_path / "none" / "fit", tmp_path):
        with pytest.raises(OSError, match=tmp_path.name):
            _fit(path)
    if os.geteuid():  # (root may write everywhere)
        tmp_path.chmod(0o500)
        with pytest.raises(PermissionError):
            _fit(tmp_path / "fit")


def test_a_full_disk_keeps_the_last_good_file(tmp_path, monkeypatch):
    path, real, parameters = tmp_path / "fit", os.fsync, {"solver": "gradient-descent"}

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with moments(monkeypatch) as seen:
        seen.interrupt_at = 3
        with pytest.raises(KeyboardInterrupt):
            _fit(path, parameters=parameters)
    good = path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    model = LogisticRegression(**parameters).set_callbacks(Checkpoint(path, every=1))
    with pytest.raises(OSError, match="No space left"):
        model.fit(NARROW, LABELS)
    assert not hasattr(model, "coef_")
    assert path.read_bytes() == good
    assert [one.name for one in tmp_path.iterdir()] == ["fit"]
    monkeypatch.setattr(os, "fsync", real)
    resumed = _fit(path, parameters=parameters)
    expected = LogisticRegression(**parameters).fit(NARROW, LABELS)
    np.testing.assert_array_equal(resumed.coef_, expected.coef_)


def test_arguments_are_checked():
    for given, error in (
        ({"path": 3}, TypeError),
        ({"path": "a", "every": 1.5}, TypeError),
        ({"path": "a", "every": True}, TypeError),
        ({"path": "a", "every": 0}, ValueError),
        ({"path": "a", "every": timedelta(seconds=-1)}, ValueError),
        ({"path": "a", "resume": "yes"}, TypeError),
    ):
        with pytest.raises(error, match="must be"):
            Checkpoint(**given)
    two = LogisticRegression().set_callbacks(Checkpoint("a"), Checkpoint("b"))
    with pytest.raises(ValueError, match="one Checkpoint"):
        two.fit(NARROW, TABLE)


def test_the_interval_decides_how_often_files_are_written(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        "logitron.checkpoints.fit_journal.write_checkpoint", lambda *_: written.append(1)
    )
    steps = []
    real = GradientDescent.step
    monkeypatch.setattr(GradientDescent, "step", lambda *args: steps.append(1) or real(*args))
    for every, expected in (
        (10**9, lambda n: 1),
        (10, lambda n: n // 10 + 1),
        (timedelta(hours=1), lambda n: 1),
        (timedelta(0), lambda n: n + 1),
    ):
        del written[:], steps[:]
        model = LogisticRegression(solver="gradient-descent", loss_change=1e-2)
        model.set_callbacks(Checkpoint(tmp_path / "fit", every=every)).fit(NARROW, LABELS)
        assert len(written) == expected(len(steps))


def test_pipelines_clones_and_pickles_take_it_along(tmp_path):
    import pickle

    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    path = tmp_path / "fit"
    model = clone(LogisticRegression().set_callbacks(Checkpoint(path)))
    assert "Checkpoint" not in str(model.get_params())
    pipeline = make_pipeline(StandardScaler(), model).fit(NARROW, LABELS)
    assert path.exists()
    again = pickle.loads(pickle.dumps(pipeline[-1]))
    np.testing.assert_array_equal(again.coef_, pipeline[-1].coef_)
    assert repr(Checkpoint("a", every=3)) == "Checkpoint('a', every=3, resume=True)"
