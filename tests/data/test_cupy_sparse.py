"""Sparse matrices of CuPy: what is fitted on them is what SciPy's matrices give."""

from importlib import import_module

import numpy as np
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.data import ProductRows, make_rows, wrap
from logitron.data.cupy_products import CupyProducts
from tests.backends import host
from tests.standins import cupyx_sparse
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
X = sparse.random_array((300, 260), density=0.05, format="csr", rng=RNG)
SCORES = X @ RNG.normal(size=(260, 3)) + 0.3 * RNG.normal(size=(300, 3))
TARGETS = {
    "binary": (SCORES[:, 0] > 0).astype(int),
    "classes": SCORES.argmax(axis=1),
    "table": (SCORES > 0).astype(int),
}


@pytest.fixture
def cupy(eager):
    """The backend CuPy, real or simulated."""
    if eager.library != "cupy":
        pytest.skip("other libraries have other sparse matrices")
    return eager


def on_device(cupy, matrix, kind="csr"):
    """Copy a matrix to the device, part by part."""
    made = getattr(import_module("cupyx.scipy.sparse"), f"{kind}_matrix")
    matrix = matrix.asformat(kind)
    whole = [part.astype(np.int32) for part in (matrix.indices, matrix.indptr)]
    entries, *places = (cupy.array(part, cast=False) for part in (matrix.data, *whole))
    return made((entries, *places), shape=matrix.shape)


@pytest.mark.parametrize("target", TARGETS)
def test_fits_and_predictions_are_those_of_scipy(cupy, target):
    y = TARGETS[target]
    device = on_device(cupy, X)
    ours = LogisticRegression(tol=1e-6).fit(device, cupy.array(y, cast=False))
    expected = LogisticRegression(tol=1e-6).fit(X, y)
    assert ours.certified_.all()
    assert type(ours.coef_).__module__ == "cupy"
    assert_near(host(ours.coef_), expected.coef_, "float64", 300, growth=1e7)
    for method in ("predict_proba", "predict", "decision_function"):
        found, told = getattr(ours, method)(device), getattr(expected, method)(X)
        assert_near(host(found), np.asarray(told), "float64", 300, growth=1e7)


def test_products_stay_on_the_device(cupy):
    context = cupy.context()
    with context.scope():
        rows = make_rows(context, wrap("X", on_device(cupy, X)).checked(), cupy.array(SCORES))
        assert isinstance(rows, ProductRows)
        assert isinstance(rows._products, CupyProducts)
        coef = context.asarray(RNG.normal(size=(2, 260)))
        zero = context.zeros((2,))
        Z = rows.map_logits(lambda logits: logits, coef, zero)
        assert_near(host(Z), X @ host(coef).T, "float64", 260)
        assert_near(host(rows.squared_products(Z)), (X * X).T @ host(Z), "float64", 300, growth=4)
        assert rows.sum_of_squares() == pytest.approx(float((X.data**2).sum()))


def test_columns_that_never_occur_leave_the_problem(cupy):
    wide = sparse.csr_array((X.data, 7 * X.indices, X.indptr), shape=(300, 3000))
    ours = LogisticRegression(tol=1e-6).fit(on_device(cupy, wide), TARGETS["binary"])
    narrow = LogisticRegression(tol=1e-6).fit(X, TARGETS["binary"])
    found = host(ours.coef_)
    assert (found[:, 1::7] == 0.0).all()
    assert_near(found[:, :1820:7], narrow.coef_, "float64", 300, growth=1e7)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # (20 iterations)
@pytest.mark.parametrize("columns", [40, 260])
@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("solver", ["auto", "newton", "gradient-descent"])
def test_every_solver_takes_them(cupy, kind, columns, solver):
    settings = (
        {"solver": solver, "tol": 1e-6}
        if solver != "gradient-descent"
        else {"solver": solver, "max_iter": 20, "learning_rate": 0.5}
    )
    part = X[:, :columns]
    ours = LogisticRegression(**settings).fit(on_device(cupy, part, kind), TARGETS["binary"])
    expected = LogisticRegression(**settings).fit(part, TARGETS["binary"])
    assert_near(host(ours.coef_), expected.coef_, "float64", 300, growth=1e7)


def test_backend_numpy_copies_them_to_the_host(cupy):
    ours = LogisticRegression(backend="numpy", tol=1e-6).fit(on_device(cupy, X), TARGETS["binary"])
    expected = LogisticRegression(tol=1e-6).fit(X, TARGETS["binary"])
    assert_near(host(ours.coef_), expected.coef_, "float64", 300, growth=1e7)


def test_cross_validation_chooses_the_same(cupy):
    settings = {"Cs": [0.01, 1.0, 100.0], "cv": 3, "tol": 1e-5}
    ours = LogisticRegressionCV(**settings).fit(on_device(cupy, X), TARGETS["binary"])
    expected = LogisticRegressionCV(**settings).fit(X, TARGETS["binary"])
    assert ours.C_ == expected.C_


@pytest.mark.parametrize("scoring", ["f1", "roc_auc"])
def test_scores_of_scikit_learn_are_made_on_the_host(cupy, scoring):
    settings = {"Cs": [0.1, 1.0], "cv": 2, "tol": 1e-5, "scoring": scoring}
    ours = LogisticRegressionCV(**settings).fit(on_device(cupy, X), TARGETS["binary"])
    expected = LogisticRegressionCV(**settings).fit(X, TARGETS["binary"])
    np.testing.assert_allclose(host(ours.scores_), expected.scores_, atol=1e-5)
    found = ours.score(on_device(cupy, X), TARGETS["binary"])
    assert found == pytest.approx(expected.score(X, TARGETS["binary"]), abs=1e-5)


def test_duplicates_add_up(cupy):
    halves = sparse.csr_array(
        (np.repeat(X.data, 2) / 2, np.repeat(X.indices, 2), 2 * X.indptr), shape=X.shape
    )
    ours = LogisticRegression(tol=1e-6).fit(on_device(cupy, halves), TARGETS["binary"])
    expected = LogisticRegression(tol=1e-6).fit(X, TARGETS["binary"])
    assert_near(host(ours.coef_), expected.coef_, "float64", 300, growth=1e7)


@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_wrong_indices_are_refused(cupy, kind):
    device = on_device(cupy, X, kind)
    device.indices[5] = 9999
    with pytest.raises(ValueError, match=rf"X must be a well-formed sparse.*got a {kind}_matrix"):
        LogisticRegression().fit(device, TARGETS["binary"])


def test_numbers_that_are_not_finite_are_refused(cupy):
    matrix = X.copy()
    matrix.data[3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN: 1 values"):
        LogisticRegression().fit(on_device(cupy, matrix), TARGETS["binary"])


def test_what_is_used_of_cupy_is_there():
    """The simulation has nothing that CuPy lacks; that can be imported without a GPU."""
    real = pytest.importorskip("cupyx.scipy.sparse", exc_type=ImportError)
    for name in ("csr_matrix", "csc_matrix"):
        simulated, actual = getattr(cupyx_sparse, name), getattr(real, name)
        members = {one for kind in simulated.__mro__[:2] for one in vars(kind)}
        missing = {one for one in members if not one.startswith("_") and not hasattr(actual, one)}
        assert missing <= {"data", "indices", "indptr", "shape"}  # (those are of instances)
