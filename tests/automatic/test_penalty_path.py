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
        count=st.integers(SHORTEST, 40),
        subsets=st.integers(1, 3),
        seed=st.integers(0, 99),
        degree=st.sampled_from([1, 3]),
    )
    def test_polynomials_of_the_logarithm_are_interpolated(self, count, subsets, seed, degree):
        """Lines are by both curves, cubics by the cubic."""
        rng = np.random.default_rng(seed)
        strengths = np.exp(np.cumsum(rng.uniform(0.3, 1.0, count)) - 4.0)
        objective = _objective(rng.permutation(strengths), subsets)
        path = PenaltyPath.of(objective)
        numbers = np.concatenate([path.first, *(stage.groups for stage in path.stages)])
        assert sorted(numbers) == list(range(count * subsets))
        size = np.log(np.asarray(objective.penalty.strength))
        coefs = rng.normal(size=(degree + 1, subsets, 2, 3))  # each subset has a curve of its own
        subset = np.repeat(np.arange(subsets), count)
        theta = sum(c[subset] * size[:, None, None] ** k for k, c in enumerate(coefs))
        known = set(path.first.tolist())
        for stage in path.stages:
            assert known.issuperset(stage.neighbours.ravel().tolist())
            known |= set(stage.groups.tolist())
            curves = [stage.cubic] if degree == 3 else [stage.cubic, stage.line]
            for weights in curves:
                found = stage.interpolated(NUMPY.wide, theta, weights)
                np.testing.assert_allclose(found, theta[stage.groups], rtol=1e-6, atol=1e-6)

    def test_lines_lie_between_the_two_answers_around(self):
        path = PenaltyPath.of(_objective(1.0 / CS))
        size = -np.log(CS)
        for stage in path.stages:
            assert ((stage.line >= 0.0) & ((stage.line > 0.0).sum(axis=1) <= 2)[:, None]).all()
            for group, near, weights in zip(*stage[:2], stage.line, strict=True):
                used = size[near[weights > 0.0]]
                assert used.min() <= size[group] <= used.max()

    def test_the_farther_apart_the_more_come_first(self):
        """Every other one at least has answers on both sides; four come first in any case."""
        far = PenaltyPath.of(_objective(np.logspace(-20, 20, 11)))
        assert (len(far.first), len(far.stages)) == (6, 1)
        close = PenaltyPath.of(_objective(np.logspace(0, 1, 41)))
        assert (len(close.first), len(close.stages)) == (5, 3)

    def test_the_lower_curve_is_chosen_where_they_bend(self):
        objective = centre(_objective(np.logspace(-9, 9, 9)))
        theta = np.random.default_rng(0).normal(size=(9, 10, 65))
        (stage,) = PenaltyPath.of(objective).stages
        found = stage.start(objective, theta)
        curves = [
            stage.interpolated(objective.context, theta, w) for w in (stage.cubic, stage.line)
        ]
        some = objective.take(stage.groups)
        values = [np.asarray(some.evaluate(curve).value) for curve in curves]
        assert (values[0] != values[1]).all()
        np.testing.assert_allclose(some.evaluate(found).value, np.minimum(*values), rtol=1e-12)

    def test_short_chains_have_none(self):
        assert PenaltyPath.of(_objective(np.ones(1) * 2.0, SHORTEST + 2)) is None
        assert PenaltyPath.of(_objective(np.logspace(0, 1, SHORTEST - 1), 3)) is None

    def test_penalties_of_zero_have_none(self):
        assert PenaltyPath.of(_objective(np.linspace(0.0, 3.0, 9))) is None

    def test_equal_penalties_begin_at_their_neighbour(self):
        path = PenaltyPath.of(_objective(np.ones(9)))
        for stage in path.stages:
            np.testing.assert_array_equal(stage.cubic, stage.line)
            assert (stage.line.max(axis=1) == 1.0).all()


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
        assert search.n_iter_.sum() < 0.9 * alone

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
