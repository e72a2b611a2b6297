"""Paths of penalties: which fits come first, where the others begin, and the same optima."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.automatic import AutomaticSolver, choose
from logitron.automatic.penalty_path import SHORTEST, PenaltyPath
from logitron.backend import ArrayContext
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status

NUMPY = ArrayContext.named("numpy")
X, Y = load_digits(return_X_y=True)
X, CS = X / 16.0, np.logspace(-3, 2, 16)


def _objective(strengths, subsets=1):
    """Fits of the digits for all penalties and subsets of the rows."""
    context = NUMPY.wide
    counts = np.random.default_rng(0).integers(0, 3, size=(len(Y), subsets)).astype(float)
    rows = make_training_rows(context, X, Y.astype(np.int8), None, counts)
    grid = [(s, k) for k in range(subsets) for s in strengths]
    index = GroupIndex(subset=np.asarray([k for _, k in grid]))
    penalty = np.asarray([s for s, _ in grid])
    return Objective.over(rows, groups=len(grid), classes=10, penalty=penalty, index=index)


class TestPath:
    """Which groups come first, and where the others begin."""

    @settings(deadline=None, max_examples=40)
    @given(
        count=st.integers(SHORTEST, 20),
        subsets=st.integers(1, 3),
        seed=st.integers(0, 99),
    )
    def test_what_is_linear_in_the_logarithm_is_interpolated_exactly(self, count, subsets, seed):
        rng = np.random.default_rng(seed)
        strengths = np.exp(rng.uniform(-9.0, 9.0, count))
        objective = _objective(strengths, subsets)
        path = PenaltyPath.of(objective)
        both = np.concatenate([path.first, path.others])
        assert sorted(both) == list(range(count * subsets))
        assert len(path.others) >= len(path.first)
        assert ((path.part >= 0.0) & (path.part <= 1.0)).all()
        size = np.log(np.tile(strengths, subsets))
        slopes = np.repeat(rng.normal(size=subsets), count)  # each subset has a line of its own
        lines = (slopes * size)[:, None, None] * rng.normal(size=(1, 2, 3))
        found = path.between(NUMPY.wide, lines[path.first])
        np.testing.assert_allclose(found, lines[path.others], rtol=1e-9, atol=1e-12)

    def test_short_chains_have_none(self):
        assert PenaltyPath.of(_objective(np.ones(1) * 2.0, SHORTEST + 2)) is None
        assert PenaltyPath.of(_objective(np.logspace(0, 1, SHORTEST - 1), 3)) is None

    def test_penalties_of_zero_have_none(self):
        assert PenaltyPath.of(_objective(np.linspace(0.0, 3.0, 9))) is None

    def test_equal_penalties_begin_at_their_neighbour(self):
        path = PenaltyPath.of(_objective(np.ones(9)))
        assert (path.part == 0.0).all()


def _solver(objective, max_iter=200):
    plan = choose(*objective.rows.shape, objective.groups, objective.classes)
    return AutomaticSolver(plan, 1e-5, max_iter)


class TestFits:
    """The optima are those of fits one by one, and stops keep what is done."""

    def test_fewer_iterations_to_the_same_optima(self):
        folds = [(np.arange(len(Y)), np.arange(500, 700))]
        fine = np.logspace(-3, 2, 31)
        search = LogisticRegressionCV(Cs=fine, cv=folds, scoring="accuracy", refit=False, tol=1e-5)
        search.fit(X, Y)
        assert search.certified_.all()
        alone = 0
        for C, path in zip(fine, search.coefs_paths_[0, 0], strict=True):
            clf = LogisticRegression(C=C, tol=1e-5).fit(X, Y)
            alone += int(clf.n_iter_.max())
            # (both are within 1e-10 of a loss of some hundreds, which is convex by 1 / C)
            atol = 2.0 * np.sqrt(2.0 * C * 1e-10 * float(clf.loss_curve_[-1]))
            np.testing.assert_allclose(path[:, :-1], clf.coef_, rtol=0.0, atol=atol)
        assert search.n_iter_.sum() < 0.85 * alone

    @pytest.mark.parametrize("stop_at", [2, 9])
    def test_a_stop_keeps_what_is_done(self, stop_at):
        """In the first stage, and in the second one."""
        objective = centre(_objective(1.0 / CS))
        seen = []

        def callback(iteration):
            seen.append(iteration)
            assert iteration.loss.shape == (16,)
            assert np.isfinite(iteration.loss).all()
            coef, _ = iteration.parameters()
            assert coef.shape == (160, 64)
            return len(seen) == stop_at + 5 * (stop_at > 5)

        found = _solver(objective).minimize(objective, objective.start(), callback=callback)
        status, solution = found.solution.status, found.solution
        assert (status == Status.STOPPED).any()
        assert np.isfinite(solution.loss_curve).all()
        assert [one.number for one in seen] == sorted(one.number for one in seen)
        values = found.objective.evaluate(solution.theta).value
        np.testing.assert_allclose(solution.loss_curve[-1], values, rtol=1e-9)

    def test_on_every_library(self, eager):
        from tests.backends import host

        settings = {"Cs": CS[::2], "cv": 2, "scoring": "accuracy", "tol": 1e-2}
        found = LogisticRegressionCV(**settings).fit(eager.array(X), eager.array(Y, cast=False))
        expected = LogisticRegressionCV(**settings).fit(X, Y)
        assert host(found.certified_).all()
        # (a gap of 1e-4 of the loss may move a few predictions)
        np.testing.assert_allclose(host(found.scores_), expected.scores_, atol=0.01)
