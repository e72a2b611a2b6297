r"""Groups that differ in their penalty alone: some first, the others from between their answers.

The optimum is a smooth function of the logarithm of the penalty's strength. So a few groups of a
chain of penalties are minimised from the common start, then those half-way between them, and so on.
Each later group begins at an interpolation between the answers of its neighbours: by a cubic
through four of them [1]_. Where that is far from the line between the two nearest, whichever of the
two has the lower objective is taken. Between penalties a factor of two apart, the cubic is within
1e-5 of the optimum as a rule, the line within 1e-3. Far apart, the line can be better.

References
----------
.. [1] E. L. Allgower and K. Georg, "Introduction to Numerical Continuation Methods", SIAM, 2003.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from logitron.automatic.lower_start import lower_start
from logitron.automatic.observers import of_all_groups
from logitron.automatic.one_by_one import chains
from logitron.backend import ArrayContext, linalg, to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import Objective
from logitron.solvers import Callback, Solution, Status, joined, put_groups

__all__ = ["PenaltyPath", "Stage", "minimize_along_penalties"]

#: minimises some of the groups, see `minimize_along_penalties`
Minimize = Callable[[HostArray, Array, Callback, bool, bool], Solution]

#: penalties of a chain, at least
SHORTEST = 7
#: groups of a chain that come first, at least; also the answers of a cubic
NEIGHBOURS = 4
#: logarithm of the factor between penalties of those, at most, unless neighbours are farther apart
SPAN = 1.01 * np.log(1000.0)
#: part of its start below which the objective of a group ends where classes can be separated
HARD = 0.3
#: distance of the cubic from the line, as a part of the line's size, up to which it is nearer
BENT = 0.1


class Stage(NamedTuple):
    """Groups that begin between the answers of earlier ones."""

    groups: HostArray
    """Numbers of groups (g,)."""
    neighbours: HostArray
    """Numbers of the groups around each, from the strongest penalty to the weakest (g, 4)."""
    cubic: HostArray
    """Weights of the neighbours' answers in the cubic through them (g, 4)."""
    line: HostArray
    """Weights in the line through the two nearest (g, 4)."""

    @classmethod
    def between(cls, size: HostArray, groups: list[int], neighbours: list[list[int]]) -> "Stage":
        """Weigh the neighbours of some groups, where all have log strengths ``size (G,)``."""
        numbers, near = np.asarray(groups), np.asarray(neighbours)
        pairs = list(zip(size[numbers], size[near], strict=True))
        return cls(numbers, near, *(np.asarray([w(*p) for p in pairs]) for w in (_cubic, _line)))

    def take(self, which: HostArray) -> "Stage":
        """Return the stage of some of its groups (g,)."""
        return Stage(*(part[which] for part in self))

    def interpolated(self, context: ArrayContext, theta: Array, weights: HostArray) -> Array:
        """Interpolate between the parameters of all groups (G, K, q): (g, K, q)."""
        xp = context.xp
        index = context.asarray(self.neighbours.reshape(-1), keep_dtype=True)
        near = xp.reshape(xp.take(theta, index, axis=0), (*self.neighbours.shape, -1))
        found = xp.sum(near * context.asarray(weights)[:, :, None], axis=1)
        return xp.reshape(found, (len(self.groups), *theta.shape[1:]))

    def start(self, objective: Objective, theta: Array) -> Array:
        """Interpolate by the cubic; where it is far from the line, by the lower of the two.

        ``theta (G, K, q)`` has the answers of the neighbours; returns starts (g, K, q).
        """
        context = objective.context
        cubic, line = (self.interpolated(context, theta, w) for w in (self.cubic, self.line))
        bend = linalg.dots(cubic - line, cubic - line) / linalg.dots(line, line)
        bent = np.flatnonzero(~(np.asarray(to_host(bend)) <= BENT**2))
        if not len(bent):
            return cubic
        index = context.asarray(bent, keep_dtype=True)
        some = (context.xp.take(curve, index, axis=0) for curve in (cubic, line))
        lower = lower_start(objective.take(self.groups[bent]), *some)
        return put_groups(cubic, bent, lower, context)


class PenaltyPath(NamedTuple):
    """The groups that begin at the common start, and the stages of those that follow."""

    first: HostArray
    """Numbers of groups (f,)."""
    stages: tuple[Stage, ...]

    @classmethod
    def of(cls, objective: Objective) -> "PenaltyPath | None":
        """Find the chains of an objective; None if they are short."""
        if objective.groups < SHORTEST or not objective.strongly_convex:
            return None
        size = np.log(np.asarray(to_host(objective.penalty.strength), np.float64))
        levels: dict[int, list[int]] = defaultdict(list)
        neighbours: dict[int, list[list[int]]] = defaultdict(list)
        for chain in chains(objective):
            known: list[int] = []
            for level, places in enumerate(_levels(size[chain])):
                levels[level] += [chain[k] for k in places]
                if level:
                    neighbours[level] += [[chain[j] for j in _nearest(known, k)] for k in places]
                known = sorted([*known, *places])
        if len(levels) == 1:
            return None
        stages = (Stage.between(size, levels[k], neighbours[k]) for k in range(1, len(levels)))
        return cls(np.asarray(levels[0]), tuple(stages))


class _Run:
    """The groups that were begun."""

    def __init__(
        self, objective: Objective, theta: Array, minimize: Minimize, callback: Callback
    ) -> None:
        G = objective.groups
        self.objective, self.minimize, self.callback = objective, minimize, callback
        self.begun = Solution(
            theta,
            status=np.full(G, int(Status.MAX_ITER)),
            n_iter=np.zeros(G, np.int32),
            loss_curve=np.full((1, G), np.nan),
        )
        self.hard = np.zeros(G, bool)
        """Of the groups that were begun, those whose classes can be separated, it seems."""
        self.parts: list[tuple[HostArray, Solution]] = []

    @property
    def stopped(self) -> bool:
        return any(part.was_stopped for _, part in self.parts)

    def begin(self, groups: HostArray, theta: Array, *, near: bool, hard: bool) -> None:
        """Minimise some groups from their parameters."""
        context, spent = self.objective.context, sum(int(p.n_iter.max()) for _, p in self.parts)
        self.begun.n_iter[groups] = spent
        observer = of_all_groups(self.callback, self.begun, groups, context)
        found = self.minimize(groups, theta, observer, near, hard)
        self.parts.append((groups, found))
        self.begun = self.begun.replaced(groups, found, context, after=0)
        far_below = found.loss_curve[-1] < HARD * found.loss_curve[0]
        self.hard[groups] = far_below if not near else hard


def minimize_along_penalties(
    objective: Objective,
    theta: Array,
    path: PenaltyPath,
    minimize: Minimize,
    callback: Callback = None,
) -> Solution:
    """Minimise from ``theta (G, K, q)``.

    Parameters
    ----------
    objective : Objective
    theta : array (G, K, q)
    path : PenaltyPath
    minimize : callable
        ``minimize(groups, start, callback, near, hard)`` minimises some of the groups, by their
        numbers, from parameters of those. They are ``near`` their minimum if they lie between
        answers, and ``hard`` if those have a far lower objective than the common start.
    callback : callable, optional
        Called after each iteration with all groups; the loss of those that were not begun is the
        mean of the others.
    """
    context = objective.context
    run, left = _Run(objective, theta, minimize, callback), []
    index = context.asarray(path.first, keep_dtype=True)
    run.begin(path.first, context.xp.take(theta, index, axis=0), near=False, hard=False)
    for stage in path.stages:
        hard = np.any(run.hard[stage.neighbours] & (stage.line > 0.0), axis=1)
        for are_hard in (False, True):
            some = stage.take(np.flatnonzero(hard == are_hard))
            if run.stopped:
                left.append(some)
            elif len(some.groups):
                start = some.start(objective, run.begun.theta)
                run.begin(some.groups, start, near=True, hard=are_hard)
    return joined(run.parts, context, _unbegun(objective, left, run.begun.theta) if left else None)


def _unbegun(
    objective: Objective, stages: Sequence[Stage], theta: Array
) -> tuple[HostArray, Array, HostArray]:
    """Numbers, interpolated parameters and values of the groups of stages after a stop."""
    context = objective.context
    for stage in stages:
        between = stage.interpolated(context, theta, stage.line)
        theta = put_groups(theta, stage.groups, between, context)
    groups = np.concatenate([stage.groups for stage in stages])
    theta = context.xp.take(theta, context.asarray(groups, keep_dtype=True), axis=0)
    return groups, theta, np.asarray(to_host(objective.take(groups).evaluate(theta).value))


def _levels(size: HostArray) -> list[list[int]]:
    """Divide places of a chain with log strengths (L,) into those that come first, and stages."""
    last = len(size) - 1
    if len(size) < SHORTEST:
        return [list(range(len(size)))]
    stride = last // (NEIGHBOURS - 1)
    while stride > 2 and np.abs(size[stride:] - size[:-stride]).max() > SPAN:
        stride -= 1
    chosen = [sorted({*range(0, last, stride), last})]
    while stride > 1:
        known = {k for level in chosen for k in level}
        stride //= 2
        chosen.append([k for k in range(0, last, stride) if k not in known])
    return chosen


def _nearest(known: list[int], place: int) -> list[int]:
    """Choose the answers around a place: two on each side where there are as many."""
    after = int(np.searchsorted(known, place))
    begin = min(max(after - NEIGHBOURS // 2, 0), len(known) - NEIGHBOURS)
    return known[begin : begin + NEIGHBOURS]


def _line(at: float, size: HostArray) -> HostArray:
    """Weights of the line through the two answers around a log strength, of four sorted ones."""
    weights = np.zeros(len(size))
    after = min(max(int(np.searchsorted(-size, -at)), 1), len(size) - 1)
    low, high = size[after - 1], size[after]
    part = (at - low) / (high - low) if high != low else 0.0
    weights[after - 1], weights[after] = 1.0 - part, part
    return weights


def _cubic(at: float, size: HostArray) -> HostArray:
    """Weights of the polynomial through four answers; of the line, if two are of one strength."""
    if len(np.unique(size)) < len(size):
        return _line(at, size)
    apart = size[:, None] - size + np.eye(len(size))
    steps = np.where(np.eye(len(size)) > 0.0, 1.0, at - size)
    weights: HostArray = np.prod(steps / apart, axis=1)
    return weights
