r"""Newton's method and preconditioned L-BFGS, for many groups at once.

Each iteration evaluates every group once, at a trial point. A group that accepts its step moves
there and chooses a new direction; the others try a shorter step along the old one. Step length
(`line_search`), stopping (`stopping`) and the choice of the Hessian to sum (`hessian_schedule`) are
rules of their own.

The numbers of the groups (values, slopes, step sizes) are on the host: Python floats for a single
group, arrays (G,) for more. The parameters, gradients and directions (G, K, q) are where the
objective has them. Where that is a device, the host reads one small array an iteration.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from logitron.backend.types import Array, HostArray, Namespace, Number
from logitron.solvers import lbfgs, scalars
from logitron.solvers.base import Callback, SmoothObjective, run
from logitron.solvers.group_arrays import descending, dot, moved, read, spread
from logitron.solvers.hessian_schedule import HessianSchedule
from logitron.solvers.lbfgs import History
from logitron.solvers.line_search import ROUNDING, LineSearch, Trial
from logitron.solvers.precision_schedule import PrecisionSchedule
from logitron.solvers.record import Record
from logitron.solvers.result import Iteration, Solution, Status
from logitron.solvers.resumption import frozen, thawed
from logitron.solvers.state import Assessment, State, drop_finished
from logitron.solvers.stopping import RUNNING, TINY, Iterate, Progress, Stopping

__all__ = ["QuasiNewton", "State"]

#: part of the groups that may be slow before it matters
SLOWEST = 0.25


@dataclass(frozen=True)
class QuasiNewton:
    """Settings.

    Parameters
    ----------
    schedule : HessianSchedule
        Which part of the Hessian each evaluation sums.
    refresh : callable, optional
        ``refresh(objective, evaluation, theta, preconditioner, chosen, reuse=bool)`` makes a
        preconditioner of the Hessian that was summed at ``theta``; groups that are not ``chosen
        (G,)`` keep theirs, None chooses all. By default, the first preconditioner stays.
    gap_bound : callable, optional
        ``gap_bound(objective, evaluation, theta, before=float, enough=numbers, estimate=numbers)``
        bounds the distance of the value from the minimum (G,), no sharper than ``enough`` if that
        costs. ``before`` is the least estimate of the distance before the last step, and
        ``estimate`` that of each group. ``enough`` and ``estimate`` are given on the host only. By
        default, that distance is estimated.
    max_iter : int, default 200
    low_precision : bool, default True
        Whether evaluations may be computed in float32, where the objective supports it.
    interruptible : bool, default False
        Whether Ctrl-C ends the run as a callback can, keeping what is done.
    stopping : Stopping
    line_search : LineSearch
    """

    schedule: HessianSchedule
    refresh: Callable[..., Any] | None = None
    gap_bound: Callable[..., Array] | None = None
    max_iter: int = 200
    low_precision: bool = True
    interruptible: bool = False
    stopping: Stopping = field(default_factory=Stopping)
    line_search: LineSearch = field(default_factory=LineSearch)

    def minimize(
        self,
        objective: SmoothObjective,
        theta: Array,
        *,
        preconditioner: Any = None,
        callback: Callback = None,
    ) -> tuple[Solution, State]:
        """Minimise from ``theta (G, K, q)`` until every group is done.

        Parameters
        ----------
        objective : SmoothObjective
        theta : array (G, K, q)
        preconditioner : object, optional
            The first model of the Hessian; by default, of what is summed at ``theta``.
        callback : callable, optional
            Called with an `Iteration` after each one; returning True stops the run.

        Returns
        -------
        solution : Solution
        state : State
            The last one: its preconditioner is that of the groups that finished last.
        """
        # (numbers that are not finite are found and refused by the rules)
        with np.errstate(over="ignore", invalid="ignore"):
            state, stopped = run(self, self.init(objective, theta, preconditioner), callback)
        solution = state.record.solution(state.theta, objective.context, stopped=stopped)
        return solution, state

    def init(self, objective: SmoothObjective, theta: Array, preconditioner: Any = None) -> State:
        """Evaluate the parameters to start from, and choose the first direction."""
        context, groups = objective.context, objective.groups
        xp = scalars if groups == 1 and context.library.is_host else np
        precision = PrecisionSchedule(
            self.low_precision and objective.supports_float32 and self.max_iter > 0
        )
        request, schedule = self.schedule.next(self.schedule.start(), 0, groups)
        evaluation = objective.evaluate(theta, request, preconditioner, low_precision=precision.low)
        begun = evaluation.value
        if context.library.is_host:  # (at zero, features that are not finite are in no value)
            begun = begun + context.xp.sum(0.0 * evaluation.grad, axis=(1, 2))
        value, unbounded = read(xp, context, begun, evaluation.unbounded)
        infinite, zero = (np.full(groups, x) if xp is np else x for x in (np.inf, 0.0))
        progress = Progress(infinite, infinite, zero, zero > 0.0)
        # where shapes are compiled for, the history has its full length from the start
        size = schedule.memory if context.library.is_jit else 0
        state = State(
            objective=objective,
            iteration=0,
            theta=theta,
            value=value,
            grad=evaluation.grad,
            gap=infinite,
            direction=0.0 * theta,
            slope=-infinite,
            step_size=zero + 1.0,
            n_backtracks=zero,
            preconditioner=preconditioner,
            history=lbfgs.empty(theta, size),
            schedule=schedule,
            assessment=Assessment(progress, precision, np.inf, near=False, worst=np.inf),
            record=Record(groups),
        )
        accepted = xp.isfinite(value)
        seen = Iterate(value, infinite, infinite, infinite, accepted, zero)
        assessed = self._assess(xp, state, 0, seen, unbounded)
        schedule = self.schedule.after(schedule, 0, assessed.worst, 1.0)
        state = state._replace(schedule=schedule, assessment=assessed)
        return self._turn(xp, state, evaluation, theta, request, accepted)

    def step(self, state: State) -> State:
        """Evaluate a trial point, accept or shorten the step, choose the next direction."""
        state = drop_finished(state)
        objective, record = state.objective, state.record
        context, low = objective.context, state.assessment.precision.low
        xp = scalars if isinstance(state.value, float) else np
        iteration = state.iteration + 1
        request, schedule = self.schedule.next(state.schedule, iteration, record.n_running)
        trial = state.theta + spread(context, state.step_size) * state.direction
        evaluation = objective.evaluate(trial, request, state.preconditioner, low_precision=low)
        on_host = context.library.is_host
        # (a device is read once, so that its bound is computed before)
        bound = None if on_host else self._bound(xp, state, evaluation, trial, state.value)
        value, trial_slope, slope, unbounded, gap = read(
            xp,
            context,
            evaluation.value,
            dot(xp, evaluation.grad, state.direction),
            state.slope,
            evaluation.unbounded,
            evaluation.value if bound is None else bound,
        )
        made = Trial(state.step_size, state.value, slope, value, trial_slope, state.n_backtracks)
        was_low = None
        if objective.supports_float32 and not low and record.low_precision.any():
            was_low = record.low_precision
        accepted, step_size = self._search(xp, made, objective.eps, low, was_low)
        if on_host and xp.any(accepted):
            bound = self._bound(xp, state, evaluation, trial, value)
            gap = None if bound is None else read(xp, context, bound)[0]
        infinite = 0.0 * state.n_backtracks + np.inf
        gap = infinite if bound is None else gap
        decrease, n_backtracks = made.value - value, 0.0 * state.n_backtracks
        if not xp.all(accepted):
            value = xp.where(accepted, value, state.value)
            gap = xp.where(accepted, gap, state.gap)
            decrease = xp.where(accepted, decrease, 0.0)
            n_backtracks = xp.where(accepted, 0.0, state.n_backtracks + 1.0)
        theta, grad, history = self._move(
            xp, state, trial, evaluation.grad, accepted, schedule.memory
        )
        seen = Iterate(value, gap, -0.5 * slope, decrease, accepted, n_backtracks)
        assessed = self._assess(xp, state, iteration, seen, unbounded)
        fall = _fall(value, decrease, slope) if iteration == 1 else 1.0
        state = State(
            objective=objective,
            iteration=iteration,
            theta=theta,
            value=value,
            grad=grad,
            gap=gap,
            direction=state.direction,
            slope=slope,
            step_size=step_size,
            n_backtracks=n_backtracks,
            preconditioner=state.preconditioner,
            history=history,
            schedule=self.schedule.after(schedule, iteration, assessed.worst, fall),
            assessment=assessed,
            record=record,
        )
        return self._turn(xp, state, evaluation, trial, request, accepted)

    def is_running(self, state: State) -> bool:
        """Whether any group is left to be minimised here."""
        return state.record.n_running > 0 and not state.schedule.deferred

    def iterations(self, state: State) -> list[Iteration]:
        """Describe the last iteration, for callbacks."""
        context = state.objective.context
        return [state.record.describe(state.iteration, state.theta, context)]

    def freeze(self, state: State) -> Any:
        """Return the state without its objective, and what the bound of the gap remembers."""
        return frozen(state), getattr(self.gap_bound, "memory", None)

    def thaw(self, found: Any, state: State) -> State:
        """Return the state that was frozen, for the objective of a state to start from."""
        if found[1] is not None:
            cast(Any, self.gap_bound).recall(found[1])
        return thawed(found[0], state)

    # --- pieces of a step -----------------------------------------------------------------------

    def _search(
        self, xp: Namespace, made: Trial, eps: float, low: bool, was_low: HostArray | None
    ) -> tuple[Any, Number]:
        """Decide which groups accept their step, and how long the next one is."""
        search = self.line_search
        rounding = search.low_precision_rounding if low else ROUNDING * eps
        accepted = search.accepts(xp, made, rounding=rounding, was_low_precision=was_low)
        if xp.all(accepted):
            return accepted, search.next_step_size(xp, made)
        shorter = search.backtrack(xp, made)
        if not xp.any(accepted):
            return accepted, shorter
        return accepted, xp.where(accepted, search.next_step_size(xp, made), shorter)

    def _bound(
        self, xp: Namespace, state: State, evaluation: Any, theta: Array, value: Number
    ) -> Array | None:
        """Bound the distance from the minimum (G,), once that can be small."""
        objective = state.objective
        if self.gap_bound is None or state.assessment.precision.low:
            return None
        if not (state.assessment.near and objective.strongly_convex):
            return None
        known: dict[str, Any] = {"before": state.assessment.decrement}
        if objective.context.library.is_host:
            decrement, progress = -0.5 * state.slope, state.assessment.progress
            known["enough"] = self.stopping.sufficient_gap(xp, value, decrement, progress)
            known["estimate"] = xp.where(state.record.done, np.inf, decrement)
        return self.gap_bound(objective, evaluation, theta, **known)

    def _move(
        self,
        xp: Namespace,
        state: State,
        trial: Array,
        grad: Array,
        accepted: Any,
        memory: int,
    ) -> tuple[Array, Array, History]:
        """Move the groups that accepted their step, and append it to the history."""
        context, history = state.objective.context, state.history
        if memory == 0 and history.size:  # Newton's method has taken over
            history = lbfgs.empty(state.theta, 0)
        if not xp.any(accepted):
            return state.theta, state.grad, history
        chosen = None if xp.all(accepted) else context.asarray(accepted, keep_dtype=True)
        if chosen is None and not memory:
            return trial, grad, history
        move = context.compile(moved, memory=memory)
        found: tuple[Array, Array, History] = move(
            history, state.theta, state.grad, trial, grad, chosen
        )
        return found

    def _assess(
        self, xp: Namespace, state: State, iteration: int, seen: Iterate, unbounded: Number
    ) -> Assessment:
        """Decide which groups are done, and log the iteration; ``state`` is the one before it.

        The slope is that of the step just made: the decrement estimates the distance from the
        minimum before that step.
        """
        objective, record, precision = state.objective, state.record, state.assessment.precision
        attained, low = objective.strongly_convex, precision.low
        bounded = attained and self.gap_bound is not None
        value, gap, decrement, _, accepted, n_backtracks = seen
        if not bounded:
            gap = xp.where(xp.isfinite(gap), gap, decrement)
            seen = seen._replace(gap=gap)
        status, progress = RUNNING, state.assessment.progress
        if not low:
            status, progress = self.stopping.check(
                xp, seen, progress, eps=objective.eps, attained=attained, bounded=bounded
            )
        if not attained:
            ends = accepted & (unbounded > 0.0) & (status == RUNNING)
            status = xp.where(ends, Status.SEPARABLE.value, status)
        ratio = self.stopping.ratio(xp, value, decrement)
        relative = decrement / (xp.abs(value) + TINY)
        if objective.supports_float32:
            record.low_precision = np.where(accepted, low, record.low_precision)
        record.add(iteration, value, gap, status)

        if precision.possible:
            running = ~record.done
            rejected = np.atleast_1d(n_backtracks > 0.0)[running]
            ratios, relatives = np.atleast_1d(ratio)[running], np.atleast_1d(relative)[running]
            is_last = iteration + 1 >= self.max_iter
            precision = precision.after(ratios, relatives, rejected, is_last=is_last)
        if xp is scalars:
            least, nearest, worst = decrement, relative, ratio
        else:
            running = ~record.done
            least = float(np.min(decrement[running], initial=np.inf))
            nearest = float(np.min(relative[running], initial=np.inf))
            far = np.sort(ratio[running])[-1 - int(SLOWEST * record.n_running) :]
            worst = float(far[0]) if len(far) else 0.0
        return Assessment(progress, precision, least, nearest <= self.stopping.near, worst)

    def _turn(
        self,
        xp: Namespace,
        state: State,
        evaluation: Any,
        theta: Array,
        request: str,
        accepted: Any,
    ) -> State:
        """Refresh the preconditioner if due, and choose directions for the groups that moved."""
        schedule, model = state.schedule, state.preconditioner
        if not state.record.n_running or schedule.deferred:
            return state
        context, any_moved = state.objective.context, xp.any(accepted)
        chosen = None
        if not xp.all(accepted):
            chosen = context.asarray(np.atleast_1d(accepted), keep_dtype=True)
        whole = request in ("block_diagonal", "full")
        due = request != "intercept" or (state.iteration == 0 and schedule.subspace)
        # (without a history, every accepted step brings a new one)
        if due and self.refresh is not None and (any_moved or schedule.memory):
            model = self.refresh(
                state.objective,
                evaluation,
                theta,
                model,
                chosen,
                reuse=whole and schedule.reuses,
            )
        if whole:
            schedule = schedule._replace(since_refresh=0)
        direction, slope = state.direction, state.slope
        if any_moved:
            direction, slope = self._direction(xp, state, model, chosen, accepted)
        return state._replace(
            direction=direction, slope=slope, preconditioner=model, schedule=schedule
        )

    def _direction(
        self, xp: Namespace, state: State, model: Any, chosen: Array | None, accepted: Any
    ) -> tuple[Array, Number]:
        """Direction and slope, new for the groups that moved."""
        context = state.objective.context
        find = context.compile(lbfgs.direction, rescales=self.schedule.rescales)
        new = find(state.history, state.grad, model)
        if context.library.is_host:
            slope = dot(xp, state.grad, new)
            if not xp.all(slope < 0.0):
                new, slope = descending(new, state.grad, state.direction)
                slope = slope if xp is np else float(slope[0])
            slope = xp.where(accepted, slope, state.slope)
        else:
            new, slope = context.compile(descending)(new, state.grad, state.direction)
            if chosen is not None:
                slope = context.xp.where(chosen, slope, context.asarray(state.slope))
        if chosen is not None:
            new = context.xp.where(chosen[:, None, None], new, state.direction)
        return new, slope


def _fall(value: Number, decrease: Number, slope: Number) -> float:
    """Value of a step relative to that before it, the median; 0 if more than that was predicted."""
    before = value + decrease
    if isinstance(before, float):  # (medians take ten times as long)
        if not before > 0.0:
            return 1.0
        return 0.0 if -0.5 * slope > before else value / before
    if np.median(-0.5 * slope / before) > 1.0:
        return 0.0
    return float(np.median(value / before))
