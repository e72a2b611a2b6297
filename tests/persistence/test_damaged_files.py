"""Damaged, foreign and crafted files are refused before anything is built or allocated."""

import json
import os
import pickle
import tracemalloc

import numpy as np
import pytest

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from logitron.persistence import ModelFileError
from logitron.persistence.checksum import checksum
from tests.persistence.models import LABELS, X

safetensors_numpy = pytest.importorskip("safetensors.numpy", reason="model files need safetensors")

MODELS = {
    "one neuron": lambda: LogisticRegression().fit(X, LABELS["two words"]),
    "softmax": lambda: LogisticRegression(dtype="float32").fit(X, LABELS["softmax"]),
    "table": lambda: LogisticRegression(C=[1.0, 2.0, 3.0, 4.0]).fit(X, LABELS["table"]),
    "cross-validated": lambda: LogisticRegressionCV(Cs=2, cv=2).fit(X, LABELS["booleans"]),
}
#: files of each kind that a test damages
TRUNCATED, FLIPPED = 60, 120


@pytest.fixture(scope="module", params=MODELS)
def saved(request, tmp_path_factory):
    """A path, and the bytes of a good file."""
    path = tmp_path_factory.mktemp("models") / "model"
    logitron.save(MODELS[request.param](), path)
    return path, path.read_bytes()


def _refuses(path, data):
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match="save the model again"):
        logitron.load(path)


def test_truncated_and_extended_files_are_refused(saved):
    path, good = saved
    for length in np.linspace(0, len(good) - 1, TRUNCATED).astype(int):
        _refuses(path, good[:length])
    _refuses(path, good + b"\0")
    _refuses(path, good[:8] + b" " + good[8:])


def test_flipped_bits_are_refused_everywhere(saved):
    path, good = saved
    rng = np.random.default_rng(len(good))
    for bit in rng.choice(8 * len(good), size=FLIPPED, replace=False):
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << (bit % 8)
        _refuses(path, bytes(flipped))


def test_shuffled_and_random_bytes_are_refused(saved):
    path, good = saved
    rng = np.random.default_rng(0)
    for _ in range(30):
        start, end = np.sort(rng.integers(len(good) + 1, size=2))
        _refuses(path, good[:start] + rng.bytes(end - start + 1) + good[end:])
        _refuses(path, rng.bytes(int(rng.integers(2000))))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles_are_not_executed(protocol, tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    _refuses(tmp_path / "model", pickle.dumps(Attack(), protocol=protocol))
    assert not (tmp_path / "executed").exists()


def test_foreign_files_are_refused(tmp_path):
    tensors = {"coef": np.zeros((1, 2)), "intercept": np.zeros(1)}
    for metadata in (None, {"format": "pt"}, {"logitron": "{}", "more": ""}):
        _refuses(tmp_path / "model", safetensors_numpy.save(tensors, metadata))
    np.savez(tmp_path / "model.npz", **tensors)
    _refuses(tmp_path / "model", (tmp_path / "model.npz").read_bytes())
    with pytest.raises(ModelFileError, match="regular file"):
        logitron.load(tmp_path)


# --- crafted files, whose checksums are right ---------------------------------------------------


def _good():
    """Return header and tensors of a softmax layer with names."""
    model = LogisticRegression().fit(X, LABELS["words"])
    header = {
        "format": 1,
        "version": "0.1.0",
        "estimator": "LogisticRegression",
        "kind": "softmax",
        "dtype": "float64",
        "label_dtype": "",
        "parameters": {"C": 1.0},
        "left_out": [],
        "classes": {"dtype": "object", "values": ["a", "b", "c", "d"]},
        "feature_names": {"dtype": "object", "values": ["e", "f", "g", "h"]},
        "target_names": None,
        "target_values": None,
    }
    return header, {"coef": model.coef_, "intercept": model.intercept_}


def _signed(header, tensors):
    tensors = {name: np.array(tensor) for name, tensor in tensors.items()}
    content = {**header, "sha256": checksum(header, tensors)}
    return safetensors_numpy.save(tensors, {"logitron": json.dumps(content)})


def test_what_the_crafted_files_start_from_is_good(tmp_path):
    header, tensors = _good()
    (tmp_path / "model").write_bytes(_signed(header, tensors))
    found = logitron.load(tmp_path / "model")
    np.testing.assert_array_equal(found.coef_, tensors["coef"])
    assert found.classes_.tolist() == ["a", "b", "c", "d"]


NAMES = {"dtype": "object", "values": ["a", "b", "c"]}


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": 0},
        {"format": True},
        {"format": "1"},
        {"more": 1},
        {"version": 1},
        {"estimator": "Pipeline"},
        {"estimator": ["LogisticRegression"]},
        {"estimator": "LogisticRegressionCV"},
        {"kind": "binary"},
        {"kind": "multilabel", "label_dtype": "object"},
        {"dtype": "float32"},
        {"dtype": "float16"},
        {"label_dtype": None},
        {"parameters": {"C": -1.0}},
        {"parameters": {"C": "__import__('os').getcwd()"}},
        {"parameters": {"solver": "saga2"}},
        {"parameters": {"Cs": 3}},
        {"parameters": {"__class__": "x"}},
        {"parameters": []},
        {"left_out": "cv"},
        {"left_out": [1]},
        {"classes": NAMES},
        {"classes": None},
        {"classes": {"dtype": "object", "values": ["a", "b", "c", "c"]}},
        {"classes": {"dtype": "object", "values": ["a", "b", "c", 4]}},
        {"classes": {"dtype": "float64", "values": ["a", "b", "c", "d"]}},
        {"classes": ["a", "b", "c", "d"]},
        {"feature_names": NAMES},
        {"target_names": NAMES},
        {"target_names": "abcd"},
    ],
    ids=str,
)
def test_headers_that_are_wrong_are_refused(change, tmp_path):
    header, tensors = _good()
    _refuses(tmp_path / "model", _signed({**header, **change}, tensors))


def test_newer_formats_name_the_remedy(tmp_path):
    header, tensors = _good()
    newer = {**header, "format": 7, "version": "9.9", "unheard of": 1}
    (tmp_path / "model").write_bytes(_signed(newer, tensors))
    with pytest.raises(ModelFileError, match=r"format 7, written by logitron 9\.9.*newer logitron"):
        logitron.load(tmp_path / "model")


@pytest.mark.parametrize("field", ["format", "kind", "classes", "parameters", "sha256"])
def test_headers_that_lack_a_field_are_refused(field, tmp_path):
    header, tensors = _good()
    content = {**header, "sha256": checksum(header, tensors)}
    del content[field]
    data = safetensors_numpy.save(tensors, {"logitron": json.dumps(content)})
    _refuses(tmp_path / "model", data)


@pytest.mark.parametrize(
    "change",
    [
        {"coef": None},
        {"intercept": None},
        {"coef": np.zeros((4, 4, 1))},
        {"coef": np.zeros((4, 3))},
        {"coef": np.zeros((4, 0))},
        {"coef": np.zeros((3, 4))},
        {"coef": np.full((4, 4), np.nan)},
        {"coef": np.zeros((4, 4), dtype=np.int64)},
        {"coef": np.zeros((4, 4), dtype=np.float32)},
        {"intercept": np.zeros(3)},
        {"intercept": np.full(4, np.inf)},
        {"classes": np.arange(4)},
        {"certified": np.zeros(1)},
        {"certified": np.zeros(2, dtype=bool)},
        {"n_iter": np.zeros((1, 1), dtype=np.int32)},
        {"scores": np.zeros((2, 1, 3))},
        {"__class__": np.zeros(1)},
    ],
    ids=lambda change: " ".join(f"{k} {getattr(v, 'shape', v)}" for k, v in change.items()),
)
def test_tensors_that_are_wrong_are_refused(change, tmp_path):
    header, tensors = _good()
    changed = {name: t for name, t in {**tensors, **change}.items() if t is not None}
    _refuses(tmp_path / "model", _signed(header, changed))


def _container(entries, data=b"", *, text=None, length=None):
    text = json.dumps({"__metadata__": {"logitron": "{}"}, **entries}) if text is None else text
    raw = text.encode() if isinstance(text, str) else text
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + data


def _entry(dtype="F64", shape=(1,), start=0, end=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "data",
    [
        _container({"coef": _entry(shape=[1 << 40], end=1 << 43)}, bytes(8)),
        _container({"coef": _entry(shape=[1 << 62, 1 << 62])}, bytes(8)),
        _container({"coef": _entry(shape=[-1], end=-8)}, bytes(8)),
        _container({"coef": _entry(shape=[True])}, bytes(8)),
        _container({"coef": _entry(shape=[1.0])}, bytes(8)),
        _container({"coef": _entry(dtype="BF16", shape=[4])}, bytes(8)),
        _container({"coef": _entry(shape=[1] * 40)}, bytes(8)),
        _container({"coef": {**_entry(), "more": 1}}, bytes(8)),
        _container({"coef": _entry(start=8, end=16)}, bytes(16)),
        _container({"coef": _entry(), "intercept": _entry()}, bytes(8)),
        _container({"coef": _entry(), "intercept": _entry(start=4, end=12)}, bytes(12)),
        _container({"coef": _entry()}, bytes(9)),
        _container({"coef": []}, bytes(8)),
        _container({}, length=1 << 63),
        _container({}, length=(1 << 26) + 1),
        _container({}, length=0),
        _container({}, text="[]"),
        _container({}, text='{"__metadata__":{"logitron":{}}}'),
        _container({}, text='{"__metadata__":{"logitron":"' + "[" * 100_000 + '"}}'),
        _container({}, text="[" * 200_000),
        _container({}, text='{"a":' * 50_000),
        _container({}, text='{"__metadata__":{"logitron":"{}","logitron":"{}"}}'),
        _container({}, text='{"__metadata__":{"logitron":"NaN"}}'),
        _container({}, text='{"__metadata__":{"logitron":"' + "9" * 10_000 + '"}}'),
        _container({}, text=b"{\xff\xfe}"),
    ],
)
def test_containers_that_are_wrong_are_refused(data, tmp_path):
    tracemalloc.start()
    try:
        _refuses(tmp_path / "model", data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30 * len(data) + 1_000_000  # of the file's own length, whatever it announces


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_files_that_are_not_regular_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="regular file"):  # and does not wait for a writer
        logitron.load(tmp_path / "pipe")
