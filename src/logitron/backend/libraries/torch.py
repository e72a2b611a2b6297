"""PyTorch on CPU, CUDA and MPS devices."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cache, lru_cache
from types import FunctionType
from typing import Any

import numpy as np

from logitron.backend.block_sizes import BlockSizes
from logitron.backend.libraries import torch_losses, torch_threads
from logitron.backend.libraries.base import Library
from logitron.backend.libraries.namespaces import with_functions
from logitron.backend.libraries.numpy_casts import BFLOAT16
from logitron.backend.process_setting import ProcessSetting
from logitron.backend.types import Array, Device, DType, Namespace

#: device types that support autocast
AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")
#: blocks on a processor: with its arrays, one fits the last-level cache
PROCESSOR_BLOCKS = BlockSizes(features=1 << 22, temporary=1 << 21)
#: parts of the messages of errors that report a lack of memory
OUT_OF_MEMORY_MESSAGES = (
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUSOLVER_STATUS_ALLOC_FAILED",
)


class TorchLibrary(Library):
    extra = "torch"
    supports_dlpack = True
    #: Backend of torch.compile, such as "inductor"; None for eager mode. Compilation takes seconds
    #: and needs a C++ compiler, so it is off by default. To switch it on, set
    #: ``LIBRARIES["torch"].compiler = "inductor"``.
    compiler: str | None = None

    @property
    def is_jit(self) -> bool:  # type: ignore[override]
        return self.compiler is not None

    def __init__(self, name: str, module: str | None = None) -> None:
        super().__init__(name, module)
        self.fused_losses = {
            "binomial": torch_losses.binomial,
            "multinomial": torch_losses.multinomial,
        }

    def namespace(self) -> Namespace:
        # (torch's compiler follows a dictionary, and would follow a cached function into its body)
        if not _namespaces:
            _namespaces["torch"] = _namespace()
        return _namespaces["torch"]

    def device(self, name: str | None) -> Device:
        import torch

        try:
            device = torch.get_default_device() if name is None else torch.device(name)
        except RuntimeError:
            raise self.unknown_device_error(name) from None
        if device.type == "meta":  # (shapes without values, used by tests)
            return device
        if device.type not in self.devices() and str(device) not in self.devices():
            raise self.unknown_device_error(name)
        if device.type == "cuda" and device.index is None:  # (arrays have an index)
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

    def strides(self, array: Array) -> tuple[int, ...] | None:
        return tuple(array.stride())

    def sum_of_squares(self, X: Array) -> Array:
        if X.is_contiguous():
            return super().sum_of_squares(X)
        if X.mT.is_contiguous():
            return super().sum_of_squares(X.mT)
        # (a product would copy numbers that are not side by side)
        norm = self.namespace().linalg.vector_norm(X)
        return (norm * norm).reshape(1, 1)

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        import torch

        # from_dlpack shares the memory of read-only arrays without a warning. Negative strides
        # would crash the process.
        if any(stride < 0 or stride % values.itemsize for stride in values.strides):
            values = np.ascontiguousarray(values)
        array = torch.from_dlpack(values).reshape(values.shape)
        # (safe without waiting: CUDA copies pageable memory before the call returns)
        return array.to(device, non_blocking=device.type == "cuda")

    def parameter_device(self, array: Array) -> Device:
        _refuse_distributed(array)
        return super().parameter_device(array)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        import torch

        _refuse_distributed(array)
        if array.dtype == torch.bfloat16:  # NumPy has no such dtype
            array = array.to(torch.float32)
        # (imaginary parts can be views that are negated when they are read)
        values: np.ndarray[Any, Any] = array.detach().cpu().resolve_neg().numpy()
        return values

    def is_traced(self, array: Array) -> bool:
        import torch

        # (the wrappers of torch.func have no public test)
        return bool(torch._C._functorch.is_functorch_wrapped_tensor(array))

    def numpy_can_view(self, array: Array) -> bool:
        import torch

        return type(array) in (torch.Tensor, torch.nn.Parameter) and array.device.type == "cpu"

    def numpy_view(self, array: Array) -> np.ndarray[Any, Any]:
        import torch

        is_bfloat16 = array.dtype == torch.bfloat16
        bits = self.to_numpy(array.detach().view(torch.int16) if is_bfloat16 else array)
        return bits.view(BFLOAT16) if is_bfloat16 else bits

    def multiplies_half(self, array: Array) -> bool:
        # (compiled functions may leave a rounding out)
        able = array.device.type == "cuda" and self.compiler is None and _has_wide_products()
        return self.split_products and able

    def half_product(self, A: Array, B: Array) -> Array:
        import torch

        return torch.mm(A, B, out_dtype=torch.float32)

    def detach(self, array: Array) -> Array:
        return array.detach()

    def largest(self, values: Array, count: int) -> Array:
        import torch

        return torch.topk(values, count, dim=1, sorted=False).indices

    def solve(self, A: Array, B: Array) -> Array:
        import torch

        # (without _ex, each call waits for the device to check for failure)
        solution, _ = torch.linalg.solve_ex(A, B)
        return solution

    def inv(self, A: Array) -> Array:
        import torch

        inverse, _ = torch.linalg.inv_ex(A)
        return inverse

    def plus_product(self, A: Array, x: Array, y: Array) -> Array:
        import torch

        return torch.addcmul(A, x, y)

    def indicators(self, codes: Array, classes: int, dtype: DType) -> Array:
        each = _numbers(classes, codes.dtype, codes.device)
        return (each[:, None] == codes[None, :]).to(dtype)

    def sum_by_code(self, values: Array, codes: Array, count: int) -> Array:
        sums = values.new_zeros((count, values.shape[1]))
        return sums.index_add(0, codes, values)

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        import torch

        scope = ExitStack()
        scope.enter_context(torch.no_grad())
        scope.enter_context(_full_float32)
        if device.type in AUTOCAST_DEVICES and torch.is_autocast_enabled(device.type):
            scope.enter_context(torch.autocast(device.type, enabled=False))
        return scope

    def block_sizes(self, device: Device) -> BlockSizes:
        if device.type == "cpu":
            return PROCESSOR_BLOCKS
        return self.blocks.in_memory(_free_memory(device)) if device.type == "cuda" else self.blocks

    def out_of_memory(self, error: BaseException) -> bool:
        import torch

        reported = isinstance(error, RuntimeError) and any(
            one in str(error) for one in OUT_OF_MEMORY_MESSAGES
        )
        return reported or isinstance(error, (MemoryError, torch.OutOfMemoryError))

    def release_memory(self) -> None:
        import torch

        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()

    def workers(self) -> int:
        return torch_threads.workers()

    def shares_blocks(self, device: Device) -> bool:
        return bool(device.type == "cpu") and self.compiler is None

    def parallel_map(self, function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
        return torch_threads.parallel_map(function, parts)

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        return torch_threads.one_thread

    def compile(self, function: Callable[..., Any], **static: Any) -> Callable[..., Any]:
        if self.compiler is None:
            return super().compile(function, **static)
        return _compile(self.compiler, function, tuple(sorted(static.items())))


#: cache: the only namespace
_namespaces: dict[str, Namespace] = {}


def _namespace() -> Namespace:
    """Make torch's array API namespace, whose `take` is one operation.

    That of array-api-compat has three more, for negative indices, which do not occur here.
    """
    import array_api_compat.torch as xp

    return with_functions(xp, "torch", take=_take)


@lru_cache(maxsize=64)
def _numbers(size: int, dtype: DType, device: Device) -> Array:
    """Make the numbers from 0 to ``size - 1``, once."""
    import torch

    return torch.arange(size, dtype=dtype, device=device)


def _take(x: Array, indices: Array, /, *, axis: int) -> Array:
    import torch

    return torch.index_select(x, axis, indices)


def _free_memory(device: Device) -> int:
    """Return the bytes of a CUDA device that are free, or kept by torch for later arrays."""
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free + kept)


class _FullFloat32(ProcessSetting):
    """Compute products of float32 arrays in float32.

    Programs that train networks often allow TF32 (recent GPUs) or bfloat16 (some processors), which
    have fewer digits.
    """

    _overall: str | None
    _parts: dict[Any, str]

    def _apply(self) -> None:
        import torch

        self._parts = {part: part.fp32_precision for part in _float32_settings()}
        try:
            self._overall = torch.get_float32_matmul_precision()
            torch.set_float32_matmul_precision("highest")
        except RuntimeError:  # (raised after a program has set a part on its own)
            self._overall = None
            _set_parts(dict.fromkeys(self._parts, "ieee"))

    def _restore(self) -> None:
        import torch

        if self._overall is not None:
            torch.set_float32_matmul_precision(self._overall)
        _set_parts(self._parts)


_full_float32 = _FullFloat32()


@cache
def _has_wide_products() -> bool:
    """Whether products of 16 bits can be returned in float32, since torch 2.8."""
    import torch

    return "dtype" in torch.ops.aten.mm.overloads()


@cache
def _float32_settings() -> tuple[Any, ...]:
    """Return the parts of torch with a setting of their own, which exist since torch 2.9."""
    import torch

    parts = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)
    return tuple(part for part in parts if _has(part, "fp32_precision"))


def _set_parts(settings: dict[Any, str]) -> None:
    for part, precision in settings.items():
        part.fp32_precision = "none"  # (which inherits the overall setting)
        if part.fp32_precision != precision:
            part.fp32_precision = precision


def _has(part: Any, name: str) -> bool:
    try:  # (hasattr expects AttributeError only)
        getattr(part, name)
    except (AttributeError, RuntimeError):
        return False
    return True


@cache
def _compile(
    compiler: str, function: Callable[..., Any], static: tuple[tuple[str, Any], ...]
) -> Callable[..., Any]:
    """Compile a function for its static arguments, once.

    torch limits how often one code object is compiled, whatever its arguments. Therefore each
    combination of static arguments has a copy of the code object. If a copy reaches the limit by
    too many shapes, the function runs without compilation.
    """
    import torch

    code = function.__code__.replace()
    own = FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    own.__kwdefaults__ = function.__kwdefaults__
    fixed = dict(static)
    compiled = torch.compile(own, backend=compiler, fullgraph=True)

    def run(*arguments: Array) -> Any:
        with warnings.catch_warnings():
            # (array_namespace has a cache; tracing through it is correct)
            warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
            try:
                return compiled(*arguments, **fixed)
            except torch._dynamo.exc.FailOnRecompileLimitHit:
                return function(*arguments, **fixed)

    return run


def _refuse_distributed(array: Array) -> None:
    """Raise TypeError for a DTensor, which PyTorch does not compute with beside plain tensors."""
    if type(array).__module__.startswith("torch.distributed"):
        raise TypeError(
            "expected a tensor on one device, got a DTensor, which PyTorch does not combine with "
            "the plain tensors of a fit. Pass .full_tensor(), which copies all rows to each "
            "process; or for rows on several devices a Dask array with chunks of tensors, or an "
            "array of JAX that is sharded by rows"
        )
