"""Features as people have them: columns of arrays, and what must be read first."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from logitron.estimators.validation.embedding_columns import read_embeddings

RNG = np.random.default_rng(0)
E = RNG.normal(size=(40, 3))
Y = (E @ [1.0, -1.0, 0.5] + RNG.logistic(size=40) > 0).astype(int)
PLAIN = LogisticRegression().fit(E, Y)


def _polars():
    return pytest.importorskip("polars")


def _arrow(kind="fixed"):
    pa = pytest.importorskip("pyarrow")
    flat = pa.array(E.ravel())
    if kind == "fixed":
        return pa.FixedSizeListArray.from_arrays(flat, 3)
    if kind == "tensor":
        return pa.FixedShapeTensorArray.from_numpy_ndarray(E)
    offsets = pa.array(np.arange(0, 121, 3, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, flat)


def _chunks():
    pa = pytest.importorskip("pyarrow")
    whole = _arrow()
    return pa.chunked_array([whole[:7], whole[7:]])


def _table():
    return pytest.importorskip("pyarrow").table({"e": _chunks()})


def _pandas_of_arrow():
    _arrow()  # (skips without pyarrow)
    return pd.Series(pd.arrays.ArrowExtensionArray(_chunks()))


COLUMNS = {
    "pandas, arrays": lambda: pd.Series(list(E)),
    "pandas, lists": lambda: pd.Series(E.tolist()),
    "pandas, tuples": lambda: pd.Series(list(map(tuple, E))),
    "pandas, pyarrow": _pandas_of_arrow,
    "pandas, another index": lambda: pd.Series(list(E), index=np.arange(40)[::-1] + 5),
    "pandas, a table": lambda: pd.DataFrame({"e": list(E)}),
    "polars, arrays": lambda: _polars().Series("e", E),
    "polars, lists": lambda: _polars().Series("e", E.tolist()),
    "polars, a table": lambda: _polars().DataFrame({"e": _polars().Series("e", E)}),
    "pyarrow, fixed size": _arrow,
    "pyarrow, a slice": lambda: pytest.importorskip("pyarrow").concat_arrays(
        [_arrow()[:5], _arrow()]
    )[5:],
    "pyarrow, lists": lambda: _arrow("lists"),
    "pyarrow, tensors": lambda: _arrow("tensor"),
    "pyarrow, chunks": _chunks,
    "pyarrow, a table": _table,
    "objects": lambda: pd.Series(list(E)).to_numpy(),
    "objects, a column": lambda: pd.DataFrame({"e": list(E)}).to_numpy(),
    "a list of arrays": lambda: list(E),
}


@pytest.mark.parametrize("form", COLUMNS)
def test_a_column_of_arrays_is_a_matrix(form):
    column = COLUMNS[form]()
    clf = LogisticRegression().fit(column, Y)
    np.testing.assert_array_equal(clf.coef_, PLAIN.coef_)
    np.testing.assert_array_equal(clf.predict_proba(column), PLAIN.predict_proba(E))
    assert not hasattr(clf, "feature_names_in_")
    assert clf.n_features_in_ == 3


def test_a_column_of_arrays_is_cross_validated_and_resampled():
    column = pd.Series(list(E))
    for scoring in ("accuracy", "f1"):  # on the device, and by scikit-learn
        clf = LogisticRegressionCV(Cs=[0.1, 1.0], scoring=scoring, cv=3).fit(column, Y)
        plain = LogisticRegressionCV(Cs=[0.1, 1.0], scoring=scoring, cv=3).fit(E, Y)
        np.testing.assert_array_equal(clf.scores_, plain.scores_)
        assert clf.score(column, Y) == plain.score(E, Y)
    found, plain = (bootstrap(LogisticRegression(), X, Y, n_resamples=3) for X in (column, E))
    np.testing.assert_array_equal(found.coef, plain.coef)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8"])
def test_columns_keep_the_type_of_their_numbers(dtype):
    rows = (10 * E).astype(dtype)
    assert read_embeddings(pd.Series(list(rows))).dtype == dtype
    pa = pytest.importorskip("pyarrow")
    column = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), 3)
    assert read_embeddings(column).dtype == dtype


def test_numbers_of_one_chunk_are_not_copied():
    pa = pytest.importorskip("pyarrow")
    values = pa.array(E.ravel())
    column = pa.FixedSizeListArray.from_arrays(values, 3)
    for form in (column, pa.chunked_array([column]), pa.table({"e": column})):
        assert np.shares_memory(read_embeddings(form), values.to_numpy())


def test_other_tables_and_arrays_stay_what_they_are():
    table = pd.DataFrame(E).assign(word="a", thing=object())
    for X in (E, E.tolist(), table, table[0], E.astype(object), _polars().DataFrame(E)):
        assert read_embeddings(X) is X


def _among_others(library):
    if library == "pandas":
        return pd.DataFrame({"age": 1.0, "e": list(E)})
    if library == "polars":
        return _polars().DataFrame({"age": np.ones(40), "e": _polars().Series("e", E)})
    return _table().add_column(0, "age", [np.ones(40)])


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_column_of_arrays_among_others_is_named(library):
    says = r"2 columns, of which 'e' holds arrays\. Pass X\['e'\] alone.*numpy\.stack\(X\['e'\]\)"
    with pytest.raises(ValueError, match=says):
        LogisticRegression().fit(_among_others(library), Y)


def test_the_advice_for_columns_among_others_works():
    X = _among_others("pandas")
    joined = np.hstack([np.stack(X["e"]), X[["age"]]])
    assert LogisticRegression().fit(joined, Y).n_features_in_ == 4


BAD = {
    "missing rows": ([None, *E[1:]], "1 rows without one, the first is row 0"),
    "NaN rows": ([E[0], np.nan, *E[2:]], "1 rows without one, the first is row 1"),
    "lengths": ([E[0, :2], *E[1:]], "arrays of one length, got lengths from 2 to 3"),
    "words": ([["a", "b"]] * 40, "X must hold numbers only"),
    "axes": ([np.ones((2, 2))] * 40, r"got \(40, 2, 2\).*X\.mean\(axis=1\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_columns_that_are_no_matrix_are_refused(case):
    rows, says = BAD[case]
    column = pd.Series([None] * 40, dtype=object)
    for i, row in enumerate(rows):
        column.iat[i] = row
    with pytest.raises(ValueError, match=says):
        LogisticRegression().fit(column, Y)


def test_missing_and_uneven_lists_of_pyarrow_are_refused():
    pa = pytest.importorskip("pyarrow")
    for rows, says in (([[1.0], None], "first is row 1"), ([[1.0], [1.0, 2.0]], "from 1 to 2")):
        with pytest.raises(ValueError, match=says):
            LogisticRegression().fit(pa.array(rows), [0, 1])


@pytest.mark.parametrize("axes", [3, 4])
def test_arrays_of_more_axes_say_how_to_reduce_them(backend, axes):
    X = backend.array(np.ones((20, 2, 3, 2)[:axes]))
    with pytest.raises(ValueError, match=r"X\.mean\(axis=1\).*X\.reshape\(len\(X\), -1\)"):
        LogisticRegression().fit(X, np.arange(20) % 2)


# --- what must be read first --------------------------------------------------------------------

UNREAD = {
    "csv": ("train.csv", r"the path 'train\.csv'\. Read the file first: pandas\.read_csv\(path\)"),
    "tsv": (Path("a/t.tsv"), r"pandas\.read_csv\(path, sep="),
    "no suffix": (Path("train"), r"numpy\.load\(path\) or pandas\.read_csv\(path\)"),
    "bytes": (b"train.csv", r"pandas\.read_csv\(path\)"),
    "name": ("label", r"Pass a column of a table, table\['label'\]"),
    "generator": ((row for row in E), r"an iterator .*generator.*read only once.*list\("),
    "map": (map(list, E), r"an iterator .*map"),
    "dict": ({"a": E}, r"a mapping .*dict.*pandas\.DataFrame\("),
    "set": ({1, 2}, "a set, which has no order"),
}


@pytest.mark.parametrize("case", UNREAD)
def test_objects_to_be_read_first_are_refused_with_a_call(case):
    value, says = UNREAD[case]
    for X, y, name in ((value, Y, "X"), (E, value, "y")):
        for model in (LogisticRegression(), LogisticRegressionCV()):
            with pytest.raises(TypeError, match=f"^{name} must be an array.*{says}"):
                model.fit(X, y)
    with pytest.raises(TypeError, match=r"^X must be an array"):
        PLAIN.predict(value)


def test_open_files_are_refused_and_memory_maps_are_not(tmp_path):
    np.save(tmp_path / "e.npy", E)
    with (tmp_path / "e.npy").open("rb") as file, pytest.raises(TypeError, match="an open file"):
        LogisticRegression().fit(file, Y)
    mapped = np.load(tmp_path / "e.npy", mmap_mode="r")
    np.testing.assert_array_equal(LogisticRegression().fit(mapped, Y).coef_, PLAIN.coef_)


def test_loaders_of_pytorch_are_refused_with_a_call_that_works():
    torch = pytest.importorskip("torch")
    dataset = torch.utils.data.TensorDataset(torch.asarray(E), torch.asarray(Y))
    loader = torch.utils.data.DataLoader(dataset, batch_size=7)
    with pytest.raises(TypeError, match=r"X, y = map\(torch\.cat, zip\(\*loader\)\)"):
        LogisticRegression().fit(loader, Y)
    X, y = map(torch.cat, zip(*loader, strict=True))
    assert LogisticRegression().fit(X, y).coef_.shape == (1, 3)
    with pytest.raises(TypeError, match=r"torch\.stack\(\[features for features, _ in dataset\]\)"):
        LogisticRegression().fit(dataset, Y)
    X = torch.stack([features for features, _ in dataset])
    assert LogisticRegression().fit(X, [label for _, label in dataset]).coef_.shape == (1, 3)


# --- one-hot tables -----------------------------------------------------------------------------

CLASSES = np.arange(600) % 3
ONE_HOT = np.eye(3, dtype=int)[CLASSES]
FEATURES = RNG.normal(size=(600, 2))


def _hints(fit):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit()
    return [str(one.message) for one in caught if "has a single 1 in each row" in str(one.message)]


def test_one_hot_targets_give_a_hint_once_a_fit(eager):
    X, Y = eager.array(FEATURES), eager.array(ONE_HOT)
    (hint,) = _hints(lambda: LogisticRegression().fit(X, Y))
    assert "(600, 3)" in hint
    assert "3 independent neurons" in hint
    assert "y.argmax(1)" in hint
    assert len(_hints(lambda: LogisticRegressionCV(Cs=2, cv=2).fit(X, Y))) == 1


def test_other_tables_of_targets_give_no_hint():
    last = ONE_HOT.copy()
    last[-1, :] = 1
    weights = np.ones(ONE_HOT.shape)
    words = np.where(ONE_HOT == 1, "yes", "no")
    soft = np.where(np.arange(len(ONE_HOT))[:, None] < 2, 1.0 / 3.0, ONE_HOT)
    trials = np.where(np.arange(len(ONE_HOT))[:, None] < 2, 0.5, ONE_HOT)
    for Y in (last, last.astype(bool), 1 - ONE_HOT, words, soft, trials):
        assert _hints(lambda Y=Y: LogisticRegression().fit(FEATURES, Y)) == []
    assert _hints(lambda: LogisticRegression().fit(FEATURES, ONE_HOT, weights)) == []
    assert _hints(lambda: LogisticRegression().fit(FEATURES, CLASSES)) == []


def test_the_hint_names_the_call_for_one_softmax_layer():
    clf = LogisticRegression().fit(FEATURES, ONE_HOT.argmax(1))
    np.testing.assert_array_equal(clf.coef_, LogisticRegression().fit(FEATURES, CLASSES).coef_)
