"""onnxruntime computes the probabilities and labels of exported models."""

import os
import sys

import numpy as np
import pytest

import logitron
from logitron import LogisticRegression, LogisticRegressionCV, neuron
from tests.backends import host
from tests.persistence.models import KINDS, LABELS, X

onnx = pytest.importorskip("onnx", reason="ONNX models are made")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX models are run")
NEAR = {"float32": 1e-6, "float64": 1e-12}


def _run(made, X):
    """Return the outputs by name, of a model or a path."""
    content = os.fspath(made) if isinstance(made, os.PathLike) else made.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X}), strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_onnxruntime_predicts_the_same(eager, kind, dtype, tmp_path):
    features = eager.array(X)
    near = max(NEAR[dtype], NEAR[eager.precision])
    model = LogisticRegression().fit(features, LABELS[kind])
    made = logitron.to_onnx(model, tmp_path / "model.onnx", dtype=dtype)
    onnx.checker.check_model(tmp_path / "model.onnx", full_check=True)
    for source in (made, tmp_path / "model.onnx"):
        found = _run(source, X.astype(dtype))
        assert list(found) == ["label", "probabilities"]
        assert found["probabilities"].dtype == dtype
        expected = host(model.predict_proba(features))
        np.testing.assert_allclose(found["probabilities"], expected, atol=near, rtol=0)
        labels = host(model.predict(features))
        np.testing.assert_array_equal(found["label"], labels)
        assert found["label"].dtype == (object if labels.dtype.kind in "OU" else np.int64)


def test_models_are_read_by_old_runtimes():
    made = logitron.to_onnx(LogisticRegression().fit(X, LABELS["words"]))
    assert [one.version for one in made.opset_import] == [13]
    assert made.ir_version == 7
    shapes = [[d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
              for value in (*made.graph.input, *made.graph.output)]  # fmt: skip
    assert shapes == [["n", 4], ["n"], ["n", 4]]


def test_probabilities_keep_their_digits_in_both_tails():
    model = LogisticRegression().fit(X, LABELS["booleans"])
    far = np.asarray([[60.0, 0, 0, 0], [-60.0, 0, 0, 0]]) / model.coef_[0, 0]
    found = _run(logitron.to_onnx(model, dtype="float64"), far)["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(far), rtol=1e-9)
    assert 0.0 < found.min() < 1e-25


def test_ties_are_labelled_as_here():
    model = LogisticRegression().fit(X, LABELS["two words"])
    model.coef_[:], model.intercept_[:] = 0.0, 0.0
    found = _run(logitron.to_onnx(model), X.astype(np.float32))
    np.testing.assert_array_equal(found["label"], model.predict(X))


def test_cross_validated_models_and_no_rows():
    model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=2).fit(X, LABELS["softmax"])
    made = logitron.to_onnx(model)
    found = _run(made, X.astype(np.float32))["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6, rtol=0)
    assert _run(made, np.zeros((0, 4), np.float32))["probabilities"].shape == (0, 4)


def test_errors_write_nothing(tmp_path, monkeypatch):
    model = LogisticRegression().fit(X, LABELS["booleans"])
    with pytest.raises(ValueError, match="dtype must be"):
        logitron.to_onnx(model, tmp_path / "model", dtype="float16")
    large = LogisticRegression().fit(
        X, np.asarray([2**64 - 1, 1], np.uint64)[LABELS["booleans"] * 1]
    )
    with pytest.raises(ValueError, match="64-bit integers in ONNX"):
        logitron.to_onnx(large, tmp_path / "model")
    with pytest.raises(TypeError, match="its last step"):
        logitron.to_onnx(object(), tmp_path / "model")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"logitron\[onnx\]"):
        logitron.to_onnx(model, tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["booleans", "softmax", "table"])
def test_traced_arrays_pass_through_the_neuron(kind, dtype):
    """Arrays of ndonnx, whose number of rows is unknown, go through `neuron.forward` itself."""
    ndx = pytest.importorskip("ndonnx", reason="a library that traces into ONNX")
    model = LogisticRegression().fit(X, LABELS[kind])
    classes = 4 if kind == "softmax" else 1
    traced = ndx.argument(shape=("n", 4), dtype=getattr(ndx, dtype))
    W, b = (ndx.asarray(part.astype(dtype)) for part in (model.coef_.T, model.intercept_))
    P = neuron.forward(traced, W, b, classes=classes)
    found = _run(ndx.build({"X": traced}, {"P": P}), X.astype(dtype))["P"]
    expected = model.predict_proba(X)[:, -found.shape[1] :]
    np.testing.assert_allclose(found, expected, atol=NEAR[dtype], rtol=0)
