"""Products of float32 are computed in float32, whatever a program has asked its library for."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from tests.standins import cupy as standin


def _settings(torch):
    parts = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)
    try:
        overall = torch.get_float32_matmul_precision()
    except RuntimeError:  # a part was set on its own
        overall = "mixed"
    return overall, *(part.fp32_precision for part in parts)


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch", minversion="2.9")
    yield torch
    torch.backends.cuda.matmul.fp32_precision = "none"
    torch.backends.mkldnn.matmul.fp32_precision = "none"
    torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("wish", ["highest", "high", "medium", "tf32"])
def test_torch_computes_in_full_and_then_as_it_was_told(torch, wish):
    if wish == "tf32":  # torch's newer way of asking
        torch.backends.cuda.matmul.fp32_precision = "tf32"
    else:
        torch.set_float32_matmul_precision(wish)
    before = _settings(torch)
    context = ArrayContext.named("torch", precision="float32")
    with context.scope():
        within = _settings(torch)
        with context.scope():
            assert _settings(torch) == within
        assert _settings(torch) == within  # the inner one leaves it to the outer one
    assert within == ("highest", "ieee", "ieee")
    assert _settings(torch) == before


def test_torch_is_as_it_was_told_after_an_error(torch):
    torch.set_float32_matmul_precision("high")
    before = _settings(torch)
    context = ArrayContext.named("torch")
    with pytest.raises(ValueError, match="on the way"), context.scope():
        raise ValueError("on the way")
    assert _settings(torch) == before


@pytest.mark.parametrize("wish", ["high", "medium"])
def test_torchs_fits_are_the_same_whatever_was_asked_for(torch, wish):
    rng = np.random.default_rng(0)
    X = torch.asarray(rng.normal(size=(400, 30)).astype("f4"))
    y = torch.asarray(rng.integers(2, size=400))
    plain = LogisticRegression().fit(X, y).coef_
    torch.set_float32_matmul_precision(wish)
    # on processors with bfloat16, "medium" would cost all but two digits
    assert torch.equal(LogisticRegression().fit(X, y).coef_, plain)


def test_autocast_changes_no_fit(torch):
    """A program that trains a network in bfloat16, and probes it."""
    rng = np.random.default_rng(0)
    X = torch.asarray(rng.normal(size=(400, 30)).astype("f4"))
    y = torch.asarray(rng.integers(2, size=400))
    plain = LogisticRegression().fit(X, y).coef_
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (X @ X.T).dtype == torch.bfloat16
        assert torch.equal(LogisticRegression().fit(X, y).coef_, plain)


def test_settings_of_torch_that_follow_others_still_do(torch):
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


def test_jax_computes_in_full():
    jax = pytest.importorskip("jax")
    with jax.default_matmul_precision("bfloat16"):
        with ArrayContext.named("jax", precision="float32").scope():
            assert jax.config.jax_default_matmul_precision == "highest"
        assert jax.config.jax_default_matmul_precision == "bfloat16"


@pytest.mark.skipif(standin.missing() is not None, reason=str(standin.missing()))
def test_cupy_computes_in_full_and_then_as_it_was_told():
    single = np.dtype(np.float32)
    with standin.standing_in():
        assert standin.COMPUTE_TYPES[single] == "TF32"
        first, second = (ArrayContext.named("cupy").scope() for _ in range(2))
        with first:
            assert standin.COMPUTE_TYPES[single] == "float32"
        assert standin.COMPUTE_TYPES[single] == "TF32"
        first, second = (ArrayContext.named("cupy").scope() for _ in range(2))
        first.__enter__()  # two threads, by turns
        second.__enter__()
        first.__exit__(None, None, None)
        assert standin.COMPUTE_TYPES[single] == "float32"
        second.__exit__(None, None, None)
        assert standin.COMPUTE_TYPES[single] == "TF32"
