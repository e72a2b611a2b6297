"""The bound of an objective: what goes into the formulas of `logitron.objective.certificate`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from logitron.backend import Rows, linalg
from logitron.objective.assembly import Evaluation
from logitron.objective.blocks import column_squares
from logitron.objective.certificate import bound, bound_by_witness, leverage, logit_changes

__all__ = ["SubsampleBound", "bound_of", "gram_norm_bound_of", "is_representable"]

Array = Any
Objective = Any  # `LogisticObjective`, which calls this

#: how much nearer the optimum has to be for it to be worth looking at the witnesses anew; or how
#: much a logit of theirs has to have changed, where that can be looked at for nothing
NEARER, MUCH = 1e-3, 1.0
#: between the inverse of which and which squared lengths and weights are that float32 has
ROUGH_RANGE = 1e20


@dataclass
class SubsampleBound:
    """Some of the rows, and their curvature where it was last looked at."""

    sample: Objective
    _seen: tuple[Array, Array, Array] | None = field(default=None, repr=False)
    _before: float = field(default=0.0, repr=False)

    @property
    def reach(self) -> float:
        """Distance from the optimum, two steps before, from which witnesses can begin to speak.

        They do where kappa delta < 1; kappa squared is some leverages of q / n, and delta squared
        is twice the distance over the part that the witnesses are. A step by their Hessian is off
        by some parts q / n of its square.
        """
        n, (_, _, q) = self.sample.rows.shape[0], self.sample.shape
        gain = 0.5 * n / q
        return float(gain**2 * 0.08 * n / q / self.sample.weight)

    def look(self, theta: Array, before: float, ridge: Array) -> tuple[Array, Array, Array]:
        """Look at the witnesses where it is worth it; otherwise remember.

        Returns
        -------
        inverse : array (G, q, q)
            Of their Hessian where they were looked at, with a ``ridge (G, q, q)``.
        leverage : array (G,)
            The largest ``x' inverse x`` among them.
        change : array (G,)
            The most that a logit of theirs has changed since.
        """
        context, sample = self.sample.context, self.sample
        if self._seen is not None and before > NEARER * self._before:
            there, inverse, largest = self._seen
            change = self._largest(sample.rows.in_float64(), logit_changes, theta - there)
            if not (context.library.is_host and bool((change > MUCH).any())):
                return inverse, largest, change
        hessian = sample.evaluate(theta, "full").hessian
        inverse = linalg.inv(hessian * (1.0 / sample.weight) + ridge)
        # (computed as narrow as the rows are: a little more than the largest is no less)
        largest = self._largest(sample.rows, leverage, inverse) * 1.001
        self._seen, self._before = (theta, inverse, largest), before
        return inverse, largest, context.zeros(largest.shape)

    def _largest(self, rows: Rows, function: Callable[..., Array], parameter: Array) -> Array:
        """Compute numbers (n, G) of the rows, and take the largest of each group."""
        to_rows = self.sample.to_rows
        values = rows.map(function, to_rows(self.sample.centre), to_rows(parameter))
        xp, wide = rows.context.xp, rows.context.wide
        (largest,) = self.sample.from_rows((xp.max(xp.astype(values, wide.dtype), axis=0),))
        return largest


def bound_of(
    objective: Objective,
    evaluation: Evaluation,
    theta: Array,
    *,
    before: float = 0.0,
    enough: Any = 0.0,
) -> Array:
    """Bound the distance of the value from the optimum (G,), by the sharper of what is known.

    Witnesses are not asked if the distance ``before`` the last two steps was so large that they
    would have nothing to say, nor where a bound is ``enough`` without them, and can be looked at
    for nothing. They are looked at anew if ``before`` is zero. Where it can be looked at for
    nothing, and as long as nothing has asked for the features' largest eigenvalue, for which all of
    them are read, they are asked first, and where they have something to say, that is it.
    """
    speak = objective.witness is not None and before <= objective.witness.reach
    free = objective.context.library.is_host
    if speak and free and objective.largest is None:
        gap = _witnessed(objective, evaluation, theta, before)
        if bool((gap < float("inf")).all()):
            return gap
    largest = objective.gram_norm_bound()
    fused = "binomial" in objective.rows.context.library.fused_losses
    exact = objective.classes == 1 and fused
    weight = (
        0.0 if exact else objective.max_sample_weight * objective.rows.shape[0] * objective.weight
    )
    run = objective.context.compile(
        bound, loss=objective.loss, eps=objective.eps, fit_intercept=objective.has_intercept
    )
    gap = run(
        evaluation.value + float(weight),
        evaluation.grad,
        evaluation.intercept_hessian,
        theta,
        objective.penalty,
        largest,
        largest if objective.squares is None else objective.squares,
        objective.factors,
    )
    if not speak:
        return gap
    if free and bool((gap <= enough).all()):
        return gap
    witnessed = _witnessed(objective, evaluation, theta, before)
    return objective.context.xp.where(witnessed < gap, witnessed, gap)


def gram_norm_bound_of(objective: Objective) -> Array:
    """Bound the largest eigenvalue of the features' weighted products by their summed squares."""
    xp = objective.context.xp
    if objective.factors is not None:
        squares, _ = objective.sum(
            column_squares, objective.centre, objective.columns, classes=objective.classes
        )
        objective.work.passes += objective.share
        return xp.sum(squares / objective.factors) * (objective.weight * objective.uneven)
    if objective.read_squares is None:
        largest = objective.weight * xp.max(objective.row_squares(fit_intercept=False))
    else:
        squares = objective.weight * objective.max_sample_weight * objective.read_squares()
        largest = objective.context.zeros(()) + squares
    if objective.centre is None:
        return largest
    # the lengths |x - c| <= |x| + |c|, as vectors over the rows
    count = objective.weight * objective.max_sample_weight * objective.rows.shape[0]
    lengths = count * xp.sum(objective.centre * objective.centre)
    return (xp.sqrt(largest) + xp.sqrt(lengths)) ** 2


def is_representable(objective: Objective) -> bool:
    """Whether float32 has the features, the weights and the distances from the centre."""
    if objective.read_squares is None or objective.centre_first_float32:
        return False
    length, max_sample_weight = (
        objective.read_squares() / objective.rows.shape[0],
        objective.max_sample_weight,
    )
    sizes = length, max_sample_weight, length * max_sample_weight
    return all(1.0 / ROUGH_RANGE < size < ROUGH_RANGE for size in sizes)


def _witnessed(objective: Objective, evaluation: Evaluation, theta: Array, before: float) -> Array:
    """Bound the distance by the curvature of the witnesses."""
    witness, context = objective.witness, objective.context
    ridge = (
        objective.penalty[:, None, None]
        * objective.penalised
        * linalg.eye_like(theta, theta.shape[2])
    )
    inverse, largest, change = witness.look(theta, before, ridge)
    part = 1.0 / witness.sample.weight
    run = context.compile(bound_by_witness, part=part, eps=objective.eps)
    return run(
        evaluation.value, evaluation.grad, theta, objective.squares, inverse, largest, change
    )
