"""Split products of 16 bits keep float32's digits, in either dtype and at any magnitude."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import LIBRARIES
from logitron.backend.split_products import multiplied, split
from tests.backends import host

DTYPE = pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
BITS = {"float16": 11, "bfloat16": 8}


def by_jax(dtype):
    jax = pytest.importorskip("jax")
    return jax.numpy.asarray, lambda X: X.astype(dtype), jax.jit


def by_torch(dtype):
    torch = pytest.importorskip("torch")
    return torch.asarray, lambda X: X.to(getattr(torch, dtype)), lambda function: function


LIBRARY = pytest.mark.parametrize("library", [by_torch, by_jax])


@pytest.fixture(autouse=True)
def on_the_processor(monkeypatch):
    """Products of 16 bits in float32, which processors lack.

    torch has them on CUDA alone: here they are exact, and rounded once. JAX has them for float16,
    added up in float32, as those of float32 are.
    """
    jax_products = LIBRARIES["jax"].half_product

    def of_jax(A, B):
        if A.dtype.name == "float16":
            return jax_products(A, B)
        return A.astype("float32") @ B.astype("float32")

    monkeypatch.setattr(
        LIBRARIES["torch"], "half_product", lambda A, B: (A.double() @ B.double()).float()
    )
    monkeypatch.setattr(LIBRARIES["jax"], "half_product", of_jax)


def rows(magnitude, *, spread, shape=(6, 300)):
    """Rows of float32 about a magnitude, each with another one, and powers of two between."""
    rng = np.random.default_rng(7)
    power = rng.uniform(-spread, 0, size=shape) + rng.uniform(-3, 3, size=(shape[0], 1))
    return (rng.normal(size=shape) * magnitude * 2.0**power).astype(np.float32)


def split_like(A, X):
    return split(A, X.dtype)


def in_both_orders(X, A):
    return multiplied(X, A), multiplied(X, A, by_row=True)


@DTYPE
@LIBRARY
@pytest.mark.parametrize("magnitude", [1e-30, 1e-7, 1.0, 3e4, 1e10, 1e36])
def test_parts_hold_all_digits_of_float32(library, dtype, magnitude):
    array, half, compiled = library(dtype)
    A = rows(magnitude, spread=20)
    A[2] = 0.0
    parts, exponent = compiled(split_like)(array(A), half(array(A[:1])))
    values = [host(half(part)).astype(np.float64) for part in parts]
    whole = sum(part * 2.0 ** (-BITS[dtype] * i) for i, part in enumerate(values))
    np.testing.assert_array_equal(whole * 2.0 ** -host(exponent).astype(np.float64), A)


@DTYPE
@LIBRARY
@pytest.mark.parametrize("magnitude", [1e-30, 1e-7, 1.0, 3e4, 1e10, 1e33])
def test_products_are_as_exact_as_those_of_float32(library, dtype, magnitude):
    array, half, compiled = library(dtype)
    A = rows(magnitude, spread=45).T
    X = half(array(rows(1.0, spread=20, shape=(200, 300))))
    wide = host(X).astype(np.float64)
    exact, scale = wide @ A.astype(np.float64), np.abs(wide) @ np.abs(A).astype(np.float64)
    found = compiled(in_both_orders)(X, array(A))
    error = np.abs(np.stack([host(one) for one in found]) - exact) / scale
    if library is by_torch:  # (of each part, and of each sum of two, half of the last digit)
        assert error.max() <= 2.0**-23
        return
    of_float32 = host(array(wide.astype(np.float32)) @ array(A))
    assert error.max() <= 1.5 * (np.abs(of_float32 - exact) / scale).max()


def test_numbers_below_the_normal_ones_are_kept():
    array, half, _ = by_torch("float16")
    A = rows(1e-40, spread=0)
    X = half(array(rows(1.0, spread=5, shape=(50, 300))))
    found = multiplied(X, array(A.T))
    expected = host(X).astype(np.float64) @ A.T.astype(np.float64)
    np.testing.assert_allclose(host(found), expected, rtol=1e-3, atol=2.0**-147)


def test_what_is_not_finite_stays_so():
    array, half, _ = by_torch("bfloat16")
    A = np.ones((4, 2), np.float32)
    A[1, 0] = np.inf
    found = host(multiplied(half(array(np.eye(3, 4, dtype=np.float32))), array(A)))
    assert not np.isfinite(found[:, 0]).any()
    np.testing.assert_array_equal(found[:, 1], 1.0)


@pytest.mark.parametrize(
    ("library", "dtype", "classes"),
    [("torch", "float16", 2), ("torch", "bfloat16", 4), ("jax", "float16", 4)],
)
def test_fits_multiply_features_as_they_are_stored(monkeypatch, library, dtype, classes):
    chosen, products = LIBRARIES[library], []
    array, half, _ = {"torch": by_torch, "jax": by_jax}[library](dtype)
    multiply = chosen.half_product

    def recorded(A, B):
        products.append((A.dtype, B.dtype))
        return multiply(A, B)

    rng = np.random.default_rng(1)
    X = half(array(rng.normal(size=(700, 9)).astype(np.float32)))
    y = (host(X)[:, :classes] + rng.gumbel(size=(700, classes))).argmax(axis=1)
    expected = LogisticRegression(dtype="float32").fit(X, y)
    monkeypatch.setattr(chosen, "half_product", recorded)
    LogisticRegression(dtype="float32").fit(X, y)
    assert not products  # (it is off)
    monkeypatch.setattr(chosen, "split_products", True)
    monkeypatch.setattr(chosen, "multiplies_half", lambda _: chosen.split_products)
    clf = LogisticRegression(dtype="float32").fit(X, y)
    assert products
    assert {kind for pair in products for kind in pair} == {X.dtype}
    np.testing.assert_allclose(host(clf.coef_), host(expected.coef_), rtol=0, atol=3e-5)
    assert clf.n_iter_.tolist() == expected.n_iter_.tolist()


def test_torch_splits_on_cuda_alone(monkeypatch):
    torch = pytest.importorskip("torch")
    library = LIBRARIES["torch"]
    on_device = torch.empty(0, dtype=torch.float16, device="meta")
    monkeypatch.setattr(library, "split_products", True)
    assert not library.multiplies_half(torch.empty(0, dtype=torch.float16))
    assert not library.multiplies_half(on_device)


def test_jax_does_not_split_on_processors(monkeypatch):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(LIBRARIES["jax"], "split_products", True)
    on_host = jax.numpy.zeros(3, "float16")
    on_host = jax.device_put(on_host, jax.devices("cpu")[0])
    assert not LIBRARIES["jax"].multiplies_half(on_host)
