"""When a preconditioner that is made of curvature is refreshed."""

import numpy as np

from logitron.solvers import CurvatureSchedule
from logitron.solvers.row_schedule import Progress


def _due(curvatures):
    schedule = CurvatureSchedule()
    state, due = schedule.start(), []
    for number, curvature in enumerate(curvatures, start=1):
        progress = Progress(number, np.ones(1), 0.1, np.atleast_1d(curvature))
        refresh, state = schedule.after(state, progress)
        due += [number] if refresh else []
    return due


def test_curvature_that_has_changed_refreshes():
    assert _due([100.0, 99.0, 90.0, 80.0, 79.0, 60.0, 80.0]) == [4, 6, 7]


def test_slow_changes_add_up():
    assert _due([1.0, 0.95, 0.9, 0.84, 0.8]) == [4]


def test_one_group_of_several_is_enough():
    assert _due([np.asarray([1.0, 1.0]), np.asarray([1.0, 2.0])]) == [2]


def test_groups_that_were_dropped_begin_anew():
    assert _due([np.asarray([1.0, 1.0]), np.asarray([1.0])]) == [2]


def test_predicted_decreases_refresh_nothing():
    schedule = CurvatureSchedule()
    assert schedule.at_once(schedule.start(), 1.0) is None
