"""How many operations a fit asks of a device: each is a kernel to launch on a GPU."""

import numpy as np
import pytest

from logitron import LogisticRegression
from tests.datasets import FITS, load

#: operations of torch that launch nothing: they only describe an array in another way
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
#: operations of an iteration, and of all that is before and after
EACH, BESIDE = 40, 150


@pytest.fixture
def launched():
    """Names of torch's operations, but for views."""
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
    assert len(launched) <= EACH * int(clf.n_iter_[0]) + BESIDE


def test_many_targets_launch_as_few_kernels(launched):
    import torch

    X, y, _ = load("digits", True)
    Y = torch.asarray(np.stack([y == k for k in range(10)] * 5, axis=1).astype(np.int8))
    X = torch.asarray(np.array(X))
    launched.clear()
    clf = LogisticRegression(solver="lbfgs").fit(X, Y)
    assert len(launched) <= EACH * int(clf.n_iter_.max()) + BESIDE


def test_the_watch_sees_what_is_launched(launched):
    import torch

    x = torch.ones(3, 3)
    launched.clear()
    (x.mT @ x).reshape(-1)[1:] + 1.0
    assert launched == ["mm", "add"]
