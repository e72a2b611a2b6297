r"""Groups that differ in their penalty alone: some first, the others from between their answers.

The optimum is a smooth function of the penalty's strength. So every third group of a chain of
penalties is minimised from the common start, and the others begin at linear interpolations, in the
logarithm of the strength, between the answers of their neighbours. They need about half of the
iterations. Splines would need fewer still where classes overlap, and overshoot where they are
separable.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from logitron.automatic.observers import of_all_groups
from logitron.automatic.one_by_one import chains
from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import Objective
from logitron.solvers import Callback, Solution, Status, joined

__all__ = ["PenaltyPath", "minimize_along_penalties"]

#: penalties of a chain, at least; and one in so many of them is minimised first
SHORTEST, STRIDE = 7, 3


class PenaltyPath(NamedTuple):
    """Which groups are minimised first, and between which of those the others begin."""

    first: HostArray
    """Numbers of groups (f,)."""
    others: HostArray
    """Numbers of groups (o,)."""
    stronger: HostArray
    """For each other one, the neighbour with the stronger penalty, as a place in ``first`` (o,)."""
    weaker: HostArray
    """The neighbour with the weaker penalty (o,)."""
    part: HostArray
    """Distance from the stronger one, as a part of the distance between both (o,)."""

    @classmethod
    def of(cls, objective: Objective) -> "PenaltyPath | None":
        """Find the chains of an objective; None if they are short."""
        if objective.groups < SHORTEST or not objective.strongly_convex:
            return None
        size = np.log(np.asarray(to_host(objective.penalty.strength), np.float64))
        first: list[int] = []
        others: list[tuple[int, int, int, float]] = []
        for chain in chains(objective):
            stride = STRIDE if len(chain) >= SHORTEST else 1
            chosen = sorted({*range(0, len(chain), stride), len(chain) - 1})
            begin = len(first)
            first += [chain[k] for k in chosen]
            for k in sorted(set(range(len(chain))) - set(chosen)):
                after = int(np.searchsorted(chosen, k))
                low, high = size[chain[chosen[after - 1]]], size[chain[chosen[after]]]
                part = (size[chain[k]] - low) / (high - low) if high != low else 0.0
                others.append((chain[k], begin + after - 1, begin + after, float(part)))
        if not others:
            return None
        groups, stronger, weaker, parts = zip(*others, strict=True)
        return cls(*map(np.asarray, (first, groups, stronger, weaker, parts)))

    def between(self, context: ArrayContext, theta: Array) -> Array:
        """Interpolate parameters of the groups that were first (f, K, q): (o, K, q)."""
        stronger, weaker = (
            context.xp.take(theta, context.asarray(places, keep_dtype=True), axis=0)
            for places in (self.stronger, self.weaker)
        )
        part = context.asarray(self.part)[:, None, None]
        found: Array = stronger + part * (weaker - stronger)
        return found


def minimize_along_penalties(
    objective: Objective,
    theta: Array,
    path: PenaltyPath,
    minimize: Callable[[HostArray, Array, Callback, bool], Solution],
    callback: Callback = None,
) -> Solution:
    """Minimise from ``theta (G, K, q)``.

    Parameters
    ----------
    objective : Objective
    theta : array (G, K, q)
    path : PenaltyPath
    minimize : callable
        ``minimize(groups, start, callback, near)`` minimises some of the groups, by their numbers,
        from parameters of those; near their minimum, if they lie between answers.
    callback : callable, optional
        Called after each iteration with all groups; the loss of those that were not begun is the
        mean of the others.
    """
    context, G = objective.context, objective.groups
    index = context.asarray(path.first, keep_dtype=True)
    begun = Solution(
        theta,
        status=np.full(G, int(Status.MAX_ITER)),
        n_iter=np.zeros(G, np.int32),
        loss_curve=np.full((1, G), np.nan),
    )
    observer = of_all_groups(callback, begun, path.first, context)
    found = minimize(path.first, context.xp.take(theta, index, axis=0), observer, False)
    between = path.between(context, found.theta)
    parts = [(path.first, found)]
    if (found.status == Status.STOPPED).any():
        values = np.asarray(to_host(objective.take(path.others).evaluate(between).value))
        return joined(parts, context, (path.others, between, values))
    begun = begun.replaced(path.first, found, context, after=0)
    begun.n_iter[path.others] = found.n_iter.max()
    observer = of_all_groups(callback, begun, path.others, context)
    return joined([*parts, (path.others, minimize(path.others, between, observer, True))], context)
