"""Models travel to processes that lack the library that trained them; pickle and skops work."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from tests.persistence.models import KINDS, LABELS, X

#: loads a model where PyTorch cannot be imported, and predicts; exports it, if asked
SCRIPT = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is not installed here", name=name)

sys.meta_path.insert(0, Blocked())
import numpy as np
import logitron

model_path, features_path, onnx_path = sys.argv[1:]
model, X = logitron.load(model_path), np.load(features_path)
if onnx_path:
    logitron.to_onnx(model, onnx_path, dtype="float64")
assert "torch" not in sys.modules
print(json.dumps([model.predict(X).tolist(), model.predict_proba(X).tolist()]))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_trained_with_torch_and_used_without_it(kind, tmp_path):
    torch = pytest.importorskip("torch", reason="a model is trained with it")
    pytest.importorskip("safetensors", reason="model files need safetensors")
    try:
        import onnx  # noqa: F401
        import onnxruntime
    except ImportError:
        onnxruntime = None
    model = LogisticRegression().fit(torch.asarray(X), LABELS[kind])
    logitron.save(model, tmp_path / "model.safetensors")
    np.save(tmp_path / "X.npy", X)
    onnx_path = str(tmp_path / "model.onnx") if onnxruntime else ""
    paths = [str(tmp_path / "model.safetensors"), str(tmp_path / "X.npy"), onnx_path]
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths], capture_output=True, text=True, check=True
    )
    labels, probabilities = json.loads(ran.stdout)
    expected = model.predict_proba(torch.asarray(X)).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=1e-12, rtol=0)
    assert labels == model.predict(torch.asarray(X)).tolist()
    if onnxruntime:
        session = onnxruntime.InferenceSession(onnx_path, providers=["CPUExecutionProvider"])
        _, found = session.run(None, {"X": X})
        np.testing.assert_allclose(found, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", [LogisticRegression, LogisticRegressionCV])
def test_pickles_hold_the_plan(estimator, kind):
    model = (estimator(Cs=2, cv=2) if estimator is LogisticRegressionCV else estimator()).fit(
        X, LABELS[kind]
    )
    found = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
    assert (found.plan_, found.work_) == (model.plan_, model.work_)
    assert type(found.plan_) is type(model.plan_)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", [LogisticRegression, LogisticRegressionCV])
def test_skops_trusts_the_estimator_alone(estimator, kind):
    skops = pytest.importorskip("skops.io", reason="models are saved with it")
    model = (estimator(Cs=2, cv=2) if estimator is LogisticRegressionCV else estimator()).fit(
        X, LABELS[kind]
    )
    data = skops.dumps(model)
    trusted = [f"{estimator.__module__}.{estimator.__name__}"]
    assert skops.get_untrusted_types(data=data) == trusted
    found = skops.loads(data, trusted=trusted)
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
    assert (found.plan_, found.work_) == (model.plan_, model.work_)
