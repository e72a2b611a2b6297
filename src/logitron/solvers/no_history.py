"""No history of steps: directions are those of the preconditioner, as in Newton's method."""

from typing import Any, NamedTuple

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray

__all__ = ["NoHistory"]


class NoHistory(NamedTuple):
    """Forgets every step: where Hessians are new, older curvature only spoils them."""

    context: ArrayContext

    @classmethod
    def of(cls, context: ArrayContext, theta: Array) -> "NoHistory":
        """Begin; as other histories do."""
        return cls(context)

    def append(
        self, step: Array, change: Array, before: HostArray, value: HostArray
    ) -> "NoHistory":
        """Forget a step (G, K, q)."""
        return self

    def without(self, which: HostArray) -> "NoHistory":
        """Drop pairs, of which there are none."""
        return self

    def direction(self, grad: Array, preconditioner: Any) -> Array:
        """Compute the search direction (G, K, q)."""
        found: Array = -preconditioner.solve(grad)
        return found

    def take_groups(self, groups: HostArray) -> "NoHistory":
        """Return the history of some of the groups, by their numbers (g,)."""
        return self
