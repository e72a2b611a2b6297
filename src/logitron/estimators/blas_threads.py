"""Whether a fit holds BLAS to one thread from beginning to end.

On a busy machine, each small product of two BLAS threads waits for a core: fits of a tenth of a
second took ten seconds.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from logitron.objective import Objective

__all__ = ["limit_blas_threads"]

#: multiplications of the features with themselves, from which on threads of BLAS save time; and
#: with the coefficients, up to which BLAS uses one thread
LARGE_PRODUCT, TINY_PRODUCT = 1 << 31, 1 << 12


def limit_blas_threads(objective: Objective) -> AbstractContextManager[Any]:
    """Limit BLAS to one thread, for parameters and rows.

    Not where the products of dense features are large, nor where BLAS uses one thread anyway.
    """
    (n, p), (G, K, _) = objective.rows.shape, objective.shape
    if objective.rows.lazy:  # the threads of Dask's workers belong to Dask
        return nullcontext()
    sparse = objective.rows.entries is not None  # (then BLAS multiplies the history of steps alone)
    if n * p * G * K <= TINY_PRODUCT or (n * p * min(n, p) > LARGE_PRODUCT and not sparse):
        return nullcontext()
    if objective.is_remote:
        return _limit_both(objective)
    return objective.rows.context.library.limit_blas_threads()


@contextmanager
def _limit_both(objective: Objective) -> Iterator[None]:
    libraries = objective.context.library, objective.rows.context.library
    with libraries[0].limit_blas_threads(), libraries[1].limit_blas_threads():
        yield
