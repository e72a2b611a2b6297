"""Negative log-likelihood of Poisson counts with a log link."""

from dataclasses import dataclass
from typing import ClassVar

from logitron.backend.types import Array, Namespace
from logitron.losses.base import LossTerms

__all__ = ["Poisson"]


@dataclass(frozen=True)
class Poisson:
    """``exp(z) - y z``, one logit a group, without the part that depends on the counts alone.

    Its curvature has no bound, so that solvers rely on their line search, and distances from the
    optimum are estimated.
    """

    n_outputs: ClassVar[int] = 1
    soft: ClassVar[bool] = False
    curvature_bound: ClassVar[float | None] = None
    self_concordance: ClassVar[float | None] = None
    misclassified_above: ClassVar[float | None] = None

    def terms(
        self, xp: Namespace, Z: Array, Y: Array, *, min_exponent: float | None = None
    ) -> LossTerms:
        """Compute the loss and its derivatives."""
        mean = xp.exp(Z)
        return LossTerms(mean - Y * Z, mean - Y, mean)
