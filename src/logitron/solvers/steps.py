"""One step of every group: pure array code that never needs a value.

An iteration tries ``theta + step * heading`` for each group. `step` moves the groups whose
objective fell enough, and shortens the step of the others; `turn` then chooses new headings for
those that moved. In between, the host reads the report.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from logitron.backend import namespace_of
from logitron.solvers.lbfgs import Memory, direction, empty, remember

__all__ = ["NOISE", "ROUGH_NOISE", "State", "start", "step", "trial_of", "turn"]

Array = Any

#: the part of the predicted decrease that a step must achieve (Armijo's rule)
SUFFICIENT = 1e-4
#: a shorter step is within these parts of the one that was too long
SHORTEST, LONGEST = 0.1, 0.5
#: a step along which the slope hardly shrinks makes the next one longer, up to so long
GROWTH, MOST = 0.9, 3.0
#: change of the objective, in units of its precision, that tells nothing
NOISE = 16.0
#: and relative to the objective, when it was computed in float32, whose rounding adds up over the
#: rows of a block
ROUGH_NOISE = 1e-5
#: misses after which a value that was computed in float32 counts for nothing
DISTRUSTED = 3.0


class State(NamedTuple):
    """Where the groups are and where they are heading; all arrays have the groups first."""

    theta: Array
    """(G, K, q)"""
    value: Array
    grad: Array
    """(G, K, q)"""
    gap: Array
    """Bound of the distance from the optimum; infinite where it was not asked for."""
    heading: Array
    """(G, K, q)"""
    step: Array
    """Length of the next trial along the heading."""
    slope: Array
    """Of the objective along the heading."""
    misses: Array
    """How often in a row the step was too long."""
    moved: Array
    """Whether the last trial was taken."""
    steps: Array
    """Remembered (G, M, D)."""
    changes: Array
    """Remembered (G, M, D)."""


def start(theta: Array, evaluation: Any, gap: Array | None, *, memory: int) -> tuple[State, Array]:
    """Begin at parameters that were evaluated."""
    xp = namespace_of(theta)
    value = evaluation.value
    kept = empty(theta, memory)
    infinite = xp.full_like(value, float("inf"))
    state = State(
        theta=theta,
        value=value,
        grad=evaluation.grad,
        gap=infinite if gap is None else gap,
        heading=xp.zeros_like(theta),
        step=xp.ones_like(value),
        slope=-infinite,
        misses=xp.zeros_like(value),
        moved=xp.isfinite(value),
        steps=kept.steps,
        changes=kept.changes,
    )
    return state, _report(xp, state, evaluation.errors)


def trial_of(state: State) -> Array:
    """Return the parameters to evaluate next."""
    return state.theta + state.step[:, None, None] * state.heading


def step(
    state: State,
    trial: Array,
    evaluation: Any,
    gap: Array | None,
    anew: Array | None = None,
    *,
    memory: int,
    noise: float,
) -> tuple[State, Array]:
    """Take the trial or shorten the step, group by group.

    Parameters
    ----------
    state : State
    trial : array (G, K, q)
    evaluation : Evaluation
        At the trial.
    gap : array (G,) or None
        Bound at the trial.
    anew : array (G,) of bool, optional
        Groups whose objective was computed roughly before, and no longer is. They cannot tell by
        their slope either; to have moved is what they need, and after a few shorter steps, it was
        the old value that was wrong.
    memory : int
        Steps to remember.
    noise : float
        Relative change of the objective that tells nothing.

    Returns
    -------
    state : State
    report : array (6, G)
        Value, gap, slope of the step that was made, whether it was taken, misses, errors.
    """
    xp = namespace_of(trial)
    value, grad = evaluation.value, evaluation.grad
    change = value - state.value
    along = _dot(xp, grad, state.heading)
    falls = change <= SUFFICIENT * state.step * state.slope
    flat = (xp.abs(change) <= noise * xp.abs(state.value)) & (xp.abs(along) <= -state.slope)
    if anew is not None:
        near = xp.abs(change) <= ROUGH_NOISE * xp.abs(state.value)
        wrong = (state.misses >= DISTRUSTED) & (change <= xp.abs(state.value))
        flat = flat | (anew & (near | wrong))
    moved = xp.isfinite(value + along) & (falls | flat)

    where = moved[:, None, None]
    grad = xp.where(where, grad, state.grad)
    kept = Memory(state.steps, state.changes)
    if memory:
        kept = remember(kept, trial - state.theta, grad - state.grad, moved, most=memory)

    # the minimum of the parabola through what is known of the line, within limits
    excess = change - state.step * state.slope
    sane = xp.isfinite(excess) & (excess > 0.0)
    length = state.step
    parabola = -0.5 * state.slope * length * length / xp.where(sane, excess, 1.0)
    shorter = xp.where(sane & (parabola > SHORTEST * length), parabola, SHORTEST * length)
    shorter = xp.where(shorter < LONGEST * length, shorter, LONGEST * length)

    # the next step: longer than the model says, where the slope shrinks no faster than it does when
    # all margins grow alike
    fading = along <= GROWTH * xp.exp(-length) * state.slope
    # otherwise a whole one; but where this one had to be shortened, the model is off by as much,
    # and the next begins at the minimum that the slopes at both ends of this one tell of
    curved = along > state.slope
    between = length * state.slope / xp.where(curved, state.slope - along, state.slope)
    short = curved & (length < 1.0) & (between < 1.0)
    whole = xp.where(short, between, xp.ones_like(length))
    onwards = xp.where(fading & (length < MOST), length + 1.0, xp.where(fading, length, whole))

    gap = xp.full_like(value, float("inf")) if gap is None else gap
    state = State(
        theta=xp.where(where, trial, state.theta),
        value=xp.where(moved, value, state.value),
        grad=grad,
        gap=xp.where(moved, gap, state.gap),
        heading=state.heading,
        step=xp.where(moved, onwards, shorter),
        slope=state.slope,
        misses=xp.where(moved, 0.0, state.misses + 1.0),
        moved=moved,
        steps=kept.steps,
        changes=kept.changes,
    )
    return state, _report(xp, state, evaluation.errors)


def turn(
    state: State, preconditioner: Any, *, solve: Callable[[Any, Array], Array], rescales: bool
) -> State:
    """Choose a new direction for the groups that moved."""
    xp = namespace_of(state.theta)
    grad, moved = state.grad, state.moved
    memory = Memory(state.steps, state.changes)
    new = direction(memory, grad, preconditioner, solve=solve, rescales=rescales)
    slope = _dot(xp, grad, new)
    # rounding can spoil a model; down the slope, as far as the last step went, is always a way
    squares = _dot(xp, grad, grad)
    reach = _dot(xp, state.heading, state.heading) / xp.where(squares > 0.0, squares, 1.0)
    ways = -xp.sqrt(reach)[:, None, None] * grad
    spoilt = ~(slope < 0.0)
    new = xp.where(spoilt[:, None, None], ways, new)
    slope = xp.where(spoilt, -xp.sqrt(reach) * squares, slope)
    return state._replace(
        heading=xp.where(moved[:, None, None], new, state.heading),
        slope=xp.where(moved, slope, state.slope),
    )


def _report(xp: Any, state: State, errors: Array) -> Array:
    moved = xp.astype(state.moved, state.value.dtype)
    return xp.stack([state.value, state.gap, state.slope, moved, state.misses, errors])


def _dot(xp: Any, left: Array, right: Array) -> Array:
    """Inner product of each group (G,)."""
    G = left.shape[0]
    return (xp.reshape(left, (G, 1, -1)) @ xp.reshape(right, (G, -1, 1)))[:, 0, 0]
