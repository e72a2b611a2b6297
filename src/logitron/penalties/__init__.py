"""Penalties: what is added to the loss.

================== ========================================================================
module             penalty
================== ========================================================================
`penalties.l1`     absolute values of the coefficients, which makes some of them zero
`penalties.l2`     half of the squared length of the coefficients
================== ========================================================================
"""

from logitron.penalties.l1 import L1
from logitron.penalties.l2 import L2, over_factors

__all__ = ["L1", "L2", "over_factors"]
