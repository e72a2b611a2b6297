"""Fits of sources that are read in blocks are those of the same features in memory."""

import numpy as np
import pytest

import logitron
from logitron import LogisticRegression, LogisticRegressionCV, open_rows, write_predictions
from logitron.backend import ArrayContext
from logitron.data import ReaderRows, make_rows, wrap
from tests.data.reading import KINDS, RNG, FullSource, N, P, Source, X, Y, reading_threads
from tests.data.reading import small_blocks as in_blocks

NUMPY = ArrayContext.named("numpy")
TIGHT = {"tol": 1e-9}
PLAIN = LogisticRegression(**TIGHT).fit(X, Y)


def blocks(values=X, rows=20, **members):
    """A source in memory whose blocks have about so many rows."""
    return in_blocks(open_rows(FullSource(values, **members)), rows)


def near(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source_has_the_same_fit(kind, tmp_path):
    source = KINDS[kind](tmp_path)
    reader = open_rows(source, "X" if kind in ("hdf5", "safetensors") else None)
    reader = in_blocks(reader, 1 if kind == "npy" else 20)
    assert isinstance(wrap("X", reader).rows(NUMPY), ReaderRows)
    clf = LogisticRegression(**TIGHT).fit(reader, Y)
    near(clf.coef_, PLAIN.coef_)
    near(clf.intercept_, PLAIN.intercept_)
    assert clf.certified_.all()
    assert clf.n_features_in_ == P
    near(clf.predict_proba(reader), PLAIN.predict_proba(X))
    assert clf.score(reader, Y) == PLAIN.score(X, Y)
    assert not reading_threads()


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_blocks_are_computed_by_other_libraries(backend):
    pytest.importorskip(backend, reason="computes the blocks")
    # (so many rows that those of an array in memory would be padded for a library that compiles)
    rows = np.arange(600) % N
    clf = LogisticRegression(backend=backend, **TIGHT).fit(blocks(X[rows], 100), Y[rows])
    plain = LogisticRegression(**TIGHT).fit(X[rows], Y[rows])
    near(clf.coef_, plain.coef_)
    near(clf.predict_proba(blocks(X)), plain.predict_proba(X))


@pytest.mark.parametrize("kind", ["npy", "parquet files", "files", "record batches"])
def test_estimators_open_paths_and_lists_themselves(kind, tmp_path):
    source = KINDS[kind](tmp_path)
    clf = LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, scoring="f1").fit(source, Y)
    plain = LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, scoring="f1").fit(X, Y)
    near(clf.scores_, plain.scores_)
    assert clf.score(source, Y) == plain.score(X, Y)


def test_names_of_columns_are_kept_and_compared(tmp_path):
    pytest.importorskip("pyarrow", reason="reads Parquet")
    path = KINDS["parquet"](tmp_path)
    clf = LogisticRegression().fit(in_blocks(open_rows(path), 30), Y)
    assert clf.feature_names_in_.tolist() == [f"c{j}" for j in range(P)]
    other = open_rows(path, columns=["c1", "c0", "c2", "c3", "c4"])
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(other)
    with pytest.raises(ValueError, match=r"2 features, but .* 5"):
        PLAIN.predict(blocks(X[:, :2]))


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint16", "bool"])
def test_types_are_those_of_arrays(dtype):
    values = (X * 3).clip(0, 100).astype(dtype)
    plain = LogisticRegression(**TIGHT).fit(values, Y)
    clf = LogisticRegression(**TIGHT).fit(blocks(values), Y)
    assert clf.coef_.dtype == plain.coef_.dtype
    np.testing.assert_allclose(clf.coef_, plain.coef_, rtol=1e-6 if dtype != "float64" else 1e-9)
    low = LogisticRegression(dtype="float32").fit(blocks(values), Y)
    np.testing.assert_allclose(low.coef_, plain.coef_, rtol=1e-2, atol=1e-2)


WEIGHTS = RNG.integers(0, 3, size=N).astype(float)
SCALES = np.asarray([1e-8, 1.0, 1e8, 1.0, 1e3])
TABLE = np.stack([Y, 1 - Y, RNG.integers(0, 2, size=N)], axis=1)
CLASSES = np.digitize(X[:, 0] + RNG.logistic(size=N), [-1.0, 1.0])
#: what is fitted, by which estimator, and how
FITS = {
    "weights": (LogisticRegression(**TIGHT), X, Y, {"sample_weight": WEIGHTS}),
    "offset": (LogisticRegression(**TIGHT), X, Y, {"offset": WEIGHTS - 1.0}),
    "no intercept": (LogisticRegression(fit_intercept=False, **TIGHT), X, Y, {}),
    "standardised": (LogisticRegression(C=np.inf, **TIGHT), X * SCALES + 1e4 * SCALES, Y, {}),
    "softmax": (LogisticRegression(**TIGHT), X, CLASSES, {}),
    "targets": (LogisticRegression(**TIGHT), X, TABLE, {}),
    "l1": (LogisticRegression(l1_ratio=1.0, C=0.1, **TIGHT), X, Y, {}),
    "lbfgs": (LogisticRegression(solver="lbfgs", **TIGHT), X, Y, {}),
    "descent": (LogisticRegression(C=1e-3, solver="gradient-descent", loss_change=1e-9), X, Y, {}),
    "wide": (LogisticRegression(**TIGHT), np.tile(X, 60)[:50] * RNG.normal(size=300), Y[:50], {}),
    "one row": (LogisticRegression(**TIGHT), X[:3], np.asarray([0, 1, 1]), {}),
    "cross-validation": (LogisticRegressionCV(Cs=[0.1, 10.0], cv=3, tol=1e-9), X, Y, {}),
    "custom scorer": (
        LogisticRegressionCV(Cs=[0.1, 10.0], cv=3, scoring=lambda model, X, y: model.score(X, y)),
        X,
        Y,
        {},
    ),
}


@pytest.mark.parametrize("case", FITS)
@pytest.mark.parametrize("members", [{}, {"chunk_rows": 16}])
def test_every_fit_is_that_of_arrays(case, members):
    model, values, y, options = FITS[case]
    plain = {**vars(model.fit(values, y, **options))}
    size = max(1, len(values) // 9)
    found = model.fit(blocks(values, size, **members), y, **options)
    # (features in memory that are more than rows are rotated: the other method is as exact)
    growth = 1e-6 if case == "wide" else 1e-8
    assert np.abs(found.coef_ - plain["coef_"]).max() <= growth * np.abs(plain["coef_"]).max()
    assert (found.certified_ == plain["certified_"]).all()
    if case in ("cross-validation", "custom scorer"):
        near(found.scores_, plain["scores_"])


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_blocks_are_moved_to_other_libraries(library):
    pytest.importorskip(library, reason="computes")
    clf = LogisticRegression(backend=library, **TIGHT).fit(blocks(rows=60), Y)
    assert isinstance(clf.coef_, np.ndarray)
    near(clf.coef_, PLAIN.coef_)


def test_folds_that_are_too_large_to_keep_are_read():
    reader = blocks(rows=4)  # (three blocks have 12 rows, and a fold has 70)
    cv = LogisticRegressionCV(Cs=[1.0], cv=3, scoring="neg_log_loss", refit=False)
    near(cv.fit(reader, Y).scores_, cv.fit(X, Y).scores_)
    rows = wrap("X", reader).rows(NUMPY)
    assert isinstance(rows.select(np.arange(0, N, 3)), ReaderRows)
    assert not isinstance(rows.select(np.arange(9)), ReaderRows)


def test_inference_and_resamples_read_blocks():
    free = LogisticRegression(C=np.inf, **TIGHT)
    kept, found = (
        logitron.inference(free.fit(features, Y), features, Y) for features in (X, blocks())
    )
    np.testing.assert_allclose(found.conf_int(), kept.conf_int(), rtol=1e-6)
    kept, found = (
        logitron.bootstrap(LogisticRegression(), features, Y, n_resamples=5, random_state=0)
        for features in (X, blocks())
    )
    np.testing.assert_allclose(found.coef, kept.coef, rtol=1e-3, atol=1e-4)


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_values_are_refused_with_their_row(value):
    values = X.copy()
    values[[57, 101], 2] = value
    for features in (values, blocks(values), blocks(values, chunk_rows=16)):
        for model in (LogisticRegression(), LogisticRegressionCV(Cs=[1.0], cv=2), PLAIN):
            call = model.predict if model is PLAIN else lambda Z, model=model: model.fit(Z, Y)
            with pytest.raises(ValueError, match="the first in row 57"):
                call(features)
    assert not reading_threads()


def test_missing_values_of_tables_are_refused_with_their_row(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="reads Parquet")
    parquet = pytest.importorskip("pyarrow.parquet", reason="reads Parquet")
    numbers = list(range(N))
    numbers[57] = None
    table = pa.table({"a": X[:, 0], "b": pa.array(numbers, pa.int64())})
    parquet.write_table(table, tmp_path / "x.parquet", row_group_size=50)
    for source in (table, tmp_path / "x.parquet"):
        reader = in_blocks(open_rows(source), 20)
        with pytest.raises(ValueError, match=r"row 57 of column 'b'"):
            LogisticRegression().fit(reader, Y)


class Breaking(FullSource):
    """A source that cannot be read from some call on."""

    name = "disk 3"

    def read_rows(self, start, stop):
        found = super().read_rows(start, stop)
        if len(self.read) > 40:
            raise OSError("gone")
        return found


def test_a_fit_that_fails_leaves_nothing_behind():
    clf = LogisticRegression(solver="lbfgs")
    with pytest.raises(OSError, match=r"rows \d+ to \d+ of X could not be read from disk 3"):
        clf.fit(in_blocks(open_rows(Breaking()), 20), Y)
    assert not hasattr(clf, "coef_")
    assert not reading_threads()


def test_threads_end_when_a_pass_is_interrupted():
    rows = wrap("X", blocks()).rows(NUMPY)

    def interrupted(block):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rows.sum(interrupted)
    assert not reading_threads()


def test_iterators_are_refused_with_what_to_do():
    with pytest.raises(TypeError, match=r"read only once.*blocks of rows.*logitron\.RowSource"):
        LogisticRegression().fit((X[a : a + 9] for a in range(0, N, 9)), Y)


# --- sums and maps ------------------------------------------------------------------------------


def _sums(block, weights):
    return block.T @ weights, block.sum(axis=0)


def _double(block):
    return 2.0 * block


def _twice(weights, *, dtype):
    return 2.0 * weights


def _pair(weights, *, dtype):
    return weights.sum(axis=0), weights


@pytest.mark.parametrize("rows", [1, 7, 60])
def test_sums_and_maps_are_those_of_rows_in_memory(rows):
    weights = RNG.normal(size=(N, 2))
    read = make_rows(NUMPY, blocks(rows=rows), weights, width=2)
    kept = make_rows(NUMPY, X, weights, width=2)
    assert isinstance(read, ReaderRows)
    assert not read.in_memory
    for one, other in (
        (read.sum(_sums), kept.sum(_sums)),
        (read.sum_products(_pair), kept.sum_products(_pair)),
        (read.signed_counts(weights), kept.signed_counts(weights)),
        ([read.squared_products(weights)], [kept.squared_products(weights)]),
        ([read.map_rows(_twice)], [kept.map_rows(_twice)]),
        ([read.with_row_arrays().map(_double)], [kept.with_row_arrays().map(_double)]),
        ([read.sum_of_squares()], [kept.sum_of_squares()]),
    ):
        for found, expected in zip(one, other, strict=True):
            near(found, expected)
    with pytest.raises(TypeError, match="cannot be replaced"):
        read.with_features(X)


def test_one_sample_is_kept_where_drawing_is_dear():
    source = Source(chunk_rows=100)
    rows = wrap("X", in_blocks(open_rows(source), 20)).rows(NUMPY)
    source.read.clear()
    first = rows.sample(30, 0)
    once = len(source.read)
    again = rows.sample(20, 1)
    assert once == len(source.read)  # nothing was read for the second one
    whole = {tuple(row) for row in X.tolist()}
    for sample in (first, again):
        assert {tuple(row) for row in sample.map(_double).tolist()} <= {
            tuple(2.0 * value for value in row) for row in whole
        }
    assert rows.sample(N, 0) is None or rows.sample(N, 0).shape[0] >= N // 2


# --- predictions in files -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["decision_function", "predict", "predict_proba"])
def test_predictions_are_written_to_a_file(method, tmp_path):
    words = LogisticRegression().fit(X, np.asarray(["no", "yes"])[Y])
    path = tmp_path / "found.npy"
    for features in (blocks(rows=20), X, X.tolist()):
        found = write_predictions(path, getattr(words, method), features)
        np.testing.assert_array_equal(found, np.load(path))
        expected = getattr(words, method)(X)
        assert found.dtype == expected.dtype
        if method == "predict":
            np.testing.assert_array_equal(found, expected)
        else:
            near(found, expected)
    offset = np.linspace(-1.0, 1.0, num=N)
    found = write_predictions(path, words.predict_proba, blocks(), offset=offset)
    near(found, words.predict_proba(X, offset=offset))


@pytest.mark.parametrize("kind", ["npy", "files"])
def test_predictions_do_not_replace_the_features(kind, tmp_path):
    source = KINDS[kind](tmp_path)
    one = source[-1] if isinstance(source, list) else source
    before = one.read_bytes()
    with pytest.raises(ValueError, match="path must be another file than X"):
        write_predictions(str(one), PLAIN.predict_proba, source)
    assert one.read_bytes() == before


def test_predictions_that_fail_leave_no_file(tmp_path):
    values = X.copy()
    values[57, 2] = np.nan
    with pytest.raises(ValueError, match=r"rows 40 to 60 of X: .*NaN"):
        write_predictions(tmp_path / "found.npy", PLAIN.predict, blocks(values))
    with pytest.raises(ValueError, match="offset must have 211 rows"):
        write_predictions(tmp_path / "found.npy", PLAIN.predict, blocks(), offset=[1.0])
    objects = LogisticRegression().fit(X, np.asarray(["no", "yes"], object)[Y])
    with pytest.raises(TypeError, match="got objects"):
        write_predictions(tmp_path / "found.npy", objects.predict, blocks())
    assert not list(tmp_path.iterdir())
    assert not reading_threads()
