"""CuPy on NVIDIA GPUs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from logitron.backend.libraries.base import Library
from logitron.backend.types import Array, Device, Namespace

#: threads of a block of the kernel
THREADS = 256


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
        scope = ExitStack()
        scope.enter_context(device)
        scope.enter_context(_full_float32())
        return scope

    def release_memory(self) -> None:
        import cupy

        cupy.get_default_memory_pool().free_all_blocks()

    def activity(
        self, Z: Array, Y: Array, *, classes: int, least: float | None
    ) -> tuple[Array, Array, Array]:
        """Compute loss, residual and probability in one kernel, ``activity.cu``.

        ``LIBRARIES["cupy"].activity = None`` goes back to operations on arrays.
        """
        import cupy

        n, m = Z.shape
        real, item = Z.dtype.type, Z.dtype.itemsize
        residual, probability = cupy.empty_like(Z), cupy.empty_like(Z)
        if residual.strides != Z.strides:  # the kernel takes the same steps in all of them
            Z = cupy.ascontiguousarray(Z)
            residual, probability = cupy.empty_like(Z), cupy.empty_like(Z)
        row, column = (step // item for step in Z.strides)
        target_row, target_column = (step // item for step in Y.strides)
        rows_first = row <= column
        groups = m // classes
        loss = (
            cupy.empty((groups, n), Z.dtype).T if rows_first else cupy.empty((n, groups), Z.dtype)
        )
        steps = (
            *(row, column, target_row, target_column),
            target_column * classes if Y.shape[1] == m else 0,
            *(step // item for step in loss.strides),
        )
        sizes = (*map(np.int64, (*steps, n, groups)), np.int32(classes), np.int32(rows_first))
        arguments = (Z, Y, loss, residual, probability, *sizes)
        blocks = max(1, -(-n * groups // THREADS))
        kernel = _activity_kernel("float" if item == 4 else "double")
        kernel((blocks,), (THREADS,), (*arguments, real(-np.inf if least is None else least)))
        return loss, residual, probability


@contextmanager
def _full_float32() -> Iterator[None]:
    """Compute products of float32 in float32, even where CUPY_TF32=1 asks for fewer digits."""
    try:  # CuPy has no public way to ask for it
        from cupy._core import _routines_linalg as products
    except ImportError:
        yield
        return
    single = np.dtype(np.float32)
    before = products.get_compute_type(single)
    if before == products.COMPUTE_TYPE_TF32:
        products.set_compute_type(single, products.COMPUTE_TYPE_DEFAULT)
    try:
        yield
    finally:
        if before == products.COMPUTE_TYPE_TF32:
            products.set_compute_type(single, before)


@cache
def _activity_kernel(real: str) -> Any:
    import cupy

    source = files(__package__).joinpath("activity.cu").read_text()
    return cupy.RawKernel(source, "activity", options=(f"-DREAL={real}",))
