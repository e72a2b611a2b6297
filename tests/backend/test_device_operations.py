"""The number of device operations in a fit; on a GPU, each launches a kernel."""

import numpy as np
import pytest

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.backend import ArrayContext, count_host_reads, to_host
from logitron.estimators.fitting import Settings
from logitron.objective import Objective, make_training_rows
from tests.datasets import FITS, load
from tests.standins import cupy as standin

#: operations of torch that return a view, and launch no kernel
VIEWS = {
    "_unsafe_view",
    "alias",
    "as_strided",
    "detach",
    "expand",
    "permute",
    "select",
    "slice",
    "squeeze",
    "t",
    "transpose",
    "unsqueeze",
    "view",
}
#: largest number of operations in each iteration, and in the rest of a fit
PER_ITERATION, PER_FIT = 40, 150


@pytest.fixture
def launched():
    """Names of the operations of torch, without views."""
    pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    names = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            name = str(operation).removeprefix("aten.").partition(".")[0]
            if name not in VIEWS:
                names.append(name)
            return operation(*args, **(kwargs or {}))

    with Watch():
        yield names


@pytest.mark.parametrize("C", [0.5, 1.0])
@pytest.mark.parametrize(("name", "solver"), FITS)
def test_a_fit_launches_few_kernels(name, solver, C, launched):
    import torch

    X, y, _ = load(name, True)
    X, y = torch.asarray(np.array(X)), torch.asarray(np.array(y))
    launched.clear()
    clf = LogisticRegression(solver=solver, C=C).fit(X, y)
    assert len(launched) <= PER_ITERATION * int(clf.n_iter_[0]) + PER_FIT


def test_many_targets_launch_as_few_kernels(launched):
    import torch

    X, y, _ = load("digits", True)
    Y = torch.asarray(np.stack([y == k for k in range(10)] * 5, axis=1).astype(np.int8))
    X = torch.asarray(np.array(X))
    launched.clear()
    clf = LogisticRegression(solver="lbfgs").fit(X, Y)
    assert len(launched) <= PER_ITERATION * int(clf.n_iter_.max()) + PER_FIT


#: kernels that CuPy compiles for a first fit of each kind, at most
COMPILED = {"binary": 5, "softmax": 5, "weights": 6, "l1": 6, "targets": 8, "cv": 9}
COMPILED |= {"cv_targets": 10, "floats": 15, "unpenalised": 24, "digits": 13}


def cupys_problem(kind):
    """Features, labels, weights, and a model."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    Z = X @ rng.normal(size=(6, 4)) + rng.gumbel(size=(300, 4))
    if kind == "digits":  # (logits are kept)
        return *load("digits", True)[:2], None, LogisticRegression()
    targets = (Z > 0).astype(float if kind == "floats" else np.int8)
    y = {"softmax": Z.argmax(axis=1)}.get(kind, Z[:, 0] > 0)
    y = targets if kind in ("targets", "cv_targets", "floats") else y
    settings = {"l1": {"l1_ratio": 1.0}, "unpenalised": {"C": np.inf}}.get(kind, {})
    model = LogisticRegressionCV() if kind.startswith("cv") else LogisticRegression(**settings)
    return X, y, rng.uniform(size=300) if kind == "weights" else None, model


@pytest.mark.skipif(standin.missing() is not None, reason=str(standin.missing()))
@pytest.mark.parametrize("kind", sorted(COMPILED))
def test_cupy_compiles_few_kernels(kind):
    """CuPy compiles each of them in the first fit of a process, in tenths of a second."""
    *arrays, model = cupys_problem(kind)
    with standin.installed():
        arrays = (None if one is None else standin.array(np.asarray(one)) for one in arrays)
        X, y, weights = arrays
        standin.KERNELS.clear()
        model.fit(X, y, weights)
    assert {name for name, _ in standin.KERNELS} >= {"RawKernel", "add", "mul"}
    assert len(standin.KERNELS) <= COMPILED[kind], sorted(standin.KERNELS)


def test_an_iteration_returns_as_many_numbers_as_parameters():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    X, read = torch.asarray(rng.normal(size=(2000, 200))), []
    y = torch.asarray(rng.integers(2, size=(2000, 1)))
    context = ArrayContext.of(X)
    with context.scope(), count_host_reads() as counted:
        objective = Objective.over(make_training_rows(context, X, y), penalty=1.0)
        Settings("lbfgs", tol=1e-8).minimize(
            objective, (None, None), lambda _: read.append(counted.values)
        )
    few = 8  # the loss, and curvature along one direction
    assert len(read) >= 4
    assert (np.diff(read) <= 201 + few).all()


def test_the_counter_counts_launched_kernels(launched):
    import torch

    x = torch.ones(3, 3)
    launched.clear()
    (x.mT @ x).reshape(-1)[1:] + 1.0
    assert launched == ["mm", "add"]


#: operations of torch in an iteration of a fit with an L1 penalty, at most; and reads
PER_L1_ITERATION = {"binary": 40, "softmax": 80, "targets": 40, "cv": 80}
READS_PER_ITERATION, READS_PER_FIT = 4, 16


def l1_problem(kind):
    """Features, labels and a model, with many more features than matter."""
    rng = np.random.default_rng(1)
    n, p = (600, 20) if kind == "cv" else (2000, 40)
    X = rng.normal(size=(n, p))
    if kind == "targets":
        Z = X[:, :8] @ rng.normal(size=(8, 64)) + rng.logistic(size=(n, 64))
        return X, (Z > 0).astype(np.int8), LogisticRegression(C=0.02, l1_ratio=1.0)
    K = 5 if kind == "softmax" else 2
    y = (1.5 * X[:, :K] + rng.gumbel(size=(n, K))).argmax(axis=1)
    if kind == "cv":
        return X, y, LogisticRegressionCV(Cs=4, cv=3, l1_ratios=[1.0], refit=False)
    return X, y, LogisticRegression(C=0.05, l1_ratio=1.0)


def l1_iterations(model):
    """Iterations one after the other: folds at once, and penalties in turn."""
    n_iter = to_host(model.n_iter_)
    if n_iter.ndim == 1:
        return int(n_iter.max())
    return int(n_iter.reshape(-1, 3, 4).max(axis=(0, 1)).sum())


@pytest.mark.parametrize("kind", sorted(PER_L1_ITERATION))
def test_an_l1_fit_launches_few_kernels(kind, launched):
    """For 64 targets hardly more than for one: their Hessians are summed in one operation."""
    import torch

    X, y, model = l1_problem(kind)
    X, y = torch.asarray(X), torch.asarray(y)
    launched.clear()
    model.fit(X, y)
    assert l1_iterations(model) >= 4
    assert len(launched) <= PER_L1_ITERATION[kind] * l1_iterations(model) + PER_FIT


@pytest.mark.parametrize("library", ["torch", "strict"])
@pytest.mark.parametrize("kind", sorted(PER_L1_ITERATION))
def test_an_l1_fit_reads_sums_only(kind, library):
    """Value and gradient, and the second derivatives by the coefficients that matter."""
    X, y, model = l1_problem(kind)
    if library == "torch":
        torch = pytest.importorskip("torch")
        X, y = torch.asarray(X), torch.asarray(y)
    else:
        xp = pytest.importorskip("array_api_strict")
        X, y = (xp.asarray(part, device=xp.Device("device1")) for part in (X, y))
    with count_host_reads() as counted:
        model.fit(X, y)
    iterations, p = l1_iterations(model), X.shape[1]
    assert counted.reads <= READS_PER_ITERATION * iterations + READS_PER_FIT
    groups = {"targets": 64, "cv": 3}.get(kind, 1)
    parameters = (5 if kind == "softmax" else 1) * (p + 1)
    each = 4 * parameters + parameters**2
    assert counted.values <= groups * each * (iterations + 4) + 4 * X.shape[0]
