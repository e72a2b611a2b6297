"""Threads of torch on a processor: one while the workers of `logitron.backend.threads` run.

Each thread of a program has its own number of threads of torch, and new ones take the number that
was set last. Those threads spin for a while after each operation, so that more of them than cores
make all slow.
"""

from collections.abc import Callable, Sequence
from functools import partial
from threading import local
from typing import Any

from logitron.backend import threads

__all__ = ["one_thread", "parallel_map", "workers"]


class _OneThread(local):
    """Limit torch to one thread in the calling thread; re-entrant."""

    _depth = 0
    n_before = 0
    """Threads before the limit; 0 without it."""

    def __enter__(self) -> None:
        import torch

        if not self._depth:
            self.n_before = torch.get_num_threads()
            torch.set_num_threads(1)
        self._depth += 1

    def __exit__(self, *exception: object) -> None:
        import torch

        self._depth -= 1
        if not self._depth:
            torch.set_num_threads(self.n_before)
            self.n_before = 0


one_thread = _OneThread()


def workers() -> int:
    """Return the number of worker threads: those of torch, at most the cores of this process."""
    import torch

    return min(threads.workers(), one_thread.n_before or torch.get_num_threads())


def parallel_map(function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Call a function with each part, in one thread for each; see `threads.parallel_map`."""
    with one_thread:
        return threads.parallel_map(partial(_in_one_thread, function), parts)


def _in_one_thread(function: Callable[[Any], Any], part: Any) -> Any:
    import torch

    with one_thread, torch.no_grad():  # (both hold for the calling thread)
        return function(part)
