"""Predictions inside jax.jit, jax.vmap, jax.grad and torch.func are those of the model itself."""

from functools import partial

import numpy as np
import pytest

from logitron import LogisticRegression, neuron
from tests.tolerances import assert_near

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 4)).astype(np.float32)
LABELS = {
    "two classes": (X[:, 0] + X[:, 1] > 0).astype(int),
    "softmax": X[:, :3].argmax(1),
    "table": (X[:, :3] > 0.2).astype(int),
}
METHODS = ("decision_function", "predict_proba", "predict_log_proba")


def _model(kind, library):
    return LogisticRegression(C=0.5).fit(X, LABELS[kind]).to(library)


def _parameters(model):
    return np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)


def _textbook_gradient(kind, model):
    """Gradient of the probabilities of the last class or target, summed over rows (n, p)."""
    W, b = _parameters(model)
    Z = X.astype(np.float64) @ W.T + b
    if kind != "softmax":
        P = 1.0 / (1.0 + np.exp(-Z[:, -1:]))
        return P * (1.0 - P) * W[-1]
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    return P[:, -1:] * (W[-1] - P @ W)


def _near(actual, desired, growth=64.0):
    """Compare in float32; logarithms and logits add a few roundings."""
    assert_near(np.asarray(actual), np.asarray(desired), "float32", X.shape[1], growth=growth)


@pytest.mark.parametrize("kind", LABELS)
def test_jax_transforms_predictions(kind):
    jax = pytest.importorskip("jax")
    model, rows = _model(kind, "jax"), jax.numpy.asarray(X)
    for name in METHODS:
        predict, traced = getattr(model, name), []

        def counted(x, predict=predict, traced=traced):
            traced.append(x)
            return predict(x)

        compiled, plain = jax.jit(counted), predict(rows)
        for _ in range(3):
            _near(compiled(rows), plain)
        assert compiled(rows).dtype == plain.dtype
        assert len(traced) == compiled._cache_size() == 1
        one_by_one = jax.vmap(lambda x, predict=predict: predict(x[None, :])[0])
        _near(jax.jit(one_by_one)(rows), plain)

    def last(x):
        return model.predict_proba(x)[:, -1].sum()

    _near(jax.jit(jax.grad(last))(rows), _textbook_gradient(kind, model))


@pytest.mark.parametrize("kind", LABELS)
def test_torch_transforms_predictions(kind):
    torch = pytest.importorskip("torch")
    model, rows = _model(kind, "torch"), torch.asarray(X)
    for name in METHODS:
        predict = getattr(model, name)
        _near(torch.func.vmap(lambda x, f=predict: f(x[None, :])[0])(rows), predict(rows))
    gradient = torch.func.grad(lambda x: model.predict_proba(x)[:, -1].sum())
    _near(gradient(rows), _textbook_gradient(kind, model))


def test_traced_rows_are_checked_by_shape():
    jax = pytest.importorskip("jax")
    model, rows = _model("table", "jax"), jax.numpy.asarray(X)
    with pytest.raises(ValueError, match="expecting 4 features"):
        jax.jit(model.predict_proba)(rows[:, :3])
    with pytest.raises(
        ValueError, match=r"offset must have shape \(24,\) or \(24, 3\), got \(3,\)"
    ):
        jax.jit(lambda x: model.predict_proba(x, offset=x[:3, 0]))(rows)
    with pytest.raises(ValueError, match="fitted model, which is on numpy, while X is on jax"):
        jax.jit(_model("table", "numpy").predict_proba)(rows)
    shifted = jax.jit(lambda x, o: model.decision_function(x, offset=o))(rows, rows[:, 0])
    _near(shifted, np.asarray(model.decision_function(rows)) + X[:, :1])


def test_half_precision_and_integers_are_computed_in_float32():
    jax = pytest.importorskip("jax")
    model = _model("softmax", "jax")
    for dtype in ("float16", "bfloat16", "int32"):
        rows = jax.numpy.asarray(X, dtype=dtype)
        found = jax.jit(model.predict_proba)(rows)
        assert found.dtype == "float32"
        _near(found, model.predict_proba(jax.numpy.asarray(rows, dtype="float32")))


#: functions of the neuron, by what they are called with
NEURON = {
    "logits": lambda x, W, b, Y: neuron.logits(x, W, b),
    "forward": lambda x, W, b, Y: neuron.forward(x, W, b, classes=3),
    "sigmoid": lambda x, W, b, Y: neuron.sigmoid(x),
    "softmax": lambda x, W, b, Y: neuron.softmax(x, classes=2),
    "log_probability": lambda x, W, b, Y: neuron.log_probability(x, classes=2),
    "cross_entropy": lambda x, W, b, Y: neuron.cross_entropy(x @ W, Y, classes=3),
    "loss": lambda x, W, b, Y: neuron.loss(x, Y, W, b, classes=3),
    "gradient": lambda x, W, b, Y: neuron.gradient(x, Y, W, b, classes=3)[0],
    "loss_and_gradient": lambda x, W, b, Y: neuron.loss_and_gradient(x, Y, W, b, classes=3)[1],
    "curvature": lambda x, W, b, Y: neuron.curvature(x, classes=2),
}


def test_jax_transforms_every_function_of_the_neuron():
    jax = pytest.importorskip("jax")
    assert set(NEURON) == set(neuron.__all__) - {"formulas"}
    W, b = RNG.normal(size=(4, 3)).astype(np.float32), np.ones(3, np.float32)
    Y = np.eye(3, dtype=np.float32)[LABELS["softmax"]]
    given = [jax.numpy.asarray(one) for one in (X, W, b, Y)]
    for function in NEURON.values():
        plain = function(X, W, b, Y)  # (by NumPy)
        stacked = jax.vmap(partial(function, W=given[1], b=given[2], Y=given[3]))
        _near(jax.jit(stacked)(given[0][None])[0], plain)

    def loss(W):
        return neuron.loss(given[0], given[3], W, given[2], classes=3).sum()

    _near(jax.jit(jax.grad(loss))(given[1]), NEURON["gradient"](X, W, b, Y))
