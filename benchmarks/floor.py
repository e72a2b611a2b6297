"""What this machine allows: how long an exact fit takes at least, near enough.

The floor of a problem is one Gram matrix at the rate of matrix products, and five reads of X at the
rate of memory. A time in floors says how far a solver is from the machine, not from its rivals.
"""

import time

import numpy as np

READS = 5
SHAPE = (65_536, 768)  # 400 MB: no cache holds it


def best_of(repeats: int, work) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def rates() -> dict[str, float]:
    """Bytes per second of ``X @ v``, and useful operations per second of ``X.T @ X``."""
    rows, columns = SHAPE
    X = np.random.default_rng(0).random(SHAPE)
    v = np.ones(columns)
    read = best_of(5, lambda: X @ v)
    gram = best_of(2, lambda: X.T @ X)
    # a symmetric product needs half of the 2 n p^2 operations
    return {"read": X.nbytes / read, "gram": rows * columns**2 / gram}


def floor(shape: tuple[int, int], rates: dict[str, float]) -> float:
    """Seconds of one Gram matrix (of the shorter side) and `READS` reads of X."""
    n, p = shape
    return min(n, p) * n * p / rates["gram"] + READS * 8 * n * p / rates["read"]
