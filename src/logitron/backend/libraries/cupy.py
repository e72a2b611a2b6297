"""CuPy on NVIDIA GPUs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import numpy as np

from logitron.backend.block_sizes import BlockSizes
from logitron.backend.libraries.base import MOST_INDICATORS, Library
from logitron.backend.libraries.cupy_constants import constant
from logitron.backend.libraries.cupy_losses import fused_loss
from logitron.backend.libraries.cupy_namespace import namespace
from logitron.backend.libraries.cupy_sums import sum_of_squares
from logitron.backend.process_setting import ProcessSetting
from logitron.backend.types import Array, Device, Namespace

#: rows; larger matrices of a stack are inverted and decomposed one after the other
ONE_BY_ONE_ROWS = 64
#: rows; larger constants are not kept
MOST_CONSTANT_ROWS = 256
#: parts of the messages of errors that report a lack of memory
OUT_OF_MEMORY_MESSAGES = (
    "cudaErrorMemoryAllocation",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUSOLVER_STATUS_ALLOC_FAILED",
)


class CupyLibrary(Library):
    extra = "cupy-cuda13x"
    supports_dlpack = True
    distributions = ("cupy-cuda13x", "cupy-cuda12x", "cupy")

    def namespace(self) -> Namespace:
        import array_api_compat.cupy as xp

        return namespace(xp)

    def __init__(self, name: str, module: str | None = None) -> None:
        super().__init__(name, module)
        names = "binomial", "multinomial", "proportions", "mixtures"
        self.fused_losses = dict.fromkeys(names, fused_loss)

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
            raise self.unknown_device_error(name)
        return cupy.cuda.Device(int(name.partition(":")[2] or 0))

    def strides(self, array: Array) -> tuple[int, ...] | None:
        return tuple(stride // array.itemsize for stride in array.strides)

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

    def eye_like(self, array: Array, size: int) -> Array:
        if size > MOST_CONSTANT_ROWS:
            return super().eye_like(array, size)
        return constant(np.eye, size, array.dtype)

    def upper_like(self, array: Array, size: int) -> Array:
        if size > MOST_CONSTANT_ROWS:
            return super().upper_like(array, size)
        return constant(_upper, size, array.dtype)

    def range_like(self, array: Array, size: int) -> Array:
        if size > MOST_CONSTANT_ROWS:
            return super().range_like(array, size)
        return constant(np.arange, size, np.dtype(np.int64))

    def indicators(self, codes: Array, classes: int, dtype: Any) -> Array:
        if classes > MOST_CONSTANT_ROWS or codes.dtype.kind not in "iu":
            return super().indicators(codes, classes, dtype)
        # (one kernel, where a comparison and casts are three)
        return self.namespace().take(constant(np.eye, classes, dtype), codes, axis=1)

    def sum_by_code(self, values: Array, codes: Array, count: int) -> Array:
        if count > MOST_CONSTANT_ROWS or count * codes.size > MOST_INDICATORS:
            return super().sum_by_code(values, codes, count)
        return self.indicators(codes, count, values.dtype) @ values

    def sum_of_squares(self, X: Array) -> Array:
        found = sum_of_squares(X)
        return super().sum_of_squares(X) if found is None else found

    # CuPy's batched routines are fast for many small matrices and slow for large ones
    # (see the comments in ``cupy.linalg.solve``).

    def inv(self, A: Array) -> Array:
        return _matrix_by_matrix(super().inv, A)

    def eigh(self, A: Array) -> tuple[Array, Array]:
        values, vectors = _matrix_by_matrix(super().eigh, A)
        return values, vectors

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        # (CuPy creates arrays on the current device)
        scope = ExitStack()
        scope.enter_context(device)
        scope.enter_context(_full_float32)
        return scope

    def out_of_memory(self, error: BaseException) -> bool:
        return any(one in str(error) for one in OUT_OF_MEMORY_MESSAGES) or super().out_of_memory(
            error
        )

    def block_sizes(self, device: Device) -> BlockSizes:
        import cupy

        with device:
            free, _ = cupy.cuda.runtime.memGetInfo()
            kept = cupy.get_default_memory_pool().free_bytes()
        return self.blocks.in_memory(free + kept)

    def release_memory(self) -> None:
        import cupy

        cupy.get_default_memory_pool().free_all_blocks()


def _matrix_by_matrix(function: Callable[[Array], Any], A: Array) -> Any:
    """Apply a function to a stack (G, D, D), matrix by matrix if the matrices are large."""
    import cupy

    if A.ndim != 3 or (A.shape[0] > 1 and A.shape[-1] <= ONE_BY_ONE_ROWS):
        return function(A)
    found = [function(one) for one in A]
    if isinstance(found[0], tuple):
        return tuple(cupy.stack(parts) for parts in zip(*found, strict=True))
    return cupy.stack(found)


class _FullFloat32(ProcessSetting):
    """Compute products of float32 arrays in float32, even if CUPY_TF32=1 is set."""

    _changed: bool

    def _apply(self) -> None:
        self._changed = _set_compute_type("TF32", "DEFAULT")

    def _restore(self) -> None:
        if self._changed:
            _set_compute_type("DEFAULT", "TF32")


_full_float32 = _FullFloat32()


def _set_compute_type(old: str, new: str) -> bool:
    """Change the compute type of float32 products if it is ``old``; return whether it was."""
    try:  # (CuPy has no public function for it)
        from cupy._core import _routines_linalg as products
    except ImportError:
        return False
    single = np.dtype(np.float32)
    if products.get_compute_type(single) != getattr(products, f"COMPUTE_TYPE_{old}"):
        return False
    products.set_compute_type(single, getattr(products, f"COMPUTE_TYPE_{new}"))
    return True


def _upper(size: int, dtype: Any) -> np.ndarray[Any, Any]:
    return np.triu(np.ones((size, size), dtype), k=1)
