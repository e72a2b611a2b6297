"""Chunks of Dask arrays that are not what the array says of them."""

import numpy as np
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV

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
