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

    def thresholds(self) -> Array:
        """Size of the smooth gradient that a parameter of zero withstands (G, 1, q)."""
        return self.strength[:, None, None] * self.factors

    def value(self, theta: Array) -> Array:
        """Penalty of each group (G,)."""
        xp = namespace_of(theta)
        sizes = xp.sum(xp.abs(theta) * self.factors, axis=2)
        return self.strength * xp.sum(sizes, axis=1)

    def take_groups(self, groups: Array) -> "L1":
        """Return the penalty of some of the groups, by their numbers (g,)."""
        return self._replace(strength=namespace_of(groups).take(self.strength, groups, axis=0))
