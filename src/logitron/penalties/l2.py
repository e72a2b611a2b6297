r"""L2 penalty with a strength for each group and a factor for each parameter.

.. math:: \tfrac12 \lambda_g \sum_{k, j} f_j \, \theta_{g k j}^2

A factor of 0 leaves a parameter unpenalised; that of the intercept is 0.
"""

from typing import NamedTuple

from logitron.backend import namespace_of
from logitron.backend.types import Array

__all__ = ["L2", "over_factors"]


class L2(NamedTuple):
    """Half of the weighted squares of the parameters."""

    strength: Array
    """``1 / C`` of each group (G,)."""
    factors: Array
    """Factor of each parameter of a class (q,)."""
    feature_factors: Array | None = None
    """Factors of the features alone (p,), where they are not all 1."""

    @property
    def is_incomplete(self) -> Array:
        """Whether some feature of each group is without this penalty (G,)."""
        none = self.strength <= 0.0
        if self.feature_factors is None:
            return none
        return none | (namespace_of(none).min(self.feature_factors) <= 0.0)

    def over_factors(self, squares: Array) -> Array:
        """Divide squares (..., p) by the factors of their features; 0 for a factor of 0."""
        factors = self.feature_factors
        return squares if factors is None else over_factors(squares, factors)

    def value(self, theta: Array) -> Array:
        """Penalty of each group (G,)."""
        return self.value_and_grad(theta)[0]

    def grad(self, theta: Array) -> Array:
        """Gradient (G, K, q)."""
        return self.strength[:, None, None] * (theta * self.factors)

    def value_and_grad(self, theta: Array) -> tuple[Array, Array]:
        """Penalty (G,) and gradient (G, K, q)."""
        xp, grad = namespace_of(theta), self.grad(theta)
        products = xp.reshape(theta * grad, (theta.shape[0], -1))
        return 0.5 * xp.sum(products, axis=1), grad

    def hessian_diagonal(self) -> Array:
        """Second derivatives (G, 1, q), the same for all classes."""
        return self.strength[:, None, None] * self.factors

    def take_groups(self, groups: Array) -> "L2":
        """Return the penalty of some of the groups, by their numbers (g,)."""
        return self._replace(strength=namespace_of(groups).take(self.strength, groups, axis=0))


def over_factors(squares: Array, factors: Array) -> Array:
    """Divide squares (..., p) by factors (p,); 0 where a factor is 0."""
    xp, there = namespace_of(squares), factors > 0.0
    divided: Array = xp.where(there, squares / xp.where(there, factors, 1.0), 0.0)
    return divided
