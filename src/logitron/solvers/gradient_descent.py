r"""Full-batch gradient descent: the textbook rule that trains the single neuron.

.. math:: \theta \leftarrow \theta - \frac{\eta}{\sum_i s_i} \nabla f(\theta)

All groups of columns descend together, each with its own stopping; a group that is done is frozen
where it is. The state stays on the device, and the host reads it once in every few iterations.
Freezing happens on the device, so that the result does not depend on how often the host reads. A
callback can stop the descent only after a read.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from logitron.backend import ArrayContext, namespace_of, to_host
from logitron.backend.types import Array, HostArray
from logitron.solvers.base import Callback, run
from logitron.solvers.result import Iteration, Solution, Status

__all__ = ["DescentState", "GradientDescent", "SmoothObjective"]


#: iterations between two reads of the state, where the host has to wait for a device
READ_EVERY = 32


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

    @property
    def interruptible(self) -> bool:
        """Ctrl-C is passed on."""
        return False

    def minimize(
        self, objective: SmoothObjective, theta: Array, *, callback: Callback = None
    ) -> Solution:
        """Descend from ``theta`` until every group is done.

        Parameters
        ----------
        objective : SmoothObjective
        theta : array (G, K, q)
            Where to start.
        callback : callable, optional
            Called with an `Iteration` for each one; returning True stops the descent. Where the
            host would wait for a device, it is called for several iterations at once, with the
            parameters after the last of them.

        Returns
        -------
        Solution
            A group whose loss rose for a while has not diverged. A group whose loss is no longer
            finite has, and keeps the last parameters that had a finite loss.
        """
        context = objective.context
        with context.scope():
            state, stopped = run(self, self.init(objective, context.asarray(theta)), callback)
            # the last step has not been evaluated: undo it where its numbers are not finite
            finite = context.xp.all(context.xp.isfinite(state.theta), axis=(1, 2))
            theta = context.xp.where(finite[:, None, None], state.theta, state.before)
            return _solution(theta, state.record, stopped, to_host(finite))

    def init(self, objective: SmoothObjective, theta: Array) -> "DescentState":
        """Choose the step lengths, and start at ``theta``."""
        groups = theta.shape[0]
        progress = objective.context.asarray(np.asarray([[np.inf] * groups, [1.0] * groups]))
        return DescentState(objective, 0, self._rate(objective), theta, theta, progress, [], groups)

    def step(self, state: "DescentState") -> "DescentState":
        """Make one iteration on the host, several on a device, and read the state once."""
        objective, before, theta = state.objective, state.before, state.theta
        context, progress = objective.context, state.progress
        descend = context.compile(_descend)
        count = 1 if context.library.is_host else READ_EVERY
        made = []
        for _ in range(min(count, self.max_iter - state.iteration)):
            value, grad = objective.value_and_gradient(theta)
            before, theta, progress = descend(
                before, theta, progress, state.rate, value, grad, self.loss_change
            )
            made.append(progress)
        # (a stack of one costs NumPy more than the arithmetic of a step)
        read = to_host(made[0][None, ...] if len(made) == 1 else context.xp.stack(made))
        running = int(np.count_nonzero(read[-1, 1]))
        state.record.append(read)
        return state._replace(
            iteration=state.iteration + len(made),
            before=before,
            theta=theta,
            progress=progress,
            n_running=running,
        )

    def is_running(self, state: "DescentState") -> bool:
        """Whether any group is left, and any iteration."""
        return state.n_running > 0 and state.iteration < self.max_iter

    def iterations(self, state: "DescentState") -> list[Iteration]:
        """Describe the iterations since the last read."""
        last = state.record[-1]
        first = state.iteration - len(last) + 1
        return [
            Iteration(first + i, one[0], int(np.count_nonzero(one[1])), lambda: state.theta)
            for i, one in enumerate(last)
        ]

    def freeze(self, state: "DescentState") -> Any:
        """Return the state without its objective."""
        objective: Any = None
        return state._replace(objective=objective, record=list(state.record))

    def thaw(self, found: Any, state: "DescentState") -> "DescentState":
        """Return the state that was frozen, for the objective of a state to start from."""
        thawed: DescentState = found._replace(objective=state.objective)
        return thawed

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


class DescentState(NamedTuple):
    """Where all groups are."""

    objective: SmoothObjective
    iteration: int
    rate: Array
    """Step length of each group on the gradient of the sum, (1,) or (G,)."""
    before: Array
    """Parameters before the last step."""
    theta: Array
    progress: Array
    """Each group's last loss, and 1 while it is running (2, G)."""
    record: list[HostArray]
    """``progress`` after each iteration, as it was read, arrays (iterations, 2, G); appended to."""
    n_running: int


def _descend(
    before: Array,
    theta: Array,
    state: Array,
    rate: Array,
    value: Array,
    slope: Array,
    loss_change: float,
) -> tuple[Array, Array, Array]:
    """Make one step of every running group, without reading any value.

    Parameters
    ----------
    before, theta : array (G, K, q)
        Parameters before the last step, and after it.
    state : array (2, G)
        Each group's last loss, and 1 while it is running.
    rate : array (1,) or (G,)
    value, slope : array (G,) and (G, K, q)
        Objective and gradient at ``theta``.
    loss_change : float

    Returns
    -------
    before, theta, state
        After the step. A group whose value is not finite goes back a step, and ends.
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


def _solution(
    theta: Array,
    reads: list[HostArray],
    stopped: bool,
    kept: HostArray,
) -> Solution:
    """Make the outcome of a record; ``kept (G,)`` is False where the last step was undone."""
    groups = theta.shape[0]
    record = np.concatenate([np.zeros((0, 2, groups)), *reads])
    losses, running = record[:, 0, :], record[:, 1, :] > 0
    finite = np.isfinite(losses)
    # a group that went back keeps the last loss that it had
    last = np.maximum(finite.sum(axis=0) - 1, 0)
    status = np.full(groups, Status.STOPPED if stopped else Status.MAX_ITER)
    if reads:
        losses = np.where(finite, losses, np.take_along_axis(losses, last[None, :], axis=0))
        status[~running[-1]] = Status.CONVERGED
        status[~finite[-1] | ~kept] = Status.DIVERGED
    # the iteration that ends a group counts as its last
    n_iter = np.minimum(running.sum(axis=0) + 1, len(record)).astype(np.int32)
    return Solution(theta, status, n_iter, losses[: n_iter.max()])
