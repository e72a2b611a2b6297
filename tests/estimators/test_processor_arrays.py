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


HALF = pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
LIBRARY = pytest.mark.parametrize("library", ["torch", "jax"])


def stored(library, dtype, X):
    """Features of a library in a dtype."""
    xp = pytest.importorskip({"jax": "jax.numpy"}.get(library, library))
    features = xp.asarray(X.astype(np.float32))
    return features.to(getattr(xp, dtype)) if library == "torch" else features.astype(dtype)


@HALF
@LIBRARY
def test_numpy_multiplies_features_in_half_precision(by_numpy, products, library, dtype):
    X, y = problem()
    features = stored(library, dtype, X[:, ::-1])
    clf = LogisticRegression().fit(features, y)
    assert not products
    assert type(clf.coef_) is type(features)
    expected = LogisticRegression().fit(host(features).astype(np.float32), y)
    np.testing.assert_allclose(host(clf.coef_), expected.coef_, rtol=1e-6)


@HALF
@LIBRARY
def test_features_of_half_precision_are_not_hidden_nans(by_numpy, library, dtype):
    X, y = problem(2000)
    X[1234, 3] = np.inf
    with pytest.raises(ValueError, match=r"infinity: 0 values are NaN and 1 infinite.* row 1234"):
        LogisticRegression().fit(stored(library, dtype, X), y)


@pytest.mark.parametrize(
    ("library", "dtype"),
    [("torch", "float32"), ("torch", "float16"), ("torch", "bfloat16"), ("jax", "float32")],
)
def test_features_are_not_copied(by_numpy, library, dtype):
    pytest.importorskip(library)
    X, y = problem(200_000, 50)
    with next(b for b in PROCESSOR if b.name == library).setting():
        features = stored(library, dtype, X)
        LogisticRegression().fit(features[:1000], y[:1000])
        tracemalloc.start()
        try:
            LogisticRegression().fit(features, y)
            # (a copy in float32 would take four bytes a number)
            assert tracemalloc.get_traced_memory()[1] <= 1.2 * X.size
        finally:
            tracemalloc.stop()


def test_all_workers_widen_a_sixteenth_of_the_features(monkeypatch):
    monkeypatch.setattr(LIBRARIES["numpy"], "workers", lambda: 16)
    X, sizes = np.zeros((600_000, 3), np.float16), []

    def count(block):
        sizes.append(block.shape[0])
        return (block[:0, :],)

    make_rows(ArrayContext.of(X), X).sum(count)
    assert sum(sizes) == len(X)
    assert 16 * max(sizes) <= len(X) / 16


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
