r"""The rows of a softmax group's quadratic function, on the host: a least squares problem.

With the probabilities :math:`p` of a row at its point, in any order of the classes, and the sums
:math:`s_k = p_k + p_{k + 1} + \dots`, the curvature of its loss is a sum of squares,

.. math:: z^\top A z = \sum_{k < K} c_k v_k(z)^2, \qquad c_k = p_k s_{k + 1} / s_k, \qquad
   v_k(z) = z_k - \sum_{j > k} \frac{p_j}{s_{k + 1}} z_j ,

and so the quadratic function of `linearisation` is, up to a constant, the sum over rows and ``k``
of :math:`\tfrac12 c_k (v_k(z - \zeta) - t_k)^2`, with
:math:`c_k t_k = y_k - (y_k + y_{k + 1} + \dots) p_k / s_k`. With the true class last, no digit is
lost in a difference, however saturated the row is. A Hessian, which is the sum of all squares,
would lose the rows that are :math:`10^{16}` times smaller than others.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.graded_rows import least_squares
from logitron.backend.types import Array, HostArray
from logitron.objective.block import Block, block_function
from logitron.objective.groups import GroupIndex, as_group_weights
from logitron.objective.objective import Objective
from logitron.objective.second_derivatives import augmented

__all__ = ["LinearisedRows"]

#: numbers in the rows of a least squares problem, at most
MOST_NUMBERS = 1 << 23


class _Squares(NamedTuple):
    """The squares of each row, the classes in the order of `LinearisedRows`."""

    probability: HostArray
    """(n, K)"""
    later: HostArray
    """Sums of a probability and all that follow (n, K)."""
    curvature: HostArray
    """Times the weight of the row (n, K - 1)."""
    slope: HostArray
    """Negative derivative of the loss along each square, times the weight of the row (n, K - 1)."""


@dataclass(frozen=True)
class LinearisedRows:
    """The rows of one group and its penalty."""

    features: HostArray
    """Centred, and the 1 of the intercept (n, q)."""
    targets: HostArray
    """(n, K)"""
    weights: HostArray
    """(n,)"""
    offset: HostArray
    """(n, K)"""
    order: HostArray
    """The classes of each row, the true one last (n, K)."""
    ridge: HostArray
    """Curvature of the penalty by the parameters of a class (q,)."""

    @classmethod
    def of(cls, objective: Objective) -> "LinearisedRows":
        """Bring the rows of an objective of one group to the host."""
        layout, K = objective.layout, objective.classes
        centre = objective.to_rows(layout.centre)
        settings = {"classes": K, "fit_intercept": layout.fit_intercept}
        parts = objective.rows.map(_parts, centre, objective.data.index, **settings)
        numbers = np.asarray(to_host(parts), np.float64)
        q = objective.shape[2]
        features, targets, weights, offset = np.split(numbers, [q, q + K, q + K + 1], axis=1)
        ridge = np.asarray(to_host(objective.penalty.hessian_diagonal()), np.float64)
        return cls(
            features,
            targets,
            objective.data.scale * weights[:, 0],
            offset,
            np.argsort(targets, axis=1, kind="stable"),
            np.broadcast_to(ridge, objective.shape)[0, 0, :],
        )

    def step_to_minimum(
        self,
        theta: HostArray,
        logits: HostArray,
        points: HostArray,
        *,
        negligible: float,
        most: float,
    ) -> HostArray | None:
        """Step (K, q) from parameters to the minimum of the function linearised at points.

        Squares whose curvature and slope are ``negligible`` are left out. None where more than
        ``most`` multiplications were needed, or more than `MOST_NUMBERS`; and where a row has a
        slope, but its curvature is zero.
        """
        q, K = self.features.shape[1], self.targets.shape[1]
        squares = self._squares(points)
        steep = np.abs(squares.slope) > negligible
        if (steep & ~(squares.curvature > 0.0)).any():  # no square has its minimum
            return None
        kept = steep | (squares.curvature > negligible)
        numbers = (int(np.count_nonzero(kept)) + K * q) * K * q
        if numbers > MOST_NUMBERS or 2.0 * numbers * K * q > most:
            return None
        mix, aim, number = self._contrasts(squares, kept, points - logits)
        rows = (mix[:, :, None] * self.features[number][:, None, :]).reshape(-1, K * q)
        held = np.tile(self.ridge > 0.0, K)
        pull = np.diag(np.tile(np.sqrt(self.ridge), K))[held]
        A = np.concatenate([rows, pull])
        b = np.concatenate([aim, -(pull @ theta.reshape(-1))])
        # the same change of all classes is free where no penalty is: the last class has none
        moving = held | (np.arange(K * q) < (K - 1) * q)
        step = np.zeros(K * q)
        step[moving] = least_squares(A[:, moving], b)
        step = step.reshape(K, q)
        centred: HostArray = step - step.mean(axis=0)
        return centred

    def _squares(self, points: HostArray) -> _Squares:
        """Probabilities and curvatures at points."""
        Z = np.take_along_axis(points + self.offset, self.order, axis=1)
        P = np.exp(Z - Z.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        Y = np.take_along_axis(self.targets, self.order, axis=1)
        (S, later), weights = (_sums_of_later(part) for part in (P, Y)), self.weights[:, None]
        curvature = weights * P[:, :-1] * S[:, 1:] / S[:, :-1]
        slope = weights * (Y[:, :-1] * S[:, 1:] - P[:, :-1] * later[:, 1:]) / S[:, :-1]
        return _Squares(P, S, curvature, slope)

    def _contrasts(
        self, squares: _Squares, kept: HostArray, away: HostArray
    ) -> tuple[HostArray, HostArray, HostArray]:
        """Contrasts of the classes, times roots of curvatures (m, K), and what they aim at (m,).

        Of the squares that are ``kept (n, K - 1)``, with ``away (n, K)`` from the logits to the
        points; and the row of each (m,).
        """
        K, order, (P, S, curvatures, slopes) = away.shape[1], self.order, squares
        away, found = np.take_along_axis(away, order, axis=1), []
        for k in range(K - 1):
            rows = np.flatnonzero(kept[:, k])
            root = np.sqrt(curvatures[rows, k])
            part = -P[rows, k + 1 :] / S[rows, k + 1, None]
            aim = slopes[rows, k] / root
            aim += root * (away[rows, k] + np.sum(part * away[rows, k + 1 :], axis=1))
            mix = np.zeros((len(rows), K))
            mix[np.arange(len(rows)), order[rows, k]] = root
            np.put_along_axis(mix, order[rows, k + 1 :], root[:, None] * part, axis=1)
            found.append((mix, aim, rows))
        mixes, aims, numbers = zip(*found, strict=True)
        return np.concatenate(mixes), np.concatenate(aims), np.concatenate(numbers)


def _sums_of_later(parts: HostArray) -> HostArray:
    """Add to each number (n, K) all that follow in its row."""
    found: HostArray = np.cumsum(parts[:, ::-1], axis=1)[:, ::-1]
    return found


@block_function
def _parts(
    block: Block,
    centre: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
    fit_intercept: bool,
) -> Array:
    """Join features and a 1, targets, weights and offsets of a block (rows, q + 2 K + 1)."""
    xp = block.xp
    F = augmented(xp, block.X, centre, fit_intercept)
    Y, weights = block.labelled(index, classes)
    one = xp.ones_like(F[:, :1]) if weights is None else as_group_weights(weights)[:, :1]
    offset = block.with_offset(xp.zeros_like(Y), index, classes)
    return xp.concat([F, xp.astype(Y, F.dtype), one, offset], axis=1)
