"""When an evaluation in float32 is enough."""

import numpy as np
import pytest

from logitron.solvers.precision_schedule import PrecisionSchedule

FAR = np.full(8, 1e6)
NONE = np.zeros(8, bool)


def test_float64_takes_over_where_a_quarter_is_ready():
    near = np.asarray([1.0, 1.0, *[1e6] * 6])
    decide = PrecisionSchedule(True).after(FAR, np.full(8, np.inf), NONE, is_last=False)
    assert decide.low
    decide = decide.after(near, np.full(8, 1e-2), NONE, is_last=False)
    assert not decide.low
    decide = decide.after(FAR, np.full(8, 1e-2), NONE, is_last=False)
    assert not decide.low  # for good


def test_the_last_evaluation_is_in_float64():
    decide = PrecisionSchedule(True).after(FAR, np.full(8, 1e-3), NONE, is_last=True)
    assert not decide.low


@pytest.mark.parametrize("nearest", [1e-2, 1e-6])
def test_after_a_failure_float32_comes_back_if_nobody_is_near(nearest):
    relative = np.full(8, 1e-1)
    decide = PrecisionSchedule(True).after(FAR, relative, np.arange(8) < 2, is_last=False)
    relative[0] = nearest
    lows = []
    for _ in range(2 * decide.patience):
        lows.append(decide.low)
        decide = decide.after(FAR, relative, NONE, is_last=False)
    assert not any(lows[: decide.patience])
    assert any(lows) == (nearest > decide.near)


@pytest.mark.parametrize("level", [1e-2, np.nan])
def test_float32_ends_after_steps_that_come_no_nearer(level):
    decide, count = PrecisionSchedule(True), 0
    while decide.low and count < 50:
        decide = decide.after(FAR, np.full(8, level), NONE, is_last=False)
        count += 1
    assert count <= decide.patience + 1
    decide = decide.after(FAR, np.full(8, 1e-9), NONE, is_last=False)
    assert not decide.low
