"""Products of float32 arrays are computed in float32, whatever the library's settings are."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from tests.standins import cupy as standin


def _settings(torch):
    parts = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)
    try:
        overall = torch.get_float32_matmul_precision()
    except RuntimeError:  # (raised after a part was set on its own)
        overall = "mixed"
    return overall, *(part.fp32_precision for part in parts)


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch", minversion="2.9")
    yield torch
    torch.backends.cuda.matmul.fp32_precision = "none"
    torch.backends.mkldnn.matmul.fp32_precision = "none"
    torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("setting", ["highest", "high", "medium", "tf32"])
def test_torch_computes_in_float32_and_is_restored(torch, setting):
    if setting == "tf32":  # (the interface since torch 2.9)
        torch.backends.cuda.matmul.fp32_precision = "tf32"
    else:
        torch.set_float32_matmul_precision(setting)
    before = _settings(torch)
    context = ArrayContext.named("torch", precision="float32")
    with context.scope():
        within = _settings(torch)
        with context.scope():
            assert _settings(torch) == within
        assert _settings(torch) == within  # (only the outer scope restores the settings)
    assert within == ("highest", "ieee", "ieee")
    assert _settings(torch) == before


def test_settings_of_torch_are_restored_after_an_error(torch):
    torch.set_float32_matmul_precision("high")
    before = _settings(torch)
    context = ArrayContext.named("torch")
    with pytest.raises(ValueError, match="on the way"), context.scope():
        raise ValueError("on the way")
    assert _settings(torch) == before


@pytest.mark.parametrize("setting", ["high", "medium"])
def test_fits_do_not_depend_on_the_settings_of_torch(torch, setting):
    rng = np.random.default_rng(0)
    X = torch.asarray(rng.normal(size=(400, 30)).astype("f4"))
    y = torch.asarray(rng.integers(2, size=400))
    plain = LogisticRegression().fit(X, y).coef_
    torch.set_float32_matmul_precision(setting)
    # (on processors with bfloat16, "medium" leaves two digits)
    assert torch.equal(LogisticRegression().fit(X, y).coef_, plain)


def test_autocast_is_off_within_a_fit(torch):
    """A program that trains a network in bfloat16, and fits a probe of it."""
    rng = np.random.default_rng(0)
    X = torch.asarray(rng.normal(size=(400, 30)).astype("f4"))
    y = torch.asarray(rng.integers(2, size=400))
    plain = LogisticRegression().fit(X, y).coef_
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (X @ X.T).dtype == torch.bfloat16
        assert torch.equal(LogisticRegression().fit(X, y).coef_, plain)


def test_inherited_settings_of_torch_stay_inherited(torch):
    parts = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
    before = torch.backends.fp32_precision
    try:
        torch.backends.fp32_precision = "tf32"
        with ArrayContext.named("torch").scope():
            pass
        torch.backends.fp32_precision = "ieee"
        assert [part.fp32_precision for part in parts] == ["ieee", "ieee"]
    finally:
        torch.backends.fp32_precision = before


def test_jax_computes_in_float32():
    jax = pytest.importorskip("jax")
    with jax.default_matmul_precision("bfloat16"):
        with ArrayContext.named("jax", precision="float32").scope():
            assert jax.config.jax_default_matmul_precision == "highest"
        assert jax.config.jax_default_matmul_precision == "bfloat16"


@pytest.mark.skipif(standin.missing() is not None, reason=str(standin.missing()))
def test_cupy_computes_in_float32_and_is_restored():
    single = np.dtype(np.float32)
    with standin.installed():
        assert standin.COMPUTE_TYPES[single] == "TF32"
        first, second = (ArrayContext.named("cupy").scope() for _ in range(2))
        with first:
            assert standin.COMPUTE_TYPES[single] == "float32"
        assert standin.COMPUTE_TYPES[single] == "TF32"
        first, second = (ArrayContext.named("cupy").scope() for _ in range(2))
        first.__enter__()  # (the order of two threads)
        second.__enter__()
        first.__exit__(None, None, None)
        assert standin.COMPUTE_TYPES[single] == "float32"
        second.__exit__(None, None, None)
        assert standin.COMPUTE_TYPES[single] == "TF32"
