"""When the preconditioner of rows is refreshed."""

import numpy as np

from logitron.solvers import RowSchedule
from logitron.solvers.row_schedule import Progress

SCHEDULE = RowSchedule(rank=8, max_rank=20)


def _run(shorts, distances=None):
    """Iterations that refresh, and the states, for steps of which these parts are short."""
    state, due, states = SCHEDULE.start(), [], []
    for number, short in enumerate(shorts, start=1):
        distance = 0.01**number if distances is None else distances[number - 1]
        step_size = np.where(np.arange(10) < 10 * short, 0.01, 1.0)
        refresh, state = SCHEDULE.after(state, Progress(number, step_size, distance, np.ones(10)))
        due += [number] if refresh else []
        states.append(state)
    return due, states


def test_good_steps_refresh_early_and_then_periodically():
    due, states = _run([0.0] * 20)
    assert due == [1, 2, 4, 8, 14, 20]
    assert {state.rank for state in states} == {8}


def test_a_short_step_refreshes_at_once():
    due, _ = _run([0.0] * 9 + [1.0] + [0.0] * 3)
    assert 10 in due


def test_refreshes_that_do_not_lengthen_steps_are_not_repeated():
    due, _ = _run([0.0] * 8 + [1.0] * 12)
    assert due[due.index(8) :] == [8, 9, 15, 16]


def test_periods_of_little_progress_double_the_rank():
    _, states = _run([0.0] * 40, [0.9**number for number in range(40)])
    assert states[7].rank == 8
    assert states[13].rank == 16
    assert states[-1].rank == 20


def test_models_that_predict_impossible_decreases_are_refreshed():
    state = SCHEDULE.start()._replace(since=1)
    assert SCHEDULE.at_once(state, 0.5)
    assert not SCHEDULE.at_once(state, 0.05)
    assert not SCHEDULE.at_once(state._replace(since=0), 0.5)
    assert not SCHEDULE.at_once(state._replace(helps=False), 0.5)


def _dear(rank, short):
    """Iterations that refresh, where a refresh costs as much as four iterations at rank 100."""
    schedule = RowSchedule(rank, rank, width=300, evaluation=100 * 100 * 400 / 4)
    state, due = schedule.start(), []
    for number in range(1, 41):
        progress = Progress(number, np.asarray([short]), 0.01**number, np.ones(1))
        refresh, state = schedule.after(state, progress)
        due += [number] if refresh else []
    return due


def test_dear_refreshes_have_longer_periods():
    assert _dear(100, 1.0) == [1, 2, 4, 8, 16, 24, 32, 40]
    assert np.diff(_dear(50, 1.0))[-1] == 6  # cheap: the period that rows have at least
    assert np.diff(_dear(400, 1.0))[-1] == 20  # and at most


def test_dear_refreshes_wait_after_short_steps():
    assert np.diff(_dear(50, 0.01)).min() == 1
    assert np.diff(_dear(100, 0.01))[3:].min() >= 2
