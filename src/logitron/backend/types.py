"""Names for what Python's type system cannot see: the array API standard has no base classes."""

from typing import Any

Array = Any
Device = Any
DType = Any
Namespace = Any
