"""The active set of an L1 penalty: coefficients that are not zero, and those about to leave it."""

from typing import NamedTuple

import numpy as np

from logitron.backend.types import HostArray
from logitron.objective import Evaluation, GroupIndex, Objective
from logitron.penalties import L1

__all__ = ["ActiveSet", "alike"]

#: coefficients that may leave zero in one round, at least and at most
FEWEST_NEW, MOST_NEW = 16, 256
#: coefficients of a softmax group that may leave zero in one round, if rows are few
MOST_PAIRS = 512
#: part of all features from which on none is left out; and features that always stay together
LARGEST_PART, FEW_FEATURES = 0.5, 64
#: part of the threshold from which on all coefficients of zero may leave it, if each is cheap
NEAR = 0.9
#: softmax: part of the threshold from which on a coefficient of zero may leave it
NEARLY = 0.999


class ActiveSet(NamedTuple):
    """The features of a working set, and the parameters that may change."""

    features: HostArray | None
    """Their numbers (s,), of all groups together; None for all."""
    places: HostArray
    """Positions of each group's parameters among its ``K q``, in those features (G, s)."""
    fit_intercept: bool

    @classmethod
    def of(
        cls,
        objective: Objective,
        theta: HostArray,
        grad: HostArray,
        likes: HostArray,
        *,
        every: bool = False,
    ) -> "ActiveSet":
        """Choose coefficients that are not zero, without a penalty, or likely to leave zero.

        Groups of the same targets have the same ones. ``every`` near one is chosen where each costs
        little.
        """
        layout, l1 = objective.layout, objective.l1
        assert l1 is not None
        p, K, q = layout.n_features, objective.classes, theta.shape[2]
        scores, support = _scores(l1, theta, grad)[:, :, :p], theta[:, :, :p] != 0.0
        support |= np.asarray(l1.thresholds())[:, :, :p] == 0.0
        pairs = {}
        for like in np.unique(likes).tolist():
            mine = likes == like
            score, held = np.max(scores[mine], axis=0), np.any(support[mine], axis=0)
            most = objective.rows.shape[0]
            pairs[like] = _near(score, held) if every else _best(score, held, most)
        union = np.unique(np.concatenate(list(pairs.values())) % p)
        whole = len(union) >= max(LARGEST_PART * p, FEW_FEATURES) or p <= FEW_FEATURES
        whole = whole or not objective.rows.in_memory or layout.intercept_is_column
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

    def in_all(self, objective: Objective) -> "ActiveSet":
        """Return the same parameters among those of all features."""
        assert self.features is not None
        p, (_, K, q) = objective.layout.n_features, objective.shape
        width = len(self.features) + q - p
        classes, inner = np.divmod(self.places, width)
        columns = np.append(self.features, p)
        places = np.where(self.places < K * width, classes * q + columns[inner], K * q)
        return ActiveSet(None, places, self.fit_intercept)

    def forth(self, theta: HostArray) -> HostArray:
        """Take the parameters of the features (G, K, s + 1)."""
        return theta if self.features is None else theta[:, :, self._columns(theta)]

    def evaluation(self, whole: Evaluation) -> Evaluation:
        """Take the gradient by those parameters; the coefficients of other features are zero."""
        return whole._replace(grad=self.forth(np.asarray(whole.grad)))

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


def alike(objective: Objective) -> HostArray:
    """Return a number for each group, the same for those of the same targets (G,)."""
    index, targets = objective.data.columns or GroupIndex(), objective.rows.row_arrays[0]
    if targets is None or targets.ndim == 1 or targets.shape[1] in (1, objective.classes):
        return np.zeros(objective.groups, int)
    if index.target is None:
        return np.arange(objective.groups)
    return np.asarray(index.target)


def _scores(l1: L1, theta: HostArray, grad: HostArray) -> HostArray:
    """Size of the gradient relative to the threshold (G, K, q); 0 without one."""
    size = np.broadcast_to(np.asarray(l1.thresholds()), theta.shape)
    scores: HostArray = np.abs(grad) / np.where(size > 0.0, size, np.inf)
    return scores


def _near(scores: HostArray, held: HostArray) -> HostArray:
    """Choose coefficients (K, p) that are not zero or near to leaving it, and a few more."""
    chosen = held | (scores > NEAR)
    few = np.argpartition(-scores.reshape(-1), min(FEWEST_NEW, scores.size) - 1)[:FEWEST_NEW]
    chosen.reshape(-1)[few] = True
    return np.flatnonzero(chosen)


def _best(scores: HostArray, held: HostArray, rows: int) -> HostArray:
    """Choose coefficients (K, p) that are not zero, and the best others, as positions ``k p + j``.

    Of sigmoid neurons as many others, and no fewer than a number that grows with p. Softmax groups
    have many coefficients: few others than those that would leave zero at once, of which no more
    than a part of the ``rows`` can be determined.
    """
    K, p = scores.shape
    if K == 1:
        few = int(np.clip(np.sqrt(10.0 * p), FEWEST_NEW, MOST_NEW))
        count = int(held.sum())
        count += max(few, count)
    else:
        least = max(2 * FEWEST_NEW, int(held.sum()) // 16)
        most = max(MOST_PAIRS, rows * (K - 1) // 4)
        beyond = int(((scores > NEARLY) & ~held).sum())
        count = int(held.sum()) + min(beyond + least, most)
    if count >= K * p:
        return np.arange(K * p)
    ranked = np.where(held, np.inf, scores).reshape(-1)
    return np.sort(np.argpartition(-ranked, count - 1)[:count])
