"""A fit of small products holds BLAS to one thread, and gives the others back."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from logitron.backend import ArrayContext
from logitron.data import wrap
from logitron.estimators.blas_threads import LARGE_PRODUCT, limit_blas_threads
from logitron.estimators.fitting import Settings
from logitron.objective import Objective, make_training_rows
from tests.documents import documents


def _threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def _minimised(n, p, method, classes=3):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, p)), rng.integers(classes, size=n)
    rows = make_training_rows(ArrayContext.of(X), X, y.astype(np.int8), None)
    objective = Objective.over(rows, classes=classes, penalty=1.0)
    seen = []
    Settings(method, max_iter=20).minimize(
        objective, (None, None), callback=lambda iteration: seen.append(_threads())
    )
    return seen


@pytest.mark.parametrize("method", ["auto", "newton", "lbfgs", "gradient-descent"])
def test_small_fits_use_one_thread_of_blas(method):
    with threadpool_limits(2, user_api="blas"):
        before = _threads()
        seen = _minimised(200, 20, method)
        assert seen
        assert all(threads == {1} for threads in seen)
        assert _threads() == before


def test_sparse_fits_use_one_thread_of_blas():
    X, y = documents(2000, 3000)
    rows = make_training_rows(ArrayContext.named("numpy"), wrap("X", X), y.astype(np.int8))
    objective = Objective.over(rows, penalty=1.0, sum_of_squares=rows.sum_of_squares)
    assert X.shape[0] * X.shape[1] * min(X.shape) > LARGE_PRODUCT
    seen = []
    with threadpool_limits(2, user_api="blas"):
        before = _threads()
        Settings("auto").minimize(objective, (None, None), lambda one: seen.append(_threads()))
        assert _threads() == before
    assert seen
    assert all(threads == {1} for threads in seen)


def test_threads_come_back_after_an_error():
    def fail(iteration):
        raise RuntimeError(iteration.number)

    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5))
    y = (X[:, :1] > 0).astype(np.int8)
    rows = make_training_rows(ArrayContext.of(X), X, y, None)
    with threadpool_limits(2, user_api="blas"):
        before = _threads()
        with pytest.raises(RuntimeError):
            Settings("auto").minimize(Objective.over(rows, penalty=1.0), (None, None), fail)
        assert _threads() == before


@pytest.mark.parametrize(("n", "p", "limited"), [(5, 3, False), (500, 40, True)])
def test_tiny_and_large_products_keep_all_threads(n, p, limited):
    """A limit would cost a tiny fit more than it saves, and a large product time."""
    X = np.zeros((n, p))
    rows = make_training_rows(ArrayContext.of(X), X, np.zeros((n, 1), np.int8), None)
    objective = Objective.over(rows, penalty=1.0)
    with threadpool_limits(2, user_api="blas"):
        before = _threads()
        with limit_blas_threads(objective):
            assert _threads() == ({1} if limited else before)
    large = np.broadcast_to(np.zeros(1), (20_000, 2_000))
    rows = make_training_rows(ArrayContext.of(X), large, np.zeros((20_000, 1), np.int8), None)
    with threadpool_limits(2, user_api="blas"), limit_blas_threads(Objective.over(rows)):
        assert _threads() == before
