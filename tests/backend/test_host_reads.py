"""A fit waits for its device only in counted reads; tested on simulated devices.

``tests/gpu`` has the same tests for GPUs, by the guards of the libraries themselves.
"""

import subprocess
import sys

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.automatic.curvature import gram_model
from logitron.backend import ArrayContext, count_host_reads
from logitron.estimators.validation.multilabel import NUMBERS_PER_CHECK, encode_multilabel
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from tests.datasets import FITS, load
from tests.standins import cupy as standin


@pytest.mark.parametrize(("name", "solver"), FITS)
def test_torch_waits_only_for_reads_and_eigenvectors(name, solver):
    torch = pytest.importorskip("torch")
    from tests.standins.waits import count_waits

    X, y, _ = load(name, True)
    X, y = torch.asarray(np.array(X)), torch.asarray(np.array(y))
    with count_waits() as waits:
        clf = LogisticRegression(solver=solver, C=0.5).fit(X, y)
    # Eigendecompositions of torch wait. There is one of the Gram matrix and, for softmax, two small
    # ones at each of the iterations 2, 4, 8, ...
    corrections = int(clf.n_iter_[0]).bit_length() - 1 if len(clf.classes_) > 2 else 0
    assert waits.pop("_linalg_eigh", 0) <= 1 + 2 * corrections
    assert not waits


def test_the_counter_counts_operations_that_wait():
    torch = pytest.importorskip("torch")
    from tests.standins.waits import count_waits

    x = torch.asarray([[2.0, 0.0], [0.0, 1.0]])
    with count_waits() as waits:
        float(x[0, 0])
        x[x > 1.0]
        torch.linalg.solve(x, x)
    assert set(waits) == {"_local_scalar_dense", "index", "_linalg_check_errors"}


@pytest.fixture(scope="module")
def simulated_waits():
    """The waits of iterations of 1 and 3 classes on a simulated device, from its process."""
    pytest.importorskip("torch")
    pytest.importorskip("torch._subclasses.fake_tensor")
    registration = pytest.importorskip("torch.utils.backend_registration")
    if not hasattr(registration, "_setup_privateuseone_for_python_backend"):
        pytest.skip("this torch has no simulated devices")
    command = [sys.executable, "-m", "tests.standins.device", "1", "3"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return dict(zip((1, 3), run.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("classes", [1, 3])
def test_an_iteration_neither_reads_nor_mixes_devices(classes, simulated_waits):
    # of the Gram matrix and, for softmax, of the mixtures and in each of the four models
    waits = dict(part.split(":") for part in simulated_waits[classes].split())
    assert set(waits) == {"_linalg_eigh"}
    assert int(waits["_linalg_eigh"]) == (1 if classes == 1 else 7)


@pytest.mark.skipif(standin.missing() is not None, reason=str(standin.missing()))
@pytest.mark.parametrize(("name", "solver"), FITS)
def test_a_fit_reads_from_cupy_by_get_only(name, solver):
    X, y, _ = load(name, True)
    with standin.installed():
        X, y = standin.array(X), standin.array(y)
        standin.READS.clear()
        clf = LogisticRegression(solver=solver, C=0.5).fit(X, y)
        reads = dict(standin.READS)
        iterations = int(clf.n_iter_.get()[0])
    assert set(reads) == {"get"}
    trials = 3 if name == "digits" else 0  # each trial on kept logits is read
    assert reads["get"] <= (1 + trials) * iterations + 10


@pytest.mark.parametrize("curvature", ["intercept", "subspace", "block_diagonal"])
def test_operations_of_a_pass_do_not_grow_with_classes(curvature):
    """On a GPU, each operation launches a kernel."""
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            counts[-1] += 1
            return operation(*args, **(kwargs or {}))

    rng = np.random.default_rng(0)
    X = torch.asarray(rng.normal(size=(200, 4)))
    counts = []
    for classes in (3, 12):
        y = torch.asarray(rng.integers(classes, size=200))
        rows = make_training_rows(ArrayContext.of(X), X, y, None)
        objective = centre(Objective.over(rows, classes=classes, penalty=1.0))
        objective, model = gram_model(objective)
        theta = objective.start()
        counts.append(0)
        objective.evaluate(theta, curvature, model)  # (numbers of classes are made once)
        with Count():
            objective.evaluate(theta, curvature, model)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_tables_of_targets_are_checked_with_one_read(dtype):
    """However many stretches of rows a large table is checked in."""
    torch = pytest.importorskip("torch")
    rows = NUMBERS_PER_CHECK // 2
    Y = torch.zeros(rows, 5, dtype=getattr(torch, dtype))  # two stretches and a half
    Y[::3, 0] = Y[-1, 4] = 1
    with count_host_reads() as counted:
        labels = encode_multilabel(Y, rows)
    assert counted.reads == 1
    assert (labels.codes is Y) == (dtype == "int8")
    assert labels.codes.dtype == torch.int8
    assert torch.equal(labels.codes, Y.to(torch.int8))
    Y[-1, 4] = 2  # in the last stretch
    with pytest.raises(ValueError, match=r"got 1 other values"):
        encode_multilabel(Y, rows)


def test_a_fit_of_many_targets_reads_once_an_iteration():
    torch = pytest.importorskip("torch")
    X, y, _ = load("iris", True)
    Y = np.stack([y == 0, y == 1, y > 0], axis=1).astype(int)
    with count_host_reads() as counted:
        clf = LogisticRegression().fit(torch.asarray(np.array(X)), torch.asarray(Y))
    # (one of them: whether the first rows are one-hot)
    assert counted.reads <= int(clf.n_iter_.max()) + 9
