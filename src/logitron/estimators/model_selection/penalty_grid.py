"""The penalties of a cross-validation: each C with each part of the L1 penalty."""

from typing import NamedTuple

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.reports import Axis

__all__ = ["PenaltyGrid"]


class PenaltyGrid(NamedTuple):
    """Pairs of a C and an L1 ratio; all Cs of a ratio are next to each other."""

    Cs: HostArray
    """(C,)"""
    l1_ratios: HostArray
    """(R,)"""

    @property
    def shape(self) -> tuple[int, int]:
        """Ratios and Cs: ``(R, C)``."""
        return len(self.l1_ratios), len(self.Cs)

    @property
    def pairs(self) -> HostArray:
        """C and L1 ratio of each pair (2, P)."""
        R, C = self.shape
        return np.stack([np.tile(self.Cs, R), np.repeat(self.l1_ratios, C)])

    @property
    def axis(self) -> Axis:
        """Names of the pairs: their C, and their ratio where ratios differ."""
        Cs, ratios = self.pairs
        if (ratios == ratios[0]).all():
            return Axis("C", Cs)
        both = zip(Cs.tolist(), ratios.tolist(), strict=True)
        return Axis("penalty", [f"C={C:.6g}, l1_ratio={ratio:.6g}" for C, ratio in both])
