"""Limits of BLAS threads while several threads fit, and interruptible LAPACK calls."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread, current_thread

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from logitron import LogisticRegression
from logitron.backend import ArrayContext, threads

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)


def blas():
    """The number of threads of each loaded BLAS library."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_cores():
    with threadpool_limits(2, user_api="blas"):
        if blas() != {2}:
            pytest.skip("BLAS cannot use two cores here")
        yield
        assert blas() == {2}  # restored


class Watched(LogisticRegression):
    """Waits for the other fits in its first iteration, and records the number of BLAS threads."""

    meet = None

    def _iteration_callback(self):
        def watch(iteration):
            if iteration.number == 1:
                self.meet.wait(30)
                self.seen_ = blas()
                self.meet.wait(30)

        return watch


def fit_at_a_time(count, make=lambda X: X):
    meet, models = Barrier(count), [Watched() for _ in range(count)]
    for model in models:
        model.meet = meet
    with ThreadPoolExecutor(count) as pool:
        fitted = list(pool.map(lambda model: model.fit(make(X), Y), models))
    return fitted


@pytest.mark.usefixtures("two_cores")
def test_a_single_tiny_fit_keeps_all_blas_threads():
    """BLAS does not use them for it, and a limit would cost a part of the fit."""
    (model,) = fit_at_a_time(1)
    assert model.seen_ == {2}


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("count", [2, 4])
def test_blas_has_one_thread_during_several_fits(count):
    models = fit_at_a_time(count)
    assert [model.seen_ for model in models] == [{1}] * count
    for model in models:
        np.testing.assert_array_equal(model.coef_, models[0].coef_)


@pytest.mark.usefixtures("two_cores")
def test_blas_has_one_thread_for_array_api_strict_too():
    xp = pytest.importorskip("array_api_strict")
    assert [model.seen_ for model in fit_at_a_time(2, xp.asarray)] == [{1}, {1}]


@pytest.mark.usefixtures("two_cores")
def test_a_failed_fit_restores_the_number_of_threads():
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: _error_of(lambda: Watched().fit(X * np.nan, Y)), range(8))
    assert all(isinstance(error, ValueError) for error in found)


def _error_of(call):
    try:
        call()
    except ValueError as error:
        return error
    return None


@pytest.mark.usefixtures("two_cores")
def test_nested_scopes_count_as_one_thread():
    place = ArrayContext.named("numpy")
    with place.scope(), place.scope(), ArrayContext.named("numpy", None, "float32").scope():
        assert blas() == {2}
        pool = Thread(target=_in_scope, args=(place, {2}), kwargs={"in_worker_thread": True})
        other = Thread(target=_in_scope, args=(place, {1}))
        for thread in (pool, other):
            thread.start()
            thread.join()
        assert blas() == {2}


def test_ctrl_c_interrupts_a_long_call():
    began, over = Event(), Event()

    def long():
        began.set()
        over.wait(30)

    def press():
        began.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    # (a process that was started in the background ignores the signal)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        Thread(target=press).start()
        with pytest.raises(KeyboardInterrupt):
            threads.run_interruptibly(long)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not over.is_set()
    over.set()


def test_interruptible_calls_return_or_raise():
    A = np.eye(600) * np.arange(600.0)
    library = ArrayContext.named("numpy").library
    values, vectors = library.eigh(A)
    np.testing.assert_array_equal(values, np.linalg.eigh(A)[0])
    np.testing.assert_array_equal(vectors, np.linalg.eigh(A)[1])
    stack = np.stack([A + np.eye(600)] * 2)
    np.testing.assert_array_equal(library.solve(stack, stack), np.linalg.solve(stack, stack))
    np.testing.assert_array_equal(library.inv(stack), np.linalg.inv(stack))
    with pytest.raises(np.linalg.LinAlgError):
        library.eigh(np.ones((600, 500)))
    with ThreadPoolExecutor(1) as pool:  # (called directly in other threads)
        thread = pool.submit(threads.run_interruptibly, current_thread).result()
        assert thread.name.startswith("Thread")
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        threads.run_interruptibly(lambda: np.float64(1e300) * np.float64(1e300))


seen = []


def _in_scope(place, expected, **settings):
    with place.scope(**settings):
        seen.append(blas() == expected)


@pytest.fixture(autouse=True)
def _all_seen():
    seen.clear()
    yield
    assert all(seen)


def test_the_limit_ends_when_one_thread_is_left(monkeypatch):
    happened = []

    class Recorder:
        def __enter__(self):
            happened.append("one core")

        def __exit__(self, *exception):
            happened.append("all")

    monkeypatch.setattr(threads, "one_blas_thread", Recorder())
    held, meet = threads._OversubscriptionGuard(), Barrier(2)

    def other():
        for _ in range(2):
            with held, held:
                meet.wait(30)
                meet.wait(30)

    thread = Thread(target=other)
    thread.start()
    with held:
        for _ in range(2):
            meet.wait(30)
            meet.wait(30)
        thread.join()
        assert happened == ["one core", "all"] * 2
    assert happened == ["one core", "all"] * 2


FORKS = """
import os
from threading import Event, Thread
from logitron.backend.threads import one_blas_thread, oversubscription_guard
there, over = Event(), Event()
def other():
    with oversubscription_guard:
        there.set()
        over.wait()
thread = Thread(target=other)
thread.start()
there.wait()
with oversubscription_guard:
    assert one_blas_thread._n_holders == 1
    child = os.fork()
    if child == 0:
        good = one_blas_thread._n_holders == 0 and oversubscription_guard._n_threads == 1
        oversubscription_guard.__exit__()
        good &= oversubscription_guard._n_threads == one_blas_thread._n_holders == 0
        os._exit(0 if good else 1)
    _, status = os.waitpid(child, 0)
over.set()
thread.join()
assert one_blas_thread._n_holders == 0
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_counts_anew():
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
