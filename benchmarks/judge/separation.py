"""Whether classes can be separated by planes, found by linear programming."""

import numpy as np
import scipy.sparse
from scipy.optimize import linprog

from benchmarks.judge.wide_newton import WIDE, scaled

#: The error that the linear program of standardised columns may make, and the least separation.
OFF, APART = 1e-6, 1e-3
#: Rows farther out than this hide the contribution of their other columns to the linear program.
FAR = 1e5


def separation(X: np.ndarray, y: np.ndarray, *, fit_intercept: bool = True) -> str:
    """Whether classes overlap: "overlap", "quasi", "complete", or "unclear".

    A direction separates if no row loses against another class along it. The separation is
    complete if all rows gain, and quasi-complete if only some do. Without a penalty there is a
    finite optimum only in an overlap. The answer is "unclear" where rounding could decide it.
    """
    _, _, F = scaled(np.asarray(X).astype(WIDE), fit_intercept)
    rows = np.unique(np.column_stack([F.astype(np.float64), y]), axis=0)
    F, y = rows[:, :-1], rows[:, -1].astype(int)
    A = contrasts(F, y)
    longest = np.abs(A).max(axis=1, keepdims=True)
    A = A / np.where(longest > 0, longest, 1.0)
    unknowns, some = [(-1.0, 1.0)] * A.shape[1], scipy.sparse.csr_matrix(-A)
    found = linprog(-A.mean(axis=0), A_ub=some, b_ub=np.zeros(len(A)), bounds=unknowns)
    if found.status != 0:
        return "unclear"
    margins = A @ found.x
    if margins.max() < OFF:
        return "overlap"
    if margins.max() < APART or margins.min() < -OFF:
        return "unclear"
    most = linprog(
        np.r_[np.zeros(A.shape[1]), -1.0],
        A_ub=scipy.sparse.hstack([some, np.ones((len(A), 1))]).tocsr(),
        b_ub=np.zeros(len(A)),
        bounds=[*unknowns, (None, 1.0)],
    )
    if most.status == 0 and most.x[-1] > OFF:
        return "complete"
    return "quasi" if np.abs(F).max() < FAR else "unclear"


def contrasts(F: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows whose product with a direction is the gain of a row's class against another one."""
    codes = np.unique(y)
    if len(codes) == 2:
        return F * np.where(y == codes[1], 1.0, -1.0)[:, None]
    parts = []
    for k, code in enumerate(codes):
        others = np.flatnonzero(y != code)
        part = np.zeros((len(others), len(codes), F.shape[1]))
        part[np.arange(len(others)), np.searchsorted(codes, y[others])] = F[others]
        part[:, k] -= F[others]
        parts.append(part.reshape(len(others), -1))
    return np.concatenate(parts)
