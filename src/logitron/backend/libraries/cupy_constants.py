"""Small constants on CuPy's devices: they are made on the host, since a device takes kernels."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from logitron.backend.types import Array

__all__ = ["constant"]


def constant(make: Callable[..., Any], size: Any, dtype: Any) -> Array:
    """Return ``make(size, dtype=dtype)`` on the current device, and the same array next time."""
    import cupy

    stream = cupy.cuda.get_current_stream().ptr
    return _moved(cupy, make, size, dtype, cupy.cuda.Device().id, stream)


@lru_cache(maxsize=256)
def _moved(
    cupy: Any, make: Callable[..., Any], size: Any, dtype: Any, device: int, stream: int
) -> Array:
    """Move a constant to a device, once for each stream."""
    with cupy.cuda.Device(device):
        return cupy.asarray(make(size, dtype=dtype))
