"""Answers of blocks: written into one array, by workers, with one thread of BLAS."""

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from logitron.backend import ArrayContext
from logitron.data import BlockOptions, make_rows
from tests.layouts import NAMES, layouts

RNG = np.random.default_rng(0)
X = RNG.integers(-9, 9, size=(500, 12)).astype(np.float64)
COEF, INTERCEPT = RNG.integers(-9, 9, size=(3, 12)).astype(np.float64), np.ones(3)
NUMPY = ArrayContext.named("numpy")
#: every map is long
LONG = BlockOptions(parallel_min_products=1)


def _identity(Z):
    return Z


def _blas_threads():
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


@pytest.fixture
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        if _blas_threads() != 2 or len(os.sched_getaffinity(0)) < 2:
            pytest.skip("BLAS cannot use two cores here")
        yield
        assert _blas_threads() == 2  # restored


@pytest.mark.usefixtures("two_threads")
class TestThreads:
    """Threads of a map and of BLAS."""

    def threads_in(self, n, **settings):
        seen = []

        def watch(X):
            seen.append(_blas_threads())
            return X[:, 0]

        make_rows(NUMPY, X[:n], **settings).map(watch)
        return set(seen)

    def test_few_numbers_leave_blas_as_it_is(self):
        assert self.threads_in(1) == {2}

    def test_blas_has_one_thread_for_small_products(self):
        assert self.threads_in(500) == {1}
        assert self.threads_in(500, block_rows=7) == {1}

    def test_blas_keeps_its_threads_for_one_large_product(self):
        assert self.threads_in(500, options=LONG) == {2}

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("by_row", [False, True])
    def test_workers_keep_the_order_of_rows(self, name, by_row):
        rows = make_rows(NUMPY, layouts(X)[name], block_rows=7, options=LONG)
        assert rows.context.workers() == 2
        Z = rows.map_logits(_identity, COEF, INTERCEPT, by_row=by_row)
        np.testing.assert_array_equal(Z, X @ COEF.T + INTERCEPT)
        assert rows.sum_of_squares() == (X * X).sum()


@pytest.mark.parametrize("block_rows", [None, 7])
@pytest.mark.parametrize("name", NAMES)
def test_squares_are_added_up_on_the_way(name, block_rows, monkeypatch):
    rows = make_rows(NUMPY, layouts(X)[name], block_rows=block_rows)
    rows.map_logits(_identity, COEF, INTERCEPT)
    monkeypatch.setattr(rows, "sum", lambda *_: pytest.fail("read the features again"))
    assert rows.sum_of_squares() == (X * X).sum()


@pytest.mark.parametrize("place", [0, 250, 499])
def test_squares_on_the_way_show_what_is_not_finite(place):
    bad = X.copy()
    bad[place, 3] = np.inf
    rows = make_rows(NUMPY, bad, block_rows=7)
    rows.map_logits(_identity, COEF, INTERCEPT)
    assert not np.isfinite(rows.sum_of_squares())
