"""The backends that the suite runs on, each with a function that makes its arrays.

A backend is a library in a certain setting. Read-only arrays of NumPy, simulated devices of
array-api-strict, and its optional features switched off detect errors that the plain libraries do
not.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from logitron.backend import ArrayContext, to_host
from tests.standins import cupy as cupy_standin

REQUIRED = tuple(filter(None, os.environ.get("LOGITRON_REQUIRED_BACKENDS", "").split(",")))


@dataclass(frozen=True)
class Backend:
    name: str
    library: str
    make: Callable[[np.ndarray], Any]
    precision: str = "float64"
    setting: Callable[[], AbstractContextManager] = nullcontext
    present: Callable[[], str | None] = lambda: None
    """Returns why the backend cannot run on this machine, or None."""
    slow: bool = False
    """Whether calls are so slow that tests should make few iterations."""

    def __repr__(self) -> str:
        return self.name

    @property
    def lazy(self) -> bool:
        return self.library == "dask"

    def array(self, values: Any, *, cast: bool = True) -> Any:
        """Convert values to an array of this backend, and floats to its precision if ``cast``."""
        values = np.asarray(values)
        if cast and values.dtype.kind == "f":
            values = values.astype(self.precision)
        return self.make(values)

    def context(self) -> ArrayContext:
        return ArrayContext.of(self.chunk(np.zeros(1)))

    def chunk(self, values: Any) -> Any:
        """Convert values to an array for computations; for Dask, to one of its chunks."""
        return np.asarray(values, dtype=self.precision) if self.lazy else self.array(values)

    def missing(self) -> str | None:
        try:
            return self.present()
        except ImportError as error:
            return f"{error.name or error} is not installed"

    def require(self) -> None:
        """Skip the test if the backend cannot run on this machine; fail it if it is required."""
        reason = self.missing()
        if reason is None:
            return
        if self.name in REQUIRED:
            pytest.fail(f"backend {self.name} is required, but {reason}")
        pytest.skip(f"backend {self.name}: {reason}")


def host(array: Any) -> np.ndarray:
    """Convert an array of any backend to NumPy."""
    return to_host(array)


# --- functions that make arrays -----------------------------------------------------------------


def _read_only(values: np.ndarray) -> np.ndarray:
    values = np.array(values)
    values.flags.writeable = False
    return values


def _torch(device: str) -> Callable[[np.ndarray], Any]:
    def make(values: np.ndarray) -> Any:
        import torch

        return torch.asarray(np.array(values), device=device)

    return make


def _torch_present() -> None:
    import torch  # noqa: F401


def _torch_cuda() -> str | None:
    import torch

    return None if torch.cuda.is_available() else "torch has no CUDA device"


def _cupy(values: np.ndarray) -> Any:
    import cupy

    return cupy.asarray(values)


def _cupy_present() -> str | None:
    import cupy

    return None if cupy.is_available() else "cupy has no CUDA device"


def _jax(kind: str) -> Callable[[np.ndarray], Any]:
    def make(values: np.ndarray) -> Any:
        import jax

        return jax.device_put(jax.numpy.array(values), jax.devices(kind)[0])

    return make


def _jax_present() -> None:
    import jax  # noqa: F401


def _jax_cuda() -> str | None:
    import jax

    if any(device.platform == "gpu" for device in jax.devices()):
        return None
    return "jax has no GPU"


@contextmanager
def _x64() -> Iterator[None]:
    import jax

    with jax.enable_x64(True):
        yield


def _dask(values: np.ndarray) -> Any:
    import dask.array as da

    # (the last chunk is shorter)
    return da.from_array(values, chunks=(max(1, -(-len(values) // 3)), *values.shape[1:]))


def _dask_present() -> None:
    import dask.array  # noqa: F401


def _strict(device: str) -> Callable[[np.ndarray], Any]:
    def make(values: np.ndarray) -> Any:
        import array_api_strict as xp

        return xp.asarray(np.array(values), device=xp.Device(device))

    return make


def _strict_present() -> None:
    import array_api_strict  # noqa: F401


@contextmanager
def _flags_off() -> Iterator[None]:
    from array_api_strict import ArrayAPIStrictFlags

    with ArrayAPIStrictFlags(boolean_indexing=False, data_dependent_shapes=False):
        yield


BACKENDS = (
    Backend("numpy", "numpy", np.array),
    Backend("numpy-float32", "numpy", np.array, "float32"),
    Backend("numpy-readonly", "numpy", _read_only),
    Backend("torch", "torch", _torch("cpu"), present=_torch_present),
    Backend("torch-float32", "torch", _torch("cpu"), "float32", present=_torch_present),
    Backend("torch-cuda", "torch", _torch("cuda"), present=_torch_cuda),
    Backend("jax", "jax", _jax("cpu"), setting=_x64, present=_jax_present),
    Backend("jax-float32", "jax", _jax("cpu"), "float32", present=_jax_present),
    Backend("jax-cuda", "jax", _jax("gpu"), setting=_x64, present=_jax_cuda),
    Backend("cupy", "cupy", _cupy, present=_cupy_present),
    Backend(
        "standin-of-cupy",
        "cupy",
        _cupy,
        setting=cupy_standin.installed,
        present=cupy_standin.missing,
    ),
    Backend("dask", "dask", _dask, present=_dask_present, slow=True),
    Backend("strict", "array-api-strict", _strict("CPU_DEVICE"), present=_strict_present),
    Backend("strict-device1", "array-api-strict", _strict("device1"), present=_strict_present),
    Backend(
        "strict-no-float64",
        "array-api-strict",
        _strict("no_float64"),
        "float32",
        present=_strict_present,
    ),
    Backend(
        "strict-flags-off",
        "array-api-strict",
        _strict("CPU_DEVICE"),
        setting=_flags_off,
        present=_strict_present,
    ),
)

#: the backends that need an NVIDIA GPU
GPU = tuple(b for b in BACKENDS if b.name in ("torch-cuda", "cupy", "jax-cuda"))
