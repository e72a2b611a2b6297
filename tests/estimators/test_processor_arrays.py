"""Arrays of torch and JAX in the memory of the processor are fitted there, by NumPy if it can."""

import threading
import tracemalloc

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import LIBRARIES, ArrayContext
from logitron.data import make_rows
from tests.backends import BACKENDS, host

PROCESSOR = [b for b in BACKENDS if b.name in ("torch", "torch-float32", "jax", "jax-float32")]
PRODUCTS = {"mm", "mv", "addmm", "addmv", "bmm", "baddbmm", "dot"}


def problem(n=3000, p=8, classes=2):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    return X, (X[:, :classes] + rng.gumbel(size=(n, classes))).argmax(axis=1)


@pytest.fixture
def by_numpy(monkeypatch):
    for name in ("torch", "jax"):
        monkeypatch.setattr(LIBRARIES[name], "numpy_on_processor", True)


@pytest.fixture
def products():
    """Names of the products that torch computes."""
    pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    found = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            name = str(operation).removeprefix("aten.").partition(".")[0]
            found.extend({name} & PRODUCTS)
            return operation(*args, **(kwargs or {}))

    with Watch():
        yield found


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("chosen", PROCESSOR, ids=repr)
def test_results_are_numpys_in_arrays_of_the_library(by_numpy, chosen, classes):
    chosen.require()
    X, y = problem(classes=classes)
    with chosen.setting():
        expected = LogisticRegression().fit(X.astype(chosen.precision), y)
        features = chosen.array(X)
        clf = LogisticRegression().fit(features, chosen.array(y))
        for found in (clf.coef_, clf.intercept_, clf.predict_proba(features)):
            assert type(found) is type(features)
            assert ArrayContext.of(found) == ArrayContext.of(features)
        np.testing.assert_array_equal(host(clf.coef_), expected.coef_)
    assert clf.n_iter_.tolist() == expected.n_iter_.tolist()


def test_torch_multiplies_no_features_unless_it_is_named(by_numpy, products):
    torch = pytest.importorskip("torch")
    X, y = map(torch.asarray, problem())
    LogisticRegression().fit(X, y)
    assert not products
    LogisticRegression(backend="torch").fit(X, y)
    assert products


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_torch_multiplies_what_it_stores_in_half_precision(by_numpy, products, dtype):
    torch = pytest.importorskip("torch")
    X, y = problem()
    half = torch.asarray(X).to(getattr(torch, dtype))
    clf = LogisticRegression().fit(half, y)
    assert products
    expected = LogisticRegression().fit(half.to(torch.float64).numpy(), y)
    np.testing.assert_allclose(host(clf.coef_), expected.coef_, rtol=1e-3)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_features_are_not_copied(by_numpy, library):
    chosen = next(b for b in PROCESSOR if b.name == library)
    chosen.require()
    X, y = problem(400_000, 50)
    with chosen.setting():
        features = chosen.array(X)
        LogisticRegression().fit(features[:1000], y[:1000])
        tracemalloc.start()
        try:
            LogisticRegression().fit(features, y)
            assert tracemalloc.get_traced_memory()[1] <= 0.15 * X.nbytes
        finally:
            tracemalloc.stop()


def test_torch_computes_on_blocks_that_suit_the_device():
    torch = pytest.importorskip("torch")
    X = torch.zeros(40_000, 50, dtype=torch.float16)
    sizes = []

    def count(block):
        sizes.append(block.shape[0])
        return (block[:0, :],)

    context = ArrayContext.of(X)
    with context.scope():
        make_rows(context, X).sum(count)
    assert sum(sizes) == len(X)
    assert max(sizes) <= len(X) // 3
    others = LIBRARIES["torch"].block_sizes(torch.device("mps"))
    assert others.features > 100 * context.blocks.features


@pytest.mark.parametrize(
    ("free", "bytes_each"), [(1 << 28, 1 << 26), (1 << 33, 1 << 27), (1 << 37, 1 << 30)]
)
def test_temporary_arrays_are_large_where_memory_is_free(free, bytes_each, monkeypatch):
    torch = pytest.importorskip("torch")
    for name, value in (
        ("mem_get_info", (free // 2, 1 << 38)),
        ("memory_reserved", free // 2 + 5),
        ("memory_allocated", 5),
    ):
        monkeypatch.setattr(torch.cuda, name, lambda _, value=value: value)
    sizes = LIBRARIES["torch"].block_sizes(torch.device("cuda", 0))
    assert sizes.temporary == bytes_each


def test_workers_leave_the_threads_of_torch_as_they_were():
    torch = pytest.importorskip("torch")
    library, before = LIBRARIES["torch"], torch.get_num_threads()

    def look(_):
        return torch.get_num_threads(), torch.is_grad_enabled()

    try:
        torch.set_num_threads(3)
        with library.limit_blas_threads():
            assert library.parallel_map(look, range(2)) == [(1, False)] * 2
            assert torch.get_num_threads() == 1
        assert library.parallel_map(look, range(2)) == [(1, False)] * 2
        seen = []
        thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert [torch.get_num_threads(), *seen] == [3, 3]
    finally:
        torch.set_num_threads(before)
