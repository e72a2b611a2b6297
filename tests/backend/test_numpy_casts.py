"""Numbers of 16 bits are widened to those that they are, whatever their order in memory."""

import numpy as np
import pytest

from logitron.backend.libraries.numpy_casts import BFLOAT16, cast

# (NumPy warns of signalling NaN)
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast")

#: all numbers of 16 bits, several times
BITS = np.tile(np.arange(1 << 16, dtype=np.uint16), (3, 1))

layout = pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x.T,
        lambda x: x[:, ::3],
        lambda x: x[::-1],
        lambda x: x.T[1::2],
        lambda x: x[:, :7],
        lambda x: x[0],
        lambda x: x[:0],
    ],
    ids=["c", "fortran", "columns", "reversed", "rows", "few", "vector", "empty"],
)
precision = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def assert_same_numbers(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)  # (NaN equals NaN here)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@layout
@precision
def test_float16_is_widened_as_numpy_does(view, dtype):
    x = view(BITS.view(np.float16))
    found, expected = cast(x, dtype), x.astype(dtype)
    assert_same_numbers(found, expected)
    assert found.flags.f_contiguous == expected.flags.f_contiguous


@precision
def test_finite_numbers_of_float16_are_widened(dtype):
    x = BITS.view(np.float16)
    x = x[np.isfinite(x)]
    assert_same_numbers(cast(x, dtype), x.astype(dtype))


@layout
@precision
def test_records_of_two_bytes_are_widened_as_bfloat16(view, dtype):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = view(BITS.view(ml_dtypes.bfloat16))
    assert_same_numbers(cast(x.view(BFLOAT16), dtype), x.astype(dtype))


def test_other_numbers_are_cast_by_numpy():
    x = np.arange(5, dtype=np.int16)
    assert cast(x, np.int16, copy=False) is x
    assert_same_numbers(cast(x, np.float32), x.astype(np.float32))
