"""A scheduler that ends in the middle of a fit: an error that says how to go on."""

import contextlib

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.data.dask_cluster import ClusterWorkers

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed", reason="clusters need distributed")


@pytest.fixture
def cluster():
    """A cluster of one worker, in this process."""
    settings = {"distributed.comm.timeouts.connect": "1s", "distributed.comm.retry.count": 0}
    with dask.config.set(settings):
        cluster = distributed.LocalCluster(
            1, processes=False, dashboard_address=":0", silence_logs=50
        )
        client = distributed.Client(cluster, timeout="5s")
        yield cluster
        for one in (client, cluster):
            with contextlib.suppress(TimeoutError, OSError):  # (its scheduler does not answer)
                one.close(timeout=1)


def test_a_lost_scheduler_leaves_the_estimator_as_it_was(cluster):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (X[:, 0] + rng.logistic(size=400) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    before, total, passes = dict(vars(model)), ClusterWorkers.total, []

    def ending(self, *arguments):
        passes.append(1)
        if len(passes) == 3:
            cluster.sync(cluster.scheduler.close)
        return total(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClusterWorkers, "total", ending)
        with pytest.raises(RuntimeError, match=r"scheduler .* does not answer.*call fit again"):
            model.fit(da.from_array(X, chunks=(100, 3)), y)
    assert len(passes) >= 3
    assert vars(model) == before
