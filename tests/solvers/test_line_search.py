"""The line search's rules: the same for the floats of one group and for the arrays of many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logitron.solvers import scalars
from logitron.solvers.line_search import LineSearch, Trial

numbers = st.floats(-1e6, 1e6)
TRIALS = st.builds(
    Trial,
    step_size=st.floats(1e-8, 4.0),
    value=numbers,
    slope=st.floats(-1e6, -1e-12),
    trial_value=st.one_of(numbers, st.sampled_from([np.inf, np.nan])),
    trial_slope=st.one_of(numbers, st.sampled_from([np.nan])),
    n_backtracks=st.integers(0, 40).map(float),
)


@given(TRIALS, st.sampled_from([None, True, False]))
def test_floats_and_arrays_get_the_same_answers(trial, was_low):
    search = LineSearch()
    arrays = Trial(*(np.asarray([x]) for x in trial))
    lows = None if was_low is None else np.asarray([was_low])
    with np.errstate(invalid="ignore"):
        alone = search.accepts(scalars, trial, rounding=1e-15, was_low_precision=was_low)
        many = search.accepts(np, arrays, rounding=1e-15, was_low_precision=lows)
        assert alone == many[0]
        for rule in (search.next_step_size, search.backtrack):
            np.testing.assert_array_equal(rule(scalars, trial), rule(np, arrays)[0])


class TestBacktrack:
    """How long the next trial is, after a step was rejected."""

    @given(TRIALS)
    def test_a_rejected_step_is_shortened_within_limits(self, trial):
        search = LineSearch()
        shorter = search.backtrack(scalars, trial)
        assert 0.1 * trial.step_size <= shorter * (1.0 + 1e-12)
        assert shorter <= 0.5 * trial.step_size

    def test_the_parabola_through_both_values_is_minimised(self):
        trial = Trial(1.0, 0.0, -1.0, 1.0, 3.0, 0.0)  # 2 t^2 - t
        assert LineSearch().backtrack(scalars, trial) == pytest.approx(0.25)

    @pytest.mark.parametrize("power", [1.5, 2.0, 4.0, 10.0])
    def test_powers_of_the_length_are_minimised(self, power):
        trial = Trial(2.0, 0.0, -1.0, 2.0**power - 2.0, power * 2.0 ** (power - 1.0) - 1.0, 0.0)
        minimum = power ** (-1.0 / (power - 1.0))  # of t^power - t
        assert LineSearch().backtrack(scalars, trial) == pytest.approx(minimum)

    def test_what_grows_exponentially_ends_near_its_minimum(self):
        """``exp(20 (t - 0.4)) - t`` falls by 0.2 up to t = 0.25, and is 160 000 at t = 1."""

        def value(t):
            return np.exp(20.0 * (t - 0.4)) - t

        search, length, begun = LineSearch(), 1.0, value(0.0)
        for n_backtracks in range(3):
            slope = 20.0 * np.exp(20.0 * (length - 0.4)) - 1.0
            start = 20.0 * np.exp(-8.0) - 1.0
            trial = Trial(length, begun, start, value(length), slope, float(n_backtracks))
            if search.accepts(scalars, trial, rounding=0.0):
                break
            length = search.backtrack(scalars, trial)
        assert value(length) - begun < 0.8 * (value(0.25) - begun)


class TestAccepts:
    """Which steps are accepted."""

    @given(TRIALS)
    def test_an_accepted_step_is_finite_and_does_not_increase(self, trial):
        if LineSearch().accepts(scalars, trial, rounding=1e-15):
            assert np.isfinite(trial.trial_value)
            assert trial.change <= 1e-15 * abs(trial.value)

    def test_a_value_of_float32_is_distrusted_after_some_rejections(self):
        search = LineSearch()
        for n_backtracks, accepted in ((0.0, False), (3.0, True)):
            trial = Trial(0.1, 1.0, -1e-3, 1.1, 0.5, n_backtracks)
            found = search.accepts(scalars, trial, rounding=1e-15, was_low_precision=True)
            assert found == accepted
            assert not search.accepts(scalars, trial, rounding=1e-15)


class TestNextStepSize:
    """How long the first step along the next direction is."""

    @pytest.mark.parametrize(
        ("length", "curvature", "following"), [(0.25, 4.0, 0.25), (1.0, 1.0, 1.0)]
    )
    def test_the_next_step_is_as_long_as_this_one_should_have_been(
        self, length, curvature, following
    ):
        """On a parabola ``curvature t^2 / 2`` from 1, along minus its gradient."""
        slope = -(curvature**2)
        trial = Trial(length, 0.5 * curvature, slope, 0.0, 0.0, 0.0)
        search = LineSearch()
        assert search.accepts(scalars, trial, rounding=0.0)
        assert search.next_step_size(scalars, trial) == pytest.approx(following)

    def test_steps_grow_where_the_slope_does_not_shrink(self):
        search = LineSearch()
        for length, following in ((1.0, 2.0), (2.0, 3.0), (3.0, 3.0)):
            trial = Trial(length, 0.0, -1.0, -length, -1.0, 0.0)
            assert search.next_step_size(scalars, trial) == following

    def test_what_was_too_long_is_not_tried_after_a_shortened_step(self):
        for length, n_backtracks, following in ((0.1, 1.0, 0.2), (0.1, 0.0, 1.1), (2.0, 1.0, 3.0)):
            trial = Trial(length, 0.0, -1.0, -length, -1.0, n_backtracks)
            assert LineSearch().next_step_size(scalars, trial) == pytest.approx(following)
