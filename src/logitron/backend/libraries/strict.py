"""array-api-strict: an implementation of the standard without extras, with simulated devices."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from logitron.backend import threads
from logitron.backend.libraries.base import Library
from logitron.backend.libraries.numpy import ignore_overflow
from logitron.backend.types import Array, Device


class StrictLibrary(Library):
    def device(self, name: str | None) -> Device:
        import array_api_strict as xp

        if name in (None, "cpu"):
            return xp.Device("CPU_DEVICE")
        try:
            return xp.Device(name)
        except ValueError:
            raise self.unknown_device_error(name) from None

    def devices(self) -> list[str]:
        import array_api_strict as xp

        devices = xp.__array_namespace_info__().devices()
        return ["cpu", *map(self.device_name, devices)]

    def device_name(self, device: Device) -> str:
        return str(device).split("'")[1]

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        import array_api_strict as xp

        return xp.asarray(values, device=device)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        import array_api_strict as xp

        return np.asarray(xp.asarray(array, device=xp.Device("CPU_DEVICE")))

    def oversubscription_guard(self) -> AbstractContextManager[Any]:
        return threads.oversubscription_guard

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        return ignore_overflow()  # (it computes with NumPy)
