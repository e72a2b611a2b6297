"""A GPU that is nearly full."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend.libraries import LIBRARIES
from tests.backends import host

pytestmark = pytest.mark.gpu

GIB = 1 << 30


@pytest.fixture
def nearly_full(gpu):
    """Take memory until this many bytes are left; JAX does not tell how many there are."""
    if gpu.library == "jax":
        pytest.skip("JAX does not tell how much memory is left")
    taken = []

    def fill(left):
        LIBRARIES[gpu.library].release_memory()
        if gpu.library == "torch":
            import torch

            free, _ = torch.cuda.mem_get_info()
            taken.append(torch.empty(free - left, dtype=torch.uint8, device="cuda"))
        else:
            import cupy

            free, _ = cupy.cuda.runtime.memGetInfo()
            taken.append(cupy.empty(free - left, dtype=cupy.uint8))

    yield fill
    taken.clear()
    LIBRARIES[gpu.library].release_memory()


def _problem(gpu, n, p, classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p)).astype("f4")
    y = (X @ rng.normal(size=(p, classes)) + rng.gumbel(size=(n, classes))).argmax(axis=1)
    return gpu.make(X), gpu.make(y)


def test_a_fit_in_little_memory_gives_the_same_coefficients(gpu, nearly_full):
    X, y = _problem(gpu, 400_000, 64, 100)  # all logits at once take 150 MiB, of which many copies
    roomy = host(LogisticRegression(tol=1e-3).fit(X, y).coef_)
    nearly_full(GIB // 2)
    tight = host(LogisticRegression(tol=1e-3).fit(X, y).coef_)
    np.testing.assert_allclose(tight, roomy, atol=1e-3 * np.abs(roomy).max())


def test_no_room_is_an_error_that_says_what_to_do(gpu, nearly_full):
    X, y = _problem(gpu, 2000, 8000, 3)
    LogisticRegression().fit(X[:100, :50], y[:100])  # the vendor's libraries are loaded
    nearly_full(GIB // 8)  # the Gram matrix alone takes 512 MiB
    clf = LogisticRegression(solver="newton")
    with pytest.raises(MemoryError, match="not enough free memory"):
        clf.fit(X, y)
    assert not hasattr(clf, "coef_")
