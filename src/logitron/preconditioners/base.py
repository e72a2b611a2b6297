"""What all preconditioners have in common."""

from typing import Any, Protocol, TypeVar

from logitron.backend import namespace_of
from logitron.backend.types import Array

__all__ = ["Preconditioner", "choose", "least_curvature", "take"]

#: parts that all groups have in common; all others have the groups first
SHARED = (
    "covariance",
    "feature_vectors",
    "feature_values",
    "dual_vectors",
    "penalty_values",
    "penalty_factors",
)

#: rounding of curvatures that are summed over rows, in units of ``eps``
ROUNDINGS = 4.0


class Preconditioner(Protocol):
    """A symmetric positive definite model of the Hessian of each group, as a named tuple."""

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse of the model."""

    def take_groups(self, groups: Array) -> Any:
        """Return the model of some of the groups only, by their numbers (g,)."""


_Model = TypeVar("_Model", bound=Any)


def choose(new: _Model, old: _Model, chosen: Array) -> _Model:
    """Take the new model for the chosen groups (G,), and the old one of its kind for the others."""
    xp = namespace_of(chosen)

    def part(name: str) -> Array | None:
        fresh, stale = getattr(new, name), getattr(old, name)
        if fresh is None or name in SHARED:
            return fresh
        if stale is None:
            stale = xp.zeros_like(fresh)
        shape = (-1, *(1,) * (fresh.ndim - 1))
        return xp.where(xp.reshape(chosen, shape), fresh, stale)

    return type(new)(*map(part, new._fields))  # type: ignore[no-any-return]


def take(model: _Model, groups: Array) -> _Model:
    """Return the model of some of the groups only, by their numbers (g,)."""
    xp = namespace_of(groups)
    parts = {
        name: value if value is None or name in SHARED else xp.take(value, groups, axis=0)
        for name, value in model._asdict().items()
    }
    return type(model)(**parts)  # type: ignore[no-any-return]


def least_curvature(matrix: Array, eps: float) -> float:
    """Return what is added to the diagonal of Hessians (..., D, D), scaled to a diagonal of one.

    Along copies of a column without a penalty, the Hessian is nothing but the rounding of its
    sums over the rows, ``eps``: steps of its inverse are too long, or lead uphill.
    """
    own = float(namespace_of(matrix).finfo(matrix.dtype).eps)
    return max(8.0 * float(matrix.shape[-1]) * own, ROUNDINGS * eps)
