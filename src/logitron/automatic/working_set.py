"""Working sets: minimise over few coefficients, then see which others would leave zero.

Most coefficients of an L1 penalty are zero. A pass over all features finds those whose gradient
exceeds its threshold, and bounds the distance from the optimum; between two such passes the
problem has only the features that matter, in an array of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from logitron.automatic.few_features import evaluate_by_features, evaluate_few
from logitron.automatic.l1_models import RoundModels
from logitron.backend.types import HostArray
from logitron.certificates import duality_gap, free_change
from logitron.objective import Evaluation, Objective
from logitron.solvers import ProximalNewton, Status

__all__ = ["Bounded", "SparseState", "WorkingSets", "bounded"]

#: decrement that ends a round, as a part of the squared target, since the bound can be proportional
#: to its root; and as a part of that of the round's first step, since other coefficients wait: of
#: sigmoid neurons, and of softmax, whose matrices are large
GOAL, PART, LARGE_PART = 1e-2, 1e-3, 1e-2
#: gap, as a part of the value, from which on a part of the rows is enough for second derivatives
ROUGH = 1e-2
#: gap, in units of its rounding, that counts as met; and as a part of the value, at most, also in
#: units of the precision
ROUNDED, MOST_ROUNDED, PRECISIONS = 10.0, 1e-5, 1e3
#: rounds in a row that may neither halve a bound nor lower the value by this part of it
PATIENCE, FALLS = 3, 1e-9


@dataclass(frozen=True)
class SparseState:
    """All groups of a fit, updated in place as parts of them are minimised.

    Arrays (G, ...) on the host; the values are those of the whole objective.
    """

    theta: HostArray
    value: HostArray
    gap: HostArray
    n_iter: HostArray
    status: HostArray

    @classmethod
    def of(cls, theta: HostArray) -> "SparseState":
        """Begin at ``theta (G, K, q)``."""
        G = len(theta)
        infinite = np.full(G, np.inf)
        status = np.full(G, int(Status.MAX_ITER))
        return cls(theta.copy(), infinite, infinite.copy(), np.zeros(G, np.int32), status)


@dataclass(frozen=True)
class WorkingSets:
    """Settings of a fit.

    Parameters
    ----------
    squares : array (p,)
        Upper bound of the features' weighted sums of squares in any group.
    max_iter : int
        Iterations of proximal Newton for each group.
    after_round : callable
        Called after each round; True stops.
    """

    squares: HostArray
    max_iter: int
    after_round: Callable[[], bool]

    def minimize(
        self,
        objective: Objective,
        state: SparseState,
        groups: HostArray,
        relative: float,
        known: Evaluation | None = None,
    ) -> bool:
        """Minimise some groups until their gaps are at most ``relative`` times their minimum.

        What is ``known`` where they begin need not be evaluated.

        Returns
        -------
        bool
            Whether the fit was stopped.
        """
        stalled = np.zeros(len(groups), int)
        while True:
            part = objective.take(groups)
            theta = state.theta[groups]
            point, known = bounded(part, theta, self.squares, known), None
            falls = state.value[groups] - point.value > FALLS * np.abs(point.value)
            better = (point.gap < 0.5 * state.gap[groups]) | falls
            stalled = np.where(better, 0, stalled + 1)
            state.value[groups], state.gap[groups] = point.value, point.gap
            met = point.met(relative)
            over = state.n_iter[groups] >= self.max_iter
            stuck = stalled >= PATIENCE
            diverged = ~np.isfinite(point.value)
            state.status[groups] = np.select(
                [met, diverged, stuck, over],
                [Status.CONVERGED, Status.DIVERGED, Status.AT_PRECISION, Status.MAX_ITER],
                Status.MAX_ITER,
            )
            if self.after_round():
                return True
            left = ~(met | over | stuck | diverged)
            if not left.any():
                return False
            groups, stalled = groups[left], stalled[left]
            rest, here = part.take(np.flatnonzero(left)), point.take(left)
            known = self._improve(rest, state, groups, here, relative, slow=bool(stalled.any()))

    def _improve(
        self,
        objective: Objective,
        state: SparseState,
        groups: HostArray,
        point: "Bounded",
        relative: float,
        *,
        slow: bool,
    ) -> Evaluation:
        """Minimise over a working set, beginning where the groups are; evaluate at the end.

        Where the last round was ``slow``, each group has the curvature of its own rows, all of
        them.
        """
        theta = state.theta[groups]
        rough = not slow and bool((point.gap > ROUGH * point.value).any())
        done = int(state.n_iter[groups].max())
        here = RoundModels.of(
            objective,
            theta,
            np.asarray(point.evaluation.grad),
            rough=rough,
            slow=slow,
            done=done,
            most=max(1, self.max_iter - done),
        )
        part = PART if objective.classes == 1 else LARGE_PART
        found = ProximalNewton(max_iter=here.steps).minimize(
            here.objective,
            here.chosen.forth(theta),
            here.chosen.places,
            here.models,
            GOAL * relative**2 * point.value,
            least=part if rough else part**2,
            rough=rough,
            known=here.chosen.evaluation(point.evaluation),
        )
        theta = here.chosen.back(found.theta, theta)
        state.theta[groups] = theta
        state.n_iter[groups] += found.n_iter
        return evaluate_by_features(objective, theta, here.objective, found.theta)


class Bounded(NamedTuple):
    """What a pass over all features shows."""

    evaluation: Evaluation
    value: HostArray
    gap: HostArray
    rounding: HostArray
    """Gaps that can be the rounding of the sums; a small part of the value, at most."""
    attained: HostArray
    """Whether a minimum is known to exist, as all features have a penalty (G,)."""

    def met(self, relative: float) -> HostArray:
        """Whether gaps are small enough, or little more than rounding."""
        small = self.gap <= relative * (self.value - self.gap)
        found: HostArray = small | (self.gap <= self.rounding)
        return found | (self.attained & (self.value <= np.finfo(float).tiny))

    def take(self, left: HostArray) -> "Bounded":
        """Return what is known of some groups, by their numbers or a mask."""
        kept = (None if part is None else part[left] for part in self.evaluation)
        return Bounded(Evaluation(*kept), *(part[left] for part in self[1:]))


def bounded(
    objective: Objective,
    theta: HostArray,
    squares: HostArray,
    evaluation: Evaluation | None = None,
) -> Bounded:
    """Evaluate all features, if that is not done, and bound the distance from the optimum.

    ``squares (p,)`` bounds the features' weighted sums of squares in any group.
    """
    evaluation, l1 = evaluation or evaluate_few(objective, theta), objective.l1
    assert l1 is not None
    change = free_change(objective, theta)
    run = partial(
        duality_gap,
        evaluation,
        theta,
        l1,
        objective.penalty,
        squares,
        change,
        loss=objective.loss,
        fit_intercept=objective.layout.fit_intercept,
    )
    gap, exact = np.asarray(run(eps=objective.eps)), np.asarray(run(eps=0.0))
    value = np.asarray(evaluation.value + l1.value(theta))
    with np.errstate(invalid="ignore"):
        rounding = np.where(np.isfinite(gap), ROUNDED * (gap - exact), 0.0)
    most = max(MOST_ROUNDED, PRECISIONS * objective.eps)
    attained = np.full(value.shape, change is None)
    return Bounded(evaluation, value, gap, np.minimum(rounding, most * value), attained)
