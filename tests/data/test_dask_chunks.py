"""Chunks of Dask arrays: what they cost, and those that are not what the array says of them."""

import os

import numpy as np
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.data.dask_workers import LocalWorkers

da = pytest.importorskip("dask.array")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = np.arange(20) % 2
TABLE = np.stack([Y, np.arange(20) // 2 % 2], axis=1)
MODEL = LogisticRegression().fit(X, Y)
DENSE, LABELS = da.from_array(X, chunks=(7, 3)), da.from_array(Y, chunks=7)
CALLS = {
    "fit": lambda lazy: LogisticRegression().fit(lazy, LABELS),
    "descend": lambda lazy: LogisticRegression(solver="gradient-descent").fit(lazy, LABELS),
    "many targets": lambda lazy: LogisticRegression().fit(
        lazy, da.from_array(TABLE, chunks=(7, 2))
    ),
    "cross-validation": lambda lazy: LogisticRegressionCV(Cs=[1.0], cv=2).fit(lazy, LABELS),
    "predict": lambda lazy: MODEL.predict(lazy).compute(),
    "predict_proba": lambda lazy: MODEL.predict_proba(lazy).compute(),
    "score": lambda lazy: MODEL.score(lazy, LABELS),
}


def made_sparse(array, told):
    """A Dask array of sparse chunks, which tells of that or does not."""
    meta = sparse.csr_array((0, 0)) if told else np.zeros((0, 0))
    return array.map_blocks(sparse.csr_array, dtype=array.dtype, meta=meta)


def shortened(array):
    """A Dask array whose second chunk lacks a row that it should have."""

    def cut(chunk, block_info=None):
        return chunk[1:] if block_info and block_info[0]["chunk-location"][0] == 1 else chunk

    return array.map_blocks(cut, dtype=array.dtype, meta=np.zeros((0,) * array.ndim, array.dtype))


@pytest.mark.parametrize("call", CALLS)
def test_sparse_chunks_that_were_not_announced_are_refused(call):
    with pytest.raises(
        TypeError, match=r"X must be a Dask array of dense chunks.*csr_array.*toarr.*meta="
    ):
        CALLS[call](made_sparse(DENSE, told=False))


@pytest.mark.parametrize("call", CALLS)
def test_chunks_of_other_shapes_are_refused(call):
    says = r"X must be a Dask array whose chunks.*got chunk 1 of shape \(6, 3\) instead of \(7, 3\)"
    with pytest.raises(ValueError, match=says):
        CALLS[call](shortened(DENSE))
    with pytest.raises(ValueError, match=says):
        CALLS[call](made_sparse(shortened(DENSE), told=True))


def test_chunks_with_other_columns_are_refused():
    wide = DENSE.map_blocks(lambda chunk: np.tile(chunk, 2), dtype=float, meta=np.zeros((0, 0)))
    with pytest.raises(ValueError, match=r"chunk \d of shape \(\d, 6\) instead of \(\d, 3\)"):
        LogisticRegression().fit(wide, LABELS)


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_sparse_chunks_of_targets_and_weights_are_refused(told):
    lazy = made_sparse(da.from_array(TABLE, chunks=(7, 2)), told)
    with pytest.raises(TypeError, match="y must be a Dask array of dense chunks"):
        LogisticRegression().fit(DENSE, lazy)
    with pytest.raises(TypeError, match="sample_weight must be a Dask array of dense chunks"):
        LogisticRegression().fit(DENSE, TABLE, lazy)


def test_labels_and_weights_of_other_lengths_are_refused():
    for y in (LABELS, da.from_array(TABLE, chunks=(7, 2))):
        with pytest.raises(
            ValueError, match=r"y must be a Dask array whose.*chunk 1 of shape \(6,"
        ):
            LogisticRegression().fit(DENSE, shortened(y))
    with pytest.raises(ValueError, match=r"sample_weight must be a Dask.*chunk 1 of shape \(6,\)"):
        LogisticRegression().fit(DENSE, LABELS, shortened(da.ones(20, chunks=7)))


def test_lists_of_labels_are_refused():
    lists = np.empty(20, object)
    lists[:] = [[1], [1, 2]] * 10
    for y in ([[1], [1, 2]] * 10, [["a", "b"], ["b", "c"]] * 10, da.from_array(lists, chunks=7)):
        with pytest.raises(ValueError, match=r"a list of labels for each row.*MultiLabelBinarizer"):
            LogisticRegression().fit(DENSE, y)


def test_objects_that_are_numbers_are_taken_as_numbers():
    clf = LogisticRegression().fit(DENSE, da.from_array(Y.astype(object), chunks=7))
    assert clf.classes_.dtype == Y.dtype


# --- what chunks cost ---------------------------------------------------------------------------

MANY = np.random.default_rng(1).normal(size=(3000, 4))
LOGITS = MANY @ np.asarray([1.0, -2.0, 0.5, 0.0])
CODES = (LOGITS + np.random.default_rng(2).logistic(size=3000) > 0).astype(int)


def counted(values, note):
    """A Dask array of 60 chunks, whose function notes that it ran."""

    def noting(chunk, block_info=None):
        if block_info:
            note(block_info[0]["chunk-location"][0])
        return chunk + 0

    lazy = da.from_array(values, chunks=(50, *values.shape[1:]))
    return lazy.map_blocks(noting, dtype=values.dtype, meta=np.empty((0,) * values.ndim))


@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_chunks_that_fit_are_computed_once(scheduler):
    import dask
    from dask.callbacks import Callback

    computed, starts = [], []
    with dask.config.set(scheduler=scheduler), Callback(start=starts.append):
        ours = LogisticRegression(tol=1e-10).fit(
            counted(MANY, computed.append), counted(CODES, computed.append)
        )
    assert sorted(computed) == sorted([*range(60)] * 2)
    assert len(starts) == 2  # what dask.diagnostics shows: labels, then features
    expected = LogisticRegression(tol=1e-10).fit(MANY, CODES)
    np.testing.assert_allclose(ours.coef_, expected.coef_, atol=1e-12)
    assert ours.work_.passes == expected.work_.passes


def test_chunks_that_do_not_fit_are_computed_in_each_pass(monkeypatch):
    monkeypatch.setattr(LocalWorkers, "free_memory", lambda self: 60_000.0)
    computed = []
    expected = LogisticRegression(tol=1e-10).fit(MANY, CODES)
    with pytest.warns(UserWarning, match=r"X takes 9\.6e-05 GB and this machine has 6e-05.*anew"):
        ours = LogisticRegression(tol=1e-10).fit(counted(MANY, computed.append), CODES)
    np.testing.assert_allclose(ours.coef_, expected.coef_, atol=1e-9)
    assert len(computed) <= 60 * (ours.work_.passes + 3)
    assert ours.work_.passes <= expected.work_.passes + 1


def test_chunks_of_a_library_are_kept_as_they_are():
    torch = pytest.importorskip("torch")
    computed = []
    lazy = counted(MANY, computed.append)
    lazy = lazy.map_blocks(torch.from_numpy, meta=torch.zeros((0, 0), dtype=torch.float64))
    ours = LogisticRegression(tol=1e-10).fit(lazy, CODES)
    assert len(computed) == 60
    expected = LogisticRegression(tol=1e-10).fit(MANY, CODES)
    np.testing.assert_allclose(ours.coef_.numpy(), expected.coef_, atol=1e-9)


def _with_its_process(chunk, path):
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\n")
    return chunk


def test_processes_are_started_once(monkeypatch, tmp_path):
    """In each pass too: Dask's own scheduler would start some for each."""
    import dask

    monkeypatch.setattr(LocalWorkers, "free_memory", lambda self: 5e2)
    lazy = DENSE.map_blocks(
        _with_its_process, tmp_path / "pids", dtype=float, meta=np.empty((0, 0))
    )
    with (
        dask.config.set(scheduler="processes", num_workers=1),
        pytest.warns(UserWarning, match="anew"),
    ):
        ours = LogisticRegression(tol=1e-10).fit(lazy, Y)
    np.testing.assert_allclose(ours.coef_, LogisticRegression(tol=1e-10).fit(X, Y).coef_, atol=1e-9)
    pids = (tmp_path / "pids").read_text().split()
    assert len(set(pids)) == 1
    assert len(pids) > 2 * 3
    assert str(os.getpid()) not in pids


# --- values and functions of chunks --------------------------------------------------------------


def changed(values, change):
    """A Dask array of chunks of seven rows, of which the second is changed."""

    def changing(chunk, block_info=None):
        return change(chunk) if block_info and block_info[0]["chunk-location"][0] == 1 else chunk

    lazy = da.from_array(values, chunks=(7, *values.shape[1:]))
    return lazy.map_blocks(changing, dtype=values.dtype, meta=np.empty((0,) * values.ndim))


def with_nan(chunk):
    return np.where(np.arange(len(chunk))[:, None] == 2, np.nan, chunk)


def hiding(chunk):
    return np.ma.masked_array(chunk, mask=chunk > chunk.max() - 1e-9)


def failing(chunk):
    raise ZeroDivisionError("the file ends early")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (with_nan, r"X contains NaN: 3 values.*0 inf.*chunk 1 \(rows 7 to 13\), first in row 9"),
        (hiding, r"X must have no masked elements, got 1 in chunk 1 \(rows 7 to 13\)"),
        (failing, r"chunk 1 \(rows 7 to 13\) of X could not be.*ZeroDivisionError: the file ends"),
    ],
)
@pytest.mark.filterwarnings("ignore:X takes")
def test_bad_chunks_are_named(change, says, streamed, monkeypatch):
    if streamed:
        monkeypatch.setattr(LocalWorkers, "free_memory", lambda self: 5e2)
    lazy = changed(X, change)
    with pytest.raises((ValueError, RuntimeError), match=says):
        LogisticRegression().fit(lazy, Y)
    if change is not failing:
        for method in ("predict", "predict_proba", "decision_function"):
            with pytest.raises(ValueError, match=says):
                getattr(MODEL, method)(lazy).compute()
        with pytest.raises(ValueError, match=says):
            MODEL.score(lazy, Y)


def test_chunks_of_another_dtype_are_refused():
    lazy = changed(np.arange(60).reshape(20, 3), lambda chunk: chunk + 0.5)
    with pytest.raises(
        TypeError, match=r"got float64 instead of int64 in chunk 1 \(rows 7 to 13\)"
    ):
        LogisticRegression().fit(lazy, Y)


# --- data frames ---------------------------------------------------------------------------------


def test_data_frames_are_arrays_with_names():
    pd = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe", reason="Dask's data frames need pyarrow")
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(d=Y > 0, e=np.arange(20) % 3)
    labels = pd.Series(np.where(Y, "up", "down"), name="y")
    X_lazy, y_lazy = (dd.from_pandas(part, npartitions=3) for part in (table, labels))
    ours = LogisticRegression(tol=1e-10).fit(X_lazy, y_lazy, dd.from_pandas(labels == "up") + 1)
    expected = LogisticRegression(tol=1e-10).fit(table, labels, (labels == "up") + 1)
    np.testing.assert_allclose(ours.coef_, expected.coef_, atol=1e-9)
    assert list(ours.feature_names_in_) == list("abcde")
    assert isinstance(ours.predict(X_lazy), da.Array)
    np.testing.assert_array_equal(ours.predict(X_lazy).compute(), expected.predict(table))
    assert ours.score(X_lazy, y_lazy) == expected.score(table, labels)
    with pytest.raises(ValueError, match="feature names should match"):
        ours.predict(X_lazy[list("bacde")])
    with pytest.raises(ValueError, match=r"X must hold numbers only.*the first is 'f' of"):
        LogisticRegression().fit(X_lazy.assign(f="text"), y_lazy)
