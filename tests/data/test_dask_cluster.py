"""Fits on a cluster of two processes: their cost in tasks, their faults, and what they leave."""

import os
import signal
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.backend import ArrayContext
from logitron.data import keep_chunks, make_rows
from logitron.data.dask_cluster import ClusterWorkers

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed", reason="clusters need distributed")

RNG = np.random.default_rng(0)
N, P, CHUNKS = 2000, 5, 40
X = RNG.normal(size=(N, P))
SCORES = X @ RNG.normal(size=(P, 3)) + RNG.logistic(size=(N, 3))
Y = (SCORES[:, 0] > 0).astype(int)
NUMPY = ArrayContext.named("numpy")


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processes with one thread each, for all tests of the module."""
    settings = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(2, silence_logs=50, **settings) as cluster,
        distributed.Client(cluster, timeout="30s"),
    ):
        yield cluster


@pytest.fixture
def client(cluster):
    """The client; after each test, no worker holds anything that the test does not."""
    client = distributed.default_client()
    client.wait_for_workers(2)
    yield client
    client.sync(_forgotten, cluster.scheduler)


async def _forgotten(scheduler):
    """Wait until the scheduler has dropped what nobody wants; fail if it does not."""
    import asyncio

    for _ in range(200):
        if not any(task.who_wants for task in scheduler.tasks.values()):
            return
        await asyncio.sleep(0.05)
    raise AssertionError([task.key for task in scheduler.tasks.values() if task.who_wants])


class Counter:
    """Counts the tasks that a scheduler finishes, and those of one name."""

    def __init__(self, scheduler):
        from distributed import SchedulerPlugin

        self.finished = found = []

        class Plugin(SchedulerPlugin):
            def transition(self, key, start, finish, *args, **kwargs):
                if start == "processing" and finish == "memory":
                    found.append(str(key))

        self._scheduler, self._plugin = scheduler, Plugin()

    def __enter__(self):
        self._scheduler.add_plugin(self._plugin, name="counter")
        return self

    def __exit__(self, *error):
        self._scheduler.remove_plugin("counter")

    def of(self, name):
        return sum(name in key for key in self.finished)


def chunk_of(rows, number, failing=None):
    """What the function of a chunk returns; a name of its own, so that tasks can be counted."""
    if number == failing:
        raise ZeroDivisionError("the file ends early")
    return rows


def made(rows, *, chunks=CHUNKS, failing=None):
    """A Dask array whose chunks are made by a function, as if they were read from files."""
    from dask import delayed

    edges = np.linspace(0, rows.shape[0], chunks + 1).astype(int)
    make = delayed(chunk_of, pure=False)
    meta = sparse.csr_array((0, 0)) if sparse.issparse(rows) else np.empty((0,) * rows.ndim)
    parts = [
        da.from_delayed(
            make(rows[a:b], number, failing), (b - a, *rows.shape[1:]), rows.dtype, meta=meta
        )
        for number, (a, b) in enumerate(pairwise(edges))
    ]
    return da.concatenate(parts)


def near(found, expected):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=1e-9)


def test_chunks_are_computed_once_and_a_pass_is_a_task_a_thread(client, cluster):
    passes = []
    with pytest.MonkeyPatch.context() as patch, Counter(cluster.scheduler) as counter:
        patch.setattr(ClusterWorkers, "total", _calling(passes.append))
        ours = LogisticRegression(tol=1e-10).fit(made(X), made(Y, chunks=7))
    near(ours.coef_, LogisticRegression(tol=1e-10).fit(X, Y).coef_)
    assert counter.of("chunk_of") == CHUNKS + 7
    assert counter.of("sum_over_part") == 2 * len(passes)
    others = [key for key in counter.finished if not ("chunk_of" in key or "concatenate" in key)]
    assert len(others) <= 2 * len(passes) + 12  # labels, parts of each argument, one sample
    assert isinstance(ours.predict_proba(made(X)), da.Array)


@pytest.mark.parametrize("kind", ["table", "weights", "cross-validation", "persisted", "sparse"])
def test_fits_are_those_of_numpy(client, kind):
    features, y, weights, clf = X, Y, None, LogisticRegression(tol=1e-10)
    if kind == "table":
        y = (SCORES > 0).astype(int)
    elif kind == "weights":
        y, weights = SCORES.argmax(axis=1), RNG.uniform(0.5, 2.0, N)
    elif kind == "cross-validation":
        clf = LogisticRegressionCV(Cs=[0.01, 1.0], cv=2, tol=1e-10, use_legacy_attributes=False)
    elif kind == "sparse":
        features = sparse.random_array((N, 250), density=0.02, format="csr", rng=RNG)
    lazy = made(features, chunks=8)
    lazy = client.persist(lazy) if kind == "persisted" else lazy
    found = clf.fit(lazy, made(y, chunks=5), weights).coef_
    near(found, clf.fit(features, y, weights).coef_)


def test_chunks_that_do_not_fit_the_workers_are_computed_anew(client, cluster, monkeypatch):
    monkeypatch.setattr(ClusterWorkers, "free_memory", lambda self: 1e5)
    expected = LogisticRegression(tol=1e-10).fit(X, Y)
    says = r"X takes 8e-05 GB and the workers have 0\.0001 GB"
    with Counter(cluster.scheduler) as counter, pytest.warns(UserWarning, match=says):
        ours = LogisticRegression(tol=1e-10).fit(made(X, chunks=4), Y)
    near(ours.coef_, expected.coef_)
    assert 4 < counter.of("chunk_of") <= 4 * (ours.work_.passes + 4)


def test_rows_are_drawn_from_the_parts(client):
    values = np.arange(N, dtype=float)
    with keep_chunks(pytest.fail):
        rows = make_rows(NUMPY, made(X), values)
        drawn = rows.sample(50, seed=3)
        chosen = rows.select(np.asarray([1999, 3, 700, 701]))
        expected = make_rows(NUMPY, X, values)
        near(drawn.row_arrays[0], expected.sample(50, seed=3).row_arrays[0])
        near(chosen.row_arrays[0], [1999, 3, 700, 701])
        near(chosen.sum(_total)[0], X[[1999, 3, 700, 701]].sum(axis=0))
        assert rows.sample(1 << 23, seed=3) is None  # too many numbers for one process


def _total(X, *arrays):
    return (X.sum(axis=0),)


def _calling(hook):
    """`ClusterWorkers.total`, which calls a function with the number of the pass first."""
    total, count = ClusterWorkers.total, []

    def calling(self, *args):
        count.append(1)
        hook(len(count))
        return total(self, *args)

    return calling


def test_a_killed_worker_costs_time_and_not_the_answer(client, cluster):
    expected = LogisticRegression(tol=1e-10).fit(X, Y).coef_
    pids = list(client.run(os.getpid).values())
    with pytest.MonkeyPatch.context() as patch, Counter(cluster.scheduler) as counter:
        kill = partial(os.kill, pids[0], signal.SIGKILL)
        patch.setattr(ClusterWorkers, "total", _calling(lambda i: kill() if i == 3 else None))
        near(LogisticRegression(tol=1e-10).fit(made(X), made(Y)).coef_, expected)
    assert counter.of("chunk_of") > 2 * CHUNKS  # those of the lost worker once more


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_is_kept_is_released_after_failures_too(client, error):
    def fail(number):
        if number == 4:
            raise error

    clf = LogisticRegression().fit(X, Y)
    before = dict(vars(clf))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClusterWorkers, "total", _calling(fail))
        with pytest.raises(error) as raised:
            clf.fit(made(X), made(Y))
    assert vars(clf) == before
    client.sync(_forgotten, client.cluster.scheduler)  # though the traceback is alive
    assert raised.tb is not None


def test_chunks_that_raise_are_named(client):
    clf = LogisticRegression()
    for features, labels, name in (
        (made(X, failing=3), Y, "X"),
        (made(X), made(Y, chunks=10, failing=3), "y"),
    ):
        rows = "rows 150 to 199" if name == "X" else "rows 600 to 799"
        says = rf"chunk 3 \({rows}\) of {name} could not be computed: ZeroDivisionError: the file"
        with pytest.raises(RuntimeError, match=says):
            clf.fit(features, labels)
    assert not hasattr(clf, "coef_")


def test_lost_chunks_without_a_source_are_told(client):
    sent = client.scatter([X[:1000], X[1000:]])
    lazy = da.concatenate([da.from_delayed(one, (1000, P), float) for one in sent])
    pids = list(client.run(os.getpid).values())

    def lose(number):
        for pid in pids if number == 3 else ():
            os.kill(pid, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClusterWorkers, "total", _calling(lose))
        with pytest.raises(RuntimeError, match=r"perhaps they were put there by client\.scatter"):
            LogisticRegression().fit(lazy, Y)
