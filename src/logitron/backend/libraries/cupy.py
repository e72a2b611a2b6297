"""CuPy on NVIDIA GPUs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from logitron.backend.block_sizes import BlockSizes
from logitron.backend.libraries.base import Library
from logitron.backend.libraries.cupy_sums import namespace_with_sums, sum_of_squares
from logitron.backend.process_setting import ProcessSetting
from logitron.backend.types import Array, Device, Namespace

#: threads of a CUDA block of the fused kernel
THREADS_PER_BLOCK = 256
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

        return namespace_with_sums(xp)

    def __init__(self, name: str, module: str | None = None) -> None:
        super().__init__(name, module)
        names = "binomial", "multinomial", "proportions"
        self.fused_losses = dict.fromkeys(names, _fused_loss)

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
        return self._constant(np.eye, size, array.dtype)

    def upper_like(self, array: Array, size: int) -> Array:
        if size > MOST_CONSTANT_ROWS:
            return super().upper_like(array, size)
        return self._constant(_upper, size, array.dtype)

    def range_like(self, array: Array, size: int) -> Array:
        if size > MOST_CONSTANT_ROWS:
            return super().range_like(array, size)
        return self._constant(np.arange, size, np.dtype(np.int64))

    def indicators(self, codes: Array, classes: int, dtype: Any) -> Array:
        if classes > MOST_CONSTANT_ROWS or codes.dtype.kind not in "iu":
            return super().indicators(codes, classes, dtype)
        # (one kernel, where a comparison and casts are three)
        return self._constant(np.eye, classes, dtype).take(codes, axis=1)

    def sum_of_squares(self, X: Array) -> Array:
        found = sum_of_squares(X)
        return super().sum_of_squares(X) if found is None else found

    def _constant(self, make: Callable[..., Any], size: int, dtype: Any) -> Array:
        import cupy

        stream = cupy.cuda.get_current_stream().ptr
        return _constant(cupy, make, size, dtype, cupy.cuda.Device().id, stream)

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


def _same_steps(left: Array, right: Array) -> bool:
    """Whether arrays of one shape have the same strides, along axes of more than one number."""
    steps = zip(left.strides, right.strides, left.shape, strict=True)
    return all(a == b or size == 1 for a, b, size in steps)


@lru_cache(maxsize=256)
def _constant(
    cupy: Any, make: Callable[..., Any], size: int, dtype: Any, device: int, stream: int
) -> Array:
    """Move a small constant to a device, once for each stream: making it there takes kernels."""
    with cupy.cuda.Device(device):
        return cupy.asarray(make(size, dtype=dtype))


def _upper(size: int, dtype: Any) -> np.ndarray[Any, Any]:
    return np.triu(np.ones((size, size), dtype), k=1)


@cache
def _kernel(real: str) -> Any:
    import cupy

    source = files(__package__).joinpath("fused_loss.cu").read_text()
    return cupy.RawKernel(source, "fused_loss", options=(f"-DREAL={real}",))


def _fused_loss(
    Z: Array, Y: Array, min_exponent: float | None, classes: int = 1
) -> tuple[Array, Array, Array]:
    """Compute loss, residual, and curvature or probabilities by the kernel of ``fused_loss.cu``.

    ``LIBRARIES["cupy"].fused_losses = {}`` switches the kernel off.

    Parameters
    ----------
    Z : array (n, groups * classes)
        Logits.
    Y : array (n, groups * classes) or (n, classes)
        Targets; those of one group if all groups share them.
    min_exponent : float or None
        Smaller exponents are replaced by it, so that exponentials are no subnormal numbers.
    classes : int, default 1
        Outputs of a group; 1 for a sigmoid.

    Returns
    -------
    loss : array (n, groups)
    residual : array (n, groups * classes)
    curvature : array (n, groups * classes)
        Probabilities if there are several classes.
    """
    import cupy

    n, m = Z.shape
    real, item = Z.dtype.type, Z.dtype.itemsize
    residual, curvature = cupy.empty_like(Z), cupy.empty_like(Z)
    if not _same_steps(residual, Z):  # (the kernel uses the same strides for all three)
        Z = cupy.ascontiguousarray(Z)
        residual, curvature = cupy.empty_like(Z), cupy.empty_like(Z)
    row, column = (step // item for step in Z.strides)
    target_row, target_column = (step // item for step in Y.strides)
    rows_first = row <= column
    groups = m // classes
    loss = cupy.empty((groups, n), Z.dtype).T if rows_first else cupy.empty((n, groups), Z.dtype)
    steps = (
        *(row, column, target_row, target_column),
        target_column * classes if Y.shape[1] == m else 0,
        *(step // item for step in loss.strides),
    )
    sizes = (*map(np.int64, (*steps, n, groups)), np.int32(classes), np.int32(rows_first))
    arguments = (Z, Y, loss, residual, curvature, *sizes)
    blocks = max(1, -(-n * groups // THREADS_PER_BLOCK))
    kernel = _kernel("float" if item == 4 else "double")
    least = real(-np.inf if min_exponent is None else min_exponent)
    kernel((blocks,), (THREADS_PER_BLOCK,), (*arguments, least))
    return loss, residual, curvature
