"""Data in all the shapes in which people have them."""

import importlib
import warnings

import numpy as np
import pandas as pd
import pytest
from array_api_compat import array_namespace
from scipy import sparse
from sklearn.datasets import load_breast_cancer

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from logitron.data import make_rows
from tests.backends import host
from tests.tolerances import assert_near

X, Y = load_breast_cancer(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = [f"feature {i}" for i in range(X.shape[1])]
WORDS = np.where(Y, "benign", "malignant")
SETTINGS = {"C": 0.01, "tol": 1e-7}


def fit(X, y=Y, sample_weight=None, **settings):
    return LogisticRegression(**(SETTINGS | settings)).fit(X, y, sample_weight)


PLAIN = fit(X)


def pandas(X):
    return pd.DataFrame(X, columns=NAMES)


def polars(X):
    return pytest.importorskip("polars").DataFrame(X, schema=NAMES)


def pyarrow(X):
    table = pytest.importorskip("pyarrow").table
    return table({name: X[:, i] for i, name in enumerate(NAMES)})


def nullable(X):
    return pandas(X).convert_dtypes()


TABLES = {"pandas": pandas, "polars": polars, "pyarrow": pyarrow, "nullable": nullable}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_tables_count_as_numpy_and_keep_their_names(make):
    table = make(X)
    clf = fit(table)
    assert_near(clf.coef_, PLAIN.coef_, "float64", len(X), growth=1e4)
    assert list(clf.feature_names_in_) == NAMES
    predicted = clf.predict(table)
    assert type(predicted) is np.ndarray
    np.testing.assert_array_equal(predicted, PLAIN.predict(X))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        clf.predict(X)
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(pandas(X).rename(columns={"feature 0": "another"}))


def test_arrays_after_tables_have_no_names_and_as_many_columns():
    clf = fit(pandas(X)).fit(X, Y)
    assert not hasattr(clf, "feature_names_in_")
    clf.fit(X[:, :2], Y)
    assert clf.n_features_in_ == 2
    with pytest.raises(ValueError, match="is expecting 2 features"):
        clf.predict(X)


def test_a_model_that_was_not_fitted_here_predicts():
    clf = LogisticRegression()
    clf.coef_, clf.intercept_, clf.classes_ = PLAIN.coef_, PLAIN.intercept_, PLAIN.classes_
    np.testing.assert_array_equal(clf.predict(X), PLAIN.predict(X))
    assert not hasattr(clf, "n_features_in_")  # to predict tells it nothing


def test_tables_of_mixed_numbers():
    mixed = pandas(X).assign(**{"feature 0": (X[:, 0] * 9).astype(int), "feature 1": X[:, 1] > 0})
    expected = fit(np.column_stack([(X[:, 0] * 9).astype(int), X[:, 1] > 0, X[:, 2:]]))
    for table in (mixed, mixed.convert_dtypes()):
        assert_near(fit(table).coef_, expected.coef_, "float64", len(X), growth=1e4)


@pytest.mark.parametrize("make", [pandas, polars, pyarrow], ids=lambda make: make.__name__)
def test_tables_of_single_precision_stay_so(make):
    assert fit(make(X.astype(np.float32))).coef_.dtype == np.float32


def test_tables_with_holes_or_words_are_refused():
    table = polars(X)
    import polars as pl

    holes = table.with_columns(
        pl.when(pl.col("feature 0") > 1).then(None).otherwise(1.0).alias("a")
    )
    with pytest.raises(ValueError, match=r"Input X contains NaN: \d+ values are NaN"):
        fit(holes)
    with pytest.raises(ValueError, match=r"X must hold numbers only.*encode columns of text"):
        fit(table.with_columns(pl.lit("word").alias("a")))
    with pytest.raises(TypeError, match=r"X must be a table.*lazy; call \.collect\(\) first"):
        fit(table.lazy())


def memory_mapped(X, folder):
    mapped = np.memmap(folder / "X", dtype=X.dtype, mode="w+", shape=X.shape)
    mapped[:] = X
    return mapped


ARRAYS = {
    "Fortran order": lambda X, _: np.asfortranarray(X),
    "strides": lambda X, _: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X, _: X[::-1].copy()[::-1],
    "big-endian": lambda X, _: X.astype(">f8"),
    "objects": lambda X, _: X.astype(object),
    "list": lambda X, _: X.tolist(),
    "memory map": memory_mapped,
}


@pytest.mark.parametrize("make", ARRAYS.values(), ids=ARRAYS)
def test_arrays_in_any_memory(make, tmp_path):
    assert_near(fit(make(X, tmp_path)).coef_, PLAIN.coef_, "float64", len(X), growth=1e4)


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint16", "bool"])
def test_whole_numbers_are_computed_in_the_widest_float(eager, dtype):
    whole = np.abs(np.round(X)).astype(dtype)
    if dtype == "uint16" and eager.library == "torch":
        pytest.skip("torch has few operations for uint16")
    clf = fit(eager.array(whole))
    widest = "float32" if eager.name in ("strict-no-float64", "jax-float32") else "float64"
    expected = fit(whole.astype(widest))
    assert str(host(clf.coef_).dtype) == widest
    assert_near(host(clf.coef_), expected.coef_, widest, len(X), growth=1e4)


# --- sparse matrices ----------------------------------------------------------------------------

HOLES = np.where(np.random.default_rng(0).uniform(size=X.shape) < 0.7, 0.0, X)
FORMATS = ("csr_array", "csr_matrix", "csc_array", "coo_array", "lil_array")


@pytest.mark.parametrize("made", FORMATS)
@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs", "gradient-descent"])
def test_sparse_matrices_give_what_dense_ones_do(made, solver):
    settings = {"max_iter": 50} if solver == "gradient-descent" else {}
    matrix = getattr(sparse, made)(HOLES)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*max_iter")  # of gradient descent
        ours, dense = fit(matrix, solver=solver, **settings), fit(HOLES, solver=solver, **settings)
    assert_near(ours.coef_, dense.coef_, "float64", len(X), growth=1e4)
    assert_near(ours.predict_proba(matrix), dense.predict_proba(HOLES), "float64", 30, growth=1e4)
    np.testing.assert_array_equal(ours.predict(HOLES), dense.predict(matrix))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_sparse_features_compute_on_any_backend(eager, precision):
    if eager.precision != precision:
        pytest.skip(f"{eager.name} is for {eager.precision}")
    matrix = sparse.csr_array(HOLES.astype(precision))
    settings = {"backend": eager.library, "dtype": precision}
    if eager.name.startswith("strict-"):
        settings["device"] = {"device1": "device1", "no-float64": "no_float64"}.get(
            eager.name.removeprefix("strict-"), "CPU_DEVICE"
        )
    clf = fit(matrix, WORDS, **settings)
    assert type(clf.coef_) is np.ndarray
    assert clf.coef_.dtype == precision
    expected = fit(HOLES.astype(precision), WORDS)
    assert_near(clf.coef_, expected.coef_, precision, len(X), growth=1e5)


def test_dense_blocks_of_sparse_rows_are_small():
    """Text: a few words in each row, of a large vocabulary. More features than rows, here."""
    rng = np.random.default_rng(0)
    n, p, words = 400, 40_000, 30
    rows = np.repeat(np.arange(n), words)
    columns = rng.integers(p, size=n * words)
    matrix = sparse.csr_array((np.ones(n * words), (rows, columns)), shape=(n, p))
    made = make_rows(ArrayContext.named("numpy"), matrix)
    seen = [block.nbytes for (block,) in made.in_blocks()._blocks(made.in_blocks()._stored)]
    assert max(seen) <= 1 << 26
    assert sum(seen) == 8 * n * p
    y = np.asarray(matrix[:, :200].sum(axis=1)).ravel() > 0
    clf = fit(matrix, y)
    assert clf.certified_[0]
    assert clf.suboptimality_[0] <= 1e-8
    dense = fit(matrix.toarray(), y)
    np.testing.assert_allclose(clf.coef_, dense.coef_, atol=1e-6)


def test_samples_of_sparse_rows_are_drawn_too():
    rng = np.random.default_rng(0)
    tall = sparse.random_array((40_000, 12), density=0.3, rng=rng, format="csr")
    y = np.asarray(tall.sum(axis=1)).ravel() + rng.logistic(size=40_000) > 2
    clf = LogisticRegression().fit(tall, y)
    assert clf.plan_.samples
    assert clf.certified_[0]
    np.testing.assert_allclose(clf.coef_, LogisticRegression().fit(tall.toarray(), y).coef_)


@pytest.mark.parametrize("kind", ["to_sparse_csr", "to_sparse_coo", "BCOO", "BCSR"])
def test_sparse_arrays_of_other_libraries_are_refused(kind):
    if kind.startswith("to_"):
        torch = pytest.importorskip("torch")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls its sparse tensors a trial
            array = getattr(torch.asarray(HOLES), kind)()
    else:
        array = getattr(pytest.importorskip("jax.experimental.sparse"), kind).fromdense(HOLES)
    with pytest.raises(TypeError, match=r"X must be dense, or a sparse matrix of SciPy"):
        fit(array)
    with pytest.raises(TypeError, match=r"X must be dense, or a sparse matrix of SciPy"):
        PLAIN.predict(array)


# --- labels -------------------------------------------------------------------------------------

LABELS = {
    "words": (WORDS, WORDS),
    "objects": (WORDS.astype(object), WORDS.astype(object)),
    "booleans": (Y > 0, Y > 0),
    "objects that are booleans": ((Y > 0).astype(object), Y > 0),
    "objects that are integers": (Y.astype(object), Y),
    "list": (Y.tolist(), Y),
    "series": (pd.Series(Y), Y),
    "categorical": (pd.Categorical(WORDS), WORDS.astype(object)),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels_stay_on_the_host_while_features_are_elsewhere(backend, case):
    labels, expected = LABELS[case]
    clf = fit(backend.array(X), labels)
    reference = PLAIN if backend.precision == "float64" else fit(X.astype("float32"))
    sign = 1.0 if np.array_equal(np.unique(expected)[Y], expected) else -1.0
    assert_near(host(clf.coef_), sign * reference.coef_, backend.precision, len(X), growth=1e5)
    predicted = host(clf.predict(backend.array(X)))
    assert predicted.dtype == np.asarray(expected).dtype
    assert np.mean(predicted == expected) > 0.95


@pytest.mark.parametrize(
    "make", [lambda pl, y: pl.Series(y), lambda pl, y: pl.Series(y).cast(pl.Categorical)]
)
def test_labels_in_a_polars_series(make):
    pl = pytest.importorskip("polars")
    clf = fit(X, make(pl, WORDS))
    assert_near(clf.coef_, -PLAIN.coef_, "float64", len(X), growth=1e4)


def test_tensors_that_record_gradients():
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(X, requires_grad=True)
    clf = fit(tensor, torch.tensor(Y))
    assert not clf.coef_.requires_grad
    assert not clf.predict_proba(tensor).requires_grad
    assert_near(host(clf.coef_), PLAIN.coef_, "float64", len(X), growth=1e4)


def test_tensors_that_are_negated_when_they_are_read():
    torch = pytest.importorskip("torch")
    tensor = torch.complex(torch.zeros(X.shape, dtype=torch.float64), torch.asarray(-X)).conj().imag
    assert tensor.is_neg()
    clf = fit(tensor, Y)
    assert_near(host(clf.coef_), PLAIN.coef_, "float64", len(X), growth=1e4)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_half_precision_features_give_single_precision_answers(library):
    pytest.importorskip(library)
    module = importlib.import_module("jax.numpy" if library == "jax" else library)
    for half in (module.float16, module.bfloat16):
        single = module.asarray(X.astype("float32"))
        stored = array_namespace(single).astype(single, half)
        clf = fit(stored, Y)
        assert host(clf.coef_).dtype == np.float32
        expected = fit(host(stored).astype("float32"))
        assert_near(host(clf.coef_), expected.coef_, "float32", len(X), growth=1e3)


# --- mixed libraries ----------------------------------------------------------------------------


def test_labels_and_weights_follow_the_features(eager):
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    clf = fit(X, eager.array(Y), eager.array(weights))
    expected = fit(X, Y, weights.astype(eager.precision))
    np.testing.assert_allclose(clf.coef_, expected.coef_, rtol=1e-9)
    assert type(clf.coef_) is np.ndarray
    other = fit(eager.array(X), Y, weights)
    assert type(other.coef_) is type(eager.array(X))


def test_predicting_on_another_library_names_what_to_do(eager):
    if eager.library == "numpy":
        pytest.skip("that is no other library")
    clf = fit(eager.array(X))
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        says = rf"LogisticRegression\.{method}\(\).*must use the same namespace.*\.to\('numpy'"
        with pytest.raises(ValueError, match=says):
            getattr(clf, method)(X)
    moved = clf.to("numpy")
    assert moved is clf
    np.testing.assert_array_equal(moved.predict(X), PLAIN.predict(X))


def test_everything_that_a_fit_tells_follows_the_features(eager):
    clf = fit(eager.array(X))
    told = ("coef_", "intercept_", "classes_", "n_iter_", "converged_", "suboptimality_")
    for name in (*told, "certified_", "loss_curve_"):
        context = ArrayContext.of(eager.array(X))
        value = getattr(clf, name)
        assert type(value) is type(eager.array(X)), name
        assert context.library.parameter_device(value) == context.device, name
