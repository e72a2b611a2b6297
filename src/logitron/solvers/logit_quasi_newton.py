r"""Preconditioned L-BFGS for objectives of logits: line searches without passes over the features.

The logits of a direction take half of a pass, the gradient at the end of the line search the other
half, and the trials in between are element-wise. So each iteration makes a nearly exact step for
the price of one evaluation. That matters where the curvature falls with the loss, as it does for
classes that can be separated: there a unit step of any model is far too long or too short.

The history of steps decides which pairs it keeps, see `dropping_history` and `ring_history`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from logitron.backend import ArrayContext, linalg
from logitron.backend.types import Array, HostArray
from logitron.solvers.base import Callback, run
from logitron.solvers.curvature_schedule import CurvatureSchedule
from logitron.solvers.dropping_history import DroppingHistory
from logitron.solvers.float32_limits import QUORUM, Float32Limits
from logitron.solvers.group_arrays import descending
from logitron.solvers.line_search import ROUNDING, Trial
from logitron.solvers.logit_bounds import LogitBounds, Seen
from logitron.solvers.logit_line import (
    LogitLine,
    LogitPoint,
    along,
    evaluated,
    evaluated_near,
    read,
)
from logitron.solvers.logit_state import (
    LogitState,
    ObjectiveOfLogits,
    StepHistory,
    drop_finished,
)
from logitron.solvers.record import Record
from logitron.solvers.result import Iteration, Solution, Status
from logitron.solvers.resumption import frozen, thawed
from logitron.solvers.row_schedule import Progress as RowProgress
from logitron.solvers.row_schedule import RowSchedule
from logitron.solvers.slope_search import Bracket, SlopeSearch
from logitron.solvers.stopping import RUNNING, TINY, Iterate, Progress, Stopping

__all__ = ["LogitQuasiNewton", "LogitState", "ObjectiveOfLogits"]

#: Iterations after which the logits are computed anew: sums of steps collect rounding errors. Near
#: the minimum, few steps are left, and those are short.
RECOMPUTE = 16


@dataclass(frozen=True)
class LogitQuasiNewton:
    """Settings.

    Parameters
    ----------
    refresh : callable
        ``refresh(objective, theta, logits, schedule)`` makes a preconditioner at ``theta``, for a
        state of the schedule; for None, one for the start.
    schedule : RowSchedule or CurvatureSchedule
    history : callable
        ``history(context, theta)`` makes an empty history of steps.
    gap_bound : callable, optional
        See `QuasiNewton`; on the host, it is also given ``logits``.
    max_iter : int, default 200
    interruptible : bool, default False
    bound_below : float
        Bounds are computed when a group's decrement is at most so many times its target.
    float32 : Float32Limits
    stopping : Stopping
    search : SlopeSearch
    """

    refresh: Callable[..., Any]
    schedule: RowSchedule | CurvatureSchedule
    history: Callable[[ArrayContext, Array], StepHistory] = DroppingHistory.of
    gap_bound: Callable[..., Array] | None = None
    max_iter: int = 200
    interruptible: bool = False
    bound_below: float = 1.0
    float32: Float32Limits = field(default_factory=Float32Limits)
    stopping: Stopping = field(default_factory=Stopping)
    search: SlopeSearch = field(default_factory=SlopeSearch)

    def minimize(
        self,
        objective: ObjectiveOfLogits,
        theta: Array,
        *,
        near: bool = False,
        callback: Callback = None,
    ) -> Solution:
        """Minimise from ``theta (G, K, q)`` until every group is done, see `init`."""
        with np.errstate(over="ignore", invalid="ignore"):
            state, stopped = run(self, self.init(objective, theta, near=near), callback)
        return state.record.solution(state.theta, objective.context, stopped=stopped)

    def init(self, objective: ObjectiveOfLogits, theta: Array, *, near: bool = False) -> LogitState:
        """Evaluate the parameters to start from, and choose the first direction.

        With a model of the schedule if the parameters are ``near`` the minimum, where the model for
        the start would be wrong. Groups that are proven to be near enough make no step.
        """
        G = objective.groups
        theta = objective.centred_over_classes(theta)
        point = self._evaluated(objective, theta, objective.logits(theta), np.ones(G, bool), near)
        value = point.value
        zeros, infinite = np.zeros(G), np.full(G, np.inf)
        schedule = self.schedule.start()
        state = LogitState(
            objective=objective,
            iteration=0,
            theta=point.theta,
            logits=point.logits,
            value=value,
            grad=point.evaluation.grad,
            gap=infinite,
            direction=0.0 * point.theta,
            slope=-infinite,
            step_size=zeros + 1.0,
            n_backtracks=zeros,
            preconditioner=self.refresh(
                objective, point.theta, point.logits, schedule if near else None
            ),
            history=self.history(objective.context, theta),
            schedule=schedule,
            progress=Progress(infinite, infinite, zeros, zeros > 0.0),
            decrement=np.inf,
            record=Record(G),
        )
        if near:
            state = self._directed(state)
            seen = Seen.of(state)
            if self._bounds.pay(objective, seen):
                state = state._replace(gap=self._bounds.at(objective, point, seen))
        state = self._assess(state, infinite, np.isfinite(value), point.unbounded)
        return self._turn(state, due=False)

    def step(self, state: LogitState) -> LogitState:
        """Search along the direction, evaluate there, and choose the next direction."""
        state = self._of_the_running(state)
        objective, running = state.objective, ~state.record.done
        change = objective.logits(state.direction)
        iteration, seen = state.iteration + 1, Seen.of(state)
        bounds, near = self._bounds, self._bounds.pay(objective, seen)
        step_size, accepted, end_slope, reached = self._search(state, change, running, near)
        anew = not (near or iteration % RECOMPUTE)
        point = None if anew else reached
        if point is None:
            point = self._moved(state, change, step_size, near, anew=anew)
        del change, reached  # (with many groups, these are a part of the features)
        gap = bounds.at(objective, point, seen) if near else np.full(objective.groups, np.inf)
        # (of a decrease that rounding hides, the slopes at both ends of the step say more)
        visible = -0.5 * state.slope > ROUNDING * objective.eps * np.abs(point.value)
        by_slopes = -0.5 * step_size * (state.slope + end_slope)
        decrease = np.where(visible, state.value - point.value, by_slopes)
        n_backtracks = np.where(accepted, 0.0, state.n_backtracks + 16.0)
        # (a second step along which no value is lower: below the rounding of float32 there may be)
        stuck = (~accepted & (state.n_backtracks > 0.0) & running).any()
        narrow = objective.eps > objective.widest_eps
        if narrow and (stuck or self._float64_pays(state, point, gap, decrease)):
            objective, n_backtracks = objective.in_float64(), np.where(accepted, 0.0, 1.0)
            logits = objective.logits(point.theta)
            point = self._evaluated(objective, point.theta, logits, running, near)
            gap = bounds.at(objective, point, seen) if near else gap
        step, turn = point.theta - state.theta, point.evaluation.grad - state.grad
        history = state.history.append(step, turn, state.value, point.value)
        decrease = np.where(accepted, decrease, 0.0)
        state = self._at(state, point, gap)._replace(
            objective=objective,
            iteration=iteration,
            step_size=self.search.first_trial(step_size),
            n_backtracks=n_backtracks,
            history=history,
        )
        state = self._assess(state, decrease, accepted, point.unbounded)
        distance = np.median(-0.5 * state.slope / (np.abs(state.value) + TINY))
        progress = RowProgress(iteration, step_size[running], float(distance), point.curvature)
        due, schedule = self.schedule.after(state.schedule, progress)
        failed = not accepted[running].all()
        return self._turn(state._replace(schedule=schedule), due=due or failed)

    def is_running(self, state: LogitState) -> bool:
        """Whether any group is left to be minimised."""
        return state.record.n_running > 0

    def iterations(self, state: LogitState) -> list[Iteration]:
        """Describe the last iteration, for callbacks."""
        context = state.objective.context
        return [state.record.describe(state.iteration, state.theta, context)]

    def freeze(self, state: LogitState) -> Any:
        """Return the state without its objective, and the precision of that."""
        return frozen(state), state.objective.eps

    def thaw(self, found: Any, state: LogitState) -> LogitState:
        """Return the state that was frozen, for the objective of a state to start from."""
        state, eps = thawed(found[0], state), found[1]
        wide = eps < state.objective.eps
        return state._replace(objective=state.objective.in_float64()) if wide else state

    # --- pieces of a step -----------------------------------------------------------------------

    @staticmethod
    def _at(state: LogitState, point: LogitPoint, gap: HostArray) -> LogitState:
        """Return the state at another point, whose distance from the minimum has a bound (G,)."""
        return state._replace(
            theta=point.theta,
            logits=point.logits,
            value=point.value,
            grad=point.evaluation.grad,
            gap=gap,
        )

    @property
    def _bounds(self) -> LogitBounds:
        return LogitBounds(self.gap_bound, self.stopping, self.bound_below)

    def _evaluated(
        self,
        objective: ObjectiveOfLogits,
        theta: Array,
        logits: Array,
        running: HostArray,
        near: bool,
    ) -> LogitPoint:
        """Evaluate an objective, after a step in the intercepts if it is to be bounded there."""
        if near and self.gap_bound is not None and objective.strongly_convex:
            return evaluated_near(objective, theta, logits, running)
        return evaluated(objective, theta, logits)

    def _moved(
        self, state: LogitState, change: Array, step_size: HostArray, near: bool, *, anew: bool
    ) -> LogitPoint:
        """Evaluate the end of the steps, with logits that are summed or computed ``anew``."""
        objective, theta = state.objective, along(state.objective.context, state, step_size)
        if anew:
            logits = objective.logits(theta)
        else:
            logits = objective.moved(state.logits, change, step_size)
        return self._evaluated(objective, theta, logits, ~state.record.done, near)

    def _search(
        self, state: LogitState, change: Array, running: HostArray, near: bool
    ) -> tuple[HostArray, HostArray, HostArray, LogitPoint | None]:
        """Step lengths (G,), which groups found a lower value, and the slopes at the last trials.

        The length is zero for groups that found none. On a device the first trial is evaluated as a
        whole, gradient and all: that takes as many operations, and is the point to go on from where
        all groups accept it. Not where groups are ``near``: a step in the intercepts comes first.
        """
        context, line = state.objective.context, LogitLine.of(state.objective, state.logits, change)
        penalty = read(context, *state.objective.penalty(state.theta, state.direction))
        t, bracket = np.where(running, state.step_size, 0.0), Bracket.of(state.slope)
        value, slope = state.value, state.slope
        reached, reached_slope = value.copy(), slope.copy()
        search = self.search.in_precision(state.objective.eps)
        point: LogitPoint | None = None
        for number in range(search.max_trials):
            some = line.groups
            if number == 0 and state.objective.is_remote and not near:
                logits = state.objective.moved(state.logits, change, t)
                point = evaluated(state.objective, along(context, state, t), logits)
                slopes = linalg.dots(point.evaluation.grad, state.direction)
                reached, (reached_slope,) = point.value.copy(), read(context, slopes)
            else:
                point = None
                loss, loss_slope = line.along(t[some])
                reached[some] = loss + (penalty[0] + t * (penalty[1] + 0.5 * t * penalty[2]))[some]
                reached_slope[some] = loss_slope + (penalty[1] + t * penalty[2])[some]
            trial = Trial(t, value, slope, reached, reached_slope, state.n_backtracks)
            good = search.accepts(trial) | ~running
            if good.all():
                break
            following, bracket = search.next_trial(trial, bracket)
            t = np.where(good, t, following)
            line = line.without(good)
        else:  # the lower end of a bracket has a lower value than the start
            t = np.where(good, t, bracket.low)
        found = running & (t > 0.0)
        return np.where(found, t, 0.0), found, reached_slope, point

    def _float64_pays(
        self, state: LogitState, point: LogitPoint, gap: HostArray, decrease: HostArray
    ) -> bool:
        """Whether the rounding of float32 holds up a part of the groups, so that float64 pays.

        Float64 is also for the bound, once the coefficients' part of it is small enough.
        """
        objective, value, running = state.objective, point.value, ~state.record.done
        target = self.stopping.target(np, value, 0.0, attained=True)
        near = self.float32.reached(value, -0.5 * state.slope, decrease, target, objective.eps)
        if objective.strongly_convex:
            (least,) = read(objective.context, objective.gap_of_coefficients(point.evaluation))
            near |= least <= target
        return bool((near & ~(gap <= target))[running].mean() >= QUORUM)

    def _of_the_running(self, state: LogitState) -> LogitState:
        """Take out the groups that are done, and return to float32 if the others are far."""
        left = drop_finished(state)
        distance = -0.5 * left.slope / (np.abs(left.value) + TINY)
        if left is state or self.float32.keep_float64(distance[~left.record.done]):
            return left
        objective = left.objective.in_float32()
        if objective is None:
            return left
        return left._replace(objective=objective, logits=objective.cast_logits(left.logits))

    def _assess(
        self, state: LogitState, decrease: HostArray, accepted: HostArray, unbounded: HostArray
    ) -> LogitState:
        """Decide which groups are done, and log the iteration; ``slope`` is the step's before."""
        objective, record = state.objective, state.record
        attained = objective.strongly_convex
        bounded = attained and self.gap_bound is not None
        decrement = -0.5 * state.slope
        gap = state.gap if bounded else np.where(np.isfinite(state.gap), state.gap, decrement)
        seen = Iterate(state.value, gap, decrement, decrease, accepted, state.n_backtracks)
        # (slopes are not rounded as values are, and where they end, float64 begins)
        status, progress = self.stopping.check(
            np, seen, state.progress, eps=objective.widest_eps, attained=attained, bounded=bounded
        )
        if not attained:
            ends = accepted & (unbounded > 0.0) & (status == RUNNING)
            status = np.where(ends, Status.SEPARABLE.value, status)
        record.add(state.iteration, state.value, gap, status)
        least = float(np.min(decrement[~record.done], initial=np.inf))
        return state._replace(progress=progress, decrement=least)

    def _turn(self, state: LogitState, *, due: bool) -> LogitState:
        """Refresh the preconditioner if due, and choose the next direction."""
        if not state.record.n_running:
            return state
        if due:
            state = self._refreshed(state)
        state = self._directed(state)
        running = ~state.record.done
        wrong = (-0.5 * state.slope > state.value) & running
        part = float(wrong.sum() / max(running.sum(), 1))
        schedule = self.schedule.at_once(state.schedule, part)
        if schedule is not None:
            state = self._refreshed(state._replace(schedule=schedule))
            state = self._directed(state._replace(history=state.history.without(wrong)))
        return state

    def _refreshed(self, state: LogitState) -> LogitState:
        model = self.refresh(state.objective, state.theta, state.logits, state.schedule)
        return state._replace(preconditioner=model)

    def _directed(self, state: LogitState) -> LogitState:
        """Choose directions, and their slopes."""
        context = state.objective.context
        found = state.history.direction(state.grad, state.preconditioner)
        found = state.objective.centred_over_classes(found)
        previous = state.direction if state.iteration else state.grad
        direction, slope = context.compile(descending)(found, state.grad, previous)
        return state._replace(direction=direction, slope=read(context, slope)[0])
