"""Penalties: what is added to the loss.

================== ========================================================================
module             penalty
================== ========================================================================
`penalties.l2`     half of the squared length of the coefficients
`penalties.base`   what a penalty is to the engine
================== ========================================================================
"""

from logitron.penalties.base import Penalty
from logitron.penalties.l2 import L2

__all__ = ["L2", "Penalty"]
