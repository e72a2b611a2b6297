"""Features that separate a class on their own, against their definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from logitron import LogisticRegression
from logitron.automatic.separation import separation_by_one_feature
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from tests.backends import host

NUMPY = ArrayContext.named("numpy")


def _objective(X, y, weights=None, classes=2):
    context = ArrayContext.of(X) if not sparse.issparse(X) else NUMPY
    targets = y.astype(np.int8)
    rows = make_training_rows(context, X, targets if classes > 2 else targets[:, None], weights)
    return Objective.over(rows, classes=1 if classes == 2 else classes)


def _by_definition(X, y, weights, classes):
    """Features along which no row loses against another class, and one row gains."""
    X, y = X[weights > 0], y[weights > 0]
    found = set()
    for j in range(X.shape[1]):
        for k in range(classes):
            gains = np.where(y == k, X[:, j], -X[:, j])
            for sign in (1.0, -1.0):
                if (sign * gains >= 0).all() and (sign * gains > 0).any():
                    found.add(j)
    return sorted(found) if len(np.unique(y)) > 1 else []


@settings(deadline=None, max_examples=150)
@given(
    X=arrays(np.int8, (9, 5), elements=st.integers(-1, 1)),
    y=arrays(np.int8, 9, elements=st.integers(0, 2)),
    weights=arrays(np.int8, 9, elements=st.integers(0, 2)),
    classes=st.integers(2, 3),
)
def test_what_is_found_separates_and_nothing_is_left_out(X, y, weights, classes):
    y, X, weights = np.minimum(y, classes - 1), X.astype(float), weights.astype(float)
    found = separation_by_one_feature(_objective(X, y, weights, classes))
    assert (list(found.features) if found else []) == _by_definition(X, y, weights, classes)


def test_a_feature_that_all_rows_gain_along_separates_completely():
    y = np.arange(8) % 2
    X = np.stack([2.0 * y - 1.0, y], axis=1)
    assert separation_by_one_feature(_objective(X, y)).complete
    assert not separation_by_one_feature(_objective(X[:, 1:], y)).complete


def test_every_library_and_sparse_features_find_the_same(eager):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    X = np.where(rng.random((60, 230)) < 0.04, rng.choice([-1.0, 2.0], (60, 230)), 0.0)
    expected = _by_definition(X, y, np.ones(60), 2)
    assert 20 < len(expected) < 200
    with eager.context().scope():
        found = separation_by_one_feature(_objective(eager.array(X), y))
    assert list(found.features) == expected
    assert list(separation_by_one_feature(_objective(sparse.csr_array(X), y)).features) == expected


class TestFits:
    """Fits of many features without a penalty end with a word about it."""

    X = sparse.random_array((4000, 1600), density=0.02, format="lil", rng=np.random.default_rng(0))
    Y = np.random.default_rng(1).integers(0, 2, 4000)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("dense", [False, True])
    def test_a_category_of_one_class_is_named(self, dense, dtype):
        X = self.X.astype(dtype)
        X[:, 7] = 0.0
        X[np.flatnonzero(self.Y)[:3], 7] = 1.0
        X = X.toarray() if dense else X.tocsr()
        with pytest.warns(UserWarning, match=r"no finite optimum exists: some rows.*features? 7"):
            clf = LogisticRegression(C=np.inf).fit(X, self.Y)
        assert not host(clf.converged_).any()
        assert clf.n_iter_.max() <= 100

    def test_rows_without_weight_do_not_overlap(self):
        X, weights = self.X.copy(), np.ones(4000)
        ones, zeros = np.flatnonzero(self.Y), np.flatnonzero(self.Y == 0)
        X[:, 7] = 0.0
        X[ones[:3], 7] = 1.0
        X[zeros[0], 7], weights[zeros[0]] = 1.0, 0.0
        clf = LogisticRegression(C=np.inf)
        with pytest.warns(UserWarning, match="no finite optimum exists"):
            clf.fit(X.tocsr(), self.Y, weights)

    def test_overlapping_classes_are_fitted(self):
        clf = LogisticRegression(C=np.inf).fit(self.X.tocsr(), self.Y)
        assert clf.converged_.all()

    def test_a_column_of_absent_ones_keeps_its_number(self):
        X = sparse.hstack([sparse.csr_array((4000, 2400)), self.X]).tolil()
        X[:, 2407] = 0.0
        X[np.flatnonzero(self.Y)[:3], 2407] = 1.0
        with pytest.warns(UserWarning, match=r"features? 2407"):
            LogisticRegression(C=np.inf).fit(X.tocsr(), self.Y)
