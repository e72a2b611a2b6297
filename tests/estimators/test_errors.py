"""Bad input is refused before work begins, by a message that names what was wrong."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from tests.backends import host

X, Y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
INFINITE = X.copy()
INFINITE[3, 1] = np.inf


def fit(X=X, y=Y, sample_weight=None, **settings):
    settings = {"solver": "gradient-descent", "max_iter": 1} | settings
    return LogisticRegression(**settings).fit(X, y, sample_weight)


REFUSED = {
    "X of one dimension": (lambda: fit(X[:, 0]), ValueError, "Expected 2D array"),
    "X empty": (lambda: fit(X[:0], Y[:0]), ValueError, "0 sample"),
    "X without features": (lambda: fit(X[:, :0]), ValueError, "0 feature"),
    "X complex": (lambda: fit(X + 1j), ValueError, "Complex data not supported"),
    "X of words": (lambda: fit(np.full((20, 2), "a")), ValueError, "X must hold numbers only"),
    "X of objects": (lambda: fit(np.full((20, 2), "a", object)), ValueError, "X must hold numbers"),
    "X sparse, with NaN": (
        lambda: fit(sparse.csr_array(np.where(X > 1, np.nan, X))),
        ValueError,
        "Input X contains NaN",
    ),
    "X sparse, complex": (lambda: fit(sparse.csr_array(X + 1j)), ValueError, "Complex data"),
    "X with infinity": (lambda: fit(INFINITE), ValueError, "Input X contains infinity: 0 .* 1 inf"),
    "y missing": (lambda: fit(y=None), ValueError, "y must hold one class label.*None"),
    "y too short": (lambda: fit(y=Y[:-1]), ValueError, "X has 20 rows and y has 19"),
    "y of two dimensions": (lambda: fit(y=np.full((20, 2), 3)), ValueError, "zeros and ones.*40"),
    "y of three dimensions": (lambda: fit(y=np.ones((20, 2, 2))), ValueError, "1d array|dim 3"),
    "y of one class": (lambda: fit(y=np.ones(20)), ValueError, "y must hold at least two classes"),
    "y continuous": (lambda: fit(y=X[:, 0]), ValueError, "Unknown label type: continuous"),
    "y with NaN": (lambda: fit(y=np.where(Y, np.nan, 1.0)), ValueError, "y contains NaN: 10 lab"),
    "weights short": (lambda: fit(sample_weight=np.ones(3)), ValueError, r"\(20,\).*got \(3,\)"),
    "weights negative": (lambda: fit(sample_weight=-np.ones(20)), ValueError, "non-negative"),
    "weights all zero": (
        lambda: fit(sample_weight=np.zeros(20)),
        ValueError,
        "positive sum: all are zero",
    ),
    "weights partly negative": (
        lambda: fit(sample_weight=np.where(Y, -2.0, 1.0)),
        ValueError,
        "found 10 negative or non-finite weights, the first is -2.0",
    ),
    "weights NaN": (lambda: fit(sample_weight=np.full(20, np.nan)), ValueError, "finite"),
    "weights of words": (lambda: fit(sample_weight=["a"] * 20), ValueError, "sample_weight must"),
    "y with None": (lambda: fit(y=["a", None] * 10), ValueError, "y contains NaN: 10 labels"),
    "y with NA": (lambda: fit(y=pd.array(["a", None] * 10)), ValueError, "y contains NaN: 10 lab"),
    "class weights negative": (
        lambda: fit(class_weight={0: -1.0, 1: 1.0}),
        ValueError,
        r"class_weight must give.*got \{0: -1\.0, 1: 1\.0\}",
    ),
    "class weights without rows": (
        lambda: fit(class_weight="balanced", sample_weight=Y),
        ValueError,
        "'balanced' needs a row of positive sample_weight in every class",
    ),
    "features too large": (lambda: fit(X * 1e160), ValueError, "learning_rate='auto'.*overflows"),
    "C zero": (lambda: fit(C=0), ValueError, "The 'C' parameter"),
    "solver": (lambda: fit(solver="magic"), ValueError, "'solver' parameter.*'magic'"),
    "learning rate": (lambda: fit(learning_rate=0.0), ValueError, "The 'learning_rate' parameter"),
    "learning rate NaN": (lambda: fit(learning_rate=np.nan), ValueError, "'learning_rate' param"),
    "loss change NaN": (lambda: fit(loss_change=np.nan), ValueError, "The 'loss_change' parameter"),
    "tol NaN": (lambda: fit(tol=np.nan), ValueError, "The 'tol' parameter"),
    "tol infinite": (lambda: fit(tol=np.inf), ValueError, "The 'tol' parameter"),
    "iterations True": (lambda: fit(max_iter=True), ValueError, "'max_iter' parameter.*an int"),
    "backend": (lambda: fit(backend="tensorflow"), ValueError, "backend must be one of.*'tensorf"),
    "device": (lambda: fit(backend="numpy", device="cuda:7"), ValueError, "device='cuda:7' is not"),
    "device alone": (lambda: fit(device="cuda"), ValueError, "not a device of backend='numpy'"),
    "dtype": (lambda: fit(dtype="float16"), ValueError, "The 'dtype' parameter"),
    "dask without dask": (lambda: fit(backend="dask"), ValueError, "X that is a Dask array alre"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused(case):
    call, error, says = REFUSED[case]
    with pytest.raises(error, match=says):
        call()


def test_a_number_of_penalties_is_no_boolean():
    for wrong in ({"Cs": True}, {"max_iter": True}):
        with pytest.raises(ValueError, match="parameter of LogisticRegressionCV must be an int"):
            LogisticRegressionCV(**wrong).fit(X, Y)


@pytest.mark.parametrize("tol", [1e300, 1e160, np.float32(1e30), 1.0, 1e-300, 0])
def test_any_finite_tolerance_is_used(backend, tol):
    clf = LogisticRegression(tol=tol).fit(backend.array(X), Y)
    assert host(clf.converged_).all()
    many = LogisticRegression(tol=tol).fit(backend.array(X), np.stack([Y, Y], axis=1))
    assert host(many.converged_).all()


def test_any_finite_tolerance_is_used_for_many_fits():
    assert LogisticRegressionCV(tol=1e300, Cs=[1.0]).fit(X, Y).converged_.all()
    assert bootstrap(LogisticRegression(tol=1e300), X, Y, n_resamples=2).converged.all()


@pytest.mark.parametrize("what", ["nan", "inf"])
def test_values_that_are_not_finite_are_refused_everywhere(backend, what):
    bad = X.copy()
    bad[7, 2] = float(what)
    says = "contains NaN: 1 " if what == "nan" else "contains infinity: 0 .* 1 infinite"
    with pytest.raises(ValueError, match=says):
        fit(backend.array(bad))


def test_large_features_are_not_taken_for_infinite_ones():
    with pytest.warns(UserWarning, match="iterations"):
        fit((X * 1e38).clip(-3e38, 3e38).astype("float32"), learning_rate=1e-3)


DASK = {
    "chunks": (lambda X: X[X[:, 0] > -9], Y, r"compute_chunk_sizes\(\)"),
    "NaN": (lambda X: X, np.where(Y, np.nan, 1.0), "y contains NaN"),
    "continuous": (lambda X: X, X[:, 0], "Unknown label type: continuous"),
    "length": (lambda X: X, Y[:-1], "X has 20 rows and y has 19"),
}


@pytest.mark.parametrize("case", DASK)
def test_bad_dask_arrays_are_refused(case):
    da = pytest.importorskip("dask.array")
    make, y, says = DASK[case]
    with pytest.raises(ValueError, match=says):
        fit(make(da.from_array(X, chunks=(7, 3))), da.from_array(y))


@pytest.mark.parametrize(
    ("shape", "says"),
    [((20,), "2-dimensional"), ((0, 3), "0 sample"), ((20, 0), "0 feature")],
)
def test_shapes_are_refused_everywhere(eager, shape, says):
    if eager.library == "numpy":
        says = says.replace("2-dimensional", "2D array")
    with pytest.raises(ValueError, match=says):
        fit(eager.array(np.ones(shape)), Y[: shape[0]])


def test_complex_arrays_are_refused_everywhere(eager):
    complex_X = eager.array(X.astype("complex64" if eager.precision == "float32" else "complex128"))
    with pytest.raises(ValueError, match="Complex data not supported"):
        fit(complex_X)


def test_predicting_before_fitting_is_refused():
    with pytest.raises(NotFittedError):
        LogisticRegression().predict(X)


def test_predicting_other_features_is_refused(eager):
    with pytest.warns(UserWarning, match="max_iter"):
        clf = fit(eager.array(X))
    with pytest.raises(ValueError, match=r"2 features, but .* expecting 3"):
        clf.predict(eager.array(X[:, :2]))
