r"""Full-batch gradient descent: the textbook rule that trains the single neuron.

.. math:: \theta \leftarrow \theta - \frac{\eta}{\sum_i s_i} \nabla f(\theta)

All groups of columns descend together, each with its own stopping; one that is done is frozen
where it is. The state stays on the device: the host looks at it once every few iterations, and
because freezing happens on the device, the result does not depend on how often it looks. (A
callback that stops the descent is heard when the host looks.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from logitron.backend import ArrayContext, namespace_of, to_host
from logitron.backend.types import Array
from logitron.solvers.result import Iteration, Solution, Status

__all__ = ["GradientDescent", "SmoothObjective"]


#: Iterations between two looks at the state where a look has to wait for a device
LOOK_EVERY = 32


class SmoothObjective(Protocol):
    """A smooth function of groups of columns, as gradient descent needs it."""

    @property
    def context(self) -> ArrayContext:
        """Where the parameters live."""

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Value (G,) and derivative (G, K, q) at parameters (G, K, q)."""

    def smoothness(self) -> Array:
        """Upper bound of the curvature of each group (G,)."""

    def weight_sum(self) -> Array:
        """Sum of the sample weights, (1,) or (G,)."""


@dataclass(frozen=True)
class GradientDescent:
    """Settings of gradient descent.

    Parameters
    ----------
    learning_rate : float or "auto", default "auto"
        Step length on the gradient divided by the sum of the sample weights. "auto" takes a step
        that cannot overshoot: the inverse of the objective's curvature bound, on the gradient.
    loss_change : float, default 1e-5
        A group is done when its summed loss changes by less than this in one iteration.
    max_iter : int, default 10000
    """

    learning_rate: float | str = "auto"
    loss_change: float = 1e-5
    max_iter: int = 10_000

    def minimize(
        self,
        objective: SmoothObjective,
        theta: Array,
        *,
        on_iteration: Callable[[Iteration], bool | None] | None = None,
    ) -> Solution:
        """Descend from ``theta`` until every group is done.

        Parameters
        ----------
        objective : SmoothObjective
        theta : array (G, K, q)
            Where to start.
        on_iteration : callable, optional
            Called with an `Iteration` after each one; returning True stops the descent. Where a
            look waits for a device, it is told of several iterations after each look, with
            the parameters at the look, so that watching costs no waiting.

        Returns
        -------
        Solution
            A group whose loss rose for a while has not diverged; one whose loss is no longer
            finite has, and keeps the last parameters that had a finite loss.
        """
        with objective.context.scope():
            return self._minimize(objective, objective.context.asarray(theta), on_iteration)

    def _minimize(
        self,
        objective: SmoothObjective,
        theta: Array,
        on_iteration: Callable[[Iteration], bool | None] | None,
    ) -> Solution:
        context = objective.context
        descend = context.compile(_descend)
        look_every = 1 if context.library.is_host else LOOK_EVERY
        rate = self._rate(objective)

        groups = theta.shape[0]
        before = theta
        # each group's last loss, and 1 while it is running
        state = context.asarray(np.asarray([[np.inf] * groups, [1.0] * groups]))
        states: list[Array] = []  # on the device, since the last look
        record: list[np.ndarray[Any, Any]] = []
        running = groups
        stopped = False
        iteration = 0
        while iteration < self.max_iter and not stopped and running:
            value, slope = objective.value_and_gradient(theta)
            before, theta, state = descend(
                before, theta, state, rate, value, slope, self.loss_change
            )
            states.append(state)
            iteration += 1
            if iteration % look_every == 0 or iteration == self.max_iter:
                # (a stack of one costs NumPy more than the arithmetic of a step)
                seen = to_host(
                    states[0][None, ...] if len(states) == 1 else context.xp.stack(states)
                )
                record.append(seen)
                states, running = [], np.count_nonzero(seen[-1, 1])
                if on_iteration is not None:
                    stopped = _tell(on_iteration, iteration, seen, theta)
        # the last step has not been evaluated: take it back where it left the numbers
        finite = context.xp.all(context.xp.isfinite(theta), axis=(1, 2))
        theta = context.xp.where(finite[:, None, None], theta, before)
        return _solution(theta, record, stopped, to_host(finite))

    def _rate(self, objective: SmoothObjective) -> Array:
        """Step length of each group on the gradient of the sum, (1,) or (G,).

        Raises
        ------
        ValueError
            If the curvature bound is too large for the precision.
        """
        if self.learning_rate != "auto":
            return float(self.learning_rate) / objective.weight_sum()
        curvature = to_host(objective.smoothness())
        if not np.all(np.isfinite(curvature)):
            raise ValueError(
                "learning_rate='auto' needs the sum of the squared features, which overflows in "
                f"{objective.context.precision}; scale the features"
            )
        flat = curvature == 0  # nothing to descend: features of zero, no intercept, no penalty
        return objective.context.asarray(np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, curvature)))


def _descend(
    before: Array,
    theta: Array,
    state: Array,
    rate: Array,
    value: Array,
    slope: Array,
    loss_change: float,
) -> tuple[Array, Array, Array]:
    """One step of every running group; pure array code that never needs a value.

    Takes the parameters before the last step and after it, each group's last loss and whether it
    is running (2, G), and the objective's value and gradient at ``theta``; gives the first three
    anew. A group whose value is not finite goes back a step, and ends.
    """
    xp = namespace_of(theta)
    loss, running = state[0, :], state[1, :] > 0
    finite = xp.isfinite(value)
    advances, goes_back = running & finite, running & ~finite
    goes_on = advances & (xp.abs(value - loss) >= loss_change)

    after = xp.where(goes_back[:, None, None], before, theta)
    after = xp.where(advances[:, None, None], theta - rate[:, None, None] * slope, after)
    loss = xp.where(running, value, loss)
    state = xp.concat([loss[None, :], xp.astype(goes_on, theta.dtype)[None, :]])
    return theta, after, state


def _tell(
    on_iteration: Callable[[Iteration], bool | None],
    made: int,
    seen: np.ndarray[Any, Any],
    theta: Array,
) -> bool:
    """Call back for each iteration since the last look; whether any call asked to stop."""
    first = made - len(seen) + 1
    stop = False
    for i, state in enumerate(seen):
        stop |= bool(
            on_iteration(
                Iteration(first + i, state[0], int(np.count_nonzero(state[1])), lambda: theta)
            )
        )
    return stop


def _solution(
    theta: Array,
    looks: list[np.ndarray[Any, Any]],
    stopped: bool,
    kept: np.ndarray[Any, Any],
) -> Solution:
    """Tell the outcome from the states after each iteration, arrays (iterations, 2, G)."""
    groups = theta.shape[0]
    record = np.concatenate([np.zeros((0, 2, groups)), *looks])
    losses, running = record[:, 0, :], record[:, 1, :] > 0
    finite = np.isfinite(losses)
    # a group that went back keeps the last loss that it had
    last = np.maximum(finite.sum(axis=0) - 1, 0)
    status = np.full(groups, Status.STOPPED if stopped else Status.MAX_ITER)
    if looks:
        losses = np.where(finite, losses, np.take_along_axis(losses, last[None, :], axis=0))
        status[~running[-1]] = Status.CONVERGED
        status[~finite[-1] | ~kept] = Status.DIVERGED
    # the iteration that ends a group counts as its last
    n_iter = np.minimum(running.sum(axis=0) + 1, len(record)).astype(np.int32)
    return Solution(theta, status, n_iter, losses[: n_iter.max()])
