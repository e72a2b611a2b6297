"""What a penalty is to the engine: a convex function of the parameters ``theta (G, K, q)``."""

from typing import Protocol

from logitron.backend.types import Array

__all__ = ["Penalty"]


class Penalty(Protocol):
    """A convex function of each group's parameters, as a named tuple of arrays."""

    @property
    def is_smooth(self) -> bool:
        """Whether it has a gradient everywhere."""

    @property
    def is_rotation_invariant(self) -> bool:
        """Whether it depends on the length of the coefficients alone."""

    def value(self, theta: Array) -> Array:
        """Penalty of each group (G,)."""

    def grad(self, theta: Array) -> Array:
        """Gradient (G, K, q); of a penalty that is not smooth, of its smooth part."""

    def value_and_grad(self, theta: Array) -> tuple[Array, Array]:
        """Both, sharing their products."""

    def hessian_diagonal(self) -> Array:
        """Second derivatives (G, 1, q), the same for all classes."""

    def prox(self, theta: Array, step_size: Array) -> Array:
        """Minimise ``|z - theta|^2 / 2 + step_size * penalty(z)`` over ``z (G, K, q)``."""

    def take_groups(self, groups: Array) -> "Penalty":
        """Return the penalty of some of the groups, by their numbers (g,)."""
