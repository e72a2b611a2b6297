"""Solvers of smooth functions of many groups; they know neither data nor losses.

============================== =====================================================================
module                         what it holds
============================== =====================================================================
`solvers.base`                 the loop of all solvers, and the objective that they minimise
`solvers.quasi_newton`         Newton's method and preconditioned L-BFGS, for many groups at once
`solvers.logit_quasi_newton`   L-BFGS that searches along its directions on kept logits
`solvers.logit_state`          its objectives, and its state between two iterations
`solvers.logit_line`           losses along those, and points that are evaluated
`solvers.logit_bounds`         when a bound of the distance is worth its cost there
`solvers.slope_search`         line search until the slope has shrunk
`solvers.row_schedule`         when the preconditioner of rows is refreshed
`solvers.line_search`          which steps are accepted, and how long the next one is
`solvers.stopping`             when a group is done
`solvers.lbfgs`                the history of steps, and the search direction
`solvers.hessian_schedule`     which part of the Hessian is summed, and when
`solvers.precision_schedule`   when float32 is enough
`solvers.float32_limits`       the same in fits on kept logits
`solvers.scalars`              array functions on the floats of a single group
`solvers.record`               what became of each group of a run
`solvers.state`                the state between two iterations
`solvers.ring_history`         its history in memory that is allocated once, in float32
`solvers.short_history`        which history many parameters have
`solvers.no_history`           none, for Newton's method
`solvers.dropping_history`     its history where pairs of a steeper loss are dropped
`solvers.curvature_schedule`   refreshes of a preconditioner that is made of curvature
`solvers.group_arrays`         numbers and arrays of the groups
`solvers.damped_newton`        Newton's method with damping, for fits that the others leave
`solvers.lagging_newton`       Newton's method whose linearisation follows, for separable classes
`solvers.longest_descent`      its line search: the longest step that descends
`solvers.proximal_newton`      a smooth objective beside an L1 penalty
`solvers.l1_model`             its quadratic models
`solvers.l1_quadratic`         quadratic functions with an L1 penalty, of several columns
`solvers.feature_sign`         and of one, by linear systems
`solvers.coordinate_descent`   and of one, by scikit-learn's coordinate descent
`solvers.l1_least_squares`     and of sparse features, by coordinate descent
`solvers.positions`            parameters that may change
`solvers.gradient_descent`     the textbook rule
`solvers.journal`              outcomes of parts of a fit, for a repetition after an interruption
`solvers.resumption`           the objective of a run that is gone on with
`solvers.result`               how a run ended
============================== =====================================================================
"""

from logitron.solvers.base import Callback, SmoothObjective, Solver, map_iterations, run
from logitron.solvers.curvature_schedule import CurvatureSchedule
from logitron.solvers.damped_newton import DampedNewton, Outcome
from logitron.solvers.float32_limits import Float32Limits
from logitron.solvers.gradient_descent import GradientDescent
from logitron.solvers.hessian_schedule import EveryIteration, HessianSchedule, WhenSlow
from logitron.solvers.journal import (
    MISSING,
    CheckpointError,
    Entry,
    Journal,
    Part,
    begin_part,
    count_in,
    recording,
    remember,
    stop_recording,
    within,
)
from logitron.solvers.l1_least_squares import ClassSquares, LeastSquares, LeastSquaresModel
from logitron.solvers.l1_model import L1Model, MatrixModel
from logitron.solvers.lagging_newton import LaggingNewton
from logitron.solvers.line_search import LineSearch
from logitron.solvers.logit_quasi_newton import LogitQuasiNewton
from logitron.solvers.no_history import NoHistory
from logitron.solvers.proximal_newton import CompositeObjective, ProximalNewton
from logitron.solvers.quasi_newton import QuasiNewton
from logitron.solvers.result import Iteration, Solution, Status, joined, put_groups
from logitron.solvers.ring_history import PastRing, RingHistory, ring_size
from logitron.solvers.row_schedule import RowSchedule, RowScheduleState
from logitron.solvers.short_history import short_history
from logitron.solvers.slope_search import SlopeSearch
from logitron.solvers.stopping import Stopping

__all__ = [
    "MISSING",
    "Callback",
    "CheckpointError",
    "ClassSquares",
    "CompositeObjective",
    "CurvatureSchedule",
    "DampedNewton",
    "Entry",
    "EveryIteration",
    "Float32Limits",
    "GradientDescent",
    "HessianSchedule",
    "Iteration",
    "Journal",
    "L1Model",
    "LaggingNewton",
    "LeastSquares",
    "LeastSquaresModel",
    "LineSearch",
    "LogitQuasiNewton",
    "MatrixModel",
    "NoHistory",
    "Outcome",
    "Part",
    "PastRing",
    "ProximalNewton",
    "QuasiNewton",
    "RingHistory",
    "RowSchedule",
    "RowScheduleState",
    "SlopeSearch",
    "SmoothObjective",
    "Solution",
    "Solver",
    "Status",
    "Stopping",
    "WhenSlow",
    "begin_part",
    "count_in",
    "joined",
    "map_iterations",
    "put_groups",
    "recording",
    "remember",
    "ring_size",
    "run",
    "short_history",
    "stop_recording",
    "within",
]
