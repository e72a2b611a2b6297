"""The objective where the logits are kept: values along a ray cost no product with the features.

Logits are linear in the parameters, so that along a direction they are ``Z + t Zd``. A line search
needs both arrays (n, G K) and element-wise work; gradient and curvature at its end need half of a
pass. Logits stay where the rows are, beside the targets and weights.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from logitron.backend import ArrayContext, linalg, namespace_of
from logitron.backend.types import Array, HostArray
from logitron.losses import Loss
from logitron.neuron import formulas
from logitron.objective.block import Block
from logitron.objective.evaluation import Evaluation, assemble
from logitron.objective.groups import GroupIndex, as_group_weights
from logitron.objective.objective import Objective
from logitron.objective.second_derivatives import curvature_sums

__all__ = ["LogitObjective", "RayValues"]

#: least curvature of an intercept, as a part of the mean
FLOOR = 1e-10


class RayValues(NamedTuple):
    """The loss along a ray, without the penalty."""

    value: Array
    """(G,)"""
    slope: Array
    """Directional derivative (G,)."""


class LogitObjective(NamedTuple):
    """An objective that is evaluated from logits (n, G K)."""

    objective: Objective

    def centred_over_classes(self, theta: Array) -> Array:
        """Subtract the mean over a group's classes, which changes nothing but the penalty.

        Preconditioners of rows have no model of it. The rounding of float32, divided by a weak
        penalty, can leave a mean that is larger than the coefficients.
        """
        if self.objective.classes == 1:
            return theta
        centred: Array = theta - self.context.xp.mean(theta, axis=1, keepdims=True)
        return centred

    def logits(self, theta: Array) -> Array:
        """Compute the logits of parameters (G, K, q): half of a pass."""
        one = self.objective
        one.cost.passes += 0.5 * one.data.pass_cost
        to_rows, intercept = one.to_rows, one.layout.raw_intercept(theta)
        found: Array = one.rows.map(_logits, to_rows(theta), to_rows(intercept))
        return found

    def along(self, logits: Array, change: Array, step_size: Array) -> RayValues:
        """Sum the loss and its slope at ``logits + step_size * change``; step sizes are (G,)."""
        one, data = self.objective, self.objective.data
        value, slope = self._sum(_along, (logits, change), step_size, data.index, loss=one.loss)
        return RayValues(data.scale * value, data.scale * slope)

    def evaluate(self, theta: Array, logits: Array, curvature: str = "intercept") -> Evaluation:
        """Compute value, gradient and a part of the Hessian from logits: half of a pass.

        Parameters
        ----------
        theta : array (G, K, q)
        logits : array (n, G K)
            Those of ``theta``.
        curvature : {"intercept", "block_diagonal", "full"}
        """
        one, layout = self.objective, self.objective.layout
        one.cost.passes += 0.5 * one.data.pass_cost
        if curvature != "intercept":
            one.cost.grams += one.data.pass_cost * one.groups
        found = self._sum(
            _evaluate,
            (logits,),
            one.data.index,
            loss=one.loss,
            curvature=curvature,
            fit_intercept=layout.fit_intercept,
            count_misclassified=not one.strongly_convex,
        )
        run = one.context.compile(assemble, curvature=curvature, scale=one.data.scale)
        evaluation: Evaluation = run(found, theta, one.penalty, layout.padded_centre, None)
        return evaluation

    def moved(self, logits: Array, change: Array, step_size: HostArray) -> Array:
        """Compute ``logits + step_size * change``, for step sizes (G,) on the host."""
        context = self.objective.rows.context
        lengths = np.repeat(step_size, self.objective.classes)
        moved: Array = logits + context.asarray(lengths) * change
        return moved

    def penalty(self, theta: Array, direction: Array) -> tuple[Array, Array, Array]:
        """Value, slope and curvature (G,) of the penalty along a direction."""
        penalty = self.objective.penalty
        value, grad = penalty.value_and_grad(theta)
        return value, linalg.dots(grad, direction), linalg.dots(penalty.grad(direction), direction)

    def with_newton_intercepts(
        self, theta: Array, logits: Array, evaluation: Evaluation
    ) -> tuple[Array, Array]:
        """Make a step of Newton's method in the intercepts alone: parameters and logits.

        A bound of the distance from the minimum that is sharp in the coefficients can be loose by
        orders of magnitude in the intercepts, which have no penalty.
        """
        objective = self.objective
        if not objective.layout.has_intercept:
            return theta, logits
        xp, context = objective.context.xp, objective.context
        change = context.compile(_newton_intercepts)(evaluation.grad, evaluation.intercept_hessian)
        moved = xp.concat([0.0 * theta[:, :, :-1], change[:, :, None]], axis=2)
        lengths = objective.to_rows(xp.reshape(change, (-1,)))
        return theta + moved, logits + objective.rows.context.asarray(lengths)

    def in_float64(self) -> "LogitObjective":
        """Return the same objective, with blocks computed in the widest precision."""
        return LogitObjective(self.objective.in_float64())

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
    def groups(self) -> int:
        """Number of groups, G."""
        return self.objective.groups

    @property
    def eps(self) -> float:
        """Precision in which the rows are computed."""
        return self.objective.eps

    @property
    def strongly_convex(self) -> bool:
        """Whether distances from the optimum are bounded."""
        return self.objective.strongly_convex

    def curvatures(self, logits: Array) -> Array:
        """Weighted second derivative of each row's loss by each of its logits (G K, n)."""
        one = self.objective
        rows = one.rows.with_row_arrays(*one.rows.row_arrays, logits)
        curvature: Array = rows.map(_curvatures, one.data.index, loss=one.loss)
        return rows.context.xp.matrix_transpose(curvature)

    def _sum(
        self,
        function: Callable[..., Any],
        row_arrays: tuple[Array, ...],
        *parameters: Any,
        **static: Any,
    ) -> tuple[Array, ...]:
        """Add up a function of blocks that have further arrays beside the rows."""
        one = self.objective
        rows = one.rows.with_row_arrays(*one.rows.row_arrays, *row_arrays)
        found: tuple[Array, ...] = one.sum_over(rows, function, *parameters, **static)
        return found


def _newton_intercepts(grad: Array, hessian: Array) -> Array:
    """Newton's step of the intercepts (G, K), for their Hessian (G, K, K)."""
    xp = namespace_of(grad)
    K = hessian.shape[-1]
    mean = xp.sum(xp.linalg.diagonal(hessian), axis=1) / K
    mean = xp.where(mean > 0.0, mean, 1.0)[:, None, None]
    # the same change of all classes has no curvature: it is given the mean; and a class that no
    # row can belong to has next to none
    ridge = mean * (1.0 / K + FLOOR * linalg.eye_like(hessian, K))
    whole = hessian + ridge if K > 1 else xp.where(hessian > 0.0, hessian, 1.0)
    return -linalg.solve(whole, grad[:, :, -1:])[:, :, 0]


# --- block functions: the arrays of a block, its logits, then parameters -------------------------


def _logits(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    theta: Array,
    intercept: Array | None,
) -> Array:
    """Logits of a block (n, G K)."""
    xp, p = namespace_of(X), X.shape[1]
    W = xp.reshape(theta, (-1, theta.shape[2]))[:, :p]
    b = None if intercept is None else xp.reshape(intercept, (-1,))
    return formulas.logits(xp, X, xp.matrix_transpose(W), b)


def _terms(block: Block, Z: Array, index: GroupIndex | None, loss: Loss) -> Any:
    """Loss terms of a block, and its weights."""
    K = loss.n_outputs
    Y = block.group_targets(index, K)
    return loss.terms(block.xp, Z, Y), block.weights(Y, index, K)


def _along(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    Z: Array,
    change: Array,
    step_size: Array,
    index: GroupIndex | None,
    *,
    loss: Loss,
) -> tuple[Array, Array]:
    """Sum loss and slope (G,) at ``Z + step_size * change``."""
    xp, K, n = namespace_of(X), loss.n_outputs, X.shape[0]
    block = Block(xp, X, targets, sample_weight, counts)
    grouped = xp.reshape(change, (n, -1, K))
    moved = Z + xp.reshape(grouped * step_size[:, None], Z.shape)
    terms, weights = _terms(block, moved, index, loss)
    rows, R = formulas.weigh(xp, terms.value, terms.grad, weights, classes=K)
    slopes = xp.reshape(xp.sum(R * change, axis=0), (-1, K))
    return xp.sum(rows, axis=0), xp.sum(slopes, axis=1)


def _evaluate(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    Z: Array,
    index: GroupIndex | None,
    *,
    loss: Loss,
    curvature: str,
    fit_intercept: bool,
    count_misclassified: bool,
) -> tuple[Array, ...]:
    """Sum loss (G,), derivative (G, K, q) and second derivatives, as `sums.evaluate`."""
    xp, K, n = namespace_of(X), loss.n_outputs, X.shape[0]
    T = xp.matrix_transpose
    block = Block(xp, X, targets, sample_weight, counts)
    terms, weights = _terms(block, Z, index, loss)
    rows, R = formulas.weigh(xp, terms.value, terms.grad, weights, classes=K)
    grad = T(formulas.backward(xp, X, R))
    if fit_intercept:
        grad = xp.concat([grad, xp.sum(R, axis=0)[:, None]], axis=1)
    P = xp.reshape(terms.curvature, (n, -1, K))
    seconds = curvature_sums(xp, X, P, weights, curvature, fit_intercept)
    shape = (P.shape[1], K, grad.shape[1])
    sums: tuple[Array, ...] = (xp.sum(rows, axis=0), xp.reshape(grad, shape), *seconds)
    if not count_misclassified:
        return sums
    wrong = xp.astype(terms.value >= (loss.misclassified_above or 0.0), X.dtype)
    if weights is not None:
        wrong = wrong * xp.astype(as_group_weights(weights) > 0, X.dtype)
    return (*sums, xp.sum(wrong, axis=0))


def _curvatures(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    counts: Array | None,
    Z: Array,
    index: GroupIndex | None,
    *,
    loss: Loss,
) -> Array:
    """Weighted second derivative by each logit (n, G K)."""
    xp, K, n = namespace_of(X), loss.n_outputs, X.shape[0]
    block = Block(xp, X, targets, sample_weight, counts)
    terms, weights = _terms(block, Z, index, loss)
    P = terms.curvature
    curvature = P if K == 1 else P - P * P
    if weights is None:
        return curvature
    grouped = xp.reshape(curvature, (n, -1, K)) * as_group_weights(weights)[:, :, None]
    return xp.reshape(grouped, curvature.shape)
