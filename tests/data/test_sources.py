"""Rows of every source: sums, maps, products and distinct values agree with NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from logitron import LogisticRegression
from logitron.backend import ArrayContext, library_of, to_host
from logitron.data import DaskRows, SparseRows, make_rows, wrap
from logitron.data.sparse_rows import MAX_LOGITS
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
VALUES = np.where(RNG.random((50, 7)) < 0.6, 0.0, RNG.normal(size=(50, 7)))
COEF, INTERCEPT = RNG.normal(size=(3, 7)), RNG.normal(size=3)


def _identity(Z):
    return Z


def _add_up(X):
    return (X.sum(),)


# --- rows ---------------------------------------------------------------------------------------


def _kinds():
    yield "array", VALUES
    for kind in ("csr_array", "csr_matrix"):
        yield kind, getattr(sparse, kind)(VALUES)


class TestMapLogits:
    """Logits of rows of every kind."""

    @pytest.mark.parametrize("kind", ["array", "csr_array", "csr_matrix", "dask"])
    @pytest.mark.parametrize("standardise", [False, True])
    def test_logits_are_those_of_the_dense_features(self, kind, standardise):
        X = dict(_kinds()).get(kind)
        if kind == "dask":
            X = pytest.importorskip("dask.array").from_array(VALUES, chunks=(9, 7))
        rows, expected = make_rows(ArrayContext.named("numpy"), X), VALUES
        if standardise:
            centre, scale = RNG.normal(size=7), RNG.uniform(0.5, 2.0, size=7)
            rows, expected = rows.standardised(centre, scale), (VALUES - centre) * scale
        Z = np.asarray(rows.map_logits(_identity, COEF, INTERCEPT))
        np.testing.assert_allclose(Z, expected @ COEF.T + INTERCEPT, rtol=1e-12, atol=1e-13)

    def test_logits_of_sparse_features_need_no_dense_block(self, monkeypatch):
        monkeypatch.setattr(SparseRows, "_blocks", lambda *arguments: pytest.fail("made dense"))
        X, y = sparse.csr_array(VALUES), (VALUES[:, 0] > 0).astype(int)
        model = LogisticRegression()
        model.coef_, model.intercept_ = COEF[:1], INTERCEPT[:1]
        model.classes_, model.n_features_in_ = np.asarray([0, 1]), 7
        np.testing.assert_array_equal(model.predict(X), model.predict(VALUES))
        np.testing.assert_allclose(model.predict_proba(X), model.predict_proba(VALUES), rtol=1e-12)
        assert model.score(X, y) == model.score(VALUES, y)

    def test_logits_of_many_sparse_rows_come_in_parts(self):
        rows, neurons = 4500, 1000
        assert rows * neurons > MAX_LOGITS
        X = sparse.random_array((rows, 7), density=0.4, format="csr", rng=np.random.default_rng(1))
        coef, intercept = RNG.normal(size=(neurons, 7)), RNG.normal(size=neurons)
        parts = []

        def recorded(Z):
            parts.append(Z.shape)
            return Z[:, ::333]

        Z = make_rows(ArrayContext.named("numpy"), X).map_logits(recorded, coef, intercept)
        assert len(parts) == 2
        assert all(n * m <= MAX_LOGITS for n, m in parts)
        expected = X.toarray() @ coef[::333].T + intercept[::333]
        np.testing.assert_allclose(Z, expected, rtol=1e-12, atol=1e-13)

    def test_logits_are_computed_where_the_rows_are(self, eager):
        X = eager.array(VALUES)
        context = ArrayContext.of(X)
        rows = wrap("X", X).rows(context)
        Z = rows.map_logits(_identity, context.asarray(COEF), context.asarray(INTERCEPT))
        assert library_of(Z).name == eager.library
        assert_near(to_host(Z), VALUES @ COEF.T + INTERCEPT, eager.precision, 7)


def test_entries_in_one_place_add_up_before_they_are_squared():
    X = sparse.csr_array((np.asarray([3.0, 4.0, 1.0]), [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    assert not X.has_canonical_format
    assert make_rows(ArrayContext.named("numpy"), X).sum_of_squares() == 50.0
    assert X.nnz == 3  # the caller's matrix is as it was


# --- distinct values ----------------------------------------------------------------------------

LABELS = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1).map(lambda x: np.asarray(x, np.int64)),
    st.lists(st.integers(-5, 5), min_size=1).map(lambda x: np.asarray(x, np.int8)),
    st.lists(st.integers(0, 3000), min_size=1).map(lambda x: np.asarray(x, float)),
    st.lists(st.sampled_from([0.5, 1.0, -0.0, 1e300]), min_size=1).map(np.asarray),
    st.lists(st.booleans(), min_size=1).map(np.asarray),
    st.lists(st.text("ab", max_size=2), min_size=1).map(np.asarray),
)


class TestDistinct:
    """Distinct values of labels, and where each is."""

    @given(LABELS)
    @settings(deadline=None)
    def test_distinct_values_and_places_are_those_of_numpy(self, labels):
        values, places = wrap("y", labels).unique_inverse()
        expected, inverse = np.unique(labels, return_inverse=True)
        np.testing.assert_array_equal(values, expected)
        assert values.dtype == labels.dtype
        np.testing.assert_array_equal(places, inverse)

    def test_distinct_values_of_chunks_are_lazy(self):
        da = pytest.importorskip("dask.array")
        labels = RNG.integers(-2, 3, size=40)
        values, places = wrap("y", da.from_array(labels, chunks=7)).unique_inverse()
        np.testing.assert_array_equal(values, np.unique(labels))
        assert not isinstance(places, np.ndarray)
        np.testing.assert_array_equal(values[places.compute()], labels)


# --- taking rows --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["list", "array", "csr_array", "csc_array", "frame"])
def test_rows_are_taken_on_the_host(kind):
    pandas = pytest.importorskip("pandas") if kind == "frame" else None
    X = {"list": VALUES.tolist, "array": VALUES.copy}.get(
        kind, lambda: pandas.DataFrame(VALUES) if pandas else getattr(sparse, kind)(VALUES)
    )()
    taken = wrap("X", X).take(np.asarray([3, 0, 3]))
    taken = taken.toarray() if sparse.issparse(taken) else np.asarray(taken)
    np.testing.assert_array_equal(taken, VALUES[[3, 0, 3]])


# --- Dask ---------------------------------------------------------------------------------------


def test_dask_chunks_of_unknown_size_are_refused():
    da = pytest.importorskip("dask.array")
    X = da.ones((10, 3), chunks=5)
    unknown = X[X[:, 0] > 0]
    with pytest.raises(ValueError, match=r"compute_chunk_sizes\(\)"):
        DaskRows(ArrayContext.named("numpy"), unknown)


def test_dask_chunks_are_aligned_over_columns_and_arrays():
    da = pytest.importorskip("dask.array")
    values = np.random.default_rng(0).normal(size=(13, 4))
    X = da.from_array(values, chunks=(5, 3))
    y = da.from_array(np.arange(13.0), chunks=4)
    rows = make_rows(ArrayContext.named("numpy"), X, y, np.ones(13))
    (product,) = rows.sum(_weigh)
    np.testing.assert_allclose(product, np.arange(13.0) @ values, rtol=1e-14)


def _weigh(X, y, ones):
    return ((y * ones) @ X,)


def test_one_sum_is_one_computation_of_dask():
    dask = pytest.importorskip("dask")
    import dask.array as da
    from dask.callbacks import Callback

    X = da.from_array(np.ones((400, 2)), chunks=(10, 2))
    rows = make_rows(ArrayContext.named("numpy"), X)
    starts = []
    with Callback(start=starts.append), dask.config.set(scheduler="synchronous"):
        (total,) = rows.sum(_add_up)
    assert total == 800.0
    assert len(starts) == 1


def test_chunks_are_computed_on_the_backend_that_was_asked_for():
    pytest.importorskip("torch")
    da = pytest.importorskip("dask.array")
    X = da.from_array(np.ones((8, 2)), chunks=(4, 2))
    (total,) = make_rows(ArrayContext.named("torch"), X).sum(_add_up)
    assert library_of(total).name == "torch"
    assert float(total) == 16.0
