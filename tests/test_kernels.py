"""Kernels that are a library's own compute what the array API version of them computes."""

import shutil
import subprocess
from importlib.resources import files

import mpmath
import numpy as np
import pytest

from logitron import neuron
from logitron.backend import LIBRARIES
from tests.backends import BACKENDS, host

CUPYS = [b for b in BACKENDS if b.library == "cupy"]


@pytest.fixture(params=CUPYS, ids=repr)
def cupys(request):
    request.param.require()
    with request.param.setting():
        yield request.param


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("groups", "classes"), [(1, 1), (5, 1), (1, 3), (4, 3), (2, 40)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cupys_kernel_computes_the_neurons_activity(cupys, dtype, groups, classes, order, least):
    import array_api_compat.numpy as xp
    import cupy

    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    shared = classes > 1
    Z = np.asarray(30.0 * rng.normal(size=(60, groups * classes)), dtype=dtype, order=order)
    Z[0, :], Z[1, 0] = 0.0, 1e4
    Y = rng.uniform(size=(60, classes if shared else groups)).astype(dtype)
    expected = neuron.unchecked_loss_terms(xp, Z, Y, classes=classes, least=least)
    there = cupy.asarray(Z, order=order)
    told = LIBRARIES["cupy"].activity(there, cupy.asarray(Y), classes=classes, least=least)
    for ours, theirs, scale in zip(told, expected, (np.abs(Z).max(), 1.0, 1.0), strict=True):
        assert ours.dtype == dtype
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(host(ours), theirs, rtol=16 * eps, atol=4 * eps * scale)


def test_what_is_not_a_number_comes_through_cupys_kernel(cupys):
    import cupy

    for classes in (1, 3):
        Z, Y = np.zeros((2, 3)), np.zeros((2, 3))
        Z[1, 1] = np.nan
        told = LIBRARIES["cupy"].activity(
            cupy.asarray(Z), cupy.asarray(Y), classes=classes, least=-40.0
        )
        loss, residual, _ = map(host, told)
        assert np.isfinite(loss[0]).all()
        assert np.isfinite(residual[0]).all()
        assert np.isnan(loss[1]).any()
        assert np.isnan(residual[1, 1])


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="CUDA's compiler is not installed")
@pytest.mark.parametrize("real", ["float", "double"])
def test_cudas_compiler_takes_the_kernel(real, tmp_path):
    source = files("logitron.backend.libraries").joinpath("activity.cu")
    command = ["nvcc", f"-DREAL={real}", "-Werror", "all-warnings", "-ptx", str(source)]
    command += ["-o", str(tmp_path / "kernel.ptx")]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpys_kernel_computes_the_neurons_activity(dtype, order, least):
    """Of labels; and, but for the probability, which is that of the other label, to more digits."""
    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    Z = np.asarray(30.0 * rng.normal(size=(60, 5)), dtype=dtype, order=order)
    Z[0, :], Z[1, 0], Z[1, 1], Z[2, :] = 0.0, 1e4, -1e4, 5e-30
    Y = (rng.random((60, 5)) < 0.5).astype(dtype)
    given = Z.copy(), Y.copy()
    told = LIBRARIES["numpy"].activity(Z, Y, classes=1, least=least)
    np.testing.assert_array_equal((Z, Y), given)
    neurons = neuron.unchecked_loss_terms(np, Z, Y, classes=1, least=least)
    scale = float(np.abs(Z).max())
    np.testing.assert_allclose(told[0], neurons.loss, rtol=16 * eps, atol=4 * eps * scale)
    np.testing.assert_allclose(told[1], neurons.residual, rtol=16 * eps, atol=4 * eps)
    np.testing.assert_allclose(told[2], np.abs(neurons.residual), rtol=16 * eps, atol=4 * eps)
    with mpmath.workdps(50):
        for i in range(60):
            for j in range(5):
                sign = 1 - 2 * int(Y[i, j])
                other = sign * mpmath.mpf(float(Z[i, j]))
                loss, q = mpmath.log1p(mpmath.exp(other)), 1 / (1 + mpmath.exp(-other))
                floor = 0.0 if least is None else 1.01 * np.exp(least)
                tiny = float(np.finfo(dtype).tiny)
                for ours, exact in zip(told, (loss, sign * q, q), strict=True):
                    off = abs(mpmath.mpf(float(ours[i, j])) - exact)
                    scale = 4 + abs(other)  # an exponent's rounding is as many digits of the result
                    assert off <= 4 * eps * scale * abs(exact) + floor + tiny
    assert all(array.dtype == dtype and array.shape == Z.shape for array in told)


def test_neurons_that_share_their_labels_are_told_them_once():
    rng = np.random.default_rng(0)
    Z, Y = rng.normal(size=(9, 4)), (rng.random((9, 1)) < 0.5).astype(float)
    shared = LIBRARIES["numpy"].activity(Z, Y, classes=1, least=None)
    each = LIBRARIES["numpy"].activity(Z, np.repeat(Y, 4, axis=1), classes=1, least=None)
    np.testing.assert_array_equal(shared, each)


def test_what_is_not_a_number_comes_through_numpys_kernel():
    Z, Y = np.zeros((2, 3)), np.zeros((2, 3))
    Z[1, 1] = np.nan
    for array in LIBRARIES["numpy"].activity(Z, Y, classes=1, least=-40.0):
        np.testing.assert_array_equal(np.isnan(array), np.isnan(Z))


@pytest.mark.parametrize("least", [None, -40.0])
def test_infinite_logits_leave_no_finite_loss(least):
    """So that features that are infinite are found by the loss."""
    Z = np.asarray([[np.inf], [np.inf], [-np.inf], [-np.inf]])
    Y = np.asarray([[0.0], [1.0], [0.0], [1.0]])
    with np.errstate(invalid="ignore"):
        loss, _, _ = LIBRARIES["numpy"].activity(Z, Y, classes=1, least=least)
    assert not np.isfinite(loss).any()


def test_numpy_has_no_kernel_for_softmax_groups():
    Z = np.zeros((2, 3))
    assert LIBRARIES["numpy"].activity(Z, Z, classes=3, least=None) is None
