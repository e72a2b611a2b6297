"""Linear layers of PyTorch have the same probabilities, both ways."""

import numpy as np
import pytest

import logitron
from logitron import LogisticRegression
from tests.backends import host
from tests.persistence.models import KINDS, LABELS, X

torch = pytest.importorskip("torch", reason="layers of PyTorch are made")
NEAR = {"float32": 1e-6, "float64": 1e-12}


def _probabilities(layer, X, *, softmax):
    with torch.no_grad():
        logits = layer(X)
    if softmax:
        return torch.softmax(logits, dim=1)
    P = torch.sigmoid(logits)
    return torch.concat([1.0 - P, P], dim=1) if P.shape[1] == 1 else P


@pytest.mark.parametrize("kind", KINDS)
def test_layers_have_the_same_probabilities(eager, kind):
    features = eager.array(X)
    model = LogisticRegression().fit(features, LABELS[kind])
    layer = logitron.to_torch(model)
    on_torch = torch.asarray(host(features).copy(), device=layer.weight.device)
    assert layer.weight.dtype == on_torch.dtype
    found = _probabilities(layer, on_torch, softmax=kind in ("softmax", "words"))
    np.testing.assert_allclose(
        host(found), host(model.predict_proba(features)), atol=NEAR[eager.precision], rtol=0
    )
    table = kind.startswith("table")
    again = logitron.from_torch(layer, None if table else host(model.classes_), multilabel=table)
    np.testing.assert_array_equal(host(again.coef_), host(model.coef_))
    np.testing.assert_array_equal(host(again.classes_), host(model.classes_))
    np.testing.assert_allclose(
        host(again.predict_proba(on_torch)), host(found), atol=NEAR[eager.precision], rtol=0
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_layers_of_torch_predict_the_same_here(outputs, dtype):
    torch.manual_seed(0)
    layer = torch.nn.Linear(4, outputs, dtype=getattr(torch, dtype))
    model = logitron.from_torch(layer)
    wide = layer.to(torch.float64 if dtype == "float64" else torch.float32)
    features = torch.asarray(X, dtype=wide.weight.dtype)
    expected = _probabilities(wide, features, softmax=outputs > 1)
    near = NEAR.get(dtype, 1e-6)
    torch.testing.assert_close(model.predict_proba(features), expected, atol=near, rtol=0)
    assert model.classes_.tolist() == list(range(max(2, outputs)))


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_labels_in_any_order_keep_their_outputs(outputs):
    torch.manual_seed(0)
    layer = torch.nn.Linear(4, outputs, dtype=torch.float64)
    labels = ["yes", "no", "maybe"][: max(2, outputs)]
    model = logitron.from_torch(layer.state_dict(), labels)
    assert model.classes_.tolist() == sorted(labels)
    features = torch.asarray(X)
    expected = _probabilities(layer, features, softmax=outputs > 1).numpy()
    found = model.predict_proba(features).numpy()[:, [sorted(labels).index(one) for one in labels]]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    predicted = np.asarray(labels)[expected.argmax(axis=1)]
    np.testing.assert_array_equal(model.predict(features), predicted)


def test_layers_have_memory_of_their_own():
    model = LogisticRegression(fit_intercept=False).fit(torch.asarray(X), LABELS["softmax"])
    before = model.coef_.clone()
    layer = logitron.to_torch(model)
    assert layer.bias is None
    with torch.no_grad():
        layer.weight += 1.0
    again = logitron.from_torch(layer, [0, 10, 20, 30])
    with torch.no_grad():
        layer.weight += 1.0
    assert torch.equal(model.coef_, before)
    torch.testing.assert_close(again.coef_, before + 1.0)
    assert again.fit_intercept is False
    assert not again.coef_.requires_grad


def test_what_is_no_layer_of_logits_is_refused():
    for wrong in (torch.nn.Conv1d(1, 1, 1), torch.nn.ReLU(), {"bias": 1}, None):
        with pytest.raises(TypeError, match=r"from_torch: linear must be a torch\.nn\.Linear"):
            logitron.from_torch(wrong)
    layer = torch.nn.Linear(4, 3)
    with pytest.raises(ValueError, match="classes must hold 3 labels"):
        logitron.from_torch(layer, ["a", "b"])
    with pytest.raises(ValueError, match="differ from each other"):
        logitron.from_torch(layer, ["a", "b", "b"])
    with pytest.raises(ValueError, match="classes must be None"):
        logitron.from_torch(layer, ["a", "b", "c"], multilabel=True)
    with pytest.raises(ValueError, match="classes must hold 2 labels"):
        logitron.from_torch(torch.nn.Linear(4, 1), multilabel=True)
    with torch.no_grad():
        layer.bias[0] = torch.nan
    with pytest.raises(ValueError, match="must be finite"):
        logitron.from_torch(layer)
