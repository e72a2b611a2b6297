"""Line searches on trials that cost little: they end, and where they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.solvers.line_search import Trial
from logitron.solvers.slope_search import Bracket, SlopeSearch

SEARCH = SlopeSearch()


def _search(function, groups, start=1.0):
    """Search along functions ``t -> (values, slopes)``; the accepted lengths and the trials."""
    value, slope = function(np.zeros(groups))
    t, bracket, zeros = np.full(groups, start), Bracket.of(slope), np.zeros(groups)
    for number in range(SEARCH.max_trials):
        trial = Trial(t, value, slope, *function(t), zeros)
        good = SEARCH.accepts(trial)
        if good.all():
            return t, number + 1
        following, bracket = SEARCH.next_trial(trial, bracket)
        assert (bracket.low <= bracket.high).all()
        assert (function(bracket.low)[0] <= value).all()
        inside = (following > bracket.low) & (following < bracket.high)
        assert inside[~good].all()
        t = np.where(good, t, following)
    return t, SEARCH.max_trials + 1


def _logistic(scale, penalty, offset):
    """Loss of separated rows along a ray, and a penalty: steep, then flat, then a parabola."""

    def function(t):
        margin = scale * t - offset
        value = np.logaddexp(0.0, -margin) + 0.5 * penalty * t * t
        return value, -scale / (1.0 + np.exp(np.clip(margin, -700, 700))) + penalty * t

    return function


def test_a_search_begins_with_a_longer_step_after_a_long_one():
    lengths = np.asarray([0.0, 0.3, 1.0, 1.2, 1.5, 4.0])
    assert SEARCH.first_trial(lengths).tolist() == [1.0, 1.0, 1.0, 1.2, 1.5, 1.5]
    assert (SlopeSearch(longest_first=1.0).first_trial(lengths) == 1.0).all()


@given(
    exponents=st.tuples(*(st.floats(-4.0, 4.0) for _ in range(4))),
    offset=st.floats(-3.0, 30.0),
)
@settings(deadline=None, max_examples=200)
def test_searches_end_near_the_minimum_of_a_loss(exponents, offset):
    scale = 10.0 ** np.asarray(exponents[:2])
    penalty = 10.0 ** np.asarray(exponents[2:])
    function = _logistic(scale, penalty, offset)
    t, trials = _search(function, 2)
    assert trials <= SEARCH.max_trials
    value, slope = function(np.zeros(2))
    reached, there = function(t)
    still = np.abs(slope) <= 1e-13 * value
    assert ((reached <= value) | still).all()
    assert ((np.abs(there) <= SEARCH.shrink * np.abs(slope)) | still).all()
    assert ((np.abs(t * there) <= SEARCH.relative_slope * reached) | still).all()


def test_a_unit_step_that_is_a_minimum_needs_one_trial():
    t, trials = _search(lambda t: (1.0 + (t - 1.0) ** 2, 2.0 * (t - 1.0)), 1)
    assert trials == 1
    assert t == 1.0


def test_steps_to_where_only_the_penalty_is_left_are_refused():
    """The model's step is five times too long: it lowers the objective, and lands on a slope."""

    def function(t):
        return 100.0 * np.exp(-20.0 * t) + 50.0 * t * t, -2000.0 * np.exp(-20.0 * t) + 100.0 * t

    value, slope = function(np.zeros(1))
    first = Trial(np.ones(1), value, slope, *function(np.ones(1)), np.zeros(1))
    assert first.trial_value < first.value
    assert not SEARCH.accepts(first)
    t, _ = _search(function, 1)
    assert t < 0.3


@pytest.mark.parametrize("start", [1e-6, 1e3])
def test_brackets_are_found_from_far(start):
    t, trials = _search(lambda t: (1.0 + (t - 1.0) ** 2, 2.0 * (t - 1.0)), 1, start)
    assert trials <= SEARCH.max_trials
    assert abs(t[0] - 1.0) < 0.5
