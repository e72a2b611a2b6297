"""Cross-entropy of softmax groups, for targets that add up to one over the classes."""

from dataclasses import dataclass
from typing import ClassVar

from logitron.backend import library_of
from logitron.backend.types import Array, Namespace
from logitron.losses.base import LossTerms
from logitron.neuron import formulas

__all__ = ["Multinomial"]


@dataclass(frozen=True)
class Multinomial:
    """``log sum_k exp(z_k) - sum_k y_k z_k``.

    Adding the same number to all logits of a row changes nothing: second derivatives are zero along
    that direction.

    Parameters
    ----------
    n_outputs : int
        Number of classes, ``K``.
    soft : bool, default False
        Whether targets can be other numbers than 0 and 1.
    """

    n_outputs: int
    soft: bool = False
    curvature_bound: ClassVar[float] = 0.5
    self_concordance: ClassVar[float] = 2.0
    misclassified_above: ClassVar[float] = 0.6931471805599453

    def terms(
        self, xp: Namespace, Z: Array, Y: Array, *, min_exponent: float | None = None
    ) -> LossTerms:
        """Compute the loss and its derivatives, by the library's own kernel where it has one."""
        kernel = library_of(Z).fused_losses.get("mixtures" if self.soft else "multinomial")
        if kernel is not None:
            return LossTerms(*kernel(Z, Y, min_exponent, self.n_outputs))
        return LossTerms(
            *formulas.loss_terms(xp, Z, Y, classes=self.n_outputs, min_exponent=min_exponent)
        )
