"""Groups that a solver left in float32, continued together in the widest precision."""

from dataclasses import replace

from logitron.automatic.observers import of_all_groups, with_parameters
from logitron.automatic.solve import AutomaticSolver
from logitron.backend.types import Array, HostArray
from logitron.objective import Objective
from logitron.solvers import Callback, Iteration, Solution, map_iterations

__all__ = ["continue_in_float64"]


def continue_in_float64(
    objective: Objective,
    solution: Solution,
    groups: HostArray,
    solver: AutomaticSolver,
    callback: Callback = None,
) -> Solution:
    """Minimise some of the groups from where they are, with the rows in the widest precision.

    Parameters
    ----------
    objective : Objective
        Of all groups, with rows in float32.
    solution : Solution
        Of all groups.
    groups : numpy.ndarray (g,)
    solver : AutomaticSolver
    callback : callable, optional
        Receives iterations with coefficients and intercepts of all groups.
    """
    context, own = objective.context, objective.take(groups)
    theta = context.xp.take(solution.theta, context.asarray(groups, keep_dtype=True), axis=0)

    def change(iteration: Iteration) -> Iteration:
        def parameters() -> Array:
            return own.start(*iteration.parameters())

        return replace(iteration, parameters=parameters)

    of_groups = with_parameters(callback, objective, None, 0)
    observer = map_iterations(of_all_groups(of_groups, solution, groups, context), change)
    found, part, _ = solver.minimize(objective.in_float64().take(groups), theta, callback=observer)
    moved = found.moved(own.start(*part.split(found.theta)))
    spent = int(solution.n_iter[groups].max())
    whole = solution.replaced(groups, moved, context, after=spent)
    n_iter = solution.n_iter.copy()
    n_iter[groups] += found.n_iter
    return replace(whole, n_iter=n_iter, as_evaluated=False)
