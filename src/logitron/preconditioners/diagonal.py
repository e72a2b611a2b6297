r"""A power of the Hessian's diagonal, for features of which few occur in a row.

With :math:`h_{jk} = \sum_i s_{ik} (x_{ij} - \mu_j)^2`, the diagonal of the Hessian of column k, the
model is :math:`(h_{jk} + \lambda)^{0.7}`. Some words occur a thousand times as often as others,
which a diagonal models. Features that occur together are correlated, which it does not model: with
the whole diagonal (Jacobi's preconditioner), fits with a weak penalty take up to twice as many
iterations. Powers from 0.6 to 0.8 take about as many. Intercepts have their exact curvature. The
model is known up to a factor, which the solver computes from its last step.
"""

from typing import NamedTuple

from logitron.backend import namespace_of
from logitron.backend.types import Array
from logitron.preconditioners.base import take

__all__ = ["Diagonal", "diagonal"]

#: exponent of the diagonal
POWER = 0.7
#: least curvature of an intercept, as a part of the mean of its group
FLOOR = 1e-3


class Diagonal(NamedTuple):
    """The inverse of a diagonal model."""

    inverse: Array
    """(G, K, q)"""

    def solve(self, grad: Array) -> Array:
        """Multiply gradients (G, K, q) by the inverse."""
        return grad * self.inverse

    def take_groups(self, groups: Array) -> "Diagonal":
        """Return the model of some of the groups only, by their numbers (g,)."""
        return take(self, groups)


def diagonal(squares: Array, totals: Array, penalty: Array, *, fit_intercept: bool) -> Diagonal:
    """Make the model.

    Parameters
    ----------
    squares : array (G, K, p)
        Diagonal of the loss's Hessian.
    totals : array (G, K)
        Curvature of the intercepts.
    penalty : array (G, K, p)
        Diagonal of the penalty's Hessian.
    fit_intercept : bool
    """
    xp = namespace_of(squares)
    whole = squares + penalty
    # (a feature without curvature or penalty does not move)
    inverse = xp.where(whole > 0.0, whole, 1.0) ** -POWER
    if not fit_intercept:
        return Diagonal(inverse)
    least = FLOOR * xp.mean(totals, axis=1, keepdims=True)
    totals = xp.where(totals > least, totals, least)
    own = 1.0 / xp.where(totals > 0.0, totals, 1.0)
    return Diagonal(xp.concat([inverse, own[:, :, None]], axis=2))
