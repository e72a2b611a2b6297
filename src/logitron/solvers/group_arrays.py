"""Numbers and arrays of the groups: of floats for a single group, of arrays (G,) for more."""

from typing import Any

import numpy as np

from logitron.backend import ArrayContext, linalg, namespace_of, to_host
from logitron.backend.types import Array, HostArray, Namespace
from logitron.solvers import lbfgs, scalars
from logitron.solvers.lbfgs import History

__all__ = ["descending", "dot", "moved", "read", "spread", "taken"]

#: parts of a state that have an entry for each group
PARTS = (
    "theta",
    "value",
    "grad",
    "gap",
    "direction",
    "slope",
    "step_size",
    "n_backtracks",
)


def read(xp: Namespace, context: ArrayContext, *numbers: Any) -> Any:
    """Bring numbers of the groups to the host, with one read."""
    if xp is scalars:
        return [x if isinstance(x, float) else x.item() for x in numbers]
    if context.library.is_host:
        return numbers
    return to_host(context.xp.stack([context.asarray(x) for x in numbers]))


def spread(context: ArrayContext, number: Any) -> Any:
    """Numbers of the groups, to be multiplied with (G, K, q)."""
    return number if isinstance(number, float) else context.asarray(number)[:, None, None]


def dot(xp: Namespace, left: Array, right: Array) -> Any:
    """Inner product of each group, a float or (G,)."""
    return float(np.vdot(left, right)) if xp is scalars else linalg.dots(left, right)


def moved(
    history: History,
    theta: Array,
    old_grad: Array,
    trial: Array,
    grad: Array,
    chosen: Array | None,
    *,
    memory: int,
) -> tuple[Array, Array, History]:
    """Take the trial for the chosen groups, None for all, and append the step to the history."""
    if chosen is not None:
        xp = namespace_of(theta)
        trial = xp.where(chosen[:, None, None], trial, theta)
        grad = xp.where(chosen[:, None, None], grad, old_grad)
    if memory:
        history = lbfgs.append(history, trial - theta, grad - old_grad, chosen, max_size=memory)
    return trial, grad, history


def descending(direction: Array, grad: Array, previous: Array) -> tuple[Array, Array]:
    """Replace directions along which the objective does not fall, for rounding can spoil a model.

    Steepest descent takes their place, with the length of the previous direction.
    """
    xp = namespace_of(grad)
    slope = linalg.dots(grad, direction)
    spoilt = ~(slope < 0.0)
    squares = linalg.dots(grad, grad)
    length = xp.sqrt(linalg.dots(previous, previous) / xp.where(squares > 0.0, squares, 1.0))
    direction = xp.where(spoilt[:, None, None], -length[:, None, None] * grad, direction)
    return direction, xp.where(spoilt, -length * squares, slope)


def taken(state: Any, groups: HostArray, context: ArrayContext) -> dict[str, Any]:
    """Parts of a state, of some groups only: `PARTS`, objective and preconditioner, by name."""
    index = context.asarray(groups, keep_dtype=True)

    def take(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            return part[groups]
        return context.xp.take(part, index, axis=0)

    model = state.preconditioner
    return {
        **{name: take(getattr(state, name)) for name in PARTS},
        "objective": state.objective.take(groups),
        "preconditioner": None if model is None else model.take_groups(index),
    }
