"""A fit needs little memory besides its data."""

import tracemalloc

import numpy as np
import pytest

from logitron import LogisticRegression
from tests.layouts import NAMES, layouts

ROWS = 200_000
#: numbers of each row that are kept beside its features: its code, and little else
BYTES_BY_ROW = 40


def peak(rows, precision, **settings):
    """Bytes that a fit holds at most, besides its data, and the bytes of the features."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, 50), dtype=precision)
    y = (X[:, :5].sum(axis=1) + rng.logistic(size=len(X)) > 0).astype(np.int64)
    clf = LogisticRegression(**settings)
    clf.fit(X[:1000], y[:1000])  # what is imported and made once
    tracemalloc.start()
    try:
        clf.fit(X, y)
        return tracemalloc.get_traced_memory()[1], X.nbytes
    finally:
        tracemalloc.stop()


def test_a_tenth_of_the_features_is_enough():
    held, features = peak(ROWS, "float64")
    assert held <= 0.1 * features + 6e6


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs"])
def test_the_features_are_not_copied(solver):
    held, features = peak(2 * ROWS, "float64", solver=solver)
    assert held <= 0.5 * features


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_more_rows_need_little_more(precision, solver):
    """What a block takes does not grow with the rows, and samples are a small part of them."""
    (few, less), (many, more) = (peak(rows, precision, solver=solver) for rows in (ROWS, 2 * ROWS))
    assert many - few <= 0.1 * (more - less) + BYTES_BY_ROW * ROWS
    assert few <= 40e6 + BYTES_BY_ROW * ROWS


class TestLayouts:
    """Features are fitted as they lie in memory."""

    X = np.random.default_rng(0).standard_normal((60_000, 40))
    codes = (X[:, :3] + np.random.default_rng(1).gumbel(size=(60_000, 3))).argmax(axis=1)

    def peak_and_model(self, X, classes):
        y = np.minimum(self.codes, classes - 1)
        LogisticRegression().fit(X[:1000], y[:1000])
        tracemalloc.start()
        try:
            model = LogisticRegression().fit(X, y)
            return tracemalloc.get_traced_memory()[1], model
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize("classes", [2, 3])
    @pytest.mark.parametrize("name", NAMES)
    def test_fits_need_no_copy_and_agree_with_c_order(self, name, classes):
        held, model = self.peak_and_model(layouts(self.X)[name], classes)
        in_order, expected = self.peak_and_model(self.X, classes)
        assert held <= in_order + 0.15 * self.X.nbytes
        assert model.n_iter_.tolist() == expected.n_iter_.tolist()
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-8, atol=1e-10)

    def test_tables_need_no_copy(self):
        pandas = pytest.importorskip("pandas")
        table = pandas.DataFrame(self.X, columns=[f"x{i}" for i in range(40)]).copy()
        assert table.to_numpy().flags.f_contiguous
        held, model = self.peak_and_model(table, 2)
        in_order, expected = self.peak_and_model(self.X, 2)
        assert held <= in_order + 0.15 * self.X.nbytes
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-8, atol=1e-10)


def test_a_thousand_targets_need_little_more_than_the_features():
    """Neither logits nor targets of all neurons are ever held as numbers of eight bytes."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 256))
    Z = X @ rng.standard_normal((256, 1000)) * 0.05
    Y = (Z + rng.logistic(size=Z.shape) > 0).astype(np.int8)
    clf = LogisticRegression(C=1e-3).fit(X[:2000], Y[:2000, :20])
    tracemalloc.start()
    try:
        clf.fit(X, Y)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held <= 1.5 * X.nbytes
    assert clf.converged_.all()
