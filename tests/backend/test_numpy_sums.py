"""NumPy's sums by products with ones: the same numbers, however the array lies in memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.backend import ArrayContext

XP = ArrayContext.named("numpy").xp
SHAPES = [(700, 3), (5, 128), (5, 129), (300, 1), (40, 2, 9), (2, 600), (600,)]


@settings(deadline=None, max_examples=60)
@given(
    shape=st.sampled_from(SHAPES),
    dtype=st.sampled_from(["float32", "float64", "int64", "bool"]),
    order=st.sampled_from("CF"),
    last=st.booleans(),
    keepdims=st.booleans(),
    seed=st.integers(0, 99),
)
def test_sums_are_those_of_exact_arithmetic(shape, dtype, order, last, keepdims, seed):
    """To half a unit of the last place of the sum of sizes, for each addition."""
    axis = -1 if last else 0
    values = 4.0 * np.random.default_rng(seed).standard_normal(shape)
    array = np.asarray(values.astype(dtype), order=order)
    found = XP.sum(array, axis=axis, keepdims=keepdims)
    exact = np.sum(array.astype(np.longdouble), axis=axis, keepdims=keepdims)
    sizes = np.sum(np.abs(array.astype(np.longdouble)), axis=axis, keepdims=keepdims)
    eps = np.finfo(dtype).eps if array.dtype.kind == "f" else 0.0
    assert found.shape == exact.shape
    assert found.dtype == np.sum(array, axis=axis).dtype
    assert (np.abs(found - exact) <= array.shape[axis] * eps * sizes).all()


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_odd_numbers_stay_in_their_sums(axis, odd):
    array = np.ones((300, 4))
    array[7, 2] = odd
    np.testing.assert_array_equal(XP.sum(array, axis=axis), np.sum(array, axis=axis))
