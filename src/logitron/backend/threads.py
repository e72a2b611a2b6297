"""Several cores at work on blocks of rows, for a library whose element-wise functions use one.

NumPy lets its lock go while it computes, so that threads can work on blocks side by side; products
are then left to one core each. BLAS's own threads go on waiting for work, at full speed, for a
while after each product; where work side by side and products take turns, `one_blas_thread` is held
over all of it. So it is while several threads of the user's compute at a time:
`oversubscription_guard`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from threading import Event, Lock, Thread, current_thread, local, main_thread
from typing import Any

from threadpoolctl import ThreadpoolController

from logitron.backend.process_setting import ProcessSetting

__all__ = [
    "one_blas_thread",
    "oversubscription_guard",
    "parallel_map",
    "run_interruptibly",
    "workers",
]

#: what newer versions of threadpoolctl have
CLEAR_METHOD = "clear_controlling_thread"

#: seconds between two looks for Ctrl-C
POLL_SECONDS = 0.05


def workers() -> int:
    """Count the cores that this process may use, and its products are allowed to."""
    return one_blas_thread.n_workers_before or _count_workers()


def _count_workers() -> int:
    pools = [pool["num_threads"] for pool in _blas_libraries().info()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit: int = min([cores or 1, *pools])
    return max(1, limit)


def parallel_map(function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Call a function with each part, each in a thread of its own, and give what they return.

    This thread waits: its memory is given back to the system more often than that of others, which
    makes large temporaries dear.
    """
    with one_blas_thread:
        # NumPy's settings for warnings go along
        pool = _pool(os.getpid(), len(parts))
        futures = [pool.submit(copy_context().run, function, part) for part in parts]
        try:
            return [future.result() for future in futures]
        finally:
            wait(futures)  # nobody is at work when an interrupt comes through


def run_interruptibly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function that takes long and never looks up, so that Ctrl-C is answered meanwhile.

    Python looks for Ctrl-C between two of its own steps, in the main thread only; an
    eigendecomposition is one step of several seconds. It is computed in a thread beside, while
    this one waits. After Ctrl-C, nobody wants what it finds; it ends by itself.
    """
    if current_thread() is not main_thread():
        return function(*arguments)
    results: list[Any] = []
    errors: list[BaseException] = []
    finished = Event()
    context = copy_context()  # NumPy's settings for warnings go along

    def run() -> None:
        try:
            results.append(context.run(function, *arguments))
        except BaseException as error:
            errors.append(error)
        finally:
            finished.set()

    Thread(target=run, name="logitron-interruptible", daemon=True).start()
    while not finished.wait(POLL_SECONDS):  # the system may have told the other thread of Ctrl-C
        pass
    if errors:
        raise errors[0]
    return results[0]


class _OneBlasThread(ProcessSetting):
    """Leaves products one core."""

    def _reset(self) -> None:
        super()._reset()
        self._limiter: Any = None
        self.n_workers_before = 0
        """How many `workers` there were when it began; 0 while nobody wants it."""

    def _apply(self) -> None:
        self.n_workers_before = _count_workers()
        with _blas_control():
            self._limiter = _blas_libraries().limit(limits=1)

    def _restore(self) -> None:
        with _blas_control():
            self._limiter.restore_original_limits()
        self.n_workers_before = 0

    def reset_after_fork(self) -> None:
        """Begin anew in a process that was forked: nobody is at work in it."""
        if self._n_holders:
            with _blas_control():
                self._limiter.restore_original_limits()
        self._reset()


class _OversubscriptionGuard:
    """Leaves products one core while several threads compute at a time.

    BLAS has one team of threads for the whole process. Products of several threads wait for it in
    turn, spinning, and its own threads spin beside them: four fits at a time took several times as
    long as one after the other. Each thread that computes is a core at work already.

    Threads are counted, not how often each enters; the setting is changed when the second one
    comes, and changed back when only one is left.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_threads = 0
        self._thread_local = local()

    def __enter__(self) -> None:
        depth = getattr(self._thread_local, "depth", 0)
        self._thread_local.depth = depth + 1
        if depth == 0:
            with self._lock:
                self._n_threads += 1
                if self._n_threads == 2:
                    one_blas_thread.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._thread_local.depth -= 1
        if self._thread_local.depth == 0:
            with self._lock:
                self._n_threads -= 1
                if self._n_threads == 1:
                    one_blas_thread.__exit__()

    def reset_after_fork(self) -> None:
        """Begin anew in a process that was forked: no thread but this one came along."""
        self._lock = Lock()
        self._n_threads = int(getattr(self._thread_local, "depth", 0) > 0)


one_blas_thread = _OneBlasThread()
oversubscription_guard = _OversubscriptionGuard()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=one_blas_thread.reset_after_fork)
    os.register_at_fork(after_in_child=oversubscription_guard.reset_after_fork)


@cache
def _pool(process: int, size: int) -> ThreadPoolExecutor:
    """Keep threads for the next time; those of another process do not come along with a fork."""
    return ThreadPoolExecutor(size, thread_name_prefix="logitron")


@cache
def _blas_libraries() -> ThreadpoolController:
    """Find the libraries that compute products, once."""
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def _blas_control() -> Iterator[None]:
    """Let this thread set how many threads BLAS has, and leave it to any other afterwards.

    Newer versions of threadpoolctl let only the thread do so that did it first, as long as that
    lives, and ignore what others ask for. Here several threads want the same, and the last to
    leave, which takes it back, may be another than the first to come.
    """
    kinds = {type(library) for library in _blas_libraries().lib_controllers}
    clear = [kind.clear_controlling_thread for kind in kinds if hasattr(kind, CLEAR_METHOD)]
    for one in clear:
        one(force=True)
    try:
        yield
    finally:
        for one in clear:
            one(force=True)
