"""Several threads of the user's that fit at a time: products are left one core, until it is one."""

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
    """Cores that products may use, in each library that computes them."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_cores():
    with threadpool_limits(2, user_api="blas"):
        if blas() != {2}:
            pytest.skip("BLAS cannot use two cores here")
        yield
        assert blas() == {2}  # as it was


class Watched(LogisticRegression):
    """Meets the others in its first iteration, and notes what products may use then."""

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
def test_one_fit_has_all_cores():
    (model,) = fit_at_a_time(1)
    assert model.seen_ == {2}


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("count", [2, 4])
def test_products_of_several_fits_have_one_core(count):
    models = fit_at_a_time(count)
    assert [model.seen_ for model in models] == [{1}] * count
    for model in models:
        np.testing.assert_array_equal(model.coef_, models[0].coef_)


@pytest.mark.usefixtures("two_cores")
def test_they_have_one_core_in_array_api_strict_too():
    xp = pytest.importorskip("array_api_strict")
    assert [model.seen_ for model in fit_at_a_time(2, xp.asarray)] == [{1}, {1}]


@pytest.mark.usefixtures("two_cores")
def test_a_fit_that_fails_gives_the_cores_back():
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
def test_scopes_within_a_scope_are_one_thread():
    place = ArrayContext.named("numpy")
    with place.scope(), place.scope(), ArrayContext.named("numpy", None, "float32").scope():
        assert blas() == {2}
        pool = Thread(target=_in_scope, args=(place, {2}), kwargs={"in_a_pool": True})
        other = Thread(target=_in_scope, args=(place, {1}))
        for thread in (pool, other):
            thread.start()
            thread.join()
        assert blas() == {2}


def test_ctrl_c_is_answered_during_one_long_step():
    began, over = Event(), Event()

    def long():
        began.set()
        over.wait(30)

    def press():
        began.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        threads.answering(long)
    assert not over.is_set()
    over.set()


def test_long_steps_give_what_they_find_or_raise():
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
    with ThreadPoolExecutor(1) as pool:  # of other threads, nobody asks for an answer
        assert pool.submit(threads.answering, current_thread).result().name.startswith("Thread")
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        threads.answering(lambda: np.float64(1e300) * np.float64(1e300))


seen = []


def _in_scope(place, expected, **settings):
    with place.scope(**settings):
        seen.append(blas() == expected)


@pytest.fixture(autouse=True)
def _all_seen():
    seen.clear()
    yield
    assert all(seen)


def test_it_is_put_back_when_one_thread_is_left(monkeypatch):
    happened = []

    class Recorder:
        def __enter__(self):
            happened.append("one core")

        def __exit__(self, *exception):
            happened.append("all")

    monkeypatch.setattr(threads, "one_blas_thread", Recorder())
    held, meet = threads._OneOfSeveral(), Barrier(2)

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
from logitron.backend.threads import one_blas_thread, one_of_several
there, over = Event(), Event()
def other():
    with one_of_several:
        there.set()
        over.wait()
thread = Thread(target=other)
thread.start()
there.wait()
with one_of_several:
    assert one_blas_thread._wanted == 1
    child = os.fork()
    if child == 0:
        good = one_blas_thread._wanted == 0 and one_of_several._threads == 1
        one_of_several.__exit__()
        os._exit(0 if good and one_of_several._threads == one_blas_thread._wanted == 0 else 1)
    _, status = os.waitpid(child, 0)
over.set()
thread.join()
assert one_blas_thread._wanted == 0
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_begins_anew():
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
