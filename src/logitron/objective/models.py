"""Models of the curvature: what goes into the formulas of `logitron.objective.preconditioner`."""

from math import ceil
from typing import Any

from logitron.backend.types import Array
from logitron.objective import blocks
from logitron.objective.assembly import Evaluation, eigenbasis, weighed_eigenbasis
from logitron.preconditioners import (
    Kronecker,
    Preconditioner,
    block_diagonal,
    corrected,
    dense_hessian,
    kronecker,
)

__all__ = ["of_evaluation", "of_gram", "of_squares", "without_curvature"]

Objective = Any  # `LogisticObjective`, which calls these

#: copies of drawn rows are no more than one part in so many of all; and the seed of the first draw
MOST_DRAWN, DRAWS = 10, 2
#: mean curvature of a logit, as a rule; and ratios of the penalty to it that are made use of
TYPICAL_CURVATURE, LEAST_RATIO = 0.1, 1e-12


def of_evaluation(
    objective: Objective, evaluation: Evaluation, theta: Array, model: Preconditioner | None
) -> Preconditioner:
    """Make the preconditioner of the Hessian that was summed at ``theta``.

    If that is the Hessian of the intercepts, or that on a subspace, it updates the Kronecker model
    that ``model`` then is.
    """
    compiled = objective.context.compile
    penalty, factors, hessian = objective.penalty, objective.penalised, evaluation.hessian
    if hessian is not None and hessian.ndim == 4:
        classwise: Preconditioner = compiled(block_diagonal)(hessian, penalty, factors)
        return classwise
    if hessian is not None and evaluation.projection is None:
        make = compiled(dense_hessian, classes=objective.classes)
        whole: Preconditioner = make(hessian, penalty, factors)
        return whole
    assert isinstance(model, Kronecker)
    updated: Kronecker = compiled(_with_curvature)(model, evaluation.intercept_hessian, penalty)
    if evaluation.projection is None:
        return updated
    exact: Kronecker = compiled(corrected)(updated, theta, evaluation.projection, hessian, factors)
    return exact


def _with_curvature(model: Kronecker, curvature: Array, penalty: Array) -> Kronecker:
    return model.with_curvature(curvature, penalty)


def of_gram(
    objective: Objective, count: int | None = None
) -> tuple[Array | None, Array, Kronecker, Array]:
    """Sum the Gram matrix: the features' centre, its largest eigenvalue, model, condition.

    The centre is None where there is no intercept. The condition is how much steeper the steepest
    direction is than the flattest, where neurons know nothing: their logits' curvature is then at
    most a quarter. Of ``count`` rows drawn evenly, the centre is theirs, and the eigenvalue is
    bounded by what is known of all rows.
    """
    n = objective.rows.shape[0]
    pieces = 1 if count is None else ceil(MOST_DRAWN * count / n)
    products, total, rows = 0.0, 0.0, 0
    for seed in range(pieces):
        part = None if count is None else objective.sample(ceil(count / pieces), DRAWS + seed)
        whole = part is None  # asked for, or rows cannot be drawn
        part = part or objective
        sums, weights = part.sum(
            blocks.gram,
            part.columns,
            classes=part.classes,
            fit_intercept=part.fit_intercept,
        )
        part.work.grams += part.share
        products, total, rows = products + sums, total + weights, rows + part.rows.shape[0]
        del part  # before the next is drawn
        if whole:
            break
    context = objective.context
    xp = context.xp
    static = {"fit_intercept": objective.fit_intercept, "features": objective.rows.shape[1]}
    dual = ridges = None
    if objective.factors is None:
        centre, basis, spectrum, largest = context.compile(eigenbasis, **static)(products, total)
    else:
        ratio = _penalty_ratio(objective, total)
        centre, basis, dual, spectrum, ridges, largest = context.compile(
            weighed_eigenbasis, **static
        )(products, total, objective.factors, ratio)
    if whole:  # the Gram matrix is that of the groups' mean weight; one group can have more of it
        largest = largest * (objective.weight * objective.uneven)
    else:
        largest = objective.gram_norm_bound()
        if centre is not None:  # it is known of distances from another centre
            away = centre if objective.centre is None else centre - objective.centre
            max_sample_weight = objective.max_sample_weight * objective.weight * n
            largest = (xp.sqrt(largest) + xp.sqrt(max_sample_weight * xp.sum(away * away))) ** 2
    steepness = (0.25 * objective.weight * n / rows) * total * spectrum
    flattest = xp.min(steepness) + xp.min(objective.penalty)
    infinite = objective.context.zeros(()) + float("inf")
    condition = xp.where(
        flattest > 0.0, xp.max(steepness) / xp.where(flattest > 0.0, flattest, 1.0), infinite
    )
    return centre, largest, without_curvature(objective, basis, spectrum, dual, ridges), condition


def _penalty_ratio(objective: Objective, total: Array) -> Array:
    """Compute a typical ratio of the penalty to the curvature of the logits, of all groups, ()."""
    xp = objective.context.xp
    positive = objective.penalty > 0.0
    least = objective.context.zeros(()) + LEAST_RATIO
    logarithms = xp.where(positive, xp.log(xp.where(positive, objective.penalty, 1.0)), 0.0)
    count = xp.sum(xp.astype(positive, logarithms.dtype))
    mean = xp.exp(xp.sum(logarithms) / xp.where(count > 0.0, count, 1.0))
    ratio = xp.where(count > 0.0, mean / (TYPICAL_CURVATURE * total * objective.weight), least)
    ratio = xp.where(ratio > LEAST_RATIO, ratio, least)
    return xp.where(ratio < 1.0 / LEAST_RATIO, ratio, 1.0 / least)


def of_squares(objective: Objective, *, flat: bool) -> Kronecker:
    """Model unrelated features by their squares; ``flat`` ones by the mean of those."""
    n, p = objective.rows.shape
    xp = objective.context.xp
    if flat:
        assert objective.squares is not None  # they come with the centre
        variances = objective.squares / n
        if objective.centre is not None:
            variances = variances - objective.centre * objective.centre
        variances = xp.mean(variances) + 0.0 * variances
    else:
        squares, total = objective.sum(
            blocks.column_squares, objective.centre, objective.columns, classes=objective.classes
        )
        objective.work.passes += objective.share
        variances = squares / total
    # features that are more than the rows cannot be unrelated: on the space of the rows, their
    # mean product is as much larger than its diagonal says (Marchenko, Pastur)
    spectrum = variances * (1.0 + p / n)
    return without_curvature(objective, None, spectrum, None, objective.factors)


def without_curvature(
    objective: Objective,
    feature_vectors: Array | None,
    feature_values: Array,
    dual_vectors: Array | None = None,
    penalty_values: Array | None = None,
) -> Kronecker:
    """Make the Kronecker model of the features, without the curvature of any parameters."""
    G, K = objective.groups, objective.classes
    return kronecker(
        feature_vectors,
        feature_values,
        objective.context.zeros((G, K, K)),
        objective.penalty,
        dual_vectors,
        penalty_values,
        objective.factors,
    )
