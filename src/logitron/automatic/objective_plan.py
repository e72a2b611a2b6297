"""The plan of an objective: its sizes, and what a look at a few rows adds to them."""

from logitron.automatic.hessian_diagonal import is_diagonal
from logitron.automatic.plan import Plan, choose
from logitron.automatic.row_models import keeps_logits
from logitron.objective import Objective
from logitron.reductions import is_flat

__all__ = ["plan_of"]


def plan_of(
    objective: Objective, *, method: str | None = None, diagonal_failed: bool = False
) -> Plan:
    """Choose the method for an objective; see `automatic.plan.choose`.

    Parameters
    ----------
    objective : Objective
    method : {"newton", "lbfgs"}, optional
        What is asked for, if not the cheapest.
    diagonal_failed : bool, default False
        Whether the diagonal of the Hessian has been tried as its model, and is not good enough.
    """
    (n, p), rows = objective.rows.shape, objective.rows
    plan = choose(
        n,
        p,
        objective.groups,
        objective.classes,
        method=method,
        flat=n < p and rows.entries is None and not rows.lazy and is_flat(objective),
        lazy=rows.lazy,
        draws=rows.draws_rows,
        in_memory=rows.in_memory,
        bounded=objective.strongly_convex,
        weighed=objective.penalty.feature_factors is not None,
        keeps_logits=keeps_logits(objective),
        entries=rows.entries,
    )
    if plan.method == "sampled" and not diagonal_failed and is_diagonal(objective):
        return plan.on_diagonal("features of their own scales, hardly correlated")
    return plan
