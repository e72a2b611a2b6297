"""When the device has no more memory: smaller blocks first, then an error that says what to do."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.data import make_rows
from logitron.objective import sums
from tests.backends import host
from tests.datasets import load


def _error(backend):
    """What the library raises when its device is full."""
    if backend.library == "torch":
        import torch

        return torch.OutOfMemoryError("CUDA out of memory")
    if backend.library == "cupy":
        import cupy

        return cupy.cuda.memory.OutOfMemoryError(1 << 40, 1 << 30)
    if backend.library == "jax":
        import jax

        return jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes")
    return MemoryError("Unable to allocate 1. TiB")


def _sums(X):
    from array_api_compat import array_namespace

    return (array_namespace(X).sum(X, axis=0),)


@pytest.mark.parametrize("room", [2000, 300])
def test_blocks_shrink_until_they_fit(eager, room):
    X = np.arange(6000.0).reshape(3000, 2) / 6000.0
    tried = []

    def sums(block):
        tried.append(block.shape[0])
        if block.shape[0] > room:
            raise _error(eager)
        return _sums(block)

    context = eager.context()
    with context.scope():
        rows = make_rows(context, eager.array(X), block_rows=3000)
        (total,) = rows.sum(sums)
        np.testing.assert_allclose(host(total), X.sum(axis=0), rtol=1e-5)
        refused = [size for size in tried if size > room]
        assert refused == [3000, 1500, 750, 375][: len(refused)]
        assert len(refused) == (1 if room == 2000 else 4)
        tried.clear()
        rows.sum(sums)  # and stay as small as they had to be
        assert max(tried, default=0) <= room
        assert sum(tried) >= 3000 or context.library.is_jit  # which calls it once a shape


def test_no_room_at_all_raises_an_error_that_says_what_to_do(eager, monkeypatch):
    X, y, _ = load("iris", True)
    sizes = []

    def full(X, *_, **__):
        sizes.append(X.shape[0])
        raise _error(eager)

    monkeypatch.setattr(sums, "evaluate", full)
    clf = LogisticRegression()
    with pytest.raises(MemoryError, match=r"not enough free memory.*Store X in float32") as told:
        clf.fit(eager.array(X), eager.array(y))
    assert type(told.value) is MemoryError
    assert type(told.value.__cause__) is type(_error(eager))
    assert f"backend={eager.library!r}" in str(told.value)
    assert min(sizes) == 64  # no smaller blocks than that
    assert not hasattr(clf, "coef_")


def test_other_errors_are_raised_at_once(eager):
    tried = []

    def wrong(block):
        tried.append(block.shape[0])
        raise RuntimeError("not about memory")

    context = eager.context()
    with pytest.raises(RuntimeError, match="not about memory"), context.scope():
        make_rows(context, eager.array(np.ones((3000, 2)))).sum(wrong)
    assert len(tried) == 1
