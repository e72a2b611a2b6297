"""The bound of the distance from the optimum: the sharper of what is known of an objective."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from logitron.backend import linalg
from logitron.backend.types import Array
from logitron.certificates import curved_pairs, curved_rows
from logitron.certificates.free_change import free_change
from logitron.certificates.strong_convexity import bound, bound_by_witness, least_bound
from logitron.certificates.subsample import SubsampleBound
from logitron.objective import Evaluation, Objective, gram_norm_bound

__all__ = ["GapBound"]


@dataclass(frozen=True)
class GapBound:
    """Bounds the distance of the value from the optimum, for each group.

    Parameters
    ----------
    subsample : SubsampleBound, optional
        Of one group, whose curvature is known near the optimum.
    """

    subsample: SubsampleBound | None = None

    @property
    def memory(self) -> Any:
        """What was seen of the subsample, which later bounds depend on."""
        return None if self.subsample is None else self.subsample.memory

    def recall(self, memory: Any) -> None:
        """Go on with what another bound of the same subsample had seen."""
        if self.subsample is not None:
            self.subsample.memory = memory

    def __call__(
        self,
        objective: Objective,
        evaluation: Evaluation,
        theta: Array,
        *,
        before: float = 0.0,
        enough: Any = 0.0,
        estimate: Any = None,
        logits: Array | None = None,
    ) -> Array:
        """Bound the distance (G,) at parameters that were evaluated.

        The subsample is skipped when its bound cannot be finite, since the distance ``before`` the
        last step was too large; when a feature has no penalty; and when the bound by strong
        convexity is ``enough``, and free to read. It comes first while the norm of the Gram matrix
        is not known, which takes a read of all features. Its Hessian is summed anew if ``before``
        is zero.

        Without a subsample, groups whose ``estimate`` of the distance is ``enough`` may have a
        bound by their curved rows or pairs, see `curved_rows` and `curved_pairs`. Both are on the
        host, where parameters are. Without logits, bounds of softmax groups are infinite where no
        estimate is ``enough``, and no bound by strong convexity would be.
        """
        subsample = self.subsample
        if subsample is not None and (before > subsample.reach or not objective.penalised):
            subsample = None  # (a free feature may be missing in its rows)
        on_host = objective.context.library.is_host
        if subsample is not None and on_host and objective.statistics.gram_norm_bound is None:
            gap = _by_subsample(subsample, objective, evaluation, theta, before)
            if bool((gap < float("inf")).all()):
                return gap
        if self.subsample is None and on_host and estimate is not None:
            return _sharpened(objective, evaluation, theta, enough, estimate, logits)
        gap = _by_strong_convexity(objective, evaluation, theta)
        if subsample is None or (on_host and bool((gap <= enough).all())):
            return gap
        other = _by_subsample(subsample, objective, evaluation, theta, before)
        return objective.context.xp.where(other < gap, other, gap)


def _sharpened(
    objective: Objective,
    evaluation: Evaluation,
    theta: Array,
    enough: Any,
    estimate: Any,
    logits: Array | None,
) -> Array:
    """Bound the distance by strong convexity, or by curved rows or pairs where that pays."""
    sums_alone = objective.classes > 1 and logits is None
    if sums_alone and _is_far(objective, evaluation, enough, estimate):
        return objective.context.xp.full_like(evaluation.value, float("inf"))
    gap = _by_strong_convexity(objective, evaluation, theta)
    if sums_alone:
        return gap
    known = gap, enough, estimate, logits
    curved = curved_rows if objective.classes == 1 else curved_pairs
    return curved.sharpened(objective, evaluation, theta, *known)


def _is_far(objective: Objective, evaluation: Evaluation, enough: Any, estimate: Any) -> bool:
    """Whether no group is estimated to be near enough, nor can be proven to be."""
    if not np.all(estimate > enough):
        return False
    penalty, layout = objective.penalty, objective.layout
    grad = evaluation.grad[:, :, : layout.n_parameters - layout.has_intercept]
    return bool((least_bound(grad, penalty.strength, penalty.feature_factors) > enough).all())


def _by_strong_convexity(objective: Objective, evaluation: Evaluation, theta: Array) -> Array:
    """Bound the distance by the strong convexity of the penalty."""
    largest = gram_norm_bound(objective)
    squares = objective.statistics.column_squares
    # (a fused kernel computes residuals of saturated rows to full relative accuracy)
    fused = "binomial" in objective.rows.context.library.fused_losses
    exact = objective.classes == 1 and fused and not objective.loss.soft
    weight = 0.0 if exact else objective.data.max_total_weight
    run = objective.context.compile(
        bound,
        loss=objective.loss,
        eps=objective.eps,
        fit_intercept=objective.layout.has_intercept,
    )
    return run(
        evaluation.value + float(weight),
        evaluation.grad,
        evaluation.intercept_hessian,
        theta,
        objective.penalty.strength,
        largest,
        largest if squares is None else squares,
        objective.penalty.feature_factors,
        free_change(objective, theta),
    )


def _by_subsample(
    subsample: SubsampleBound,
    objective: Objective,
    evaluation: Evaluation,
    theta: Array,
    before: float,
) -> Array:
    """Bound the distance by the curvature of the subsample."""
    ridge = objective.penalty.hessian_diagonal() * linalg.eye_like(theta, theta.shape[2])
    inverse, largest, change = subsample.look(theta, before, ridge)
    part = 1.0 / subsample.sample.data.scale
    run = objective.context.compile(bound_by_witness, part=part, eps=objective.eps)
    squares = objective.statistics.column_squares
    return run(evaluation.value, evaluation.grad, theta, squares, inverse, largest, change)
