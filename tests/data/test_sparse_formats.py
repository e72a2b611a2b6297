"""Sparse matrices of any format: what is well-formed is used, and what is not never runs."""

import numpy as np
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, permutation_test
from logitron.data.sparse_format import in_canonical_format

RNG = np.random.default_rng(0)
X = np.where(RNG.random((60, 4)) < 0.5, 0.0, RNG.normal(size=(60, 4)))
Y = np.arange(60) % 2
TABLE = np.stack([Y, np.roll(1 - Y, 3)], axis=1)
MODEL = LogisticRegression().fit(X, Y)


def changed(kind, part, change, values=X):
    """A sparse matrix, one array of which was changed since it was made."""
    matrix = getattr(sparse, kind)(values)
    setattr(matrix, part, change(getattr(matrix, part).copy()))
    return matrix


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


MALFORMED = {
    "csr beyond": (changed("csr_array", "indices", put(0, 10**8)), "indices must be < 4"),
    "csr negative": (changed("csr_matrix", "indices", put(0, -1)), "indices must be >= 0"),
    "csr too long": (changed("csr_array", "indptr", put(-1, 10**6)), "Last value of index pointer"),
    "csr decreasing": (changed("csr_array", "indptr", put(5, 0)), "non-decreasing"),
    "csr start": (changed("csr_array", "indptr", put(0, -3)), "should start with 0"),
    "csr rows": (changed("csr_array", "indptr", lambda a: a[:-1]), "index pointer size 60"),
    "csr lengths": (changed("csr_array", "data", lambda a: a[:-3]), "the same size"),
    "csr floats": (changed("csr_array", "indices", lambda a: a + 0.0), "indices must be integers"),
    "csc beyond": (changed("csc_array", "indices", put(0, 10**8)), "indices must be < 60"),
    "coo beyond": (changed("coo_array", "row", put(0, 10**8)), "exceeds matrix dimension 60"),
    "coo negative": (changed("coo_matrix", "col", put(0, -2)), "negative axis 1 index"),
    "coo lengths": (changed("coo_array", "data", lambda a: a[1:]), "the same length"),
    "bsr beyond": (changed("bsr_array", "indices", put(0, 99)), "column index values must be < 4"),
    "dia lengths": (changed("dia_array", "offsets", lambda a: a[1:]), "does not match the number"),
    "lil numbers": (changed("lil_array", "data", put(0, [1.0] * 9)), "row 0 has 1 columns for 9"),
    "lil beyond": (changed("lil_array", "rows", put(0, [77])), "row 0 has columns that are not"),
    "lil rows": (changed("lil_array", "rows", lambda a: a[1:]), "60 rows must have so many lists"),
}
USES = {
    "fit": lambda matrix: LogisticRegression().fit(matrix, Y),
    "cross-validation": lambda matrix: LogisticRegressionCV(Cs=[1.0]).fit(matrix, Y),
    "bootstrap": lambda matrix: bootstrap(MODEL, matrix, Y, n_resamples=2),
    "permutations": lambda matrix: permutation_test(MODEL, matrix, Y, n_permutations=2),
    "predict": MODEL.predict,
    "predict_proba": MODEL.predict_proba,
    "predict_log_proba": MODEL.predict_log_proba,
    "decision_function": MODEL.decision_function,
    "score": lambda matrix: MODEL.score(matrix, Y),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_features_are_refused(case, use):
    matrix, says = MALFORMED[case]
    with pytest.raises(ValueError, match=rf"X must be a well-formed sparse matrix.*{says}"):
        USES[use](matrix)


def test_malformed_targets_and_weights_are_refused():
    table = changed("csr_array", "indices", put(3, 50), TABLE)
    many = LogisticRegression().fit(X, TABLE)
    for call in (many.fit, many.score):
        with pytest.raises(ValueError, match="y must be a well-formed sparse matrix"):
            call(X, table)
    with pytest.raises(ValueError, match="sample_weight must be a well-formed sparse matrix"):
        many.fit(X, TABLE, table.astype(float))


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"])
def test_every_format_counts_as_dense(form, kind):
    matrix = getattr(sparse, f"{form}_{kind}")(X)
    np.testing.assert_allclose(LogisticRegression().fit(matrix, Y).coef_, MODEL.coef_)
    np.testing.assert_array_equal(MODEL.predict(matrix), MODEL.predict(X))


def in_parts():
    """Each number in two parts, one after the other, columns backwards; rows in order."""
    whole = sparse.csr_array(X)
    rows = [slice(*ends) for ends in zip(whole.indptr, whole.indptr[1:], strict=False)]
    indices = [np.tile(whole.indices[row][::-1], 2) for row in rows]
    data = [np.outer([0.25, 0.75], whole.data[row][::-1]).ravel() for row in rows]
    parts = np.concatenate(data), np.concatenate(indices), 2 * whole.indptr
    return sparse.csr_array(parts, shape=X.shape)


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_entries_in_one_place_add_up_in_any_order(form):
    matrix = in_parts().asformat(form)
    before = matrix.copy()
    np.testing.assert_allclose(LogisticRegression().fit(matrix, Y).coef_, MODEL.coef_)
    np.testing.assert_array_equal(MODEL.predict(matrix), MODEL.predict(X))
    assert matrix.nnz == before.nnz  # the caller's matrix is as it was
    np.testing.assert_array_equal(matrix.data, before.data)


def test_targets_in_one_place_add_up():
    halves = sparse.coo_array(TABLE * 0.5)
    twice = sparse.coo_array(
        (np.tile(halves.data, 2), tuple(np.tile(index, 2) for index in halves.coords)),
        shape=TABLE.shape,
    )
    ours, plain = LogisticRegression().fit(X, twice), LogisticRegression().fit(X, TABLE)
    np.testing.assert_array_equal(ours.coef_, plain.coef_)
    with pytest.raises(ValueError, match="must hold zeros and ones"):
        LogisticRegression().fit(X, twice * 2)


class TestCanonicalFormat:
    """CSR with sorted indices of 32 bits and without duplicates."""

    def test_what_is_canonical_is_not_copied(self):
        matrix = sparse.csr_array(X)
        assert in_canonical_format(matrix) is matrix

    def test_duplicates_add_up_in_a_copy(self):
        entries = np.asarray([1.0, 2.0, 4.0]), np.asarray([1, 1, 0]), np.asarray([0, 3])
        matrix = sparse.csr_array(entries, shape=(1, 3))
        found = in_canonical_format(matrix)
        np.testing.assert_array_equal(found.toarray(), [[4.0, 3.0, 0.0]])
        assert found.nnz == 2
        assert matrix.nnz == 3

    def test_indices_of_64_bits_are_shortened(self):
        matrix = sparse.csr_array(X)
        matrix.indices, matrix.indptr = (
            part.astype(np.int64) for part in (matrix.indices, matrix.indptr)
        )
        found = in_canonical_format(matrix)
        assert found.indices.dtype == found.indptr.dtype == np.int32
        assert found.data is matrix.data
        np.testing.assert_array_equal(found.toarray(), X)
