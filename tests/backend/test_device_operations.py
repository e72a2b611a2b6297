"""The number of device operations in a fit; on a GPU, each launches a kernel."""

import numpy as np
import pytest

from logitron import LogisticRegression
from tests.datasets import FITS, load

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
#: and in an iteration on kept logits, which has several trials and often a new preconditioner
PER_SEARCH = 100


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
    each = PER_SEARCH if name == "digits" else PER_ITERATION
    assert len(launched) <= each * int(clf.n_iter_[0]) + PER_FIT


def test_many_targets_launch_as_few_kernels(launched):
    import torch

    X, y, _ = load("digits", True)
    Y = torch.asarray(np.stack([y == k for k in range(10)] * 5, axis=1).astype(np.int8))
    X = torch.asarray(np.array(X))
    launched.clear()
    clf = LogisticRegression(solver="lbfgs").fit(X, Y)
    assert len(launched) <= PER_ITERATION * int(clf.n_iter_.max()) + PER_FIT


def test_the_counter_counts_launched_kernels(launched):
    import torch

    x = torch.ones(3, 3)
    launched.clear()
    (x.mT @ x).reshape(-1)[1:] + 1.0
    assert launched == ["mm", "add"]
