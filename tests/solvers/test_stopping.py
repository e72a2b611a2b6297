"""When a group is done: the same for the floats of one group and for the arrays of many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logitron.solvers import Status, Stopping, scalars
from logitron.solvers.stopping import RUNNING, Iterate, Progress

EPS = float(np.finfo(np.float64).eps)
sizes = st.one_of(st.floats(0.0, 1e6), st.sampled_from([np.inf, 1e-14, 1e-9]))
SEEN = st.builds(
    Iterate,
    value=st.one_of(st.floats(0.0, 1e6), st.sampled_from([np.nan, np.inf])),
    gap=sizes,
    decrement=sizes,
    decrease=st.floats(-1.0, 1e6),
    accepted=st.booleans(),
    n_backtracks=st.integers(0, 40).map(float),
)
PROGRESS = st.builds(
    Progress,
    best_gap=sizes,
    best_decrement=sizes,
    n_stalled=st.integers(0, 20),
    within_tol=st.booleans(),
)
FRESH = Progress(np.inf, np.inf, 0, False)


def check(seen, progress=FRESH, *, attained=True, bounded=True, **settings):
    status, after = Stopping(**settings).check(
        scalars, seen, progress, eps=EPS, attained=attained, bounded=bounded
    )
    return status, after


class TestCheck:
    """Which groups are done, and why."""

    @given(SEEN, PROGRESS, st.booleans(), st.booleans())
    def test_floats_and_arrays_get_the_same_answers(self, seen, progress, attained, bounded):
        flags = {"eps": EPS, "attained": attained, "bounded": bounded}
        stopping = Stopping()
        alone, alone_after = stopping.check(scalars, seen, progress, **flags)
        arrays = Iterate(*(np.asarray([x]) for x in seen))
        before = Progress(*(np.asarray([x]) for x in progress))
        with np.errstate(invalid="ignore"):
            many, many_after = stopping.check(np, arrays, before, **flags)
        assert alone == np.broadcast_to(many, 1)[0]
        for one, several in zip(alone_after, many_after, strict=True):
            np.testing.assert_array_equal(one, several[0])

    @given(SEEN, PROGRESS)
    def test_converged_means_that_the_target_was_met(self, seen, progress):
        status, _ = check(seen, progress)
        if status == Status.CONVERGED and not progress.within_tol and abs(seen.value) > 1e-290:
            assert seen.gap <= max(1e-8 * (seen.value - seen.gap), 0.0)

    @pytest.mark.parametrize(("gap", "ends"), [(0.9e-8, False), (1e-10, True), (1e-3, False)])
    def test_a_gap_near_the_target_is_polished(self, gap, ends):
        status, after = check(Iterate(1.0, gap, 1e-3, 0.1, True, 0.0))
        assert (status == Status.CONVERGED) == ends
        assert after.within_tol == (gap <= 1e-8 * (1.0 - gap))
        if after.within_tol:  # one more step, whatever it shows
            assert check(Iterate(1.0, gap, 1e-3, 0.1, True, 0.0), after)[0] == Status.CONVERGED

    def test_what_is_not_finite_has_diverged(self):
        assert check(Iterate(np.nan, np.inf, np.inf, 0.0, False, 0.0))[0] == Status.DIVERGED

    def test_too_many_rejections_are_a_stall(self):
        assert check(Iterate(1.0, np.inf, 0.5, 0.0, False, 30.0))[0] == RUNNING
        assert check(Iterate(1.0, np.inf, 0.5, 0.0, False, 31.0))[0] == Status.STALLED

    @pytest.mark.parametrize(("decrement", "most"), [(1e-16, 3), (1e-8, 12)])
    def test_no_progress_near_the_minimum_is_the_precision(self, decrement, most):
        """Sooner where the predicted decrease is rounding."""
        progress, count = FRESH, 0
        status = RUNNING
        while status == RUNNING:
            status, progress = check(Iterate(1.0, 1e-3, decrement, 0.0, True, 0.0), progress)
            count += 1
        assert status == Status.AT_PRECISION
        assert count == most + 1  # the first one is an improvement on nothing

    def test_slow_progress_as_predicted_is_no_stall(self):
        progress = FRESH
        for _ in range(100):
            status, progress = check(Iterate(1.0, 1e-3, 1e-8, 1e-8, True, 0.0), progress)
            assert status == RUNNING

    @pytest.mark.parametrize(("part", "ends"), [(0.75, False), (0.9, True)])
    def test_slow_progress_of_the_bound_adds_up(self, part, ends):
        """Below the rounding of the value: in three steps it must halve."""
        progress, statuses = FRESH, []
        for k in range(30):
            seen = Iterate(1.0, 1e-3 * part**k, 1e-16, 0.0, True, 0.0)
            status, progress = check(seen, progress)
            statuses.append(status)
        assert (Status.AT_PRECISION in statuses) == ends

    def test_without_a_bound_nothing_is_polished(self):
        seen = Iterate(1.0, 1e-8 / 1.001, 1e-8 / 1.001, 0.1, True, 0.0)
        assert check(seen, attained=False, bounded=False)[0] == Status.CONVERGED


@given(st.floats(1e-6, 1e6), st.floats(0.0, 1.0), st.booleans())
def test_a_sufficient_gap_ends_the_group(value, part, within_tol):
    stopping = Stopping()
    progress = FRESH._replace(within_tol=within_tol)
    enough = stopping.sufficient_gap(scalars, value, part * value, progress)
    seen = Iterate(value, enough * (1.0 - 1e-12), part * value, 0.1, True, 0.0)
    assert check(seen, progress)[0] == Status.CONVERGED
