"""Growing samples of the rows: a start near the optimum, and a model, for little of a pass."""

from functools import partial

from logitron.automatic.cost_model import COSTS
from logitron.automatic.curvature import refresh
from logitron.automatic.plan import Plan
from logitron.backend.types import Array
from logitron.certificates import GapBound, SubsampleBound
from logitron.objective import Objective
from logitron.preconditioners import Preconditioner
from logitron.reductions import subsample
from logitron.solvers import QuasiNewton, Stopping, WhenSlow, remember

__all__ = ["minimize_on_samples"]

#: a sample is left after a step that began within this multiple of what its own randomness is worth
STATISTICAL = 2.0
#: iterations that a sample may take
MOST_ON_A_SAMPLE = 20


def minimize_on_samples(
    objective: Objective, theta: Array, plan: Plan, *, max_iter: int
) -> tuple[Array, Preconditioner | None, int, GapBound]:
    """Come near on the samples of a plan, whose Hessian then is a model for all rows.

    Returns
    -------
    theta : array (G, K, q)
    model : Preconditioner or None
        The inverted Hessian of the last sample; None without samples.
    spent : int
        Iterations on samples.
    gap_bound : GapBound
        Which knows the curvature of the last sample.
    """
    model, spent, bound = None, 0, None
    p = objective.rows.shape[1]
    for count in plan.samples:
        part = subsample(objective, count)
        if part is None:
            break
        costs = COSTS.of(count, p, 1, 1)
        # half a unit of loss for each parameter is what a sample's optimum is off its own rows
        worth = 0.5 * part.shape[1] * part.shape[2] * part.data.scale
        solver = QuasiNewton(
            WhenSlow(
                costs.one_pass,
                costs.refresh,
                subspace=False,
                batch=plan.batch,
                refresh_first=model is None,
            ),
            refresh=refresh,
            max_iter=min(max_iter - spent, MOST_ON_A_SAMPLE),
            stopping=Stopping(tol=0.0, gap=STATISTICAL * worth, polish=False),
        )
        make = partial(_minimized, solver, part, theta, model)
        theta, n_iter = remember("sample", make)
        evaluation = part.evaluate(theta, "full")
        model = refresh(part, evaluation, theta, None, reuse=True)
        bound = SubsampleBound(part, (theta, evaluation.hessian))
        spent += n_iter
    return theta, model, spent, GapBound(bound)


def _minimized(
    solver: QuasiNewton, part: Objective, theta: Array, model: Preconditioner | None
) -> tuple[Array, int]:
    """Minimise on a sample: the parameters, and the iterations."""
    fitted, _ = solver.minimize(part, theta, preconditioner=model)
    return fitted.theta, int(fitted.n_iter.max())
