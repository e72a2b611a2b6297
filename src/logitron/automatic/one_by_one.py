"""Groups that are fitted one at a time, by several workers, each from its neighbours' answers.

Groups that differ in their penalty alone form a chain, from the strongest penalty to the weakest.
The optimum is a smooth function of the logarithm of the penalty's strength, so each group begins on
the line through the answers of the two before it. Workers take the next chain when they are done
with one.
"""

from collections import defaultdict
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.threads import parallel_map, workers
from logitron.backend.types import Array, HostArray
from logitron.objective import GroupIndex, Objective
from logitron.solvers import (
    MISSING,
    Callback,
    Entry,
    Iteration,
    Solution,
    Status,
    begin_part,
    joined,
    stop_recording,
    within,
)

__all__ = ["chains", "extrapolated", "minimize_one_by_one"]

#: the logarithm of a penalty's strength, and the parameters (1, K, q) of its optimum
Answer = tuple[float, Array]

#: steps between two answers that a line through them is continued by, at most
FARTHEST = 2.0
#: calls of a callback, at most
MOST_CALLS = 1000


def minimize_one_by_one(
    objective: Objective,
    theta: Array,
    minimize: Callable[[Objective, Array, Callback], Solution],
    *,
    warm: bool,
    interruptible: bool,
    callback: Callback = None,
) -> Solution:
    """Minimise the groups from ``theta (G, K, q)``, on the host.

    Parameters
    ----------
    objective : Objective
    theta : array (G, K, q)
    minimize : callable
        Minimises the objective of one group from its parameters.
    warm : bool
        Whether every group begins at its own ``theta``, and not near its neighbours' answers.
    interruptible : bool
        Whether Ctrl-C keeps the groups that are done.
    callback : callable, optional
        Called after groups, not after iterations; from the workers' threads, one call at a time.
    """
    run = _Run(objective, theta, minimize, callback, warm)
    todo = chains(objective)
    team = min(workers(), len(todo))
    try:
        if team == 1:
            run.work(todo)
        else:
            parallel_map(lambda _: run.work(todo), range(team), on_error=run.stopped.set)
    except KeyboardInterrupt:
        stop_recording()
        if not interruptible:
            raise
    return run.solution()


def chains(objective: Objective, strength: HostArray | None = None) -> list[list[int]]:
    """Divide the groups into chains that differ in their penalty alone, the strongest first.

    The ``strength`` (G,) of a penalty is that of the squares, if no other is given.
    """
    index, arrays = objective.data.columns or GroupIndex(), objective.rows.row_arrays
    own = np.arange(objective.groups)
    keys: list[HostArray] = []
    for number, (part, array) in enumerate(zip(index[:3], arrays, strict=False)):
        if array is None or array.ndim == 1:
            continue
        one_hot = number == 0 and objective.classes > 1 and _is_real(objective, array)
        if array.shape[1] > (objective.classes if one_hot else 1):  # else all groups share it
            keys.append(own if part is None else np.asarray(part))
    factors = None if index.factors is None else np.asarray(index.factors)
    strength = np.asarray(to_host(objective.penalty.strength if strength is None else strength))
    found: dict[Any, list[int]] = defaultdict(list)
    for group in np.argsort(-strength, kind="stable").tolist():
        key = tuple(int(part[group]) for part in keys)
        weights = () if factors is None else tuple(factors[group].tolist())
        found[key, weights].append(group)
    return list(found.values())


def alone(objective: Objective, group: int) -> Objective:
    """Return the objective of one group, with targets and weights of its own, side by side."""
    taken, K = objective.take(np.asarray([group])), objective.classes
    index = taken.data.columns or GroupIndex()
    targets, *weights, offset = taken.rows.row_arrays
    assert targets is not None
    xp = taken.rows.context.xp
    parts = [None if part is None else int(part[0]) for part in index[:3]]
    if K > 1 and targets.ndim == 2 and _is_real(objective, targets):
        if targets.shape[1] > K:
            first = K * (group if parts[0] is None else parts[0])
            targets = xp.asarray(targets[:, first : first + K], copy=True)
    else:
        targets = _column(xp, targets, parts[0])
    weights = [_column(xp, array, part) for array, part in zip(weights, parts[1:], strict=True)]
    offset = _column(xp, offset, parts[0]) if K == 1 else offset
    rows = taken.rows.with_row_arrays(targets, *weights, offset)
    return taken.with_data(rows=rows, columns=GroupIndex(factors=index.factors))


def extrapolated(answers: list[Answer], size: float) -> Array:
    """Continue the line through the last two answers of a chain to another log strength.

    Not far beyond them, since answers are exact to a tolerance only. The last answer itself, where
    there is no such line.
    """
    (last, theta), before = answers[-1], answers[:-1]
    if not before or not np.isfinite(size):
        return theta
    first, other = before[-1]
    if last == first:
        return theta
    found: Array = theta + min((size - last) / (last - first), FARTHEST) * (theta - other)
    return found


def _log_strengths(objective: Objective) -> HostArray:
    """Logarithms of the groups' penalties (G,)."""
    with np.errstate(divide="ignore"):
        sizes: HostArray = np.log(np.asarray(to_host(objective.penalty.strength), np.float64))
    return sizes


def _is_real(objective: Objective, targets: Array) -> bool:
    """Whether targets are numbers for each class, and no codes of classes."""
    is_real: bool = objective.rows.context.xp.isdtype(targets.dtype, "real floating")
    return is_real


def _column(xp: Any, array: Array | None, number: int | None) -> Array | None:
    """Copy a column of a row array; the only one of arrays that have one."""
    if array is None or array.ndim == 1:
        return array
    number = 0 if number is None or array.shape[1] == 1 else number
    return xp.asarray(array[:, number], copy=True)


class _Run:
    """The groups' outcomes, as the workers find them."""

    def __init__(
        self,
        objective: Objective,
        theta: Array,
        minimize: Callable[[Objective, Array, Callback], Solution],
        callback: Callback,
        warm: bool,
    ) -> None:
        self.objective, self.theta, self.minimize = objective, theta.copy(), minimize
        self.callback, self.warm = callback, warm
        self.stopped, self.lock = Event(), Lock()
        self.found: dict[int, Solution] = {}
        self.loss = np.full(objective.groups, np.nan)
        self.calls_every = -(-objective.groups // MOST_CALLS)
        self.part = begin_part("groups")

    def work(self, todo: list[list[int]]) -> None:
        """Minimise the groups of one chain after the other, until none is left."""
        while not self.stopped.is_set():
            with self.lock:
                chain = todo.pop(0) if todo else None
            if chain is None:
                return
            answers: list[Answer] = []
            for group in chain:
                own = alone(self.objective, group)
                size = float(_log_strengths(own)[0])
                start = self.theta[group : group + 1]
                if answers and not self.warm:
                    start = extrapolated(answers, size)
                solution = self._minimized(group, own, start)
                answers.append((size, solution.theta))
                self._put(group, solution)
                if self.stopped.is_set():
                    return

    def _minimized(self, group: int, own: Objective, start: Array) -> Solution:
        """Minimise a group, or take its outcome from a journal."""
        if self.part is None:
            return self.minimize(own, start, self._look_for_a_stop)
        part = self.part.named(str(group))
        entry = part.recall()
        if entry is not MISSING:
            known: Solution = entry.value
            return known
        with within(part):
            solution = self.minimize(own, start, self._look_for_a_stop)
        if not (solution.status == Status.STOPPED).any():
            part.keep(Entry(solution))
        return solution

    def _look_for_a_stop(self, iteration: Iteration) -> bool:
        return self.stopped.is_set()

    def _put(self, group: int, solution: Solution) -> None:
        """Store an outcome, and call the callback."""
        with self.lock:
            self.found[group] = solution
            self.theta[group] = solution.theta[0]
            self.loss[group] = solution.loss_curve[-1, 0]
            if (solution.status == Status.STOPPED).any():
                self.stopped.set()
            left = self.objective.groups - len(self.found)
            if self.callback is None or (left and len(self.found) % self.calls_every):
                return
            number = max(int(one.n_iter[0]) for one in self.found.values())
            loss = np.where(np.isfinite(self.loss), self.loss, np.nanmean(self.loss))
            if self.callback(Iteration(number, loss, left, lambda: self.theta)):
                self.stopped.set()

    def solution(self) -> Solution:
        """Put the outcomes together; groups that were not reached are stopped."""
        context = self.objective.context
        parts = [(np.asarray([group]), one) for group, one in sorted(self.found.items())]
        missing = np.setdiff1d(np.arange(self.objective.groups), list(self.found))
        if not len(missing):
            return joined(parts, context)
        values = self.objective.take(missing).evaluate(self.theta[missing]).value
        left = missing, self.theta[missing], np.asarray(to_host(values))
        return joined(parts, context, left)
