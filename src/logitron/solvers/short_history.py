"""The history of L-BFGS of many parameters: few pairs, in float32 where they are on the host."""

from logitron.backend import ArrayContext
from logitron.backend.types import Array
from logitron.solvers.dropping_history import KEEP, DroppingHistory
from logitron.solvers.ring_history import RingHistory

__all__ = ["short_history"]

#: pairs that are kept
SIZE = 8


def short_history(context: ArrayContext, theta: Array) -> DroppingHistory | RingHistory:
    """Begin a history without pairs, which drops those of a steeper loss.

    Its arrays take a quarter of the memory there, and of the time, as they are not copied.
    """
    if not context.library.is_host:
        return DroppingHistory.of(context, theta, max_size=SIZE)
    G, K, q = theta.shape
    return RingHistory(G, K * q, SIZE, most=SIZE, keep=KEEP, rescales=False)
