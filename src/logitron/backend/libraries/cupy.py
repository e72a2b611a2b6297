"""CuPy on NVIDIA GPUs."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from logitron.backend.libraries.base import Library
from logitron.backend.types import Array, Device, Namespace


class CupyLibrary(Library):
    extra = "cupy-cuda13x"
    speaks_dlpack = True
    distributions = ("cupy-cuda13x", "cupy-cuda12x", "cupy")

    def namespace(self) -> Namespace:
        import array_api_compat.cupy as xp

        return xp

    def problem(self) -> str | None:
        problem = super().problem()
        if problem is None:
            import cupy

            if not cupy.is_available():
                problem = "no CUDA device is available"
        return problem

    def device(self, name: str | None) -> Device:
        import cupy

        if name is None:
            return cupy.cuda.Device()
        if name not in self.devices():
            raise self.unknown_device(name)
        return cupy.cuda.Device(int(name.partition(":")[2] or 0))

    def device_name(self, device: Device) -> str:
        return f"cuda:{device.id}"

    def devices(self) -> list[str]:
        import cupy

        if not cupy.is_available():
            return []
        return ["cuda", *(f"cuda:{i}" for i in range(cupy.cuda.runtime.getDeviceCount()))]

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        import cupy

        with device:
            return cupy.asarray(values)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        values: np.ndarray[Any, Any] = array.get()
        return values

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        # CuPy's creation functions take no device: arrays are made on the current one
        scope: AbstractContextManager[Any] = device
        return scope
