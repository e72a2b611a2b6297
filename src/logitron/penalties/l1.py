r"""L1 penalty with a strength for each group and a factor for each parameter.

.. math:: \lambda_g \sum_{k, j} f_j \, |\theta_{g k j}|

It makes coefficients exactly zero. A factor of 0 leaves a parameter unpenalised; that of the
intercept is 0. It has no gradient at zero: an objective keeps it beside its smooth part.
"""

from typing import NamedTuple

from logitron.backend import namespace_of
from logitron.backend.types import Array

__all__ = ["L1"]


class L1(NamedTuple):
    """The weighted absolute values of the parameters."""

    strength: Array
    """``l1_ratio / C`` of each group (G,)."""
    factors: Array
    """Factor of each parameter of a class (q,)."""

    @property
    def is_smooth(self) -> bool:
        """Never."""
        return False

    @property
    def is_rotation_invariant(self) -> bool:
        """Never."""
        return False

    def thresholds(self) -> Array:
        """Size of the smooth gradient that a parameter of zero withstands (G, 1, q)."""
        return self.strength[:, None, None] * self.factors

    def value(self, theta: Array) -> Array:
        """Penalty of each group (G,)."""
        xp = namespace_of(theta)
        sizes = xp.sum(xp.abs(theta) * self.factors, axis=2)
        return self.strength * xp.sum(sizes, axis=1)

    def grad(self, theta: Array) -> Array:
        """Gradient (G, K, q) of the smooth part: zero."""
        return 0.0 * theta

    def value_and_grad(self, theta: Array) -> tuple[Array, Array]:
        """Penalty (G,) and gradient of the smooth part (G, K, q)."""
        return self.value(theta), self.grad(theta)

    def hessian_diagonal(self) -> Array:
        """Second derivatives (G, 1, q): zero."""
        return 0.0 * self.thresholds()

    def prox(self, theta: Array, step_size: Array) -> Array:
        """Minimise ``|z - theta|^2 / 2 + step_size * penalty(z)``: soft thresholding."""
        xp = namespace_of(theta)
        shrunk = xp.abs(theta) - step_size[:, None, None] * self.thresholds()
        return xp.sign(theta) * xp.where(shrunk > 0.0, shrunk, 0.0)

    def violation(self, theta: Array, grad: Array) -> Array:
        """Distance of zero from the subdifferential, for a smooth gradient (G, K, q)."""
        xp = namespace_of(theta)
        size = self.thresholds()
        beyond = xp.abs(grad) - size
        at_zero = xp.where(beyond > 0.0, beyond, 0.0)
        return xp.where(theta == 0.0, at_zero, xp.abs(grad + size * xp.sign(theta)))

    def take_groups(self, groups: Array) -> "L1":
        """Return the penalty of some of the groups, by their numbers (g,)."""
        return self._replace(strength=namespace_of(groups).take(self.strength, groups, axis=0))
