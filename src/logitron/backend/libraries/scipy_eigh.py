"""Eigendecompositions of symmetric NumPy matrices, which do not fail where LAPACK's fastest does.

The divide-and-conquer method that NumPy calls fails for a few matrices whose eigenvalues range over
all of the precision. The older QR iteration, several times slower, decomposes them.
"""

import numpy as np

from logitron.backend.types import Array

__all__ = ["eigh"]


def eigh(A: Array) -> tuple[Array, Array]:
    """Decompose stacks of symmetric matrices, see `logitron.backend.linalg`.

    Parameters
    ----------
    A : numpy.ndarray (..., D, D)

    Returns
    -------
    values, vectors : numpy.ndarray (..., D), (..., D, D)

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not finite, or not square.
    """
    try:
        values, vectors = np.linalg.eigh(A)
    except np.linalg.LinAlgError:
        if A.shape[-2] != A.shape[-1] or not np.isfinite(A).all():
            raise
        values, vectors = _by_qr_iteration(A)
    return values, vectors


def _by_qr_iteration(A: Array) -> tuple[Array, Array]:
    from scipy.linalg import eigh as decompose

    D = A.shape[-1]
    found = [decompose(matrix, driver="ev") for matrix in A.reshape(-1, D, D)]
    values = np.stack([one[0] for one in found]).reshape(A.shape[:-1])
    return values, np.stack([one[1] for one in found]).reshape(A.shape)
