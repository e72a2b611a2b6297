"""Least squares whose rows differ in size by many orders of magnitude, on the host.

Where classes separate, the curvatures of rows range over thirty orders of magnitude, and the
penalty's are among the smallest. Their sum, a Hessian, keeps those of the largest sixteen. A QR
decomposition by Householder's reflections keeps the digits of each row if the rows are sorted by
their size, the largest first [1]_, and so the solution is right in directions that only small rows
determine.

References
----------
.. [1] A. J. Cox, N. J. Higham, "Stability of Householder QR factorization for weighted least
   squares problems", in Numerical Analysis 1997, Longman 1998.
"""

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["least_squares", "triangle_of"]

#: rows that are decomposed at a time, at least, and as a multiple of the columns: they fit a cache
FEWEST, TIMES = 256, 8


def triangle_of(rows: HostArray, compared: int | None = None) -> HostArray:
    """Find a triangle ``R (D, D)`` with the products of rows (m, D): ``R'R`` is ``rows' rows``.

    Rows are sorted by the largest of their first ``compared`` numbers, by default of all. Fewer
    rows than columns are followed by zeros.
    """
    D = rows.shape[1]
    size = max(FEWEST, TIMES * D)
    while len(rows) > 2 * size:
        rows = _sorted(rows, compared)
        whole = len(rows) - len(rows) % size
        parts: HostArray = np.asarray(np.linalg.qr(rows[:whole].reshape(-1, size, D), mode="r"))
        rows = np.concatenate([parts.reshape(-1, D), rows[whole:]])
    found: HostArray = np.asarray(np.linalg.qr(_sorted(rows, compared), mode="r"))
    short = D - len(found)
    return found if short <= 0 else np.concatenate([found, np.zeros((short, D))])


def least_squares(A: HostArray, b: HostArray) -> HostArray:
    """Minimise ``|A x - b|`` for a matrix (m, D) of rank D, and return x (D,)."""
    D = A.shape[1]
    size = np.sqrt(np.einsum("ij,ij->j", A, A))
    size = np.where(size > 0.0, size, 1.0)
    triangle = triangle_of(np.concatenate([A / size, b[:, None]], axis=1), D)
    R, right = triangle[:D, :D], triangle[:D, D]
    if np.abs(np.diagonal(R)).min(initial=np.inf) > 0.0:
        x: HostArray = np.linalg.solve(R, right)
    else:
        x = np.linalg.lstsq(R, right, rcond=None)[0]
    return x / size


def _sorted(rows: HostArray, compared: int | None) -> HostArray:
    """Sort rows by their largest number, the largest first, without those of zeros."""
    largest = np.max(np.abs(rows[:, :compared]), axis=1)
    order = np.argsort(-largest, kind="stable")[: int(np.count_nonzero(largest))]
    return rows[order]
