"""The rates of this machine, and the least time of an exact fit that follows from them.

The least time of a problem, its floor, is one Gram matrix at the rate of matrix products, and five
reads of X at the rate of memory. A time in floors is the distance of a solver from the machine
rather than from other solvers.
"""

import numpy as np

from benchmarks.judge.timing import best_of

READS = 5
SHAPE = (65_536, 768)  # 400 MB, more than any cache


def rates() -> dict[str, float]:
    """The bytes per second of ``X @ v``, and the useful operations per second of ``X.T @ X``."""
    rows, columns = SHAPE
    X = np.random.default_rng(0).random(SHAPE)
    v = np.ones(columns)
    read = best_of(5, lambda: X @ v)
    gram = best_of(2, lambda: X.T @ X)
    # a symmetric product needs half of the 2 n p^2 operations
    return {"read": X.nbytes / read, "gram": rows * columns**2 / gram}


def floor(shape: tuple[int, ...], rates: dict[str, float]) -> float:
    """The seconds of one Gram matrix (of the shorter side) and of `READS` reads of X."""
    n, p = shape
    return min(n, p) * n * p / rates["gram"] + READS * 8 * n * p / rates["read"]
