r"""Newton and quasi-Newton descent of many groups at once, each with its own step and stopping.

Every iteration evaluates each group once, at a trial point. A group whose objective fell enough
moves there and chooses a new direction; one whose objective did not stays and tries a shorter step.
All of that is array code that needs no value; the host looks at one small array an iteration, to
see which groups are done, and takes those out.

A group is done when a bound says that it is within ``tol ** 2`` of its optimum, relative to its
value; one more step then polishes it, unless the bound shows that it is much nearer already, or the
last step began as near by its own estimate, and was the polishing. Where there is no bound, half of
the squared Newton decrement estimates the distance. Near the optimum, the objective cannot tell a
better point from a worse one in its last digits: a step that changes it by no more than that counts
if the slope fell, and when that no longer helps, the group has reached the precision of its
arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.solvers.loop import descend
from logitron.solvers.precision_schedule import PrecisionSchedule
from logitron.solvers.result import Iteration, Solution, Status
from logitron.solvers.steps import NOISE, ROUGH_NOISE, State, start, step, trial_of, turn

__all__ = ["Curvature", "Progress", "QuasiNewton", "TwiceDifferentiable"]

Array = Any
HostArray = np.ndarray[Any, Any]

#: steps that a group may shorten in a row; and where the objective no longer tells
MOST_MISSES, FLAT_MISSES = 30, 1
#: a decrease predicted to be less than this part of the value makes a bound worth computing
NEAR = 0.05
#: a decrease below this part of the value, without a lower bound for a while, is no progress
STANDING = 1e-6
#: part of the fall that was foreseen which shows that steps do what they should, however slowly;
#: and how many times what rounding may do it must be
AS_FORESEEN, NO_ROUNDING = 0.1, 100.0
#: summed loss of a group without errors below which its classes are taken for separable
SEPARATED = 1e-3
TINY = float(np.finfo(np.float64).tiny)
#: an objective of so little has nothing left to be gained, though it may have no optimum: with a
#: penalty, where the intercept alone tells the only class that has any weight
NOTHING = TINY / float(np.finfo(np.float64).eps)
#: part of the groups that may be slow before it matters
SLOWEST = 0.25
#: a bound this much below the target needs no polishing
POLISHED = 0.1


class TwiceDifferentiable(Protocol):
    """A smooth function of groups of columns, as this method needs it."""

    @property
    def context(self) -> ArrayContext:
        """Where the parameters live."""

    @property
    def bounded(self) -> bool:
        """Whether `bound` bounds anything."""

    @property
    def eps(self) -> float:
        """Relative precision of the value."""

    @property
    def supports_float32(self) -> bool:
        """Whether it can be evaluated in float32."""

    def evaluate(self, theta: Array, curvature: str, preconditioner: Any, *, rough: bool) -> Any:
        """Value (G,), derivative (G, K, q) and second derivatives, in one pass."""

    def preconditioner(
        self, evaluation: Any, theta: Array, preconditioner: Any, moved: Array, *, reuse: bool
    ) -> Any:
        """Model of the curvature at parameters that were evaluated, for the groups that moved."""

    @property
    def solve(self) -> Callable[[Any, Array], Array]:
        """``solve(preconditioner, grad)`` multiplies by the inverse of a preconditioner."""

    def take_preconditioner(self, preconditioner: Any, groups: Array) -> Any:
        """Return the preconditioner of some groups only."""

    def bound(self, evaluation: Any, theta: Array, *, before: float, enough: float = 0.0) -> Array:
        """Bound of the distance from the optimum (G,), no sharper than ``enough`` if that costs."""

    def take(self, groups: Array) -> "TwiceDifferentiable":
        """Return the same function of some groups only."""


@dataclass
class Progress:
    """What the host has seen so far of the groups that are running."""

    iteration: int
    groups: int
    since_refresh: int
    """Iterations since second derivatives were last summed in full."""
    history: list[float] = field(default_factory=list)
    """How many times above its target the worst group is thought to be, after each iteration; of
    many groups, the best of the worst quarter, since curvature is refreshed for all at once."""


class Curvature(Protocol):
    """Decides which second derivatives the next evaluation sums."""

    memory: int
    """Steps to remember."""
    coarse: bool
    """Whether the preconditioner is a shared model, to be told the curvature of the start."""
    reuses: bool
    """Whether a Hessian is solved with many times."""
    rescales: bool
    """Whether the size of the preconditioner is not to be trusted."""
    abandoned: bool
    """Whether the groups that are left are to be fitted otherwise."""

    def ask(self, progress: Progress) -> str:
        """One of "intercept", "subspace", "block_diagonal", "full"."""


@dataclass(frozen=True)
class QuasiNewton:
    """Settings of the descent.

    Parameters
    ----------
    curvature : Curvature
        Which second derivatives to sum, and when.
    tol : float, default 1e-4
        A group is done when its gap is at most ``tol ** 2`` times its optimal value.
    gap : float, default 0.0
        A group is also done when its gap is at most this.
    max_iter : int, default 200
    polish : bool, default True
        Whether a step more is made when the target is reached.
    bounds : bool, default True
        Whether distances from the optimum are bounded, where that is possible, or estimated.
    rough : bool, default True
        Whether evaluations may be rough, where the objective can be; not to begin with near the
        optimum.
    interruptible : bool, default False
        Whether Ctrl-C ends the descent as ``on_iteration`` can, keeping what is done.
    """

    curvature: Curvature
    tol: float = 1e-4
    gap: float = 0.0
    max_iter: int = 200
    polish: bool = True
    bounds: bool = True
    rough: bool = True
    interruptible: bool = False

    def minimize(
        self,
        objective: TwiceDifferentiable,
        theta: Array,
        *,
        preconditioner: Any = None,
        on_iteration: Callable[[Iteration], bool | None] | None = None,
    ) -> tuple[Solution, Any]:
        """Descend from ``theta (G, K, q)`` until every group is done.

        Parameters
        ----------
        objective : TwiceDifferentiable
        theta : array (G, K, q)
        preconditioner : object, optional
            The first model of the curvature; by default, of what is summed at ``theta``.
        on_iteration : callable, optional
            Called with an `Iteration` after each one; returning True stops the descent.

        Returns
        -------
        solution : Solution
        preconditioner : object
            The last preconditioner of the groups that finished last.
        """
        run = _Run(self, objective, theta, preconditioner)
        return run.solution(descend(run, self, on_iteration)), run.preconditioner


class _Run:
    """One descent: the device's state, and what the host knows of it."""

    def __init__(
        self,
        settings: QuasiNewton,
        objective: TwiceDifferentiable,
        theta: Array,
        preconditioner: Any,
    ) -> None:
        self.settings, self.objective, self.preconditioner = settings, objective, preconditioner
        self.bounded = settings.bounds and objective.bounded
        self.context = objective.context
        groups = theta.shape[0]
        self.members = np.arange(groups)  # which groups the device's state is about
        self.done = np.zeros(groups, bool)  # of the members
        self.status = np.full(groups, Status.MAX_ITER)
        self.gaps = np.full(groups, np.inf)
        self.n_iter = np.zeros(groups, np.int32)
        self.last_values = np.zeros(groups)
        self.values: list[HostArray] = []
        self.finished: list[tuple[HostArray, Array]] = []
        self.iteration = 0
        self.best, self.least = np.full(groups, np.inf), np.full(groups, np.inf)
        self.stuck = np.zeros(groups, int)
        self.reached = np.zeros(groups, bool)
        self.near, self.before = False, np.inf
        self.precision = PrecisionSchedule(
            settings.rough and objective.supports_float32 and settings.max_iter > 0
        )
        self.rough = self.precision.rough  # whether the last evaluation was
        self.roughly = np.zeros(groups, bool)  # of the members, whose value was computed so
        self.progress = Progress(0, groups, 0)
        asked = settings.curvature.ask(self.progress)
        evaluation = objective.evaluate(theta, asked, preconditioner, rough=self.rough)
        # where shapes are compiled for, the memory has its full length from the start
        memory = settings.curvature.memory if self.context.library.is_jit else 0
        begin = self.context.compile(start, memory=memory)
        self.state, report = begin(theta, evaluation, self._gap(evaluation, theta))
        self._look(report)
        self._turn(evaluation, theta, asked)

    @property
    def running(self) -> bool:
        return not (self.done.all() or self.settings.curvature.abandoned)

    def told(self) -> Iteration:
        return Iteration(self.iteration, self.values[-1], self.progress.groups, self.parameters)

    def advance(self) -> None:
        """One iteration."""
        settings, context = self.settings, self.context
        self._compact()
        self.iteration += 1
        self.progress.iteration = self.iteration
        asked = settings.curvature.ask(self.progress)
        if settings.curvature.memory == 0:  # it may have forgotten on the way
            nothing = self.state.steps[:, :0, :]
            self.state = self.state._replace(steps=nothing, changes=nothing)
        trial = context.compile(trial_of)(self.state)
        self.rough = self.precision.rough
        evaluation = self.objective.evaluate(trial, asked, self.preconditioner, rough=self.rough)
        noise = ROUGH_NOISE if self.rough else NOISE * self.objective.eps
        anew = None
        if self.roughly.any() and not self.rough:
            anew = context.asarray(self.roughly, keep_dtype=True)
        move = context.compile(step, memory=settings.curvature.memory, noise=noise)
        gap = self._gap(evaluation, trial)
        self.state, report = move(self.state, trial, evaluation, gap, anew)
        self._look(report)
        if self.running:
            self._turn(evaluation, trial, asked)

    def _gap(self, evaluation: Any, theta: Array) -> Array | None:
        """Bound the distance from the optimum, once that can be near."""
        if self.rough or not (self.near and self.bounded):
            return None
        return self.objective.bound(evaluation, theta, before=self.before)

    def _turn(self, evaluation: Any, theta: Array, asked: str) -> None:
        """Choose a new direction for the groups that moved, with what is new of the curvature."""
        self.progress.since_refresh += 1
        curvature = self.settings.curvature
        if asked != "intercept" or (self.iteration == 0 and curvature.coarse):
            whole = asked in ("block_diagonal", "full")
            self.preconditioner = self.objective.preconditioner(
                evaluation,
                theta,
                self.preconditioner,
                self.state.moved,
                reuse=whole and curvature.reuses,
            )
            self.progress.since_refresh *= not whole
        choose = self.context.compile(turn, solve=self.objective.solve, rescales=curvature.rescales)
        self.state = choose(self.state, self.preconditioner)

    def _look(self, report: Array) -> None:
        """Read what became of the groups, and decide which are done.

        The slope is that of the step that was just made, so that what it estimates is the distance
        before the step.
        """
        value, gap, slope, moved, misses, errors = to_host(report)
        settings, eps = self.settings, self.objective.eps
        moved = moved > 0
        self.roughly = np.where(moved, self.rough, self.roughly)
        size = np.abs(value)
        estimate = -0.5 * slope
        known = np.isfinite(gap)
        if not self.bounded:
            gap = np.where(known, gap, estimate)
        with np.errstate(invalid="ignore"):  # of what is not finite
            target = np.maximum(settings.tol**2 * (value - gap), settings.gap)
        if self.objective.bounded:
            target = np.where(size <= NOTHING, np.inf, target)
        fresh = ~self.done
        fell = self.last_values[self.members] - value
        self.last_values = self.last_values.copy()
        self.last_values[self.members[fresh]] = value[fresh]
        self.values.append(self.last_values)
        self.gaps[self.members[fresh]] = gap[fresh]
        self.n_iter[self.members[fresh]] = self.iteration

        met = moved & (gap <= target)
        flat = estimate <= NOISE * eps * size  # the objective no longer tells
        # nearly so; it may be the rounding of the logits that is in the way
        near = estimate <= STANDING * size
        # what was near and now only has its steps refused still is: rounding spoilt the estimate
        near |= (misses > 0) & (self.least <= STANDING * size)
        notable = met.any() or near.any() or misses.any() or not np.isfinite(value).all()
        if notable and not self.rough:
            goes_on = fell >= AS_FORESEEN * np.maximum(estimate, NO_ROUNDING * NOISE * eps * size)
            self._judge(
                value, gap, estimate, target, moved & goes_on, moved, misses, flat, near, met
            )
        if not self.objective.bounded:
            self._end((errors == 0) & (size < SEPARATED), Status.SEPARABLE)

        running = ~self.done
        self.before = float(np.min(estimate[running], initial=np.inf))
        self.near = bool((estimate[running] <= NEAR * size[running]).any())
        goal = np.maximum(settings.tol**2 * size, settings.gap) + TINY
        with np.errstate(over="ignore", invalid="ignore"):  # of what is far off, or not finite
            ratio = np.minimum(estimate, size) / goal
        self.progress.groups = int(running.sum())
        far = np.sort(ratio[running])[-1 - int(SLOWEST * self.progress.groups) :]
        self.progress.history.append(float(far[0]) if len(far) else 0.0)
        last = self.iteration + 1 >= settings.max_iter
        with np.errstate(over="ignore", invalid="ignore"):
            part = estimate / (size + TINY)
        self.precision.look(ratio[running], part[running], misses[running] > 0, last=last)

    def _judge(
        self,
        value: HostArray,
        gap: HostArray,
        estimate: HostArray,
        target: HostArray,
        goes_on: HostArray,
        moved: HostArray,
        misses: HostArray,
        flat: HostArray,
        near: HostArray,
        met: HostArray,
    ) -> None:
        """Decide which groups are done, for whatever reason."""
        polished = self.reached | (gap <= POLISHED * target) | (estimate <= target)
        if not (self.settings.polish and self.bounded):
            polished[:] = True
        self._end(met & polished, Status.CONVERGED)
        self.reached |= met
        # the last digits: the objective no longer falls as foreseen, nor do gap and estimate
        improves = goes_on | (moved & ((gap < 0.5 * self.best) | (estimate < 0.5 * self.least)))
        self.best = np.minimum(self.best, np.where(moved, gap, np.inf))
        self.least = np.minimum(self.least, np.where(moved, estimate, np.inf))
        self.stuck = np.where(improves | ~near, 0, self.stuck + 1)
        over = (self.stuck >= np.where(flat, 3, 12)) | ((misses > FLAT_MISSES) & flat)
        self._end(over & self.reached, Status.CONVERGED)
        self._end(over, Status.AT_PRECISION)
        self._end(misses > MOST_MISSES, Status.STALLED)
        self._end(~np.isfinite(value), Status.DIVERGED)

    def _end(self, which: HostArray, status: Status) -> None:
        which = which & ~self.done
        self.status[self.members[which]] = status
        self.done |= which

    def _compact(self) -> None:
        """Take out the groups that are done, when they are many enough to be worth it.

        Or when a rough evaluation is next, which would move them by its rounding.
        """
        # where everything is compiled for its shape, fewer groups must be worth a compilation
        enough = 0.875 if self.context.library.is_jit else 0.25
        at_once = self.precision.rough and self.done.any()
        if self.done.mean() < enough and not at_once:
            return
        keep = np.flatnonzero(~self.done)
        self.finished.append((self.members, self.state.theta))
        index = self.context.asarray(keep, keep_dtype=True)
        take = self.context.xp.take
        self.state = State(*(take(part, index, axis=0) for part in self.state))
        self.preconditioner = self.objective.take_preconditioner(self.preconditioner, index)
        self.objective = self.objective.take(index)
        self.members = self.members[keep]
        self.best, self.stuck, self.reached = self.best[keep], self.stuck[keep], self.reached[keep]
        self.roughly, self.least = self.roughly[keep], self.least[keep]
        self.done = np.zeros(len(keep), bool)

    def parameters(self) -> Array:
        """All groups' parameters so far, in their order."""
        context, theta = self.context, self.state.theta
        if self.finished:
            parts = [*self.finished, (self.members, theta)]
            # a group's last parameters are those of the last part that it is in
            stacked = context.xp.concat([part for _, part in parts], axis=0)
            place = np.zeros(len(self.status), np.int64)
            offset = 0
            for members, _ in parts:
                place[members] = offset + np.arange(len(members))
                offset += len(members)
            theta = context.xp.take(stacked, context.asarray(place, keep_dtype=True), axis=0)
        return theta

    def solution(self, stopped: bool) -> Solution:
        """Tell how the descent ended."""
        status = self.status
        if stopped:
            status = np.where(status == Status.MAX_ITER, Status.STOPPED, status)
        cut_short = bool((self.roughly & ~self.done).any())  # then what is told is not precise
        return Solution(
            self.parameters(),
            status,
            self.n_iter,
            np.asarray(self.values),
            self.gaps,
            as_evaluated=not cut_short,
        )
