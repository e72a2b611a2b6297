"""A scheduler that ends in the middle of a fit: an error that says how to go on."""

import subprocess
import sys

import pytest

pytest.importorskip("dask.array")
pytest.importorskip("distributed", reason="clusters need distributed")

#: in a process of its own, which ends without a farewell to the scheduler that is gone
SCRIPT = """
import os

import dask
import dask.array as da
import distributed
import numpy as np

from logitron import LogisticRegression
from logitron.data.dask_cluster import ClusterWorkers

dask.config.set({"distributed.comm.timeouts.connect": "1s", "distributed.comm.retry.count": 0})
cluster = distributed.LocalCluster(1, processes=False, dashboard_address=":0", silence_logs=50)
client = distributed.Client(cluster, timeout="5s")
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

ClusterWorkers.total = ending
try:
    model.fit(da.from_array(X, chunks=(100, 3)), y)
except RuntimeError as error:
    print(len(passes) >= 3, vars(model) == before, error, flush=True)
os._exit(0)
"""


def test_a_lost_scheduler_leaves_the_estimator_as_it_was():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=True
    )
    assert ran.stdout.startswith("True True the scheduler of the cluster does not answer"), ran
    assert "call fit again" in ran.stdout
