"""Copies of CuPy's arrays by the kernel of this package, against NumPy's."""

import numpy as np
import pytest

from logitron.backend import LIBRARIES
from logitron.backend.libraries.cupy_copies import KINDS
from tests.standins import cupy as standin

pytestmark = pytest.mark.skipif(standin.missing() is not None, reason=str(standin.missing()))

DTYPES = [str(dtype) for dtype in KINDS]


@pytest.fixture
def xp():
    """The namespace of CuPy's library, on the simulated device."""
    with standin.installed():
        yield LIBRARIES["cupy"].namespace()


def values(dtype, shape=(4, 5, 3)):
    """Numbers that every dtype of the kernel holds, but for the sign of some."""
    low = 0 if dtype in ("bool", "uint8") else -3
    return np.random.default_rng(0).integers(low, 4, size=shape).astype(dtype)


def launched():
    """Whether the kernel of this package ran, and no other."""
    return {name for name, _ in standin.KERNELS} == {"RawKernel"}


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("source", DTYPES)
def test_casts_between_all_dtypes(source, target, xp):
    given = values(source)
    # (a negative number has no place in unsigned ones)
    given = abs(given) if target == "uint8" and source != "bool" else given
    for view in (given, given.T, given[1:, ::-2], given[:, :, 1], given[0, 0], given[1, 2, 0:1]):
        standin.KERNELS.clear()
        found = xp.astype(standin.ndarray(view), getattr(xp, target))
        np.testing.assert_array_equal(found.get(), view.astype(target))
        assert found.dtype == target
        assert source == target or launched()


def test_large_integers_and_fractions_are_cast(xp):
    large = np.asarray([2**53 + 1, -(2**62) - 1])
    np.testing.assert_array_equal(
        xp.astype(standin.ndarray(large), xp.int64, copy=True).get(), large
    )
    halves = np.asarray([1.5, -2.7])
    np.testing.assert_array_equal(xp.astype(standin.ndarray(halves), xp.int32).get(), [1, -2])


@pytest.mark.parametrize("index_dtype", ["int8", "int64"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["int8", "float32", "float64"])
def test_rows_and_columns_are_chosen(dtype, order, index_dtype, xp):
    X = np.asarray(values(dtype, (6, 4)), order=order)
    index = np.asarray([3, 0, 3, 1], index_dtype)
    for array, axis in ((X, 0), (X, 1), (X[:, 1], 0), (X[::2], 1)):
        standin.KERNELS.clear()
        found = xp.take(
            standin.ndarray(array), standin.ndarray(index % array.shape[axis]), axis=axis
        )
        np.testing.assert_array_equal(found.get(), array.take(index % array.shape[axis], axis=axis))
        assert launched()


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_arrays_are_joined(axis, xp):
    parts = [values("float64"), values("float64")[::-1], values("float64").copy(order="F")]
    parts.insert(1, np.delete(parts[0], slice(None), axis=axis))
    there = [standin.ndarray(part) for part in parts]
    standin.KERNELS.clear()
    found = xp.concat(there, axis=axis).get()
    flat = xp.stack([one[:, :, 0] for one in there if one.size], axis=axis).get()
    assert launched()
    np.testing.assert_array_equal(found, np.concatenate(parts, axis=axis))
    np.testing.assert_array_equal(
        flat, np.stack([part[:, :, 0] for part in parts if part.size], axis=axis)
    )


def test_ones_and_sums_of_small_integers_compile_nothing_else(xp):
    standin.KERNELS.clear()
    ones = xp.ones_like(standin.ndarray(values("int8")), dtype=xp.float32)
    assert ones.dtype == "float32"
    assert (ones.get() == 1.0).all()
    many = standin.ndarray(np.full(1000, 100, np.int8))
    assert int(xp.sum(many)) == 100_000
    np.testing.assert_array_equal(xp.sum(many.reshape(10, 100), axis=1).get(), 10_000)
    assert launched()


def test_what_the_kernel_does_not_know_is_left_to_cupy(xp):
    halves = np.asarray([1.5, -2.25], np.float16)
    np.testing.assert_array_equal(xp.astype(standin.ndarray(halves), xp.float32).get(), halves)
    deep = values("float64", (2, 3, 2, 2))
    np.testing.assert_array_equal(xp.astype(standin.ndarray(deep), xp.int8).get(), deep)
    assert xp.astype(standin.ndarray(np.zeros((0, 2))), xp.float32).shape == (0, 2)
    assert int(xp.sum(standin.ndarray(np.full(9, 2**14, np.int16)))) == 9 * 2**14
    assert int(xp.sum(standin.ndarray(values("int8", (2, 3, 2, 2)) * 0 + np.int8(100)))) == 2400
