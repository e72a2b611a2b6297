"""What a loss is to the engine: pure functions of the logits and targets of rows.

To add one, write its file beside this one; no other file of the engine changes. A loss is a frozen
dataclass: hashable, since it is a static argument of compiled functions, and importable, since it
travels to other processes.
"""

from typing import NamedTuple, Protocol

from logitron.backend.types import Array, Namespace

__all__ = ["Loss", "LossTerms"]


class LossTerms(NamedTuple):
    """The loss of every row and group, and its derivatives by the logits."""

    value: Array
    """(n, G)"""
    grad: Array
    """First derivatives (n, m), ``m = G K``."""
    curvature: Array
    """Of losses of one output, second derivatives (n, m). Of several outputs, the probabilities
    (n, m): the second derivatives of a row are ``diag(p) - p p'``."""


class Loss(Protocol):
    """A convex loss of the logits of each row."""

    @property
    def n_outputs(self) -> int:
        """Logits of each group, ``K``."""

    @property
    def soft(self) -> bool:
        """Whether a row can be shared out among classes: its target is then no label."""

    @property
    def curvature_bound(self) -> float | None:
        """Largest eigenvalue of a row's second derivatives; None where there is no bound."""

    @property
    def self_concordance(self) -> float | None:
        """The constant ``c`` of `certificate`; None where the loss is not self-concordant there."""

    @property
    def misclassified_above(self) -> float | None:
        """A row's loss from which on its target does not have most of the probability.

        Rows without a loss as large are separated. None where that means nothing.
        """

    def terms(
        self, xp: Namespace, Z: Array, Y: Array, *, min_exponent: float | None = None
    ) -> LossTerms:
        """Compute the loss and its derivatives.

        Parameters
        ----------
        xp : namespace
            Of the arrays.
        Z : array (n, m)
            Logits.
        Y : array (n, m), or (n, K) where all groups share their targets
        min_exponent : float, optional
            Exponents may be raised to this: numbers that are not normal make processors several
            times slower, and training does not need them.
        """
