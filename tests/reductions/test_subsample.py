"""Growing samples: drawn evenly, whatever the order of the rows, and no part of the answer."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.automatic import choose, curvature
from logitron.automatic.curvature import gram_model
from logitron.backend import ArrayContext
from logitron.data import ArrayRows, make_rows
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre, subsample
from tests.backends import host
from tests.reference import reference


def _drawn(rows):
    """The features of sampled rows."""
    return host(rows.map(_features))


def _features(X, *others):
    return X


class TestSample:
    """Rows drawn out of equal stretches."""

    @pytest.mark.parametrize("count", [7, 100, 999])
    @pytest.mark.parametrize("period", [2, 10, 1000])
    def test_rows_are_drawn_evenly(self, count, period):
        """A row number tells where it was drawn: sorted rows, and rows that repeat."""
        n = 1000
        numbers = np.arange(n, dtype=float)
        X = np.stack([numbers, numbers % period], axis=1)
        sample = make_rows(ArrayContext.named("numpy"), X, numbers).sample(count, 0)
        drawn = _drawn(sample)
        assert sample.shape == drawn.shape == (count, 2)
        # one of each stretch, so that no part is missed and none is drawn twice as often
        stretches = np.floor(drawn[:, 0] * count / n + 1e-9)
        assert np.abs(stretches - np.arange(count)).max() <= 1
        spread = np.std(X[:, 1]) / np.sqrt(count)
        assert abs(drawn[:, 1].mean() - X[:, 1].mean()) <= 4.0 * spread

    def test_rows_with_the_period_of_a_stretch_are_drawn_evenly(self):
        """Every tenth row is of another kind, and every tenth row is drawn."""
        X = (np.arange(5000) % 10 == 0).astype(float)[:, None]
        sample = make_rows(ArrayContext.named("numpy"), X, None).sample(500, 0)
        assert 0.06 < _drawn(sample).mean() < 0.14

    def test_other_seeds_draw_other_rows_and_the_same_seed_the_same(self):
        rows = make_rows(ArrayContext.named("numpy"), np.arange(900.0)[:, None], None)
        first, again, other = (_drawn(rows.sample(90, seed)) for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_what_goes_with_the_rows_is_drawn_with_them(self, eager):
        context = eager.context()
        with context.scope():
            X = np.arange(600.0).reshape(300, 2)
            codes, weights = np.arange(300), X[:, 0]
            sample = make_rows(context, X, codes, weights).sample(40, 3)
            features, codes, weights = map(host, sample.sum(_beside))
        np.testing.assert_allclose(features, 2 * codes)
        np.testing.assert_allclose(features, weights)


def _beside(X, codes, weights):
    from array_api_compat import array_namespace

    xp = array_namespace(X)
    return X[:, 0], xp.astype(codes, X.dtype), weights


@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
@pytest.mark.parametrize("order", ["sorted", "shuffled", "alternating"])
def test_the_optimum_is_that_of_all_rows(order, solver):
    n, p = 30_000, 8
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p)) * np.logspace(-1, 1, p) + 1.0
    y = (X @ rng.normal(size=p) / 3 + rng.logistic(size=n) > 1.0).astype(int)
    if order != "shuffled":
        rows = np.argsort(y, kind="stable")
        if order == "alternating":
            rows = np.concatenate([rows[::2], rows[1::2]])
        X, y = X[rows], y[rows]
    clf = LogisticRegression(tol=1e-9, solver=solver).fit(X, y)
    assert clf.plan_.samples if solver == "auto" else clf.plan_.gram_rows  # else this tests nothing
    expected = reference(X, y)
    scale = max(1.0, np.linalg.norm(expected.coef))
    assert np.linalg.norm(clf.coef_ - expected.coef) <= 1e-6 * scale
    assert abs(clf.intercept_ - expected.intercept)[0] <= 1e-6 * scale


def test_samples_without_the_rare_class_lead_to_the_optimum():
    """Three rows of thirty thousand are of the other class: hardly a sample has one."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30_000, 3))
    y = np.zeros(len(X), int)
    y[[7, 15_000, 29_990]] = 1
    clf = LogisticRegression(tol=1e-9).fit(X, y)
    assert clf.plan_.samples
    assert clf.converged_[0]
    expected = reference(X, y)
    assert np.linalg.norm(clf.coef_ - expected.coef) <= 1e-6


def test_samples_save_passes():
    assert choose(200_000, 20, 1, 1).samples
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200_000, 20))
    y = (X @ rng.normal(size=20) + rng.logistic(size=len(X)) > 0).astype(int)
    sampled = LogisticRegression().fit(X, y)
    plain = LogisticRegression(solver="newton").fit(X, y)
    assert sampled.work_.grams <= 0.5 * plain.work_.grams
    np.testing.assert_allclose(sampled.coef_, plain.coef_, atol=1e-4)


# --- the Gram matrix of some of the rows --------------------------------------------------------


def _objective(n=4000, p=6, groups=1, far=0.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + far
    Y = rng.integers(2, size=(n, groups)).astype(float)
    weights = rng.uniform(0.5, 1.5, size=n)
    rows = make_training_rows(ArrayContext.named("numpy"), X, Y, weights)
    objective = Objective.over(
        rows,
        groups=groups,
        penalty=1.0,
        max_sample_weight=float(weights.max()),
        sum_of_squares=lambda: float((X * X).sum()),
    )
    return centre(objective), X, weights


class TestGramModel:
    """The Gram matrix of some of the rows."""

    @pytest.mark.parametrize("far", [0.0, 1e5])
    def test_the_gram_matrix_of_some_rows_is_nearly_that_of_all(self, far):
        objective, X, weights = _objective(far=far)
        centre = weights @ X / weights.sum()
        here, model = gram_model(objective, 1600)
        assert objective.cost.grams == pytest.approx(0.4)
        whole, exact = gram_model(objective)
        for one in (here, whole):  # bounds rest on it
            F = X - one.layout.centre
            largest = np.linalg.eigvalsh((F.T * weights) @ F)[-1]
            assert float(one.statistics.gram_norm_bound) >= (1 - 1e-9) * largest
        ratio = np.linalg.eigvalsh(model.covariance) / np.linalg.eigvalsh(exact.covariance)
        np.testing.assert_allclose(ratio, 1.0, rtol=0.3)
        assert np.abs(ratio - 1.0).max() > 1e-6  # it is of some rows
        spread = np.sqrt(np.diag((X - centre).T @ (X - centre)) / len(X))
        assert (np.abs(here.layout.centre - centre) <= 0.2 * spread).all()

    def test_no_more_than_a_tenth_of_the_rows_is_copied_at_a_time(self, monkeypatch):
        drawn = []

        def watched(objective, count, seed=0):
            part = subsample(objective, count, seed)
            drawn.append((part.rows.shape[0], seed))
            return part

        objective, *_ = _objective()
        monkeypatch.setattr(curvature, "subsample", watched)
        gram_model(objective, 1500)
        counts, seeds = zip(*drawn, strict=True)
        assert max(counts) <= 400
        assert 1500 <= sum(counts) <= 1510
        assert len(set(seeds)) == len(seeds)  # each time others


def test_the_gram_matrix_of_many_rows_is_of_a_subsample():
    plan = choose(50_000, 768, 1, 1)
    assert plan.method == "shared"
    assert 8 * 769 <= plan.gram_rows <= 25_000
    # of many columns, a pass costs as much as the Gram matrix, and a worse one costs passes
    assert choose(50_000, 768, 1000, 1).gram_rows is None
    assert choose(50_000, 768, 1, 1, lazy=True, draws=False).gram_rows is None
    assert choose(1000, 20, 100, 1).gram_rows is None  # nor can a few be spared
    assert choose(50_000, 768, 1, 1, method="newton").gram_rows is None
    # without a penalty, a direction that no drawn row has would never be moved along
    assert choose(50_000, 768, 1, 1, bounded=False).gram_rows is None


@pytest.mark.parametrize("C", [1e4, np.inf])
def test_columns_that_hardly_a_row_has_are_found(C):
    """Three rows of thirty thousand have them: a sample may have none."""
    rng = np.random.default_rng(3)
    n, p = 30_000, 8
    X = rng.normal(size=(n, p + 4))
    y = (X[:, :p] @ rng.normal(size=p) / 3 + rng.logistic(size=n) > 0).astype(int)
    X[:, p:] = 0.0
    for column in range(p, p + 4):
        rows = rng.choice(n, size=3, replace=False)
        X[rows, column] = 1.0
        y[rows] = [0, 1, column % 2]  # both classes, so that there is an optimum
    clf = LogisticRegression(C=C, tol=1e-9, solver="lbfgs").fit(X, y)
    assert (clf.plan_.gram_rows is None) == np.isinf(C)
    if np.isinf(C):
        expected = LogisticRegression(C=C, tol=1e-9, solver="newton").fit(X, y).coef_
        F = np.column_stack([X, np.ones(n)])
        at = 1.0 / (1.0 + np.exp(-(X @ expected[0] + clf.intercept_[0])))
        assert np.abs(F.T @ (at - y)).max() < 1e-3  # an optimum it is
    else:
        expected = reference(X, y, C=C).coef
    assert np.linalg.norm(clf.coef_ - expected) <= 1e-5 * np.linalg.norm(expected)


def test_separable_subsamples_leave_coefficients_finite():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(100_000, 6))
    y = (X @ rng.normal(size=6) > 0).astype(int)
    for max_iter in range(1, 24, 4):  # too few for the optimum
        with pytest.warns(ConvergenceWarning):
            clf = LogisticRegression(C=1e12, max_iter=max_iter).fit(X, y)
        assert clf.plan_.samples
        assert np.isfinite(clf.coef_).all()


def _fit_in_secret(X, y, sample_weight=None, **settings):
    """Fit with all warnings as errors: what is refused is refused without a word before."""
    model = LogisticRegression(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return model.fit(X, y, sample_weight)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weightless"])
@pytest.mark.parametrize("what", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_though_samples_come_first(eager, what, weighted):
    """In whatever row it is, drawn or not, of whatever label, and even if the row has no weight."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 2))
    y = (X[:, 0] + rng.logistic(size=20_000) > 0).astype(int)
    assert _fit_in_secret(eager.array(X), y).plan_.samples
    for row in (0, 1234, int(np.flatnonzero(y)[77]), 19_999):
        for column in (0, 1):
            bad, weights = X.copy(), np.ones(20_000)
            bad[row, column] = what
            weights[row] = 0.0
            model = LogisticRegression()
            with pytest.raises(ValueError, match=r"X contains .*: . values are NaN and . infinite"):
                model.fit(eager.array(bad), y, weights if weighted else None)
            assert not hasattr(model, "coef_")


def test_the_check_of_features_does_not_read_them_again(monkeypatch):
    calls = []
    squares = ArrayRows.sum_of_squares
    monkeypatch.setattr(ArrayRows, "sum_of_squares", lambda rows: calls.append(1) or squares(rows))
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100_000, 5))
    y = (X[:, 0] + rng.logistic(size=100_000) > 0).astype(int)
    model = _fit_in_secret(X, y, tol=1e-3)
    assert model.plan_.samples
    assert model.certified_.all()
    assert not calls
    _fit_in_secret(X, y, tol=1e-3, solver="lbfgs")
    assert calls


def test_a_subsample_of_no_iterations_leaves_no_model():
    """From coefficients that tell all rows of the first sample, and not all of the second."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400_000, 2))
    X[:, 0] += np.sign(X[:, 0])
    y = (X[:, 0] > 0).astype(int)
    model = LogisticRegression(C=np.inf, warm_start=True, solver="auto")
    with pytest.warns(ConvergenceWarning, match="can be separated"):
        model.fit(X, y)
    first, curvature = (
        make_rows(ArrayContext.of(X), X, y).sample(count, 0) for count in model.plan_.samples[:2]
    )
    drawn = [set(map(tuple, _drawn(sample))) for sample in (first, curvature)]
    only = [i for i in range(len(X)) if tuple(X[i]) in drawn[1] - drawn[0]][:30]
    y[only] = 1 - y[only]
    model.fit(X, y)
    assert model.converged_.all()
    assert (model.predict(X) != y).sum() <= len(only)


def test_non_finite_features_are_refused_before_any_callback(capsys):
    X = np.random.default_rng(0).normal(size=(20_000, 2))
    X[77, 1] = np.nan
    with pytest.raises(ValueError, match="X contains NaN"):
        LogisticRegression(verbose=1).fit(X, X[:, 0] > 0)
    assert capsys.readouterr().out == ""


def test_non_finite_features_are_refused_at_max_iter_too():
    X = np.random.default_rng(0).normal(size=(20_000, 2))
    y = X[:, 0] > 0
    X[77, 1] = np.nan
    with pytest.raises(ValueError, match="X contains NaN"):
        LogisticRegression(max_iter=1).fit(X, y)
