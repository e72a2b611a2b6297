"""Type aliases for array objects. The array API standard has no base classes to annotate with."""

from typing import Any

import numpy as np

__all__ = ["Array", "DType", "Device", "HostArray", "Namespace", "Number"]

#: an array of any library
Array = Any
#: a device object of the array's library
Device = Any
#: a dtype object of the array's library
DType = Any
#: an array API namespace
Namespace = Any
#: one number for each group: a float for a single group, an array (G,) for several
Number = Any
#: an array of NumPy
HostArray = np.ndarray[Any, Any]
