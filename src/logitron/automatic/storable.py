"""Parameters of a group without a proven optimum, chosen by what remains of them when stored.

Without a finite optimum, coefficients grow with every step, and so do differences of large
coefficients that cancel in the rows. In the precision of their computation the loss is nearly zero
there. Rounded to float32, the same coefficients can be worse than none. So parameters of several
origins are compared by their objective after rounding.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates import LocalObjective
from logitron.objective import Objective
from logitron.penalties import L2
from logitron.solvers import Outcome

__all__ = ["Storable"]

#: penalty of the features without one, as a part of the sum of weights: it keeps logits of
#: standardised features near those of a probability of this size
TINY_PENALTY = 1e-8
#: loss by rounding up to which other parameters are not tried, as a part of the loss at zero
LITTLE = 1e-3
#: relative gap of the optimum with that penalty, which only has to predict well
TINY_PENALTY_TOL = 1e-2


@dataclass(frozen=True)
class Storable:
    """The objective of one group at parameters as they are stored.

    Parameters
    ----------
    one : Objective
        In the widest precision.
    precision : {"float32", "float64"}
        Of the stored coefficients, which are those of the original features.
    """

    one: Objective
    precision: str

    def value(self, theta: HostArray) -> float:
        """Compute the objective after rounding of ``theta (D,)``."""
        one, context = self.one, self.one.context
        _, K, q = one.shape
        theta = theta.reshape(1, K, q)
        if K > 1:  # a change common to all classes is left out when they are stored
            theta = theta - theta.mean(axis=1, keepdims=True)
        dtype = getattr(context.xp, self.precision)
        with np.errstate(over="ignore"):
            W, b = (
                None if part is None else context.asarray(context.xp.astype(part, dtype))
                for part in one.split(context.asarray(theta))
            )
        stored = one.start(W, b)
        found = float(to_host(one.evaluate(stored).value)[0]) + self._rounding(stored)
        return found if np.isfinite(found) else np.inf

    def _rounding(self, theta: Array) -> float:
        """Estimate by how much rounding of the logits can change the objective.

        Terms that cancel in the rows can be so large that the objective is a random number, and
        steps find the least of many. A row's loss changes by as much as its logits, at most.
        """
        one, eps = self.one, float(np.finfo(np.float64).eps)
        xp, p = one.context.xp, one.layout.n_features
        total = float(to_host(xp.sum(one.weight_sum())))
        squares = float(to_host(xp.sum(one.row_squares(fit_intercept=False)))) / max(total, eps)
        W, b = theta[0, :, :p], one.layout.raw_intercept(theta)
        sizes = xp.sqrt(squares * xp.sum(W * W, axis=1))
        sizes = sizes if b is None else sizes + xp.abs(b[0, :])
        return eps * total * float(to_host(xp.max(sizes)))

    def choose(
        self,
        found: Outcome,
        start: HostArray,
        minimize: Callable[[LocalObjective, HostArray], HostArray],
    ) -> HostArray:
        """Return the parameters (D,) of least objective after rounding.

        Parameters
        ----------
        found : Outcome
            Where a method ended. Its parameters are returned if little is lost by rounding.
        start : numpy.ndarray (D,)
            Where it began.
        minimize : callable
            Minimises an objective from parameters (D,). It is called, for the optimum with a small
            penalty of all features, if rounding spoils the others.
        """
        zero = np.zeros_like(start)
        enough = found.value + LITTLE * self.value(zero)
        best, least = found.theta, np.inf
        for theta in self._candidates(found.theta, start, minimize):
            value = self.value(theta)
            if value < least:
                best, least = theta, value
            if least <= enough:
                break
        return best

    def _candidates(
        self,
        found: HostArray,
        start: HostArray,
        minimize: Callable[[LocalObjective, HostArray], HostArray],
    ) -> Iterator[HostArray]:
        zero = np.zeros_like(start)
        yield found
        yield start
        yield minimize(LocalObjective(self._with_tiny_penalty(), TINY_PENALTY_TOL), zero)
        yield zero

    def _with_tiny_penalty(self) -> Objective:
        """Return the objective with a small penalty of the features that have none."""
        one, penalty = self.one, self.one.penalty
        xp, tiny = one.context.xp, TINY_PENALTY * one.weight_sum()
        own = penalty.hessian_diagonal()[0, 0, :]
        factors = one.layout.penalty_factors(None)
        strength = xp.where(own > 0.0, own, tiny * factors)
        return replace(one, penalty=L2(xp.ones_like(tiny), strength))
