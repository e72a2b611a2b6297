"""Cross-entropy of sigmoid neurons, for targets between 0 and 1."""

from dataclasses import dataclass
from typing import ClassVar

from logitron.backend import library_of
from logitron.backend.types import Array, Namespace
from logitron.losses.base import LossTerms
from logitron.neuron import formulas

__all__ = ["Binomial"]


@dataclass(frozen=True)
class Binomial:
    """``log(1 + exp(z)) - y z``, one logit a group.

    Parameters
    ----------
    soft : bool, default False
        Whether targets can be other numbers than 0 and 1. Kernels for those two are faster.
    """

    soft: bool = False
    n_outputs: ClassVar[int] = 1
    curvature_bound: ClassVar[float] = 0.25
    self_concordance: ClassVar[float] = 1.0
    misclassified_above: ClassVar[float] = 0.6931471805599453

    def terms(
        self, xp: Namespace, Z: Array, Y: Array, *, min_exponent: float | None = None
    ) -> LossTerms:
        """Compute the loss and its derivatives, by the library's own kernel where it has one."""
        kernel = library_of(Z).fused_losses.get("proportions" if self.soft else "binomial")
        if kernel is not None:
            return LossTerms(*kernel(Z, Y, min_exponent))
        value, grad, P = formulas.loss_terms(xp, Z, Y, classes=1, min_exponent=min_exponent)
        return LossTerms(value, grad, P - P * P)
