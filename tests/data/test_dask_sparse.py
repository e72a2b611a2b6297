"""Dask arrays of sparse chunks: what is fitted on them is what SciPy's matrices give."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from logitron.automatic import plan_of
from logitron.backend import ArrayContext
from logitron.data import make_rows, wrap
from logitron.data.dask_product_rows import DaskProductRows
from logitron.objective import Objective, make_training_rows
from tests.tolerances import assert_near

da = pytest.importorskip("dask.array")

RNG = np.random.default_rng(0)
N, P = 300, 260
X = sparse.random_array((N, P), density=0.05, format="csr", rng=RNG)
SCORES = X @ RNG.normal(size=(P, 3)) + 0.3 * RNG.normal(size=(N, 3))
TARGETS = {
    "binary": (SCORES[:, 0] > 0).astype(int),
    "classes": SCORES.argmax(axis=1),
    "table": (SCORES > 0).astype(int),
    "names": np.where(SCORES[:, 1] > 0, "up", "down"),
}
NUMPY = ArrayContext.named("numpy")


def chunked(matrix, sizes=(90, 1, 109, 100), made=sparse.csr_array):
    """A Dask array of the rows of a matrix, in chunks of a kind of sparse matrix."""
    from dask import delayed

    edges = np.cumsum((0, *sizes))
    parts = [
        da.from_delayed(
            delayed(made)(matrix[a:b]),
            shape=(b - a, matrix.shape[1]),
            dtype=matrix.dtype,
            meta=sparse.csr_array((0, 0), dtype=matrix.dtype),
        )
        for a, b in pairwise(edges)
    ]
    return da.concatenate(parts)


def near(found, expected):
    """As near as two optima certified to 1e-12 are: the square root of that."""
    assert_near(np.asarray(found), np.asarray(expected), "float64", N, growth=1e9)


@pytest.mark.parametrize("lazy_labels", [False, True], ids=["labels", "lazy-labels"])
@pytest.mark.parametrize("target", TARGETS)
def test_fits_and_predictions_are_those_of_scipy(target, lazy_labels):
    y = TARGETS[target]
    labels = da.from_array(y, chunks=(70, *y.shape[1:])) if lazy_labels else y
    lazy = chunked(X)
    ours = LogisticRegression(tol=1e-6).fit(lazy, labels)
    expected = LogisticRegression(tol=1e-6).fit(X, y)
    assert ours.certified_.all()
    near(ours.coef_, expected.coef_)
    for method in ("predict_proba", "decision_function", "predict"):
        found, told = getattr(ours, method)(lazy), getattr(expected, method)(X)
        assert isinstance(found, da.Array), method
        assert found.chunks[0] == lazy.chunks[0]
        if method == "predict":
            np.testing.assert_array_equal(found.compute(), told)
        else:
            near(found.compute(), told)
    assert ours.score(lazy, labels) == pytest.approx(expected.score(X, y))


def test_weights_and_no_intercept():
    weights = RNG.uniform(0.5, 2.0, N)
    for sample_weight in (weights, da.from_array(weights, chunks=33)):
        settings = {"fit_intercept": False, "class_weight": "balanced", "tol": 1e-6}
        ours = LogisticRegression(**settings).fit(chunked(X), TARGETS["classes"], sample_weight)
        expected = LogisticRegression(**settings).fit(X, TARGETS["classes"], weights)
        near(ours.coef_, expected.coef_)


@pytest.mark.parametrize("columns", [40, P])
@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs"])
def test_every_solver_takes_them(solver, columns):
    part = X[:, :columns]
    ours = LogisticRegression(solver=solver, tol=1e-6).fit(chunked(part), TARGETS["binary"])
    expected = LogisticRegression(solver=solver, tol=1e-6).fit(part, TARGETS["binary"])
    near(ours.coef_, expected.coef_)


@pytest.mark.parametrize("made", [sparse.csc_array, sparse.coo_array, sparse.csr_matrix])
def test_chunks_of_any_format(made):
    ours = LogisticRegression(tol=1e-6).fit(chunked(X, made=made), TARGETS["binary"])
    near(ours.coef_, LogisticRegression(tol=1e-6).fit(X, TARGETS["binary"]).coef_)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_entries_of_any_type(dtype):
    matrix = sparse.csr_array(X.astype(bool).astype(dtype))
    ours = LogisticRegression(tol=1e-5).fit(chunked(matrix), TARGETS["binary"])
    expected = LogisticRegression(tol=1e-5).fit(matrix, TARGETS["binary"])
    assert ours.coef_.dtype == expected.coef_.dtype
    np.testing.assert_allclose(ours.coef_, expected.coef_, atol=1e-4)


def test_cross_validation_chooses_the_same():
    settings = {"Cs": [0.01, 1.0, 100.0], "cv": 3, "tol": 1e-5}
    for scoring in ("neg_log_loss", "roc_auc"):
        ours = LogisticRegressionCV(**settings, scoring=scoring).fit(chunked(X), TARGETS["binary"])
        expected = LogisticRegressionCV(**settings, scoring=scoring).fit(X, TARGETS["binary"])
        assert ours.C_ == expected.C_
        near(ours.coef_, expected.coef_)


@pytest.mark.parametrize("scoring", ["f1", "roc_auc", "neg_log_loss", None])
def test_every_score_is_that_of_scipy(scoring):
    settings = {"Cs": [0.1, 1.0], "cv": 2, "tol": 1e-5, "scoring": scoring}
    ours = LogisticRegressionCV(**settings).fit(chunked(X), TARGETS["binary"])
    expected = LogisticRegressionCV(**settings).fit(X, TARGETS["binary"])
    np.testing.assert_allclose(ours.scores_, expected.scores_, atol=1e-5)
    found = ours.score(chunked(X), TARGETS["binary"])
    assert found == pytest.approx(expected.score(X, TARGETS["binary"]), abs=1e-5)


@pytest.mark.parametrize("solver", ["auto", "newton", "gradient-descent"])
@pytest.mark.parametrize("sizes", [(0, 200, 100), (100, 0, 200), (150, 150, 0)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_chunks_of_no_rows(sizes, solver):
    settings = {"solver": solver, "tol": 1e-6, "max_iter": 50 if solver != "auto" else None}
    y = TARGETS["classes"]
    ours = LogisticRegression(**settings).fit(chunked(X, sizes), y)
    expected = LogisticRegression(**settings).fit(X, y)
    near(ours.coef_, expected.coef_)
    np.testing.assert_array_equal(ours.predict(chunked(X, sizes)).compute(), expected.predict(X))


def test_a_meta_of_any_format():
    for kind in ("csr_array", "csc_array", "lil_array", "dok_array"):
        lazy = chunked(X).map_blocks(
            lambda part: part, meta=getattr(sparse, kind)((0, 0)), dtype=np.float64
        )
        if not sparse.issparse(lazy._meta):
            continue  # (Dask makes some of them dense)
        clf = LogisticRegression(tol=1e-5).fit(lazy, TARGETS["binary"])
        assert clf.certified_.all(), kind


def test_columns_that_never_occur_leave_the_problem():
    wide = sparse.csr_array((X.data, 7 * X.indices, X.indptr), shape=(N, 3000))
    ours = LogisticRegression(tol=1e-6).fit(chunked(wide), TARGETS["binary"])
    narrow = LogisticRegression(tol=1e-6).fit(X, TARGETS["binary"])
    assert (ours.coef_[:, 1::7] == 0.0).all()
    near(ours.coef_[:, : 7 * P : 7], narrow.coef_)


def test_a_pass_is_one_computation_of_each_chunk():
    """One to count entries, and one for each product with all rows: two in a pass."""
    computed = []

    def counted(part):
        computed.append(part.shape[0])
        return sparse.csr_array(part)

    clf = LogisticRegression().fit(chunked(X, made=counted), TARGETS["binary"])
    assert len(computed) <= 4 * (2 * clf.work_.passes + 4)


def test_products_are_those_of_dense_rows():
    rows = make_rows(NUMPY, chunked(X), SCORES)
    dense = make_rows(NUMPY, X.toarray(), SCORES)
    assert isinstance(rows, DaskProductRows)
    assert rows.entries == X.nnz
    near(rows.squared_products(np.abs(SCORES)), dense.squared_products(np.abs(SCORES)))
    for found, told in zip(rows.signed_counts(SCORES), dense.signed_counts(SCORES), strict=True):
        near(found, told)
    assert rows.sum_of_squares() == pytest.approx(float((X.data**2).sum()))
    assert rows.in_float32().context.precision == "float32"
    assert rows.select(np.arange(3)) is None
    assert rows.sample(3, 0) is None


def test_dense_blocks_of_chunks_are_not_rotated():
    """More features than rows: their space would need blocks of columns, which chunks are not."""
    rows = make_training_rows(NUMPY, wrap("X", chunked(X[:100], (40, 60))), TARGETS["table"][:100])
    objective = Objective.over(rows, groups=3, penalty=1.0)
    blocks = objective.with_data(rows=objective.rows.in_blocks())
    assert blocks.rows.lazy
    assert plan_of(blocks, diagonal_failed=True).method not in ("row-space", "sampled")


def test_what_is_not_finite_is_refused():
    matrix = X.copy()
    matrix.data[3] = np.inf
    with pytest.raises(ValueError, match="Input X contains infinity: 0 values are NaN and 1"):
        LogisticRegression().fit(chunked(matrix), TARGETS["binary"])


def test_malformed_chunks_are_refused():
    def broken(part):
        part.indices[0] = 9999
        return part

    with pytest.raises(ValueError, match=r"chunk \d of X must be a well-formed sparse matrix"):
        LogisticRegression().fit(chunked(X, made=broken), TARGETS["binary"])


def test_unknown_sizes_and_resampling_are_refused():
    lazy = chunked(X)
    with pytest.raises(ValueError, match=r"X must be a Dask array of chunks of known sizes"):
        LogisticRegression().fit(lazy[da.from_array(SCORES[:, 0], chunks=90) > 0], np.arange(9))
    with pytest.raises(TypeError, match="X must be in memory, got a Dask array"):
        bootstrap(LogisticRegression(), lazy, TARGETS["binary"], n_resamples=3)
    assert wrap("X", lazy).lazy
