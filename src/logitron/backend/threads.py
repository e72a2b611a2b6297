"""Worker threads for blocks of rows, and limits of the number of BLAS threads.

NumPy's element-wise functions use one core, but release the interpreter lock, so that several
threads can work on blocks in parallel (`parallel_map`). BLAS has threads of its own, which spin for
a while after each matrix product. More running threads than cores make both slow. Therefore BLAS is
limited to one thread

- while worker threads run, or alternate with other work: `one_blas_thread`;
- while several threads of the user's program compute: `oversubscription_guard`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache, partial
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

#: a method of library controllers, in newer versions of threadpoolctl
CLEAR_METHOD = "clear_controlling_thread"

#: seconds between two checks for Ctrl-C
POLL_SECONDS = 0.05


class _Thread(local):
    is_worker = False
    """Whether this thread belongs to a pool of workers."""


_thread = _Thread()


def workers() -> int:
    """Return the number of worker threads: the cores of this process, at most BLAS's limit.

    In a worker, 1: the others have work of their own.
    """
    if _thread.is_worker:
        return 1
    return one_blas_thread.n_workers_before or _count_workers(_blas_threads())


def _count_workers(pools: list[int]) -> int:
    """Return the cores of this process, at most the threads of each BLAS library."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit: int = min([cores or 1, *pools])
    return max(1, limit)


def parallel_map(
    function: Callable[[Any], Any],
    parts: Sequence[Any],
    *,
    on_error: Callable[[], None] = lambda: None,
) -> list[Any]:
    """Call a function with each part, in one thread for each, and return the results in order.

    After an error, or Ctrl-C, ``on_error`` is called before the other threads are waited for.
    The calling thread waits. It does not work on a part itself: the allocator returns the main
    thread's memory to the system more often, which makes large temporary arrays expensive.
    """
    with one_blas_thread:
        # (with a copy of the context: NumPy keeps its error settings there)
        pool = _pool(os.getpid(), len(parts))
        run = partial(_run_in_worker, function)
        futures = [pool.submit(copy_context().run, run, part) for part in parts]
        try:
            return [future.result() for future in futures]
        except BaseException:
            on_error()
            raise
        finally:
            wait(futures)  # (all workers end before KeyboardInterrupt propagates)


def _run_in_worker(function: Callable[[Any], Any], part: Any) -> Any:
    _thread.is_worker = True
    return function(part)


def run_interruptibly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a long-running LAPACK function so that Ctrl-C interrupts the wait for it.

    Python handles signals between two bytecode instructions of the main thread, and a large
    eigendecomposition is one instruction of several seconds. The function runs in a helper thread,
    and the main thread waits and checks for signals. After Ctrl-C, the helper thread finishes its
    call, and the result is discarded. In other threads, the function is called directly.
    """
    if current_thread() is not main_thread():
        return function(*arguments)
    results: list[Any] = []
    errors: list[BaseException] = []
    finished = Event()
    context = copy_context()  # (NumPy keeps its error settings there)

    def run() -> None:
        try:
            results.append(context.run(function, *arguments))
        except BaseException as error:
            errors.append(error)
        finally:
            finished.set()

    Thread(target=run, name="logitron-interruptible", daemon=True).start()
    while not finished.wait(POLL_SECONDS):  # (the system may deliver the signal to any thread)
        pass
    if errors:
        raise errors[0]
    return results[0]


class _OneBlasThread(ProcessSetting):
    """Limit BLAS to one thread."""

    def _reset(self) -> None:
        super()._reset()
        self._limits: list[int] = []
        """Threads of each BLAS library before the limit."""
        self.n_workers_before = 0
        """Result of `workers` before the limit; 0 while BLAS is not limited."""

    def _apply(self) -> None:
        self._limits = _blas_threads()
        self.n_workers_before = _count_workers(self._limits)
        # (without `ThreadpoolController.limit`, whose checks take twenty times as long)
        if self._is_limit:
            _set_blas_threads([1] * len(self._limits))

    def _restore(self) -> None:
        if self._is_limit:
            _set_blas_threads(self._limits)
        self.n_workers_before = 0

    @property
    def _is_limit(self) -> bool:
        """Whether any library had more than one thread."""
        return max(self._limits, default=1) > 1

    def reset_after_fork(self) -> None:
        """Restore the setting in a forked process, where no other thread exists."""
        if self._n_holders:
            _set_blas_threads(self._limits)
        self._reset()


class _OversubscriptionGuard:
    """Limit BLAS to one thread while several threads of the program compute.

    BLAS has one thread pool for the whole process. Products of several threads wait for the pool
    in turn, and both they and the pool's threads spin meanwhile: four fits in parallel took several
    times as long as four fits in sequence. With one BLAS thread, each computing thread uses a core.

    The guard counts threads, not entries, so that it is re-entrant. BLAS is limited when a second
    thread enters, and restored when only one thread is left.
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
        """Count anew in a forked process, where only the forking thread exists."""
        self._lock = Lock()
        self._n_threads = int(getattr(self._thread_local, "depth", 0) > 0)


one_blas_thread = _OneBlasThread()
oversubscription_guard = _OversubscriptionGuard()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=one_blas_thread.reset_after_fork)
    os.register_at_fork(after_in_child=oversubscription_guard.reset_after_fork)


@cache
def _pool(process: int, size: int) -> ThreadPoolExecutor:
    """Return a pool of ``size`` threads, kept for later calls; a forked process makes its own."""
    return ThreadPoolExecutor(size, thread_name_prefix="logitron")


@cache
def _blas_libraries() -> ThreadpoolController:
    """Find the loaded BLAS libraries, once."""
    return ThreadpoolController().select(user_api="blas")


def _blas_threads() -> list[int]:
    """Return the number of threads of each BLAS library."""
    return [library.get_num_threads() for library in _blas_libraries().lib_controllers]


def _set_blas_threads(numbers: list[int]) -> None:
    """Set the number of threads of each BLAS library."""
    with _blas_control():
        for library, number in zip(_blas_libraries().lib_controllers, numbers, strict=True):
            library.set_num_threads(number)


@contextmanager
def _blas_control() -> Iterator[None]:
    """Allow this thread to set the number of BLAS threads, and any other thread afterwards.

    Newer versions of threadpoolctl allow it only to the thread that did it first, as long as that
    thread exists, and ignore requests of others. Here the first thread to enter sets the number,
    and the last to leave, perhaps another thread, restores it.
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
