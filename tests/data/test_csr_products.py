"""Products of a CSR matrix agree with those of the dense one, on one thread and on several."""

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from logitron.backend.threads import workers
from logitron.data.csr_products import ENTRIES_AT_A_TIME, MIN_SHARED, CsrProducts
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)


def _matrix(n=60, p=40, density=0.2, dtype=np.float64):
    X = sparse.random_array((n, p), density=density, format="csr", rng=RNG, dtype=np.float64)
    return X.astype(dtype)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("m", [1, 3])
class TestProducts:
    """Products with columns."""

    def test_forward_is_a_product_with_columns(self, precision, m):
        X, W = _matrix(), RNG.normal(size=(40, m))
        found = CsrProducts(X).astype(precision).forward(W)
        assert found.dtype == precision
        assert_near(found, X.toarray() @ W, precision, 40)

    def test_backward_is_a_product_of_the_transpose(self, precision, m):
        X, R = _matrix(), RNG.normal(size=(60, m))
        found = CsrProducts(X).astype(precision).backward(R)
        assert found.dtype == precision
        assert_near(found, X.toarray().T @ R, precision, 60)

    def test_squares_are_multiplied_by_columns(self, precision, m):
        X, S = _matrix().astype(precision), RNG.uniform(size=(60, m))
        dense = X.toarray().astype(np.float64)
        found = CsrProducts(X).backward_squared(S)
        assert found.dtype == precision
        assert_near(found, (dense * dense).T @ S, precision, 60)
        np.testing.assert_array_equal(X.toarray(), dense)  # (it shares its memory)


def test_long_products_are_shared_among_workers():
    X = _matrix(3000, 500, 0.5)
    W, R = RNG.normal(size=(500, 4)), RNG.normal(size=(3000, 4))
    assert X.nnz * 4 >= MIN_SHARED
    with threadpool_limits(2, user_api="blas"):
        if workers() < 2:
            pytest.skip("one core")
        products = CsrProducts(X)
        forward, backward = products.forward(W), products.backward(R)
        assert len(products._shares) == 2
        assert sum(part.shape[0] for part in products._shares) == 3000
    assert_near(forward, X.toarray() @ W, "float64", 500)
    assert_near(backward, X.toarray().T @ R, "float64", 3000)


def test_squares_of_many_entries_come_in_parts():
    X = _matrix(4000, 600, 0.5)
    assert X.nnz > ENTRIES_AT_A_TIME
    products, S = CsrProducts(X), RNG.uniform(size=(4000, 1))
    assert len(products._blocks) > 1
    dense = X.toarray()
    assert_near(products.backward_squared(S), (dense * dense).T @ S, "float64", 4000)
    assert_near(products.sum_of_squares(), np.sum(dense * dense), "float64", dense.size)


def test_rows_share_the_memory_of_the_matrix():
    X = _matrix()
    rows = CsrProducts(X).rows(10, 25)
    np.testing.assert_array_equal(rows.toarray(), X.toarray()[10:25])
    assert np.shares_memory(rows.data, X.data)
    assert np.shares_memory(rows.indices, X.indices)


@pytest.mark.parametrize("columns", [7, 29, 40])
def test_columns_that_occur_are_kept(columns):
    dense = np.zeros((60, 40))
    places = np.sort(RNG.permutation(40)[:columns])
    dense[:, places] = RNG.normal(size=(60, columns))
    products = CsrProducts(sparse.csr_array(dense))
    found = products.occurring_columns()
    if columns >= 0.75 * 40:
        assert found is None
        return
    np.testing.assert_array_equal(found, places)
    np.testing.assert_array_equal(products.take_columns(found).matrix.toarray(), dense[:, places])


def test_a_matrix_without_entries_keeps_its_columns():
    assert CsrProducts(sparse.csr_array((5, 9))).occurring_columns() is None


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("shape", [(0, 5), (4, 0)])
def test_matrices_without_rows_or_columns(shape, m):
    products = CsrProducts(sparse.csr_array(shape))
    n, p = shape
    assert products.forward(np.ones((p, m))).shape == (n, m)
    assert products.backward(np.ones((n, m))).shape == (p, m)
    assert products.backward_squared(np.ones((n, m))).shape == (p, m)
    assert [part.shape for part in products.signed_counts(np.ones((n, m)))] == [(p, m)] * 2
