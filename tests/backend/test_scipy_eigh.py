"""Eigendecompositions where LAPACK's divide-and-conquer method fails, against its other result."""

import numpy as np
import pytest

from logitron.backend import linalg


def _fail(matrices):
    raise np.linalg.LinAlgError("Eigenvalues did not converge")


@pytest.mark.parametrize("shape", [(5, 5), (3, 4, 4), (2, 3, 1, 1)])
def test_another_method_decomposes_the_rest(shape, monkeypatch):
    A = np.random.default_rng(0).normal(size=shape)
    A = A + np.swapaxes(A, -1, -2)
    expected = np.linalg.eigvalsh(A)
    monkeypatch.setattr(np.linalg, "eigh", _fail)
    values, vectors = linalg.eigh(A)
    np.testing.assert_allclose(values, expected, atol=1e-13)
    np.testing.assert_allclose(A @ vectors, values[..., None, :] * vectors, atol=1e-13)
    assert values.shape == shape[:-1]


def test_numbers_that_are_not_finite_still_fail(monkeypatch):
    monkeypatch.setattr(np.linalg, "eigh", _fail)
    with pytest.raises(np.linalg.LinAlgError):
        linalg.eigh(np.full((3, 3), np.nan))
