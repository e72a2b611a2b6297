"""Names for what Python's type system cannot see: the array API standard has no base classes."""

from typing import Any

import numpy as np

__all__ = ["Array", "DType", "Device", "HostArray", "Namespace"]

Array = Any
Device = Any
DType = Any
Namespace = Any
HostArray = np.ndarray[Any, Any]
