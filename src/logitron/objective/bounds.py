"""The bound of an objective: what goes into the formulas of `logitron.objective.certificate`."""

from typing import Any

from logitron.backend import linalg
from logitron.objective.assembly import Evaluation
from logitron.objective.certificate import bound, bound_by_witness, leverage

__all__ = ["bound_of"]

Array = Any
Objective = Any  # `LogisticObjective`, which calls this


def bound_of(
    objective: Objective, evaluation: Evaluation, theta: Array, *, before: float = 0.0
) -> Array:
    """Bound the distance of the value from the optimum (G,), by the sharper of what is known.

    Witnesses are not asked if the distance ``before`` the last step was so large that they would
    have nothing to say.
    """
    largest = objective.largest_eigenvalue()
    run = objective.context.compile(bound, eps=objective.eps, fit_intercept=objective.fit_intercept)
    gap = run(
        evaluation.value,
        evaluation.by_theta,
        evaluation.curvature,
        theta,
        objective.penalty,
        largest,
        largest if objective.squares is None else objective.squares,
    )
    if objective.witness is None or before > _reach_of(objective.witness):
        return gap
    witnessed = _witnessed(objective, evaluation, theta)
    return objective.context.xp.where(witnessed < gap, witnessed, gap)


def _reach_of(witness: Objective) -> float:
    """Distance from the optimum, a step before, from which witnesses can begin to speak.

    They do where kappa delta < 1; kappa squared is some leverages of q / n, delta squared is twice
    the distance over the part that the witnesses are, and a step gains a factor of 30.
    """
    n, (_, _, q) = witness.rows.shape[0], witness.shape
    return float(30.0 * 0.08 * n / q / witness.weight)


def _witnessed(objective: Objective, evaluation: Evaluation, theta: Array) -> Array:
    """Bound the distance by the curvature of the witnesses at the same parameters."""
    witness, context = objective.witness, objective.context
    seen = witness.evaluate(theta, "hessian").second
    ridge = objective.penalty[:, None, None] * objective.penalised * objective.eye(theta.shape[2])
    inverse = linalg.inv(seen * (1.0 / witness.weight) + ridge)
    leverages = witness.rows.map(leverage, objective.centre, inverse)
    # (computed as narrow as the rows are: a little more than the largest is no less than it)
    largest = context.xp.max(context.xp.astype(leverages, context.dtype), axis=0) * 1.001
    run = context.compile(bound_by_witness, part=1.0 / witness.weight, eps=objective.eps)
    return run(evaluation.value, evaluation.by_theta, theta, objective.squares, inverse, largest)
