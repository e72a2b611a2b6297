"""Some of the rows bear witness to the curvature of all: a sharper bound, and still true."""

import numpy as np
import pytest

from logitron.backend import ArrayContext, to_host
from logitron.certificates import GapBound, SubsampleBound
from logitron.certificates.strong_convexity import leverage, logit_changes
from logitron.objective import Objective, make_training_rows, with_gram_norm_bound
from logitron.reductions import centre, subsample


def _objective(weights):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 5)) * (1.0, 2.0, 0.3, 1.0, 4.0) + 3.0
    y = (X @ rng.normal(size=5) + rng.logistic(size=4000) > 3.0).astype(np.int64)
    order = np.argsort(y)  # sorted labels are no trouble
    sample_weight = rng.uniform(size=4000) if weights else None
    rows = make_training_rows(ArrayContext.of(X), X[order], y[order], sample_weight)
    objective = Objective.over(rows, penalty=0.5)
    return centre(objective.with_statistics(sum_of_squares=lambda: float(np.sum(X * X))))


def _optimum(objective):
    """Newton's method in float64, on sums of the objective that other tests check."""
    theta = objective.start()
    ridge = 0.5 * np.diag(objective.penalty.factors)
    for _ in range(30):
        evaluation = objective.evaluate(theta, "full")
        step = np.linalg.solve(evaluation.hessian[0] + ridge, evaluation.grad[0, 0])
        theta = theta - step[None, None, :]
    assert np.max(np.abs(evaluation.grad)) < 1e-9
    return theta


@pytest.mark.parametrize("weights", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("count", [200, 1000, 4000])
def test_the_bound_is_true_and_sharper(weights, count):
    objective = _objective(weights)
    optimum = _optimum(objective)
    value = to_host(objective.evaluate(optimum).value)[0]
    witnessed = GapBound(SubsampleBound(subsample(objective, count)))
    rng = np.random.default_rng(1)
    sharper = []
    for size in (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5):
        for _ in range(5):
            theta = optimum + size * rng.normal(size=optimum.shape)
            evaluation = objective.evaluate(theta)
            gap = to_host(evaluation.value)[0] - value
            plain = to_host(GapBound()(objective, evaluation, theta))[0]
            bound = to_host(witnessed(objective, evaluation, theta))[0]
            assert gap <= bound + 1e-15 * value
            assert bound <= plain
            if size <= 1e-3:
                sharper.append(plain / bound)
    assert np.median(sharper) > 10.0  # the penalty alone says much less


def test_a_witness_of_all_rows_is_nearly_exact():
    objective = _objective(weights=False)
    optimum = _optimum(objective)
    value = to_host(objective.evaluate(optimum).value)[0]
    theta = optimum + 1e-4
    evaluation = objective.evaluate(theta)
    witnessed = GapBound(SubsampleBound(subsample(objective, 4000)))
    bound = to_host(witnessed(objective, evaluation, theta))[0]
    assert bound == pytest.approx(to_host(evaluation.value)[0] - value, rel=0.05)


def test_the_subsample_is_skipped_where_a_bound_is_enough():
    objective = _objective(weights=False)
    objective = with_gram_norm_bound(objective)  # of which the features were read
    witnessed = GapBound(SubsampleBound(subsample(objective, 1000)))
    theta = _optimum(objective) + 1e-4
    evaluation = objective.evaluate(theta)
    plain = GapBound()(objective, evaluation, theta)
    before = objective.cost.grams
    np.testing.assert_array_equal(
        witnessed(objective, evaluation, theta, enough=1.1 * plain[0]), plain
    )
    assert objective.cost.grams == before
    assert witnessed(objective, evaluation, theta, enough=0.9 * plain[0])[0] < plain[0]
    assert objective.cost.grams > before


def test_witnesses_save_reading_the_features_for_a_bound():
    objective, reads = _objective(weights=False), []

    def read_squares():
        reads.append(1)
        return objective.rows.sum_of_squares()

    optimum = _optimum(objective)
    objective = objective.with_statistics(sum_of_squares=read_squares)
    witnessed = GapBound(SubsampleBound(subsample(objective, 1000)))
    near = optimum + 1e-4
    evaluation = objective.evaluate(near)
    sharp = to_host(witnessed(objective, evaluation, near))[0]
    assert not reads
    # (so far from the optimum, the subsample is skipped)
    plain = to_host(witnessed(objective, evaluation, near, before=np.inf))[0]
    assert len(reads) == 1
    gap = to_host(evaluation.value)[0] - to_host(objective.evaluate(optimum).value)[0]
    assert gap <= sharp < plain < np.inf


def test_witnesses_are_looked_at_anew_when_it_is_worth_it():
    objective = _objective(weights=True)
    optimum = _optimum(objective)
    value = to_host(objective.evaluate(optimum).value)[0]
    witnessed = GapBound(SubsampleBound(subsample(objective, 1000)))
    rng = np.random.default_rng(2)
    looked = []
    for size in (1e-2, 1e-2, 3e-3, 1e-3, 1e-4):
        theta = optimum + size * rng.normal(size=optimum.shape)
        evaluation = objective.evaluate(theta)
        before = objective.cost.grams
        bound = to_host(witnessed(objective, evaluation, theta, before=1.0))[0]
        looked.append(objective.cost.grams > before)
        anew = to_host(
            GapBound(SubsampleBound(subsample(objective, 1000)))(objective, evaluation, theta)
        )[0]
        assert to_host(evaluation.value)[0] - value <= bound
        assert bound <= 2.0 * anew  # little is lost by not looking again
    assert looked == [True, False, False, False, False]
    evaluation = objective.evaluate(optimum)
    before = objective.cost.grams
    witnessed(objective, evaluation, optimum, before=1e-4)
    assert objective.cost.grams > before  # so much nearer, it is worth it
    before = objective.cost.grams
    far = 2.0 * optimum
    witnessed(objective, objective.evaluate(far), far, before=1e-4)
    assert objective.cost.grams > before  # and so far from where it was looked at


def test_a_hessian_that_is_known_is_not_summed_again():
    objective = _objective(weights=True)
    optimum = _optimum(objective)
    value = to_host(objective.evaluate(optimum).value)[0]
    sample, there = subsample(objective, 1000), optimum + 1e-2
    known = there, sample.evaluate(there, "full").hessian
    near = optimum + 1e-4
    evaluation, before = objective.evaluate(near), objective.cost.grams
    bound = to_host(
        GapBound(SubsampleBound(sample, known))(objective, evaluation, near, before=1.0)
    )
    assert objective.cost.grams == before
    assert to_host(evaluation.value)[0] - value <= bound[0]
    anew = to_host(GapBound(SubsampleBound(sample))(objective, evaluation, near, before=1.0))
    assert bound[0] <= 2.0 * anew[0]


def test_curvature_seen_elsewhere_is_scaled_down():
    """All rows are witnesses, and were looked at where they curve the objective more."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(4000, 3))
    y = (X @ [2.0, -3.0, 1.0] + rng.logistic(size=4000) > 0).astype(float)[:, None]
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, None)
    objective = Objective.over(rows, penalty=1e-6)
    objective = centre(objective.with_statistics(sum_of_squares=lambda: float(np.sum(X * X))))
    optimum = _optimum(objective)
    value = to_host(objective.evaluate(optimum).value)[0]
    witnessed = GapBound(SubsampleBound(subsample(objective, 4000)))
    theta = optimum * 0.93
    witnessed(objective, objective.evaluate(theta), theta, before=1.0)
    witness = witnessed.subsample
    changes = np.abs((optimum - theta)[0] @ _features(X, objective).T)
    assert 0.5 < changes.max() < 1.0  # else it would be looked at anew
    near = optimum + 1e-3 * rng.normal(size=optimum.shape)
    evaluation = objective.evaluate(near)
    gap = to_host(evaluation.value)[0] - value
    inverse, _, change = witness.look(near, 1.0, np.zeros((1, 4, 4)))
    unscaled = 0.5 * float((evaluation.grad @ inverse @ evaluation.grad[0].T)[0, 0, 0])
    assert unscaled < gap  # what was seen there is no bound here
    assert change[0] == pytest.approx(np.abs((near - theta)[0] @ _features(X, objective).T).max())
    assert gap <= to_host(witnessed(objective, evaluation, near, before=1.0))[0]


def _features(X, objective):
    return np.concatenate([X - objective.layout.centre, np.ones((len(X), 1))], axis=1)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("centre", [None, 0.5, 1e4])
def test_leverages_and_changes_are_those_of_centred_rows(centre, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)) + (centre or 0.0)
    X[:, 3] = X[:, 2] + 1e-3 * rng.normal(size=50)  # a flat direction
    where = None if centre is None else X.mean(axis=0) + 0.1
    features = X if centre is None else X - where
    if fit_intercept:
        features = np.concatenate([features, np.ones((50, 1))], axis=1)
    A = np.linalg.inv(features.T @ features)
    told = leverage(X, None, None, None, None, where, A[None])[:, 0]
    np.testing.assert_allclose(told, np.sum((features @ A) * features, axis=1), rtol=1e-8)
    change = rng.normal(size=(1, 1, features.shape[1]))
    told = logit_changes(X, None, None, None, None, where, change)[:, 0]
    np.testing.assert_allclose(told, np.abs(features @ change[0, 0]), rtol=1e-9)
