"""PyTorch on CPUs, CUDA and MPS devices."""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any

import numpy as np

from logitron.backend.libraries.base import Library
from logitron.backend.types import Array, Device, Namespace


class TorchLibrary(Library):
    extra = "torch"
    speaks_dlpack = True
    #: Which backend of torch.compile to use, such as "inductor"; None is eager mode. Compiling
    #: takes seconds and a C++ compiler, so it is for those who ask:
    #: ``LIBRARIES["torch"].compiler = "inductor"``.
    compiler: str | None = None

    def namespace(self) -> Namespace:
        import array_api_compat.torch as xp

        return xp

    def device(self, name: str | None) -> Device:
        import torch

        try:
            device = torch.device("cpu" if name is None else name)
        except RuntimeError:
            raise self.unknown_device(name) from None
        if device.type == "meta":  # shapes without values, for checking that none is needed
            return device
        if device.type not in self.devices() and str(device) not in self.devices():
            raise self.unknown_device(name)
        if device.type == "cuda" and device.index is None:  # as arrays name their device
            device = torch.device("cuda", torch.cuda.current_device())
        return device

    def devices(self) -> list[str]:
        import torch

        found = ["cpu"]
        found += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        found += ["cuda"] if torch.cuda.is_available() else []
        found += ["mps"] if torch.backends.mps.is_available() else []
        return found

    def has_float64(self, device: Device) -> bool:
        return bool(device.type != "mps")

    def is_dense(self, array: Array) -> bool:
        import torch

        return bool(array.layout == torch.strided)

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        import torch

        # from_dlpack shares the memory of read-only arrays without torch's warning about them,
        # but ends the process on negative strides.
        return torch.from_dlpack(np.ascontiguousarray(values)).to(device)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        import torch

        if array.dtype == torch.bfloat16:  # NumPy has no such dtype
            array = array.to(torch.float32)
        values: np.ndarray[Any, Any] = array.detach().cpu().numpy()
        return values

    def detach(self, array: Array) -> Array:
        return array.detach()

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        import torch

        scope: AbstractContextManager[Any] = torch.no_grad()
        return scope

    def compile(self, function: Callable[..., Any], **static: Any) -> Callable[..., Any]:
        if self.compiler is None:
            return super().compile(function, **static)
        return partial(_compile(self.compiler, function), **static)


@cache
def _compile(compiler: str, function: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    compiled = torch.compile(function, backend=compiler, fullgraph=True)

    def run(*arguments: Array, **static: Any) -> Any:
        with warnings.catch_warnings():
            # array_namespace keeps a cache, which the compiler is right to see through
            warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
            return compiled(*arguments, **static)

    return run
