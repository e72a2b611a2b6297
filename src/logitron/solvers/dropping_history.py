"""The history of L-BFGS where pairs of a steeper loss are dropped."""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.solvers import lbfgs

__all__ = ["DroppingHistory"]

#: pairs that are kept, and the part of its value at their time below which the objective drops them
SIZE, KEEP = 10, 0.75


class DroppingHistory(NamedTuple):
    """The last steps of each group, see `lbfgs.History`, and the values that they began at."""

    context: ArrayContext
    pairs: lbfgs.History
    values: HostArray
    """The objective when each pair was made (G, M)."""
    max_size: int
    keep: float
    """Pairs are dropped when the objective has fallen below this part of its value then."""

    @classmethod
    def of(
        cls, context: ArrayContext, theta: Array, *, max_size: int = SIZE, keep: float = KEEP
    ) -> "DroppingHistory":
        """Begin without pairs."""
        values = np.zeros((theta.shape[0], 0))
        return cls(context, lbfgs.empty(theta, 0), values, max_size, keep)

    def append(
        self, step: Array, change: Array, before: HostArray, value: HostArray
    ) -> "DroppingHistory":
        """Append a step (G, K, q) and the change of the gradient; drop pairs that are too old.

        The objective (G,) was ``before``, and is ``value`` now.
        """
        pairs = lbfgs.append(self.pairs, step, change, max_size=self.max_size)
        values = np.concatenate([self.values, before[:, None]], axis=1)[:, -self.max_size :]
        longer = self._replace(pairs=pairs, values=values)
        return longer.without(value[:, None] < self.keep * values)

    def without(self, which: HostArray) -> "DroppingHistory":
        """Drop pairs (G, M), or all pairs of groups (G,): zeros stand for none."""
        which = which if which.ndim == 2 else which[:, None]
        which = np.broadcast_to(which, self.values.shape)
        if not which.any():
            return self
        live, context = ~which.all(axis=0), self.context
        kept = context.asarray((~which).astype(float))[:, :, None]
        index = context.asarray(np.flatnonzero(live), keep_dtype=True)
        S, Y = (context.xp.take(part * kept, index, axis=1) for part in self.pairs)
        return self._replace(pairs=lbfgs.History(S, Y), values=self.values[:, live])

    def direction(self, grad: Array, preconditioner: Any) -> Array:
        """Compute the search direction (G, K, q)."""
        found: Array = self.context.compile(lbfgs.direction)(self.pairs, grad, preconditioner)
        return found

    def take_groups(self, groups: HostArray) -> "DroppingHistory":
        """Return the history of some of the groups, by their numbers (g,)."""
        index = self.context.asarray(groups, keep_dtype=True)
        pairs = self.pairs.take_groups(index)
        return self._replace(pairs=pairs, values=self.values[groups])
