"""Preconditioners of an objective: what is summed over its rows to make them."""

from math import ceil, sqrt

from logitron.automatic.cost_model import COSTS
from logitron.backend import to_host
from logitron.backend.types import Array
from logitron.objective import Evaluation, Objective, gram_norm_bound, products_eps, sums
from logitron.objective.second_derivatives import bordered
from logitron.preconditioners import (
    CholeskyModel,
    DenseHessian,
    DenseInverse,
    Kronecker,
    Preconditioner,
    SharedModel,
    block_diagonal,
    choose,
    corrected,
    dense_hessian,
    eigenbasis,
    flat_model,
    mean_products,
    weighed_eigenbasis,
    without_curvature,
)
from logitron.reductions import subsample

__all__ = ["diagonal_model", "gram_model", "has_sizes_of_float32", "refresh"]

#: copies of drawn rows are no more than one part in so many of all; and the seed of the first draw
MOST_DRAWN, DRAWS = 10, 2
#: mean curvature of a logit, as a rule; and ratios of the penalty to it that are made use of
TYPICAL_CURVATURE, LEAST_RATIO = 0.1, 1e-12
#: how much flatter than the steepest direction the flattest may be in float32
MOST_CONDITION_FLOAT32 = 1e5
#: updates of the curvature of a column, as a rule at most; and the least penalty, in units of
#: rounding, with which a Cholesky factor exists whatever the features are
UPDATES, LEAST_RIDGE = 7, 1e3
#: roundings by which the largest eigenvalue can be too low, for each feature and the root of rows
ROUNDINGS = 2.0
#: squared lengths and weights that float32 has are between this and its inverse
MOST_FLOAT32 = 1e20


def refresh(
    objective: Objective,
    evaluation: Evaluation,
    theta: Array,
    model: Preconditioner | None,
    chosen: Array | None = None,
    *,
    reuse: bool = False,
) -> Preconditioner:
    """Make the preconditioner of the Hessian that was just summed at ``theta``.

    Groups that are not ``chosen (G,)`` keep the model that they had; None chooses all. Whole
    Hessians are inverted for ``reuse``.
    """
    new = _of_evaluation(objective, evaluation, theta, model)
    if reuse:
        new = _inverted(objective, new)
    if chosen is None or type(new) is not type(model):
        return new
    merged: Preconditioner = objective.context.compile(choose)(new, model, chosen)
    return merged


def _inverted(objective: Objective, model: Preconditioner) -> Preconditioner:
    """Prepare a Hessian for being solved with many times, if it is not yet."""
    if not isinstance(model, DenseHessian):
        return model
    found: Preconditioner = objective.context.compile(DenseInverse.of)(model)
    return found


def _of_evaluation(
    objective: Objective, evaluation: Evaluation, theta: Array, model: Preconditioner | None
) -> Preconditioner:
    """Make the preconditioner of the Hessian that was summed at ``theta``.

    If that is the Hessian of the intercepts, or that on a subspace, it updates the Kronecker model
    that ``model`` then is.
    """
    compiled = objective.context.compile
    penalty, factors = objective.penalty.strength, objective.penalty.factors
    hessian = evaluation.hessian
    if hessian is not None and hessian.ndim == 4:
        make = compiled(block_diagonal, eps=objective.eps)
        classwise: Preconditioner = make(hessian, penalty, factors)
        return classwise
    if hessian is not None and evaluation.projection is None:
        make = compiled(dense_hessian, classes=objective.classes, eps=products_eps(objective))
        whole: Preconditioner = make(hessian, penalty, factors)
        return whole
    assert isinstance(model, Kronecker | CholeskyModel)
    updated: SharedModel = compiled(_with_curvature)(model, evaluation.intercept_hessian, penalty)
    if evaluation.projection is None:
        return updated
    exact: SharedModel = compiled(corrected)(
        updated, theta, evaluation.projection, hessian, factors
    )
    return exact


def _with_curvature(model: SharedModel, curvature: Array, penalty: Array) -> SharedModel:
    return model.with_curvature(curvature, penalty)


def gram_model(objective: Objective, count: int | None = None) -> tuple[Objective, SharedModel]:
    """Sum the Gram matrix; return the exactly centred objective and its model.

    That is a Kronecker model, or for few columns one of Cholesky factors, where these cost less
    than a spectrum. It is without the curvature of any parameters yet. The objective's statistics
    then hold whether the flattest direction is above the rounding of float32. Of ``count`` rows
    drawn evenly only, centre and model are nearly those of all.
    """
    data, penalty, context = objective.data, objective.penalty, objective.context
    xp, n = context.xp, objective.rows.shape[0]
    products, total, rows, whole = _products(objective, count)
    static = {
        "fit_intercept": objective.layout.fit_intercept,
        "features": objective.layout.n_features,
    }
    if _needs_no_spectrum(objective):
        found = _cholesky(objective, products, total, whole=whole)
        if found is not None:
            return found
    dual = ridges = None
    if penalty.feature_factors is None:
        run = context.compile(eigenbasis, **static)
        centre, basis, spectrum, largest = run(products, total)
    else:
        run = context.compile(weighed_eigenbasis, **static, eps=objective.eps)
        ratio = _penalty_ratio(objective, total)
        found = run(products, total, penalty.feature_factors, ratio)
        centre, basis, dual, spectrum, ridges, squares = found
        largest = xp.sum(penalty.over_factors(squares))
    largest = largest * _rounded_up(objective)
    if whole:  # the Gram matrix is that of the groups' mean weight; one group can have more of it
        largest = largest * (data.scale * data.max_weight_ratio)
    else:
        largest = _around(objective, centre)
    steepness = (0.25 * data.scale * n / rows) * total * spectrum
    flattest = xp.min(steepness) + xp.min(penalty.strength)
    safe = xp.where(flattest > 0.0, flattest, 1.0)
    infinite = context.zeros(()) + float("inf")
    condition = xp.where(flattest > 0.0, xp.max(steepness) / safe, infinite)
    fits = objective.strongly_convex and not objective.statistics.centre_first_float32
    fits = fits and has_sizes_of_float32(objective)
    float32 = fits and bool(to_host(condition) < MOST_CONDITION_FLOAT32)
    fits = fits or objective.rows.context is not objective.rows.context.wide
    here = objective.with_statistics(
        gram_norm_bound=largest, supports_float32=float32, fits_float32=fits
    )
    here = here if centre is None else here.with_layout(centre=centre)
    factors = penalty.feature_factors
    strength, K = penalty.strength, objective.classes
    model = without_curvature(strength, K, basis, spectrum, dual, ridges, factors)
    return here, model


def _needs_no_spectrum(objective: Objective) -> bool:
    """Whether Cholesky factors of the few models that are likely cost less than an eigenbasis."""
    few = objective.groups * UPDATES * COSTS.cholesky < COSTS.eigen and objective.classes == 1
    plain = objective.penalty.feature_factors is None and objective.context.library.is_host
    # (whether float32 is enough depends on the spectrum)
    return few and plain and objective.rows.in_float32() is None


def _cholesky(
    objective: Objective, products: Array, total: Array, *, whole: bool
) -> tuple[Objective, CholeskyModel] | None:
    """Make the model by Cholesky factors; None if the penalty is too weak for them."""
    data, layout, xp = objective.data, objective.layout, objective.context.xp
    p, strength = layout.n_features, objective.penalty.strength
    centre, covariance = mean_products(products, total, layout.fit_intercept, p)
    # two norms that bound the largest eigenvalue
    sums = xp.sum(xp.abs(covariance), axis=0)
    most = xp.min(xp.stack([xp.max(sums), xp.linalg.matrix_norm(covariance)]))
    steepest = float(0.25 * data.scale * data.max_total_weight * most)
    if not float(xp.min(strength)) > LEAST_RIDGE * p * objective.eps * steepest:
        return None
    bound = total * most * _rounded_up(objective) * (data.scale * data.max_weight_ratio)
    largest = bound if whole else _around(objective, centre)
    here = objective.with_statistics(gram_norm_bound=largest, supports_float32=False)
    here = here if centre is None else here.with_layout(centre=centre)
    return here, flat_model(covariance, strength)


def _rounded_up(objective: Objective) -> float:
    """Return a factor that makes an eigenvalue of summed products a bound."""
    n, p = objective.rows.shape[0], objective.layout.n_features
    return 1.0 + ROUNDINGS * p * sqrt(n) * products_eps(objective)


def _around(objective: Objective, centre: Array | None) -> Array:
    """Bound the norm of the Gram matrix around another centre, by the one that is known."""
    largest, xp = gram_norm_bound(objective), objective.context.xp
    if centre is None:
        return largest
    before = objective.layout.centre
    away = centre if before is None else centre - before
    lengths = objective.data.max_total_weight * xp.sum(away * away)
    return (xp.sqrt(largest) + xp.sqrt(lengths)) ** 2


def _products(objective: Objective, count: int | None) -> tuple[Array, Array, int, bool]:
    """Sum the features' products and the weights; over how many rows, and whether of all."""
    n = objective.rows.shape[0]
    low = {"low": True} if objective.statistics.products_in_float32 else {}
    pieces = 1 if count is None else ceil(MOST_DRAWN * count / n)
    products, total, rows = 0.0, 0.0, 0
    for seed in range(pieces):
        part = None
        if count is not None:
            part = subsample(objective, ceil(count / pieces), DRAWS + seed)
        whole = part is None  # all rows are asked for, or rows cannot be drawn
        part = part or objective
        fit_intercept = part.layout.fit_intercept
        *parts, weights = part.sum_weighted(sums.gram, fit_intercept=fit_intercept, **low)
        found = part.context.compile(bordered)(*parts)
        part.cost.grams += part.data.pass_cost
        products, total = products + found, total + weights
        rows += part.rows.shape[0]
        del part  # before the next is drawn
        if whole:
            break
    return products, total, rows, whole


def has_sizes_of_float32(objective: Objective) -> bool:
    """Whether blocks can be computed in float32, which has the features and the weights.

    Their distances from the centre can still be lost if they are not taken first.
    """
    squares = objective.statistics.sum_of_squares
    if squares is None or objective.rows.in_float32() is None:
        return False
    length = squares() / objective.rows.shape[0]
    weight = objective.data.max_sample_weight
    sizes = length, weight, length * weight
    return all(1.0 / MOST_FLOAT32 < size < MOST_FLOAT32 for size in sizes)


def _penalty_ratio(objective: Objective, total: Array) -> Array:
    """Compute a typical ratio of the penalty to the curvature of the logits, of all groups, ()."""
    xp = objective.context.xp
    strength = objective.penalty.strength
    positive = strength > 0.0
    least = objective.context.zeros(()) + LEAST_RATIO
    logarithms = xp.where(positive, xp.log(xp.where(positive, strength, 1.0)), 0.0)
    count = xp.sum(xp.astype(positive, logarithms.dtype))
    mean = xp.exp(xp.sum(logarithms) / xp.where(count > 0.0, count, 1.0))
    ratio = xp.where(count > 0.0, mean / (TYPICAL_CURVATURE * total * objective.data.scale), least)
    ratio = xp.where(ratio > LEAST_RATIO, ratio, least)
    return xp.where(ratio < 1.0 / LEAST_RATIO, ratio, 1.0 / least)


def diagonal_model(objective: Objective, *, flat: bool) -> Kronecker:
    """Model unrelated features by their squares; ``flat`` ones by the mean of those."""
    n, p = objective.rows.shape
    xp, centre = objective.context.xp, objective.layout.centre
    if flat:
        squares = objective.statistics.column_squares
        assert squares is not None  # they come with the centre
        variances = squares / n
        if centre is not None:
            variances = variances - centre * centre
        variances = xp.mean(variances) + 0.0 * variances
    else:
        squares, total = objective.sum_weighted(sums.column_squares, centre)
        objective.cost.passes += objective.data.pass_cost
        variances = squares / total
    # features that are more than the rows cannot be unrelated: on the space of the rows, their
    # mean product is as much larger than its diagonal says (Marchenko, Pastur)
    values = variances * (1.0 + p / n)
    penalty, K = objective.penalty, objective.classes
    factors = penalty.feature_factors
    return without_curvature(penalty.strength, K, None, values, None, factors, factors)
