"""Several cores at work on blocks of rows, for a library whose element-wise functions use one.

NumPy lets its lock go while it computes, so that threads can work on blocks side by side; products
are then left to one core each. BLAS's own threads go on waiting for work, at full speed, for a
while after each product; where work side by side and products take turns, `one_core_each` is held
over all of it.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from logitron.backend.process_setting import ProcessSetting

__all__ = ["one_core_each", "side_by_side", "workers"]


def workers() -> int:
    """Count the cores that this process may use, and its products are allowed to."""
    return one_core_each.before or _workers()


def _workers() -> int:
    pools = [pool["num_threads"] for pool in _controller().select(user_api="blas").info()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    fewest: int = min([cores or 1, *pools])
    return max(1, fewest)


def side_by_side(function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Call a function with each part, each in a thread of its own, and give what they return.

    This thread waits: its memory is given back to the system more often than that of others, which
    makes large temporaries dear.
    """
    with one_core_each:
        # NumPy's settings for warnings go along
        pool = _pool(os.getpid(), len(parts))
        futures = [pool.submit(copy_context().run, function, part) for part in parts]
        try:
            return [future.result() for future in futures]
        finally:
            wait(futures)  # nobody is at work when an interrupt comes through


class _OneCoreEach(ProcessSetting):
    """Leaves products one core."""

    def _begin(self) -> None:
        super()._begin()
        self._limiter: Any = None
        self.before = 0
        """How many `workers` there were when it began; 0 while nobody wants it."""

    def _change(self) -> None:
        self.before = _workers()
        self._limiter = _controller().limit(limits=1, user_api="blas")

    def _restore(self) -> None:
        self._limiter.restore_original_limits()
        self.before = 0

    def forked(self) -> None:
        """Begin anew in a process that was forked: nobody is at work in it."""
        if self._wanted:
            self._limiter.restore_original_limits()
        self._begin()


one_core_each = _OneCoreEach()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=one_core_each.forked)


@cache
def _pool(process: int, size: int) -> ThreadPoolExecutor:
    """Keep threads for the next time; those of another process do not come along with a fork."""
    return ThreadPoolExecutor(size, thread_name_prefix="logitron")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
