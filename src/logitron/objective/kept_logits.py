"""The objective where the logits are kept: values along a ray cost no product with the features.

Logits are linear in the parameters, so that along a direction they are ``Z + t Zd``. A line search
needs both arrays (n, G K) and element-wise work; gradient and curvature at its end need half of a
pass. Logits stay where the rows are, beside the targets and weights.
"""

from typing import NamedTuple

import numpy as np

from logitron.backend import ArrayContext, linalg, namespace_of
from logitron.backend.types import Array, HostArray
from logitron.data import Rows
from logitron.losses import moved_logits
from logitron.objective import logit_sums
from logitron.objective.evaluation import Evaluation
from logitron.objective.layout import centred_over_classes
from logitron.objective.objective import Objective
from logitron.objective.second_derivatives import between_classes

__all__ = ["InterceptStep", "LogitObjective", "RayValues"]

#: least curvature of an intercept, as a part of the mean
FLOOR = 1e-10


class RayValues(NamedTuple):
    """The loss along a ray, without the penalty."""

    value: Array
    """(G,)"""
    slope: Array
    """Directional derivative (G,)."""


class InterceptStep(NamedTuple):
    """A step in the intercepts: where it ended, and what was summed where it began."""

    theta: Array
    """Parameters (G, K, q) at its end."""
    logits: Array
    """Their logits (n, G K)."""
    value: Array
    """Objective (G,) before it."""
    grad: Array
    """Derivative by the intercepts (G, K) before it."""


class LogitObjective(NamedTuple):
    """An objective that is evaluated from logits (n, G K)."""

    objective: Objective

    @classmethod
    def of(cls, objective: Objective) -> "LogitObjective":
        """Keep the labels of softmax groups as numbers (n, K), if a device would compare them.

        It would in each trial, which takes two operations more. The numbers take as much memory as
        the logits of one group.
        """
        rows, index = objective.rows, objective.data.index
        codes, *others = rows.row_arrays
        weighted = index is not None and index.factors is not None
        if objective.classes == 1 or not objective.is_remote or weighted:
            return cls(objective)
        if codes is None or codes.ndim > 1:
            return cls(objective)
        context = rows.context
        numbers = linalg.indicators(codes, objective.classes, context.dtype)
        rows = rows.with_row_arrays(context.xp.matrix_transpose(numbers), *others)
        return cls(objective.with_data(rows=rows))

    def centred_over_classes(self, theta: Array) -> Array:
        """Subtract the mean over a group's classes, which changes nothing but the penalty.

        The rounding of float32, divided by a weak penalty, can leave a mean that is larger than the
        coefficients.
        """
        return centred_over_classes(theta)

    def logits(self, theta: Array) -> Array:
        """Compute the logits of parameters (G, K, q): half of a pass."""
        return self.objective.logits(theta)

    def along(self, logits: Array, change: Array, step_size: Array) -> RayValues:
        """Sum the loss and its slope at ``logits + step_size * change``; step sizes are (G,)."""
        one, data = self.objective, self.objective.data
        rows = one.rows.with_row_arrays(*one.rows.row_arrays, logits, change)
        found = one.add_up(rows.sum_rows, logit_sums.along, step_size, data.index, loss=one.loss)
        return RayValues(*(data.scale * part for part in found))

    def evaluate(self, theta: Array, logits: Array, curvature: str = "intercept") -> Evaluation:
        """Compute value, gradient and a part of the Hessian; see `Objective.evaluate_at`."""
        return self.objective.evaluate_at(theta, logits, curvature)

    def moved(self, logits: Array, change: Array, step_size: HostArray) -> Array:
        """Compute ``logits + step_size * change``, for step sizes (G,) on the host."""
        lengths = self.objective.rows.context.asarray(step_size)
        return moved_logits(logits, change, lengths, self.objective.classes)

    def penalty(self, theta: Array, direction: Array) -> tuple[Array, Array, Array]:
        """Value, slope and curvature (G,) of the penalty along a direction."""
        penalty = self.objective.penalty
        value, grad = penalty.value_and_grad(theta)
        return value, linalg.dots(grad, direction), linalg.dots(penalty.grad(direction), direction)

    def with_newton_intercepts(self, theta: Array, logits: Array) -> InterceptStep:
        """Make a step of Newton's method in the intercepts alone, without a pass.

        A bound of the distance from the minimum that is sharp in the coefficients can be loose by
        orders of magnitude in the intercepts, which have no penalty. Only where there is an
        intercept.
        """
        one, data, xp = self.objective, self.objective.data, self.context.xp
        rows = one.rows.with_row_arrays(*one.rows.row_arrays, logits)
        found = one.add_up(rows.sum_rows, logit_sums.intercepts, data.index, loss=one.loss)
        value, residuals, curvature = (data.scale * part for part in found)
        grad = xp.reshape(residuals, theta.shape[:2])
        change = self.context.compile(_newton_intercepts)(grad, curvature)
        intercept = theta[:, :, -1:] + change[:, :, None]
        moved = xp.concat([theta[:, :, :-1], intercept], axis=2)
        lengths = one.to_rows(xp.reshape(change, (-1,)))
        logits = logits + one.rows.context.asarray(lengths)
        return InterceptStep(moved, logits, value + one.penalty.value_and_grad(theta)[0], grad)

    def gap_of_coefficients(self, evaluation: Evaluation) -> Array:
        """Bound the distance from the minimum (G,), if the intercepts were the best ones.

        By the strong convexity of the penalty, see `certificates.strong_convexity`.
        """
        penalty, grad = self.objective.penalty, evaluation.grad
        curvature = penalty.hessian_diagonal()
        positive = curvature > 0.0
        xp = self.context.xp
        terms = xp.where(positive, grad * grad / xp.where(positive, curvature, 1.0), 0.0)
        return 0.5 * xp.sum(xp.sum(terms, axis=2), axis=1)

    def in_float32(self) -> "LogitObjective | None":
        """Return the same objective with blocks computed in float32; None if they cannot be."""
        rows = self.objective.rows.in_float32() if self.objective.statistics.fits_float32 else None
        return None if rows is None else self._over(rows)

    def in_float64(self) -> "LogitObjective":
        """Return the same objective, with blocks computed in the widest precision."""
        return self._over(self.objective.rows.in_float64())

    def _over(self, rows: Rows) -> "LogitObjective":
        """Return the same objective of the same rows in another precision; targets too."""
        if self.objective.is_remote:
            targets, *others = rows.row_arrays
            xp = rows.context.xp
            if targets is not None and xp.isdtype(targets.dtype, "real floating"):
                rows = rows.with_row_arrays(rows.context.cast(targets), *others)
        return LogitObjective(self.objective.with_data(rows=rows))

    def take(self, groups: HostArray) -> "LogitObjective":
        """Return the objective of some of the groups, by their numbers (g,)."""
        return LogitObjective(self.objective.take(groups))

    def take_logits(self, logits: Array, groups: HostArray) -> Array:
        """Return the logits of some of the groups, by their numbers (g,)."""
        context, K = self.objective.rows.context, self.objective.classes
        columns = (groups[:, None] * K + np.arange(K)).reshape(-1)
        index = context.asarray(columns, keep_dtype=True)
        taken: Array = context.xp.take(logits, index, axis=1)
        return taken

    @property
    def context(self) -> ArrayContext:
        """Where parameters live."""
        return self.objective.context

    @property
    def has_intercept(self) -> bool:
        """Whether there are intercepts, which have no penalty."""
        return self.objective.layout.has_intercept

    @property
    def groups(self) -> int:
        """Number of groups, G."""
        return self.objective.groups

    @property
    def is_remote(self) -> bool:
        """Whether logits are in another library than parameters."""
        return self.objective.is_remote

    @property
    def eps(self) -> float:
        """Precision in which the rows are computed."""
        return self.objective.eps

    @property
    def widest_eps(self) -> float:
        """Precision in which they can be computed at best: some devices have no float64."""
        wide = self.objective.rows.context.wide
        return float(wide.xp.finfo(wide.dtype).eps)

    @property
    def strongly_convex(self) -> bool:
        """Whether distances from the optimum are bounded."""
        return self.objective.strongly_convex

    def cast_logits(self, logits: Array) -> Array:
        """Cast logits to the precision in which the rows are computed."""
        cast: Array = self.objective.rows.context.cast(logits)
        return cast

    def curvatures(self, logits: Array) -> Array:
        """Weighted second derivative of each row's loss by each of its logits (G K, n)."""
        one = self.objective
        rows = one.rows.with_row_arrays(*one.rows.row_arrays, logits)
        curvature: Array = rows.map_rows(logit_sums.curvatures, one.data.index, loss=one.loss)
        return rows.context.xp.matrix_transpose(curvature)

    def pair_curvatures(self, logits: Array) -> Array:
        """Weighted curvature of each row between its two likeliest classes, and those (n, 3).

        Of a single group; see `certificates.curved_pairs`.
        """
        one = self.objective
        rows = one.rows.with_row_arrays(*one.rows.row_arrays, logits)
        found: Array = rows.map_rows(logit_sums.pair_curvatures, one.data.index, loss=one.loss)
        return found


def _newton_intercepts(grad: Array, products: Array) -> Array:
    """Newton's step of the intercepts (G, K), for `curvature_sums` of the logits."""
    xp, K = namespace_of(grad), grad.shape[1]
    hessian = products if K == 1 else between_classes(products, K)
    mean = xp.sum(xp.linalg.diagonal(hessian), axis=1) / K
    mean = xp.where(mean > 0.0, mean, 1.0)[:, None, None]
    # the same change of all classes has no curvature: it is given the mean; and a class that no
    # row can belong to has next to none
    ridge = mean * (1.0 / K + FLOOR * linalg.eye_like(hessian, K))
    whole = hessian + ridge if K > 1 else xp.where(hessian > 0.0, hessian, 1.0)
    return -linalg.solve(whole, grad[:, :, None])[:, :, 0]
