"""Kernels that are a library's own compute what the array API version of them computes."""

import shutil
import subprocess

import mpmath
import numpy as np
import pytest

from logitron.backend import LIBRARIES, namespace_of
from logitron.backend.libraries.cupy_kernels import source
from logitron.losses import Binomial, LossTerms, Multinomial, along_ray, cross_entropy
from logitron.neuron import formulas
from tests.backends import BACKENDS, host

CUPYS = [b for b in BACKENDS if b.library == "cupy"]


@pytest.fixture(params=CUPYS, ids=repr)
def cupys(request):
    request.param.require()
    with request.param.setting():
        yield request.param


def plainly(loss, Z, Y, least):
    """The terms of a loss by operations on arrays."""
    import array_api_compat.numpy as xp

    value, grad, P = formulas.loss_terms(xp, Z, Y, classes=loss.n_outputs, min_exponent=least)
    return LossTerms(value, grad, P - P * P if loss.n_outputs == 1 else P)


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("groups", "classes"), [(1, 1), (5, 1), (1, 3), (4, 3), (2, 40)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cupys_kernel_computes_the_loss(cupys, dtype, groups, classes, order, least):
    import cupy

    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    shared = classes > 1
    Z = np.asarray(30.0 * rng.normal(size=(60, groups * classes)), dtype=dtype, order=order)
    Z[0, :], Z[1, 0] = 0.0, 1e4
    Y = rng.uniform(size=(60, classes if shared else groups)).astype(dtype)
    loss = cross_entropy(classes)
    expected = plainly(loss, Z, Y, least)
    there = cupy.asarray(Z, order=order)
    names = {"binomial", "multinomial", "proportions", "mixtures"}
    assert set(LIBRARIES["cupy"].fused_losses) == names
    told = loss.terms(cupy, there, cupy.asarray(Y), min_exponent=least)
    for ours, theirs, scale in zip(told, expected, (np.abs(Z).max(), 1.0, 1.0), strict=True):
        assert ours.dtype == dtype
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(host(ours), theirs, rtol=16 * eps, atol=4 * eps * scale)


def test_what_is_not_a_number_comes_through_cupys_kernel(cupys):
    import cupy

    for classes in (1, 3):
        Z, Y = np.zeros((2, 3)), np.zeros((2, 3))
        Z[1, 1] = np.nan
        arrays = cupy.asarray(Z), cupy.asarray(Y)
        told = cross_entropy(classes).terms(cupy, *arrays, min_exponent=-40.0)
        loss, residual, _ = map(host, told)
        assert np.isfinite(loss[0]).all()
        assert np.isfinite(residual[0]).all()
        assert np.isnan(loss[1]).any()
        assert np.isnan(residual[1, 1])


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="CUDA's compiler is not installed")
def test_cudas_compiler_takes_the_kernels(tmp_path):
    code = tmp_path / "kernels.cu"
    code.write_text(source())
    command = ["nvcc", "-Werror", "all-warnings", "-ptx", str(code)]
    command += ["-o", str(tmp_path / "kernels.ptx")]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def _of_torch(values):
    torch = pytest.importorskip("torch")
    return torch.asarray(np.array(values))


def _of_cupy(values):
    import cupy

    return cupy.asarray(values)


@pytest.fixture(params=["torch", *(one.name for one in CUPYS)])
def device_array(request):
    """Make arrays of a library with a kernel for labels of its own."""
    if request.param == "torch":
        yield _of_torch
        return
    chosen = next(one for one in CUPYS if one.name == request.param)
    chosen.require()
    with chosen.setting():
        yield _of_cupy


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_on_a_device_have_all_digits(device_array, dtype, shared, least):
    """As NumPy's kernel has them, which is tested against exact numbers."""
    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    Z = np.asarray(15.0 * rng.normal(size=(80, 4)), dtype)
    Z[0, :], Z[1, :2] = 0.0, (60.0, -60.0)
    Y = (rng.random((80, 1 if shared else 4)) < 0.5).astype(dtype)
    there = device_array(Z), device_array(np.broadcast_to(Y, Z.shape) if shared else Y)
    told = Binomial().terms(namespace_of(there[0]), *there, min_exponent=least)
    expected = Binomial().terms(np, Z, Y, min_exponent=least)
    floor = 0.0 if least is None else 1.01 * float(np.exp(least))
    for ours, theirs in zip(told[:2], expected[:2], strict=True):
        np.testing.assert_allclose(host(ours), theirs, rtol=64 * eps, atol=floor)
    np.testing.assert_allclose(
        host(told.curvature), expected.curvature, rtol=16 * eps, atol=4 * eps + floor
    )


def test_infinite_logits_leave_no_finite_loss_on_devices(device_array):
    Z = device_array(np.asarray([[np.inf], [np.inf], [-np.inf], [-np.inf], [np.nan]]))
    Y = device_array(np.asarray([[0.0], [1.0], [0.0], [1.0], [0.0]]))
    for least in (None, -40.0):
        loss = Binomial().terms(namespace_of(Z), Z, Y, min_exponent=least).value
        assert not np.isfinite(host(loss)).any()


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpys_kernel_computes_the_loss(dtype, order, least):
    """For labels, and to more digits."""
    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    Z = np.asarray(30.0 * rng.normal(size=(60, 5)), dtype=dtype, order=order)
    Z[0, :], Z[1, 0], Z[1, 1], Z[2, :] = 0.0, 1e4, -1e4, 5e-30
    Y = (rng.random((60, 5)) < 0.5).astype(dtype)
    given = Z.copy(), Y.copy()
    assert "binomial" in LIBRARIES["numpy"].fused_losses
    told = Binomial().terms(np, Z, Y, min_exponent=least)
    np.testing.assert_array_equal((Z, Y), given)
    plain = plainly(Binomial(), Z, Y, least)
    scale = float(np.abs(Z).max())
    np.testing.assert_allclose(told.value, plain.value, rtol=16 * eps, atol=4 * eps * scale)
    np.testing.assert_allclose(told.grad, plain.grad, rtol=16 * eps, atol=4 * eps)
    np.testing.assert_allclose(told.curvature, plain.curvature, rtol=16 * eps, atol=4 * eps)
    with mpmath.workdps(50):
        for i in range(60):
            for j in range(5):
                sign = 1 - 2 * int(Y[i, j])
                other = sign * mpmath.mpf(float(Z[i, j]))
                loss, q = mpmath.log1p(mpmath.exp(other)), 1 / (1 + mpmath.exp(-other))
                floor = 0.0 if least is None else 1.01 * np.exp(least)
                # (exponents are capped a little below the largest)
                tiny = 1.01 * float(np.finfo(dtype).max) ** -0.98
                for ours, exact in zip(
                    told, (loss, sign * q, q / (1 + mpmath.exp(other))), strict=True
                ):
                    off = abs(mpmath.mpf(float(ours[i, j])) - exact)
                    scale = 4 + abs(other)  # an exponent's rounding is as many digits of the result
                    assert off <= 4 * eps * scale * abs(exact) + floor + tiny
    assert all(array.dtype == dtype and array.shape == Z.shape for array in told)


def test_neurons_that_share_their_labels_are_told_them_once():
    rng = np.random.default_rng(0)
    Z, Y = rng.normal(size=(9, 4)), (rng.random((9, 1)) < 0.5).astype(float)
    shared = Binomial().terms(np, Z, Y)
    each = Binomial().terms(np, Z, np.repeat(Y, 4, axis=1))
    np.testing.assert_array_equal(shared, each)


def test_what_is_not_a_number_comes_through_numpys_kernel():
    Z, Y = np.zeros((2, 3)), np.zeros((2, 3))
    Z[1, 1] = np.nan
    for array in Binomial().terms(np, Z, Y, min_exponent=-40.0):
        np.testing.assert_array_equal(np.isnan(array), np.isnan(Z))


@pytest.mark.parametrize("least", [None, -40.0])
def test_infinite_logits_leave_no_finite_loss(least):
    """So that features that are infinite are found by the loss."""
    Z = np.asarray([[np.inf], [np.inf], [-np.inf], [-np.inf]])
    Y = np.asarray([[0.0], [1.0], [0.0], [1.0]])
    with np.errstate(invalid="ignore"):
        loss, _, _ = Binomial().terms(np, Z, Y, min_exponent=least)
    assert not np.isfinite(loss).any()


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("groups", "classes"), [(1, 3), (4, 10), (2, 60), (1, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpys_kernel_computes_softmax_groups(dtype, groups, classes, order, shared, least):
    """Few classes and many, side by side by row or by column, with targets of one group or all."""
    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    Z = np.asarray(20.0 * rng.normal(size=(40, groups * classes)), dtype=dtype, order=order)
    Z[0, :], Z[1, 0] = 0.0, 1e4
    labels = rng.integers(classes, size=(40, 1 if shared else groups))
    Y = np.asarray(np.eye(classes, dtype=dtype)[labels].reshape(40, -1), order="F")
    given = Z.copy(), Y.copy()
    told = Multinomial(classes).terms(np, Z, Y, min_exponent=least)
    np.testing.assert_array_equal(Z, given[0])
    np.testing.assert_array_equal(Y, given[1])
    plain = plainly(Multinomial(classes), Z, Y, least)
    size = float(np.abs(Z).max())
    for ours, expected, scale in zip(told, plain, (size, 1.0, 1.0), strict=True):
        assert ours.dtype == dtype
        assert ours.shape == expected.shape
        np.testing.assert_allclose(ours, expected, rtol=32 * eps, atol=8 * eps * scale)


@pytest.mark.parametrize("order", ["C", "F"])
def test_small_losses_of_softmax_groups_keep_their_digits(order):
    Z = np.asarray([[30.0, 0.0, -1.0], [0.0, 34.0, 1.0]], order=order)
    Y = np.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    loss, residual, _ = Multinomial(3).terms(np, Z, Y)
    with mpmath.workdps(50):
        for i, label in enumerate((0, 1)):
            e = [mpmath.exp(mpmath.mpf(float(z)) - float(Z[i, label])) for z in Z[i]]
            exact = mpmath.log(sum(e))
            assert abs(loss[i, 0] - float(exact)) <= 1e-14 * float(exact)
            for k in {0, 1, 2} - {label}:
                q = float(e[k] / sum(e))
                assert abs(residual[i, k] - q) <= 1e-14 * q


@pytest.mark.parametrize("order", ["C", "F"])
def test_infinite_logits_of_softmax_groups_leave_no_finite_loss(order):
    Z = np.asarray([[np.inf, 0.0, 0.0], [np.nan, 0.0, 0.0]], order=order)
    with np.errstate(invalid="ignore"):
        loss, _, _ = Multinomial(3).terms(np, Z, np.eye(3)[:2], min_exponent=-40.0)
    assert not np.isfinite(loss).any()


@pytest.mark.parametrize("least", [None, -40.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpys_kernel_of_proportions_keeps_all_digits(dtype, least):
    rng = np.random.default_rng(0)
    eps = float(np.finfo(dtype).eps)
    Z = (12.0 * rng.normal(size=(60, 5))).astype(dtype)
    Y = rng.uniform(size=(60, 5)).astype(dtype)
    Y[:10], Y[10:20] = 0.0, 1.0
    found = Binomial(soft=True).terms(np, Z, Y, min_exponent=least)
    with mpmath.workdps(60):
        exact = [_definition(float(z), float(y)) for z, y in zip(Z.flat, Y.flat, strict=True)]
    loss, residual, size, curvature = np.asarray(exact).T.reshape(4, *Z.shape)
    small = 0.0 if least is None else 4.0 * np.exp(least)
    assert np.all(np.abs(found.grad - residual) <= 8.0 * eps * size + small)
    np.testing.assert_allclose(found.curvature, curvature, rtol=16 * eps, atol=small)
    np.testing.assert_allclose(found.value, loss, rtol=16 * eps, atol=small)


def _definition(z, y):
    """Loss, residual, sum of its terms, and curvature of one logit."""
    p, y = 1 / (1 + mpmath.exp(-mpmath.mpf(z))), mpmath.mpf(y)
    above, below = p * (1 - y), y * (1 - p)
    loss = -(y * mpmath.log(p) + (1 - y) * mpmath.log(1 - p))
    return [float(part) for part in (loss, above - below, above + below, p * (1 - p))]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("groups", "classes"), [(1, 3), (4, 10), (2, 60), (1, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpys_kernel_follows_softmax_groups_along_a_ray(dtype, groups, classes, order, shared):
    """Against values and gradients at the end of the step."""
    rng = np.random.default_rng(0)
    shape, eps = (40, groups * classes), float(np.finfo(dtype).eps)
    Z, change = (np.asarray(rng.normal(size=shape), dtype, order=order) for _ in range(2))
    Z[0, :], Z[1, 0] = 0.0, 1e4
    labels = rng.integers(classes, size=(40, 1 if shared else groups))
    Y = np.asarray(np.eye(classes, dtype=dtype)[labels].reshape(40, -1), order="F")
    sizes = rng.uniform(0.1, 2.0, size=groups).astype(dtype)
    given, loss = (Z.copy(), change.copy(), Y.copy()), Multinomial(classes)
    found = along_ray(loss, np, Z, change, sizes, Y)
    for array, before in zip((Z, change, Y), given, strict=True):
        np.testing.assert_array_equal(array, before)
    plain = plainly(loss, Z + change * np.repeat(sizes, classes), Y, None)
    slope = (plain.grad * change).reshape(40, groups, classes).sum(axis=2)
    for ours, expected, scale in zip(found, (plain.value, slope), (1e4, 4.0), strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, expected, rtol=64 * eps, atol=8 * eps * scale)


@pytest.mark.parametrize("order", ["C", "F"])
def test_small_slopes_of_softmax_groups_keep_their_digits(order):
    Z = np.asarray([[30.0, 0.0, -1.0], [0.0, 34.0, 1.0]], order=order)
    change = np.asarray([[0.5, 1.0, -2.0], [3.0, 0.25, 1.0]], order=order)
    Y = np.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    loss, slope = along_ray(Multinomial(3), np, Z, change, np.asarray([2.0]), Y)
    with mpmath.workdps(50):
        for i, label in enumerate((0, 1)):
            d = [mpmath.mpf(float(one)) for one in change[i]]
            z = [mpmath.mpf(float(one)) + 2 * step for one, step in zip(Z[i], d, strict=True)]
            e = [mpmath.exp(one - z[label]) for one in z]
            exact = mpmath.log(sum(e))
            steep = sum(p * (step - d[label]) for p, step in zip(e, d, strict=True)) / sum(e)
            assert abs(loss[i, 0] - float(exact)) <= 1e-14 * float(exact)
            assert abs(slope[i, 0] - float(steep)) <= 1e-14 * abs(float(steep))
