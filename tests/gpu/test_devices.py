"""Several devices, several libraries on one device, and precision on purpose."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import LIBRARIES, ArrayContext
from tests.backends import GPU, host
from tests.datasets import load

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def data():
    X, y, _ = load("breast_cancer", True)
    return np.array(X), np.array(y)


@pytest.fixture(scope="module")
def expected(data):
    return LogisticRegression(tol=1e-9).fit(*data)


def test_the_second_device_is_as_good_as_the_first(gpu, data, expected):
    library = LIBRARIES[gpu.library]
    kind = "gpu" if gpu.library == "jax" else "cuda"
    if f"{kind}:1" not in library.devices():
        pytest.skip(f"{gpu.library} sees one GPU here")
    clf = LogisticRegression(backend=gpu.library, device=f"{kind}:1", tol=1e-9).fit(*data)
    np.testing.assert_allclose(clf.coef_, expected.coef_, rtol=1e-6)
    second = ArrayContext.named(gpu.library, f"{kind}:1")
    with second.scope():
        X = second.asarray(data[0])
    there = LogisticRegression(tol=1e-9).fit(X, data[1])
    assert ArrayContext.of(there.coef_).device == second.device
    np.testing.assert_allclose(host(there.coef_), expected.coef_, rtol=1e-6)


@pytest.mark.parametrize("other", GPU, ids=repr)
def test_a_model_moves_between_all_libraries(gpu, other, data, expected):
    other.require()
    X, y = data
    clf = LogisticRegression(tol=1e-9).fit(gpu.array(X), gpu.array(y))
    with other.setting():
        place = other.context()
        moved = clf.to(other.library, place.library.device_name(place.device))
        there = other.array(X)
        assert type(moved.coef_) is type(there)
        probability = host(moved.predict_proba(there))
    np.testing.assert_allclose(probability, expected.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize("other", GPU, ids=repr)
def test_labels_and_weights_move_to_the_features_library(gpu, other, data):
    other.require()
    X, y = data
    weights = np.linspace(0.5, 2.0, len(y))
    alone = LogisticRegression(tol=1e-9).fit(X, y, sample_weight=weights)
    with other.setting():
        labels, weights = other.array(y), other.array(weights)
    clf = LogisticRegression(tol=1e-9).fit(gpu.array(X), labels, sample_weight=weights)
    assert type(clf.coef_) is type(gpu.array(X))
    np.testing.assert_allclose(host(clf.coef_), alone.coef_, rtol=1e-6)


@pytest.mark.parametrize("other", GPU, ids=repr)
def test_a_fitted_model_refuses_features_of_another_library(gpu, other, data):
    other.require()
    if other.library == gpu.library:
        pytest.skip("it is the same library")
    X, y = data
    clf = LogisticRegression().fit(gpu.array(X), gpu.array(y))
    with other.setting(), pytest.raises((TypeError, ValueError), match=r"\.to\("):
        clf.predict(other.array(X))


def test_float32_has_all_of_its_digits(gpu):
    """TF32 would leave three of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 256))
    y = (X[:, 0] + rng.logistic(size=20_000) > 0).astype(int)
    exact = LogisticRegression(tol=1e-9).fit(X, y).coef_
    clf = LogisticRegression(tol=1e-6).fit(gpu.make(X.astype("f4")), y)
    error = np.linalg.norm(host(clf.coef_) - exact) / np.linalg.norm(exact)
    assert error <= 2e-5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_stored_and_not_computed_in(gpu, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 64)).astype("f4")
    y = (X[:, 0] + rng.logistic(size=5000) > 0).astype(int)
    xp = LIBRARIES[gpu.library].namespace()
    if gpu.library == "cupy" and dtype == "bfloat16":  # whose namespace has no name for it
        torch = pytest.importorskip("torch")
        half = xp.from_dlpack(torch.asarray(X, device="cuda").to(torch.bfloat16))
    else:
        half = xp.astype(gpu.make(X), getattr(xp, dtype))
    single = half.astype(xp.float32) if gpu.library == "cupy" else xp.astype(half, xp.float32)
    stored = host(LogisticRegression(tol=1e-6).fit(half, y).coef_)
    widened = host(LogisticRegression(tol=1e-6).fit(single, y).coef_)
    np.testing.assert_allclose(stored, widened, atol=1e-5 * np.abs(widened).max())
