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

from logitron.automatic.l1_hessians import L1Hessians
from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.certificates import duality_gap
from logitron.objective import Evaluation, GroupIndex, Objective
from logitron.penalties import L1
from logitron.reductions import with_columns
from logitron.solvers import ProximalNewton, Status

__all__ = ["Bounded", "SparseState", "WorkingSets", "bounded"]

#: coefficients that may leave zero in one round, at least and at most
FEWEST_NEW, MOST_NEW = 16, 256
#: part of all features from which on none is left out; and features that always stay together
LARGEST_PART, FEW_FEATURES = 0.5, 64
#: softmax: part of the threshold from which on a coefficient of zero may leave it
NEARLY = 0.999
#: decrement that ends a round, as a part of the squared target, since the bound can be proportional
#: to its root; and as a part of that of the round's first step, since other coefficients wait
GOAL, PART = 1e-2, 1e-3
#: gap, as a part of the value, from which on a part of the rows is enough for second derivatives
ROUGH = 1e-2
#: gap, in units of its rounding, that counts as met
ROUNDED = 10.0
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
            self._improve(
                part.take(np.flatnonzero(left)), state, groups, point.take(left), relative
            )

    def _improve(
        self,
        objective: Objective,
        state: SparseState,
        groups: HostArray,
        point: "Bounded",
        relative: float,
    ) -> None:
        """Minimise over a working set, beginning where the groups are."""
        theta = state.theta[groups]
        likes = _likes(objective)
        chosen = _Chosen.of(objective, theta, np.asarray(point.evaluation.grad), likes)
        inner = objective
        if chosen.features is not None:
            subset = with_columns(objective, chosen.features)
            if subset is None:
                chosen = chosen.in_all(objective)
            inner = subset or objective
        goal, rough = (
            GOAL * relative**2 * point.value,
            bool((point.gap > ROUGH * point.value).any()),
        )
        solver = ProximalNewton(max_iter=max(1, self.max_iter - int(state.n_iter[groups].min())))
        found = solver.minimize(
            inner,
            chosen.forth(theta),
            chosen.places,
            L1Hessians.of(inner, chosen.places, likes, rough=rough),
            goal,
            least=PART if rough else PART**2,
            rough=rough,
        )
        state.theta[groups] = chosen.back(found.theta, theta)
        state.n_iter[groups] += found.n_iter


class Bounded(NamedTuple):
    """What a pass over all features shows."""

    evaluation: Evaluation
    value: HostArray
    gap: HostArray
    rounding: HostArray
    """What of the gap is the rounding of the sums."""

    def met(self, relative: float) -> HostArray:
        """Whether gaps are small enough, or little more than rounding."""
        small = self.gap <= relative * (self.value - self.gap)
        found: HostArray = small | (self.gap <= ROUNDED * self.rounding)
        return found | (self.value <= np.finfo(float).tiny)

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
    evaluation, l1 = evaluation or objective.evaluate(theta), objective.l1
    assert l1 is not None
    run = partial(
        duality_gap,
        evaluation,
        theta,
        l1,
        objective.penalty,
        squares,
        loss=objective.loss,
        fit_intercept=objective.layout.fit_intercept,
    )
    gap, exact = np.asarray(run(eps=objective.eps)), np.asarray(run(eps=0.0))
    with np.errstate(invalid="ignore"):
        rounding = np.where(np.isfinite(gap), gap - exact, 0.0)
    return Bounded(evaluation, np.asarray(evaluation.value + l1.value(theta)), gap, rounding)


class _Chosen(NamedTuple):
    """The features of a working set, and the parameters that may change."""

    features: HostArray | None
    """Their numbers (s,), of all groups together; None for all."""
    places: HostArray
    """Positions of each group's parameters among its ``K q``, in those features (G, s)."""
    fit_intercept: bool

    @classmethod
    def of(
        cls, objective: Objective, theta: HostArray, grad: HostArray, likes: HostArray
    ) -> "_Chosen":
        """Choose coefficients that are not zero, and those nearest to leaving it.

        Groups of the same targets have the same ones.
        """
        layout, l1 = objective.layout, objective.l1
        assert l1 is not None
        p, K, q = layout.n_features, objective.classes, theta.shape[2]
        scores, support = _scores(l1, theta, grad)[:, :, :p], theta[:, :, :p] != 0.0
        pairs = {}
        for like in np.unique(likes).tolist():
            mine = likes == like
            score, held = np.max(scores[mine], axis=0), np.any(support[mine], axis=0)
            pairs[like] = _best(score, held)
        union = np.unique(np.concatenate(list(pairs.values())) % p)
        whole = len(union) >= max(LARGEST_PART * p, FEW_FEATURES) or p <= FEW_FEATURES
        whole = whole or objective.rows.lazy or layout.intercept_is_column
        features = None if whole else union
        width = q if features is None else len(union) + q - p
        found = {}
        for like, own in pairs.items():
            classes, inner = np.divmod(own, p)
            inner = inner if features is None else np.searchsorted(union, inner)
            places = classes * width + inner
            if q > p:
                places = np.append(places, np.arange(1, K + 1) * width - 1)
            found[like] = np.sort(places)
        size = max(map(len, found.values()))
        filled = {
            like: np.append(places, np.full(size - len(places), K * width))
            for like, places in found.items()
        }
        return cls(features, np.stack([filled[like] for like in likes.tolist()]), q > p)

    def in_all(self, objective: Objective) -> "_Chosen":
        """Return the same parameters among those of all features."""
        assert self.features is not None
        p, (_, K, q) = objective.layout.n_features, objective.shape
        width = len(self.features) + q - p
        classes, inner = np.divmod(self.places, width)
        columns = np.append(self.features, p)
        places = np.where(self.places < K * width, classes * q + columns[inner], K * q)
        return _Chosen(None, places, self.fit_intercept)

    def forth(self, theta: HostArray) -> HostArray:
        """Take the parameters of the features (G, K, s + 1)."""
        return theta if self.features is None else theta[:, :, self._columns(theta)]

    def back(self, part: HostArray, theta: HostArray) -> HostArray:
        """Put them back among the others."""
        if self.features is None:
            return part
        whole = theta.copy()
        whole[:, :, self._columns(theta)] = part
        return whole

    def _columns(self, theta: HostArray) -> HostArray:
        assert self.features is not None
        return np.append(self.features, theta.shape[2] - 1) if self.fit_intercept else self.features


def _likes(objective: Objective) -> HostArray:
    """Return a number for each group, the same for those of the same targets (G,)."""
    index, targets = objective.data.index or GroupIndex(), objective.rows.row_arrays[0]
    if targets is None or targets.ndim == 1 or targets.shape[1] in (1, objective.classes):
        return np.zeros(objective.groups, int)
    if index.target is None:
        return np.arange(objective.groups)
    return np.asarray(to_host(index.target))


def _scores(l1: L1, theta: HostArray, grad: HostArray) -> HostArray:
    """Size of the gradient relative to the threshold (G, K, q); 0 without one."""
    size = np.broadcast_to(np.asarray(l1.thresholds()), theta.shape)
    scores: HostArray = np.abs(grad) / np.where(size > 0.0, size, np.inf)
    return scores


def _best(scores: HostArray, held: HostArray) -> HostArray:
    """Choose coefficients (K, p) that are not zero, and the best others, as positions ``k p + j``.

    Of sigmoid neurons as many others, and no fewer than a number that grows with p. Softmax groups
    have many coefficients: few others than those that would leave zero at once.
    """
    K, p = scores.shape
    if K == 1:
        few = int(np.clip(np.sqrt(10.0 * p), FEWEST_NEW, MOST_NEW))
        count = int(held.sum())
        count += max(few, count)
    else:
        few = max(2 * FEWEST_NEW, int(held.sum()) // 16)
        held = held | (scores > NEARLY)
        count = int(held.sum()) + few
    if count >= K * p:
        return np.arange(K * p)
    ranked = np.where(held, np.inf, scores).reshape(-1)
    return np.sort(np.argpartition(-ranked, count - 1)[:count])
