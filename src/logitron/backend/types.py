"""Names for what Python's type system cannot see: the array API standard has no base classes."""

from typing import Any

import numpy as np

__all__ = ["Array", "DType", "Device", "HostArray", "Namespace", "Number"]

Array = Any
Device = Any
DType = Any
Namespace = Any
#: a number of each group: a float for a single group, an array (G,) for more
Number = Any
HostArray = np.ndarray[Any, Any]
