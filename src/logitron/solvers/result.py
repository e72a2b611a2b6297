"""How a solver ended, and what it found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray

__all__ = ["Iteration", "Solution", "Status", "joined", "put_groups"]


class Status(IntEnum):
    """What happened to a group of columns. The text says what, why, and what to try."""

    CONVERGED = 0
    MAX_ITER = 1
    DIVERGED = 2
    STOPPED = 3
    AT_PRECISION = 4
    STALLED = 5
    SEPARABLE = 6
    QUASI_SEPARABLE = 7
    UNPROVEN = 8
    UNRESOLVED = 9

    @property
    def explanation(self) -> str:
        """What happened, why, and what to try."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Status.CONVERGED: "the stopping rule was met",
    Status.MAX_ITER: (
        "max_iter was reached first. Increase the number of iterations (max_iter), raise tol, or "
        "scale the features to similar ranges"
    ),
    Status.DIVERGED: (
        "the loss became infinite or NaN, perhaps because steps are too long for these features. "
        "The parameters before it did are kept. Lower learning_rate (learning_rate='auto' cannot "
        "overshoot), or scale the features"
    ),
    Status.STOPPED: "stopped by a callback or by Ctrl-C; what is done is kept",
    Status.AT_PRECISION: (
        "the objective no longer falls in the precision of the arithmetic. Raise tol, or compute "
        "in float64 (dtype='float64')"
    ),
    Status.STALLED: (
        "no step along the last direction lowered the objective. Features that are nearly "
        "dependent or of very different ranges can cause that. Scale the features, lower C, or "
        "compute in float64 (dtype='float64')"
    ),
    Status.SEPARABLE: (
        "no finite optimum exists: the classes can be separated without an error, so that larger "
        "coefficients always lower the loss. Give C a finite value, and all features a penalty "
        "factor above 0"
    ),
    Status.QUASI_SEPARABLE: (
        "no finite optimum exists: some rows can be separated without an error, so that larger "
        "coefficients always lower the loss. Give C a finite value and all features a penalty "
        "factor above 0, or leave out the features along which the coefficients grow"
    ),
    Status.UNPROVEN: (
        "the method ended by its own rule, or the objective no longer falls, but the proven "
        "distance from the optimum is larger than tol asks for. Raise tol, lower C, store X in "
        "float64, or use solver='auto'"
    ),
    Status.UNRESOLVED: (
        "the objective no longer falls, but the proven distance from the optimum is larger than "
        "tol asks for. Rounding may be the cause: the terms that logits are summed of are so large "
        "that float64 leaves their sums few digits. Standardise the features, for example by "
        "sklearn.preprocessing.StandardScaler (the penalty is then one of standardised "
        "coefficients), or lower C"
    ),
}


@dataclass(frozen=True)
class Iteration:
    """What a callback is told after an iteration."""

    number: int
    """Iterations made so far."""
    loss: HostArray
    """Objective (G,) that was last evaluated: for gradient descent, where the iteration began."""
    running: int
    """Groups that are not done."""
    parameters: Callable[[], Any]
    """Makes the parameters that the iteration ended with, for those who ask: (G, K, q) for the
    solvers, coefficients and intercepts for those who watch the engine."""

    def after(self, iterations: int) -> "Iteration":
        """Return the same iteration, counting those that were made before."""
        return replace(self, number=iterations + self.number)

    def beside(self, later: int) -> "Iteration":
        """Return the same iteration, counting fits that begin later as running."""
        return replace(self, running=self.running + later)


@dataclass(frozen=True)
class Solution:
    """Parameters that a solver ended with, and how it ended."""

    theta: Array
    """Parameters (G, K, q), in the objective's library."""
    status: HostArray
    """`Status` of each group (G,)."""
    n_iter: HostArray
    """Iterations made by each group (G,)."""
    loss_curve: HostArray
    """Objective at the start of each iteration (iterations, G); a group that is done repeats its
    last."""
    gap: HostArray | None = None
    """Bound, or estimate, of the distance of each group's value from its optimum (G,)."""
    proven: bool = False
    """Whether the gaps are proven even where there is no penalty."""
    running_away: dict[int, HostArray] = field(default_factory=dict)
    """Of groups without an optimum, by their number: features whose coefficients grow."""
    as_evaluated: bool = True
    """Whether the value and the gap are those of these very parameters, not of their like."""

    @property
    def was_stopped(self) -> bool:
        """Whether a group was stopped."""
        return bool((self.status == Status.STOPPED).any())

    @property
    def goes_on(self) -> bool:
        """Whether nothing was stopped, and a group is left that is not done."""
        return bool((self.status == Status.MAX_ITER).any()) and not self.was_stopped

    @property
    def is_unfinished(self) -> bool:
        """Whether nothing was stopped, and a group has not converged."""
        return bool((self.status != Status.CONVERGED).any()) and not self.was_stopped

    def moved(self, theta: Array) -> "Solution":
        """Return the same outcome, told in other parameters."""
        return replace(self, theta=theta, as_evaluated=False)

    def after(self, iterations: int) -> "Solution":
        """Return the same outcome, counting iterations that were made before."""
        return replace(self, n_iter=self.n_iter + iterations) if iterations else self

    def replaced(
        self, groups: HostArray, part: "Solution", context: ArrayContext, *, after: int
    ) -> "Solution":
        """Return the same outcome, but for some groups that were gone on with ``after`` iterations.

        The first value of their curve is that of the parameters that they went on from.
        """

        def put(whole: HostArray, new: HostArray) -> HostArray:
            whole = whole.copy()
            whole[..., groups] = new
            return whole

        length = max(len(self.loss_curve), after + len(part.loss_curve))
        curve = _lengthened(self.loss_curve, length)
        curve[after + 1 :, groups] = _lengthened(part.loss_curve, length - after)[1:]
        gap = self.gap if self.gap is None or part.gap is None else put(self.gap, part.gap)
        return replace(
            self,
            theta=put_groups(self.theta, groups, part.theta, context),
            status=put(self.status, part.status),
            n_iter=put(self.n_iter, part.n_iter + after),
            loss_curve=curve,
            gap=gap,
        )


def joined(
    parts: Sequence[tuple[HostArray, Solution]],
    context: ArrayContext,
    left: tuple[HostArray, Array, HostArray] | None = None,
) -> Solution:
    """Put the outcomes of parts of the groups together.

    Parameters
    ----------
    parts : sequence
        Numbers of groups (g,), and their outcome.
    context : ArrayContext
        Of the parameters.
    left : tuple, optional
        Numbers, parameters and values of groups that were not begun, because of a stop.
    """
    numbers = [groups for groups, _ in parts]
    thetas = [one.theta for _, one in parts]
    if left is not None:
        numbers, thetas = [*numbers, left[0]], [*thetas, left[1]]
    back = np.argsort(np.concatenate(numbers))
    G, length = len(back), max((len(one.loss_curve) for _, one in parts), default=1)
    status, n_iter = np.full(G, int(Status.STOPPED)), np.zeros(G, np.int32)
    gap, curve = np.full(G, np.inf), np.empty((length, G))
    if left is not None:
        curve[:, left[0]] = left[2]
    for groups, one in parts:
        status[groups], n_iter[groups] = one.status, one.n_iter
        gap[groups] = np.inf if one.gap is None else one.gap
        curve[:, groups] = _lengthened(one.loss_curve, length)
    whole = context.xp.concat(thetas, axis=0)
    theta = context.xp.take(whole, context.asarray(back, keep_dtype=True), axis=0)
    evaluated = left is None and all(one.as_evaluated for _, one in parts)
    return Solution(theta, status, n_iter, curve, gap, as_evaluated=evaluated)


def _lengthened(curve: HostArray, length: int) -> HostArray:
    """Copy a curve, and repeat its last values (G,) until it has a length."""
    return np.concatenate([curve, np.repeat(curve[-1:], length - len(curve), axis=0)])


def put_groups(whole: Array, groups: HostArray, part: Array, context: ArrayContext) -> Array:
    """Put a part, first axis g, in the place of some groups of a whole, first axis G."""
    place = np.arange(whole.shape[0])
    place[groups] = whole.shape[0] + np.arange(len(groups))
    both = context.xp.concat([whole, part], axis=0)
    return context.xp.take(both, context.asarray(place, keep_dtype=True), axis=0)
