"""Array functions on Python numbers: the namespace of one group.

The rules of the solvers (`line_search`, `stopping`) take a namespace ``xp`` of functions on the
numbers of all groups. For many groups that is NumPy, on arrays (G,). For one group it is this
module, on Python's own floats and truth values, whose arithmetic takes a tenth of the time.
"""

import builtins
import math
import operator
from typing import Any

import numpy as np

__all__ = [
    "abs",
    "all",
    "any",
    "exp",
    "isfinite",
    "logical_not",
    "maximum",
    "minimum",
    "power",
    "where",
]

abs = builtins.abs
any = all = bool
exp = math.exp
isfinite = math.isfinite
logical_not = operator.not_
maximum, minimum = max, min


def where(condition: bool, chosen: Any, other: Any) -> Any:
    """Choose one of two numbers."""
    return chosen if condition else other


def power(base: float, exponent: float) -> float:
    """Raise a number to a power, rounded as the elements of arrays are."""
    return float(np.power(base, exponent))
