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

#: loads the models of a folder where PyTorch cannot be imported, and predicts; exports, if asked
SCRIPT = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is not installed here", name=name)

sys.meta_path.insert(0, Blocked())
from pathlib import Path
import numpy as np
import logitron

folder, exports = Path(sys.argv[1]), sys.argv[2] == "export"
X, found = np.load(folder / "X.npy"), {}
for path in sorted(folder.glob("*.safetensors")):
    model = logitron.load(path)
    if exports:
        logitron.to_onnx(model, path.with_suffix(".onnx"), dtype="float64")
    found[path.stem] = [model.predict(X).tolist(), model.predict_proba(X).tolist()]
assert "torch" not in sys.modules
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def used_without_torch(tmp_path_factory):
    """A model of each kind, the folder of their exports, and what one other process predicted."""
    torch = pytest.importorskip("torch", reason="a model is trained with it")
    pytest.importorskip("safetensors", reason="model files need safetensors")
    folder = tmp_path_factory.mktemp("models")
    np.save(folder / "X.npy", X)
    models = {kind: LogisticRegression().fit(torch.asarray(X), LABELS[kind]) for kind in KINDS}
    for kind, model in models.items():
        logitron.save(model, folder / f"{kind}.safetensors")
    command = [sys.executable, "-c", SCRIPT, str(folder), "export" if _onnxruntime() else "none"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return models, folder, json.loads(ran.stdout)


def _onnxruntime():
    """What runs exported models, or None if it is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime
    except ImportError:
        return None
    return onnxruntime


@pytest.mark.parametrize("kind", KINDS)
def test_trained_with_torch_and_used_without_it(kind, used_without_torch):
    torch = pytest.importorskip("torch")
    models, folder, answers = used_without_torch
    model, (labels, probabilities) = models[kind], answers[kind]
    expected = model.predict_proba(torch.asarray(X)).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=1e-12, rtol=0)
    assert labels == model.predict(torch.asarray(X)).tolist()
    if onnxruntime := _onnxruntime():
        path = folder / f"{kind}.onnx"
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
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
