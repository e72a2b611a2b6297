"""Labels as they come: kept distinct, and refused where one is missing or is no label."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, permutation_test

X = np.random.default_rng(0).normal(size=(60, 3))
CODES = np.arange(60) % 3
LARGE = CODES + 2**53
HUGE = CODES.astype("uint64") + np.uint64(2**63 + 5)


def polars(values):
    return pytest.importorskip("polars").Series(values)


def pyarrow(values):
    return pytest.importorskip("pyarrow").array(values)


INTEGERS = {
    "array": lambda y: y,
    "list": lambda y: y.tolist(),
    "objects": lambda y: y.astype(object),
    "series": pd.Series,
    "series of objects": lambda y: pd.Series(y.tolist(), dtype=object),
    "nullable": lambda y: pd.Series(y, dtype="Int64" if y.dtype.kind == "i" else "UInt64"),
    "nullable array": lambda y: pd.array(y, dtype="Int64" if y.dtype.kind == "i" else "UInt64"),
    "arrow": lambda y: pd.Series(y, dtype=f"{y.dtype}[pyarrow]"),
    "categories": lambda y: (
        pd.Series(y).astype("Int64" if y.dtype.kind == "i" else "UInt64").astype("category")
    ),
    "polars": polars,
    "pyarrow": pyarrow,
}


@pytest.mark.parametrize("labels", [LARGE, HUGE], ids=["above 2**53", "above 2**63"])
@pytest.mark.parametrize("make", INTEGERS.values(), ids=INTEGERS)
def test_large_integers_stay_distinct(make, labels):
    if make is INTEGERS["arrow"]:
        pytest.importorskip("pyarrow")
    clf = LogisticRegression().fit(X, make(labels))
    np.testing.assert_array_equal(clf.classes_, labels[:3])
    assert clf.classes_.dtype == labels.dtype
    expected = LogisticRegression().fit(X, CODES)
    np.testing.assert_array_equal(clf.predict(X) - labels[0], expected.predict(X))
    assert clf.score(X, make(labels)) == expected.score(X, CODES)


@pytest.mark.parametrize("make", [INTEGERS["nullable"], INTEGERS["series of objects"]])
def test_large_integers_in_a_column_stay_distinct(make):
    with pytest.warns(UserWarning, match="column-vector"):
        clf = LogisticRegression().fit(X, pd.DataFrame({"label": make(LARGE)}))
    np.testing.assert_array_equal(clf.classes_, LARGE[:3])


def test_large_integers_stay_distinct_on_every_library(backend):
    labels = backend.array(CODES)
    if "64" not in str(labels.dtype):
        pytest.skip("no integers of 64 bits")
    clf = LogisticRegression().fit(X, backend.array(LARGE))
    np.testing.assert_array_equal(clf.classes_, LARGE[:3])


@pytest.mark.parametrize("kind", [np.asarray, list], ids=["objects", "list"])
@pytest.mark.parametrize("three", [[-1, 2**63, 2**63 + 1], [1.0, 2**53, 2**53 + 1], [2**70, 1, 2]])
def test_integers_that_no_type_holds_are_refused(kind, three):
    y = kind(np.asarray(three, dtype=object)[CODES])
    with pytest.raises(ValueError, match="y must hold labels that one type of numbers holds"):
        LogisticRegression().fit(X, y)


def test_objects_that_are_floats_count_as_floats():
    clf = LogisticRegression().fit(X, CODES.astype(float).astype(object))
    assert clf.classes_.dtype == np.float64


def test_strings_of_numpys_own_type():
    words = np.asarray(["a", "b", "c"], dtype=np.dtypes.StringDType())[CODES]
    clf = LogisticRegression().fit(X, words)
    assert clf.classes_.tolist() == ["a", "b", "c"]
    assert clf.score(X, words) == LogisticRegression().fit(X, CODES).score(X, CODES)


DAYS = np.asarray(["2020-01-01", "2021-01-01", "NaT"], "datetime64[D]")[CODES]
MISSING = {
    "datetime64": DAYS,
    "timedelta64": np.asarray([1, 2, "NaT"], "timedelta64[s]")[CODES],
    "series of times": pd.Series(DAYS),
    "series of times with zones": pd.Series(DAYS).dt.tz_localize("UTC"),
    "objects": pd.Series(DAYS).astype(object),
    "nullable": pd.Series([None, 1, 2], dtype="Int64")[CODES],
    "numpy strings": np.asarray(["a", "b", np.nan], np.dtypes.StringDType(na_object=np.nan))[CODES],
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_labels_are_refused(case):
    for fit in (LogisticRegression().fit, LogisticRegressionCV(Cs=[1.0]).fit):
        with pytest.raises(ValueError, match="y contains NaN: 20 labels are missing"):
            fit(X, MISSING[case])


def test_missing_times_in_dask_arrays_are_refused():
    da = pytest.importorskip("dask.array")
    with pytest.raises(ValueError, match="y contains NaN"):
        LogisticRegression().fit(da.from_array(X), da.from_array(DAYS))


def test_times_are_labels():
    days = np.where(np.isnat(DAYS), np.datetime64("2022-01-01"), DAYS)
    assert LogisticRegression().fit(X, days).classes_.tolist() == np.unique(days).tolist()


LISTS = {
    "of several lengths": [[1], [1, 2], []] * 20,
    "empty first": [[], [1, 2], [1]] * 20,
    "long first": [["a", "c"], ["b"], ["a"]] * 20,
    "of words": [["a", "b"], ["b", "c"], ["a", "c"]] * 20,
    "sets": [{"a"}, {"b", "c"}, {"a"}] * 20,
    "objects": np.asarray([[1], [1, 2], [], None], dtype=object)[:3][CODES],
    "series": pd.Series([[1], [1, 2], []] * 20),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_of_labels_are_refused(case):
    for fit in (LogisticRegression().fit, LogisticRegressionCV(Cs=[1.0]).fit):
        with pytest.raises(ValueError, match=r"list of labels for each row.*MultiLabelBinarizer"):
            fit(X, LISTS[case])


def test_rows_of_numbers_are_a_table():
    table = np.stack([CODES == 0, CODES == 1], axis=1).astype(int)
    listed = LogisticRegression().fit(X, table.tolist())
    np.testing.assert_array_equal(listed.coef_, LogisticRegression().fit(X, table).coef_)


# --- masks and complex numbers ------------------------------------------------------------------

TABLE = np.stack([CODES == 0, CODES == 1], axis=1).astype(float)
MODEL = LogisticRegression().fit(X, CODES)
MANY = LogisticRegression().fit(X, TABLE)
HIDDEN = np.ma.masked_greater(X, 1.0)
ONES = np.ones(60)


def masked(values):
    return np.ma.array(values, mask=np.arange(values.size).reshape(values.shape) == 7)


REFUSED_MASKS = {
    "X": lambda: LogisticRegression().fit(HIDDEN, CODES),
    "X in a list": lambda: LogisticRegression().fit(list(HIDDEN), CODES),
    "X of a cross-validation": lambda: LogisticRegressionCV(Cs=[1.0]).fit(HIDDEN, CODES),
    "X of resamples": lambda: bootstrap(MODEL, HIDDEN, CODES, n_resamples=2),
    "X of permutations": lambda: permutation_test(MODEL, HIDDEN, CODES, n_permutations=2),
    "X to predict": lambda: MODEL.predict(HIDDEN),
    "X to predict_proba": lambda: MODEL.predict_proba(HIDDEN),
    "X to decide": lambda: MODEL.decision_function(HIDDEN),
    "X to score": lambda: MODEL.score(HIDDEN, CODES),
    "y": lambda: LogisticRegression().fit(X, masked(CODES)),
    "y in a list": lambda: LogisticRegression().fit(X, list(masked(CODES))),
    "y of a cross-validation": lambda: LogisticRegressionCV(Cs=[1.0]).fit(X, masked(CODES)),
    "y of resamples": lambda: bootstrap(MODEL, X, masked(CODES), n_resamples=2),
    "y to score": lambda: MODEL.score(X, masked(CODES)),
    "y of many targets": lambda: LogisticRegression().fit(X, masked(TABLE)),
    "y of many targets to score": lambda: MANY.score(X, masked(TABLE)),
    "sample_weight": lambda: LogisticRegression().fit(X, CODES, masked(ONES)),
    "sample_weight of many targets": lambda: MANY.fit(X, TABLE, masked(TABLE + 1)),
    "sample_weight to score": lambda: MODEL.score(X, CODES, masked(ONES)),
    "C": lambda: LogisticRegression(C=masked(np.ones(8))[6:8]).fit(X, TABLE),
    "Cs": lambda: LogisticRegressionCV(Cs=masked(np.ones(8))).fit(X, CODES),
}


@pytest.mark.parametrize("case", REFUSED_MASKS)
def test_masked_elements_are_refused(case):
    name = case.split()[0]
    with pytest.raises(ValueError, match=rf"{name} must have no masked elements, got \d+.*filled"):
        REFUSED_MASKS[case]()


def test_scores_of_a_cross_validation_refuse_masks():
    clf = LogisticRegressionCV(Cs=[1.0]).fit(X, CODES)
    for name, y, weights in (("y", masked(CODES), None), ("sample_weight", CODES, masked(ONES))):
        with pytest.raises(ValueError, match=f"{name} must have no masked elements"):
            clf.score(X, y, weights)


def test_masked_chunks_are_refused():
    da = pytest.importorskip("dask.array")
    hidden, plain = da.from_array(HIDDEN), da.from_array(X)
    labels, table = (da.from_array(masked(y)) for y in (CODES, TABLE))
    for call in (
        lambda: LogisticRegression().fit(hidden, CODES),
        lambda: MODEL.predict(hidden),
        lambda: LogisticRegression().fit(plain, labels),
        lambda: LogisticRegression().fit(plain, table),
        lambda: LogisticRegression().fit(plain, CODES, da.from_array(masked(ONES))),
    ):
        with pytest.raises(ValueError, match=r"masked (arrays|elements).*dask\.array\.ma\.f"):
            call()


def test_arrays_that_could_be_masked_and_are_not():
    clf = LogisticRegression().fit(np.ma.array(X), np.ma.array(CODES), np.ma.array(ONES))
    np.testing.assert_array_equal(clf.coef_, LogisticRegression().fit(X, CODES, ONES).coef_)
    np.testing.assert_array_equal(clf.predict(np.ma.array(X)), clf.predict(X))
    many = LogisticRegression(C=np.ma.ones(2)).fit(X, np.ma.array(TABLE), np.ma.array(TABLE + 1))
    np.testing.assert_array_equal(many.coef_, MANY.fit(X, TABLE, TABLE + 1).coef_)


COMPLEX = {
    "X of objects": lambda: LogisticRegression().fit((X + 1j).astype(object), CODES),
    "X in a table": lambda: LogisticRegression().fit(pd.DataFrame(X + 1j), CODES),
    "y of objects": lambda: LogisticRegression().fit(X, (CODES + 1j).astype(object)),
    "y in a list": lambda: LogisticRegression().fit(X, (CODES + 1j).tolist()),
    "y sparse": lambda: LogisticRegression().fit(X, sparse.csr_array(TABLE + 0j)),
    "sample_weight in a list": lambda: LogisticRegression().fit(X, CODES, [1 + 1j] * 60),
    "sample_weight of objects": lambda: MODEL.fit(X, CODES, np.full(60, 1 + 1j, object)),
    "sample_weight in a table": lambda: MANY.fit(X, TABLE, pd.DataFrame(TABLE + 1j)),
    "C": lambda: LogisticRegression(C=np.asarray([1 + 1j, 1])).fit(X, TABLE),
    "C in a list": lambda: LogisticRegression(C=[1 + 1j, 1]).fit(X, TABLE),
    "Cs": lambda: LogisticRegressionCV(Cs=[1 + 1j, 1]).fit(X, CODES),
}


@pytest.mark.parametrize("case", COMPLEX)
def test_complex_numbers_are_refused(case):
    name = case.split()[0]
    with pytest.raises(ValueError, match=f"Complex data not supported: {name} must be real"):
        COMPLEX[case]()


def test_complex_labels_and_weights_are_refused_on_every_library(backend):
    single = backend.precision == "float32"

    def made(values):
        return backend.array(np.asarray(values, "complex64" if single else "complex128"))

    features = backend.array(X)
    for y, weights in ((made(CODES), None), (made(TABLE), None), (CODES, made(ONES))):
        with pytest.raises(ValueError, match=r"Complex data not supported: (y|sample_weight)"):
            LogisticRegression().fit(features, y, weights)
    with pytest.raises(ValueError, match="Complex data not supported: sample_weight"):
        LogisticRegression().fit(features, backend.array(TABLE), made(TABLE + 1))


SHOWN = {
    "one class": (lambda: LogisticRegression().fit(X, ONES), "one class only, 1.0"),
    "one word": (lambda: LogisticRegression().fit(X, np.full(60, "a")), "one class only, 'a'"),
    "weights": (
        lambda: LogisticRegression().fit(X, CODES, -ONES),
        "found 60 negative or non-finite weights, the first is -1.0",
    ),
    "C": (
        lambda: LogisticRegression(C=[np.float64(-1), 1.0]).fit(X, TABLE),
        r"got \[-1\.0, 1\.0\]",
    ),
    "Cs": (lambda: LogisticRegressionCV(Cs=[np.float64(-1)]).fit(X, CODES), r"got \[-1\.0\]"),
    "weights of classes": (
        lambda: LogisticRegression(class_weight=[{0: np.float64(-1)}, None]).fit(X, TABLE),
        r"got \[\{0: -1\.0\}, None\]",
    ),
    "classes": (
        lambda: LogisticRegression(class_weight=[{np.int64(7): 1}, None]).fit(X, TABLE),
        r"key=\[7\]",
    ),
}


@pytest.mark.parametrize("case", SHOWN)
def test_messages_show_plain_numbers(case):
    call, says = SHOWN[case]
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("weight", ["heavy", 1 + 1j, np.complex128(1), None])
def test_weights_of_classes_are_real_numbers(weight):
    for y in (CODES, TABLE):
        with pytest.raises(ValueError, match="class_weight must give a real number"):
            LogisticRegression(class_weight={0: weight}).fit(X, y)


@pytest.mark.parametrize("weights", [["1"] * 60, np.ones(60, "timedelta64[s]")])
def test_weights_are_numbers(weights):
    with pytest.raises(ValueError, match="sample_weight must hold numbers"):
        LogisticRegression().fit(X, CODES, weights)


WRONG = {
    "NaN": (np.where(CODES == 1, np.nan, CODES), "Input y contains NaN: 20 labels"),
    "NaT": (DAYS, "Input y contains NaN: 20 labels"),
    "None": (np.where(CODES == 1, None, CODES), "Input y contains NaN: 20 labels"),
    "complex": (CODES + 1j, "Complex data not supported: y must be real"),
    "lists": (LISTS["of several lengths"], "a list of labels for each row"),
}


@pytest.mark.parametrize("case", WRONG)
def test_labels_to_score_are_checked_as_those_to_fit(case):
    y, says = WRONG[case]
    for model in (MODEL, LogisticRegressionCV(Cs=[1.0]).fit(X, CODES)):
        with pytest.raises(ValueError, match=says):
            model.score(X, y)


@pytest.mark.parametrize("weights", [ONES + 1j, -ONES, ONES * np.nan, ["a"] * 60, ONES[:3]])
def test_weights_to_score_are_checked_as_those_to_fit(weights):
    with pytest.raises(ValueError, match=r"sample_weight must (be|have|hold)"):
        MODEL.score(X, CODES, weights)
