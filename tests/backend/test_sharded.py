"""Arrays on several devices: JAX's shard by rows, PyTorch's are refused."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from logitron import LogisticRegression

#: fits on eight virtual devices of a processor, and counts what JAX compiles for each
SCRIPT = """
import json, logging
import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from logitron import LogisticRegression
from logitron.backend import LIBRARIES

LIBRARIES["jax"].numpy_on_processor = False  # (a single device's memory is NumPy's too)
rng = np.random.default_rng(0)
X = rng.normal(size=(800, 4))
scores = X @ rng.normal(size=(4, 3)) + rng.logistic(size=(800, 3))
targets = {"binary": (scores[:, 0] > 0).astype(int), "classes": scores.argmax(axis=1)}

compiled = []
class Note(logging.Handler):
    def emit(self, record):
        compiled.append(record.getMessage())
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_log_compiles", True)
logger = logging.getLogger("jax._src.interpreters.pxla")
logger.addHandler(Note())
logger.propagate = False

def spread(kind):
    mesh = jax.make_mesh((8,), ("rows",), axis_types=(kind,))
    return jax.device_put(X, NamedSharding(mesh, PartitionSpec("rows", None)))

expected = {name: LogisticRegression(tol=1e-10).fit(X, y) for name, y in targets.items()}
found = {"devices": len(jax.devices()), "errors": [], "compiled": {}}
for placed in ("one", "auto", "explicit"):
    jax.clear_caches()
    data = jax.numpy.asarray(X) if placed == "one" else spread(getattr(AxisType, placed.title()))
    compiled.clear()
    for name, y in targets.items():
        if placed == "explicit" and name == "classes":
            continue
        clf = LogisticRegression(tol=1e-10).fit(data, y)
        found["errors"].append(float(np.abs(np.asarray(clf.coef_) - expected[name].coef_).max()))
        difference = np.asarray(clf.predict_proba(data)) - expected[name].predict_proba(X)
        found["errors"].append(float(np.abs(difference).max()))
    found["compiled"][placed] = sum("Compiling" in message for message in compiled)
print(json.dumps(found))
"""


def test_rows_on_eight_devices_of_jax_are_fitted_as_on_one():
    pytest.importorskip("jax")
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **flags},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["devices"] == 8
    assert max(found["errors"]) < 1e-9
    compiled = found["compiled"]
    assert 0 < compiled["auto"] <= compiled["one"]


@pytest.fixture
def distributed_tensor():
    torch = pytest.importorskip("torch")
    dist = pytest.importorskip("torch.distributed")
    if not dist.is_available():
        pytest.skip("this PyTorch has no distributed tensors")
    from torch.distributed.tensor import Shard, distribute_tensor, init_device_mesh

    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    mesh = init_device_mesh("cpu", (1,))
    yield lambda values: distribute_tensor(torch.asarray(values), mesh, [Shard(0)])
    dist.destroy_process_group()


@pytest.mark.filterwarnings("ignore")  # (of PyTorch, about its own modules)
def test_distributed_tensors_are_refused(distributed_tensor):
    X = np.random.default_rng(0).normal(size=(20, 3))
    y = np.arange(20) % 2
    clf = LogisticRegression().fit(X, y)
    before = dict(vars(clf))
    says = r"got a DTensor, .*\.full_tensor\(\).*or an array of JAX that is sharded by rows"
    for call in (
        lambda: clf.fit(distributed_tensor(X), y),
        lambda: clf.fit(X, distributed_tensor(y)),
        lambda: clf.predict(distributed_tensor(X)),
    ):
        with pytest.raises(TypeError, match=says):
            call()
    assert vars(clf) == before
