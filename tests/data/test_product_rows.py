"""Sparse features by products: every method of rows agrees with dense rows, on every backend."""

import numpy as np
import pytest
from scipy import sparse

from logitron.backend import ArrayContext, library_of, namespace_of
from logitron.data import ArrayRows, ProductRows, make_rows
from logitron.data.product_rows import BLOCK_NUMBERS
from tests.backends import host
from tests.tolerances import assert_near

NUMPY = ArrayContext.named("numpy")
N, P = 50, 240
RNG = np.random.default_rng(0)
DENSE = np.where(RNG.random((N, P)) < 0.9, 0.0, RNG.normal(size=(N, P)))
TARGETS, WEIGHTS = RNG.integers(3, size=(N, 2)).astype(np.float64), RNG.uniform(size=N)
COEF, INTERCEPT = RNG.normal(size=(2, P)), RNG.normal(size=2)


def _weighted(targets, weights, factor, *, dtype):
    column = weights[:, None] * targets * factor
    return namespace_of(column).sum(column, axis=0), column


def _column(targets, weights, factor, *, dtype):
    return _weighted(targets, weights, factor, dtype=dtype)[1]


def _identity(Z):
    return Z


def _totals(X, targets, weights):
    return (namespace_of(X).sum(weights[:, None] * X, axis=0),)


def _pair(eager):
    context = eager.context()
    arrays = eager.array(TARGETS), eager.array(WEIGHTS)
    X = sparse.csr_array(DENSE)
    rows = make_rows(context, X, *arrays, width=2)
    assert isinstance(rows, ProductRows)
    dense = make_rows(context, eager.array(DENSE), *arrays, width=2)
    assert isinstance(dense, ArrayRows)
    return context, rows, dense


class TestAgreement:
    """Every method agrees with that of dense rows."""

    def near(self, eager, found, expected):
        assert library_of(found) is eager.context().library
        assert_near(host(found), host(expected), eager.precision, N, growth=32)

    def test_sums_and_products_of_row_functions(self, eager):
        context, rows, dense = _pair(eager)
        factor = context.asarray(np.asarray([1.0, -2.0]))
        with context.scope():
            for method in ("sum_rows", "sum_products"):
                found = getattr(rows, method)(_weighted, factor)
                expected = getattr(dense, method)(_weighted, factor)
                for one, other in zip(found, expected, strict=True):
                    assert one.dtype == other.dtype
                    self.near(eager, one, other)
            self.near(eager, rows.map_rows(_column, factor), dense.map_rows(_column, factor))

    def test_logits(self, eager):
        context, rows, dense = _pair(eager)
        with context.scope():
            parameters = context.asarray(COEF), context.asarray(INTERCEPT)
            found = rows.map_logits(_identity, *parameters)
            self.near(eager, found, dense.map_logits(_identity, *parameters))

    def test_squares(self, eager):
        context, rows, dense = _pair(eager)
        weights = eager.array(np.abs(TARGETS))
        with context.scope():
            self.near(eager, rows.squared_products(weights), dense.squared_products(weights))
        assert rows.sum_of_squares() == pytest.approx(float(np.sum(DENSE**2)))

    def test_places_of_each_sign(self, eager):
        context, rows, dense = _pair(eager)
        chosen = np.asarray(TARGETS > 0.0, dtype=float)
        weights = eager.array(chosen)
        with context.scope():
            for made in (rows, dense):
                positive, negative = map(host, made.signed_counts(weights))
                np.testing.assert_array_equal(positive, (DENSE > 0.0).T @ chosen)
                np.testing.assert_array_equal(negative, (DENSE < 0.0).T @ chosen)

    def test_block_functions(self, eager):
        context, rows, dense = _pair(eager)
        with context.scope():
            self.near(eager, rows.sum(_totals)[0], dense.sum(_totals)[0])

    def test_selected_rows(self, eager):
        context, rows, dense = _pair(eager)
        places = np.asarray([3, 4, 40])
        factor = context.asarray(np.asarray([1.0, -2.0]))
        with context.scope():
            found = rows.select(places).sum_products(_weighted, factor)
            expected = dense.select(places).sum_products(_weighted, factor)
            for one, other in zip(found, expected, strict=True):
                self.near(eager, one, other)
            assert rows.sample(7, 0).shape == (7, P)


def test_features_of_other_dtypes_are_cast_once():
    whole = np.round(3 * DENSE).astype(np.int64)
    rows = make_rows(NUMPY, sparse.csr_array(whole))
    narrow = rows.in_float32()
    assert narrow.context.precision == "float32"
    assert narrow.in_float32() is None
    assert rows.in_float32()._products is narrow._products
    Z = narrow.in_float64().map_logits(_identity, COEF, INTERCEPT)
    assert_near(Z, whole @ COEF.T + INTERCEPT, "float64", P)


def test_blocks_of_row_functions_fit_a_cache():
    n = BLOCK_NUMBERS + 100
    X = sparse.random_array((n, 250), density=0.01, format="csr", rng=np.random.default_rng(0))
    y = np.random.default_rng(1).normal(size=(n, 1))
    rows = make_rows(NUMPY, X, y)
    seen = []

    def watch(column, *, dtype):
        seen.append(len(column))
        return column.sum(axis=0), column

    total, product = rows.sum_products(watch)
    assert len(seen) == 2
    assert max(seen) <= BLOCK_NUMBERS
    assert_near(total, y.sum(axis=0), "float64", n, growth=64)
    assert_near(product, X.T @ y, "float64", n, growth=64)
