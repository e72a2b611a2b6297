"""A cheap method first, and a dearer one that goes on where it ends too early."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from logitron.automatic.minimum import Minimum
from logitron.backend.types import Array
from logitron.objective import Objective
from logitron.solvers import Callback, map_iterations

__all__ = ["minimize_with_fallback"]


def minimize_with_fallback(
    first: Callable[..., Minimum],
    then: Callable[..., Minimum],
    objective: Objective,
    theta: Array,
    callback: Callback = None,
) -> Minimum:
    """Minimise by the first method, and by the other if that leaves a group unfinished.

    Parameters
    ----------
    first, then : callable
        Take ``(objective, theta, callback=...)``.
    objective : Objective
    theta : array (G, K, q)
        Where the first method starts. The other starts where that ends.
    callback : callable, optional
        Receives the iterations of both, in one sequence.

    Returns
    -------
    Minimum
        With the iterations and values of both.
    """
    found = first(objective, theta, callback=callback)
    before = found.solution
    if not before.goes_on:
        return found
    spent = int(before.n_iter.max())
    observer = map_iterations(callback, lambda one: one.after(spent))
    found = then(found.objective, before.theta, callback=observer)
    after, context, groups = found.solution, objective.context, np.arange(objective.groups)
    curve = before.replaced(groups, after, context, after=spent).loss_curve
    n_iter = before.n_iter + after.n_iter
    return found._replace(solution=replace(after, n_iter=n_iter, loss_curve=curve))
