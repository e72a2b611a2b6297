"""Least squares of rows whose sizes differ by thirty orders of magnitude."""

import mpmath
import numpy as np
import pytest

from logitron.backend.graded_rows import least_squares, triangle_of


def _graded(m, D, decades, seed=0):
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** -rng.uniform(0.0, decades, size=(m, 1))
    return sizes * rng.normal(size=(m, D)), sizes[:, 0] * rng.normal(size=m)


@pytest.mark.parametrize("decades", [0.0, 16.0, 30.0])
def test_small_rows_keep_their_digits(decades):
    A, b = _graded(40, 4, decades)
    A[:2], A[2:] = A[:2] + 1.0, 1e-9 * A[2:]  # two large rows leave two directions to the others
    with mpmath.workdps(120):
        exact = mpmath.lu_solve(
            mpmath.matrix(A.tolist()).T * mpmath.matrix(A.tolist()),
            mpmath.matrix(A.tolist()).T * mpmath.matrix(b.tolist()),
        )
        expected = np.asarray([float(one) for one in exact])
    np.testing.assert_allclose(least_squares(A, b), expected, rtol=1e-6)


def test_blocks_of_rows_give_the_same_products():
    A, _ = _graded(3000, 5, 3.0)
    found = triangle_of(A)
    assert found.shape == (5, 5)
    np.testing.assert_allclose(found.T @ found, A.T @ A, rtol=1e-10, atol=1e-12)


def test_few_rows_are_followed_by_zeros():
    A, _ = _graded(2, 5, 1.0)
    found = triangle_of(A)
    assert found.shape == (5, 5)
    np.testing.assert_allclose(found.T @ found, A.T @ A, rtol=1e-10, atol=1e-12)
