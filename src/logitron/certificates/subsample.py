"""A subsample of the rows and the inverse of its Hessian, whose curvature sharpens the bound."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from logitron.backend import linalg
from logitron.backend.types import Array
from logitron.certificates.strong_convexity import leverage, logit_changes
from logitron.data import Rows
from logitron.objective import Objective

__all__ = ["SubsampleBound"]

#: the Hessian is summed anew when the estimated distance has fallen by this factor,
NEARER = 1e-3
#: or, where that is free to read, when a logit of the subsample has changed by more than this
MUCH = 1.0


@dataclass
class SubsampleBound:
    """Some of the rows, and their curvature where it was last summed.

    Parameters
    ----------
    sample : Objective
    first : tuple of arrays (G, 1, q) and (G, q, q), optional
        Parameters at which the Hessian of the sample is known, and that Hessian.
    """

    sample: Objective
    first: tuple[Array, Array] | None = None
    _seen: tuple[Array, Array, Array] | None = field(default=None, repr=False)
    _before: float = field(default=0.0, repr=False)

    @property
    def memory(self) -> tuple[Any, float]:
        """What was seen, and the distance before that."""
        return self._seen, self._before

    @memory.setter
    def memory(self, seen: tuple[Any, float]) -> None:
        self._seen, self._before = seen

    @property
    def reach(self) -> float:
        """Distance from the optimum, two steps before, from which witnesses can give a bound.

        They give one where kappa delta < 1; kappa squared is some leverages of q / n, and delta
        squared is twice the distance over the part that the witnesses are. A step by their Hessian
        is off by some parts q / n of its square.
        """
        n, (_, _, q) = self.sample.rows.shape[0], self.sample.shape
        gain = 0.5 * n / q
        return float(gain**2 * 0.08 * n / q / self.sample.data.scale)

    def look(self, theta: Array, before: float, ridge: Array) -> tuple[Array, Array, Array]:
        """Look at the witnesses where it is worth it; otherwise remember.

        Returns
        -------
        inverse : array (G, q, q)
            Of their Hessian where they were looked at, with a ``ridge (G, q, q)``.
        leverage : array (G,)
            The largest ``x' inverse x`` among them.
        change : array (G,)
            The most that a logit of theirs has changed since.
        """
        context, sample = self.sample.context, self.sample
        if self._seen is None and self.first is not None and before > 0.0:
            self._see(*self.first, before, ridge)
        if self._seen is not None and before > NEARER * self._before:
            there, inverse, largest = self._seen
            change = self._largest(sample.rows.in_float64(), logit_changes, theta - there)
            if not (context.library.is_host and bool((change > MUCH).any())):
                return inverse, largest, change
        inverse, largest = self._see(theta, sample.evaluate(theta, "full").hessian, before, ridge)
        return inverse, largest, context.zeros(largest.shape)

    def _see(self, theta: Array, hessian: Any, before: float, ridge: Array) -> tuple[Array, Array]:
        """Invert the Hessian of the sample at ``theta``, and find its largest leverage."""
        sample = self.sample
        inverse = linalg.inv(hessian * (1.0 / sample.data.scale) + ridge)
        # (computed as narrow as the rows are: a little more than the largest is no less)
        largest = self._largest(sample.rows, leverage, inverse) * 1.001
        self._seen, self._before = (theta, inverse, largest), before
        return inverse, largest

    def _largest(self, rows: Rows, function: Callable[..., Array], parameter: Array) -> Array:
        """Compute numbers (n, G) of the rows, and take the largest of each group."""
        to_rows = self.sample.to_rows
        values = rows.map(function, to_rows(self.sample.layout.centre), to_rows(parameter))
        xp, wide = rows.context.xp, rows.context.wide
        (largest,) = self.sample.from_rows((xp.max(xp.astype(values, wide.dtype), axis=0),))
        return largest
