"""Inverses of symmetric positive definite matrices, by each library's own method."""

import numpy as np
import pytest

from logitron.backend import linalg
from tests.backends import host
from tests.tolerances import assert_near


def _positive(size, condition, seed=0):
    """A stack of three matrices with eigenvalues from 1 to the condition number, and inverses."""
    rng = np.random.default_rng(seed)
    vectors, _ = np.linalg.qr(rng.normal(size=(3, size, size)))
    values = np.geomspace(1.0, condition, size)
    back = np.swapaxes(vectors, 1, 2)
    return (vectors * values) @ back, (vectors / values) @ back


@pytest.mark.parametrize("size", [1, 5, 40])
def test_inverses_are_those_of_the_eigenvalues(eager, size):
    A, inverse = (np.stack([part, part]) for part in _positive(size, 10.0))
    with eager.context().scope():
        found = host(linalg.inv_definite(eager.array(A)))
    assert_near(found, inverse, eager.precision, 10 * size)


def test_an_inverse_in_float32_is_symmetric_and_positive():
    """Near the largest condition number that float32 can hold."""
    A, _ = _positive(60, 1e6)
    found = linalg.inv_definite(A.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.swapaxes(found, 1, 2))
    assert np.linalg.eigvalsh(found.astype(np.float64)).min() > 0.0


def test_a_matrix_that_is_not_positive_leaves_the_others():
    A, inverse = _positive(20, 10.0)
    A[1] = -A[1]
    found = linalg.inv_definite(A)
    assert np.isnan(found[1]).all()
    assert_near(found[::2], inverse[::2], "float64", 200)
    assert np.all(A[1] == -_positive(20, 10.0)[0][1])  # arguments are not overwritten
