"""Callbacks of solvers, turned into those of the engine: all groups, coefficients, iterations."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.objective import Objective
from logitron.solvers import Callback, Iteration, Solution, Status, map_iterations, put_groups

__all__ = ["of_all_groups", "with_parameters"]


def with_parameters(
    callback: Callback,
    objective: Objective,
    back: Callable[[Array], Array] | None,
    spent: int,
) -> Callback:
    """Pass coefficients and intercepts to a callback, and count the iterations on samples."""

    def change(iteration: Iteration) -> Iteration:
        def parameters() -> tuple[Array, Array | None]:
            theta = iteration.parameters()
            return objective.split(theta if back is None else back(theta))

        return replace(iteration.after(spent), parameters=parameters)

    return map_iterations(callback, change)


def of_all_groups(
    callback: Callback, before: Solution, groups: HostArray, context: ArrayContext
) -> Callback:
    """Pass numbers of all groups to a callback, while some of them go on.

    Losses that are not known, NaN in ``before``, are replaced by the mean of the others.
    """

    def change(iteration: Iteration) -> Iteration:
        def parameters() -> Array:
            return put_groups(before.theta, groups, iteration.parameters(), context)

        loss = before.loss_curve[-1].copy()
        others = int((before.status == Status.MAX_ITER).sum()) - len(groups)
        loss[groups] = iteration.loss
        loss = np.where(np.isnan(loss), np.nanmean(loss), loss) if np.isnan(loss).any() else loss
        running, spent = iteration.running + max(others, 0), int(before.n_iter[groups].max())
        return replace(iteration.after(spent), loss=loss, running=running, parameters=parameters)

    return map_iterations(callback, change)
