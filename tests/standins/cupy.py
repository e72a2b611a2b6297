"""A simulation of CuPy on NumPy arrays, for machines without a GPU.

Like CuPy, it raises an error if its arrays are mixed with those of NumPy, or converted implicitly.
`READS` counts each read to the host. If the real package is installed (which needs no GPU), missing
functions and unknown arguments are errors as well. Kernels are compiled by the C++ compiler, and
their threads run in sequence. Speed, streams and results of NVIDIA's libraries are not simulated.
"""

import ctypes
import functools
import importlib
import inspect
import pickle
import shutil
import subprocess
import sys
import tempfile
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from logitron.backend import LIBRARIES
from tests.standins.cupy_kernels import kernels_of

#: number of reads to the host, by method
READS: Counter[str] = Counter()
#: bytes of free memory of the device
FREE_MEMORY = 1 << 32

#: kernels that were launched, by name and by what they are compiled for
KERNELS: Counter[tuple[str, tuple[str, ...]]] = Counter()

#: compute type of products; TF32 simulates CUPY_TF32=1
COMPUTE_TYPES = {np.dtype(np.float32): "TF32"}

CONVERSION_ERROR = "Implicit conversion to a NumPy array is not allowed. Please use `.get()`"


class ndarray:  # noqa: N801  (CuPy's own name)
    """An array on a simulated device."""

    __module__ = "cupy"
    __hash__ = None

    def __init__(self, host: Any) -> None:
        self._host = np.asarray(host)

    # --- reads to the host ---

    def get(self) -> np.ndarray:
        READS["get"] += 1
        return self._host.copy()

    def item(self) -> Any:
        READS["item"] += 1
        return self._host.item()

    def tolist(self) -> Any:
        READS["tolist"] += 1
        return self._host.tolist()

    def __float__(self) -> float:
        READS["float"] += 1
        return float(self._host)

    def __int__(self) -> int:
        READS["int"] += 1
        return int(self._host)

    def __bool__(self) -> bool:
        READS["bool"] += 1
        return bool(self._host)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(CONVERSION_ERROR)

    def __dlpack__(self, **_: Any) -> Any:
        raise BufferError("the device is simulated")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)

    def __repr__(self) -> str:
        return repr(self._host)

    def __reduce__(self) -> Any:
        return array, (self._host,)

    # --- the rest is NumPy's ---

    @property
    def device(self) -> "Device":
        return Device(0)

    @property
    def flags(self) -> Any:
        return self._host.flags

    def astype(self, dtype: Any, *, copy: bool = True) -> "ndarray":
        if not copy and self._host.dtype == dtype:
            return self
        result = self._host.astype(dtype, copy=copy)
        _launch("astype", (self._host,), {}, result)
        return ndarray(result)

    def __getitem__(self, key: Any) -> "ndarray":
        result = self._host[_unwrap(key)]
        if isinstance(key, ndarray):
            _launch("take", (self._host, key._host), {}, result)
        return ndarray(result)

    def __setitem__(self, key: Any, value: Any) -> None:
        place, value = self._host[_unwrap(key)], _unwrap(value)
        _launch("setitem", (value, place), {}, place)
        self._host[_unwrap(key)] = value

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Iterator["ndarray"]:
        return map(ndarray, self._host)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(one, np.ndarray) for one in inputs):
            return NotImplemented
        values = tuple(map(_unwrap, inputs))
        result = getattr(ufunc, method)(*values, **kwargs)
        _launch(ufunc.__name__, values, kwargs, result)
        return _wrap(result)


for _name in ("dtype", "shape", "ndim", "size", "strides", "itemsize", "nbytes"):
    setattr(ndarray, _name, property(lambda self, name=_name: getattr(self._host, name)))
for _name in ("T", "mT"):
    setattr(ndarray, _name, property(lambda self, name=_name: ndarray(getattr(self._host, name))))
for _name in (
    "reshape",
    "ravel",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "mean",
    "copy",
    "fill",
    "view",
    "take",
):

    def _method(self: ndarray, *args: Any, _name: str = _name, **kwargs: Any) -> Any:
        values = tuple(map(_unwrap, args))
        result = getattr(self._host, _name)(*values, **kwargs)
        _launch(_name, (self._host, *values), kwargs, result)
        return _wrap(result)

    setattr(ndarray, _name, _method)
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_OTHER = ("lt", "le", "eq", "ne", "gt", "ge", "neg", "pos", "abs", "invert")
for _name in (
    *(f"__{side}{name}__" for name in _BINARY for side in ("", "r", "i")),
    *(f"__{name}__" for name in _OTHER),
):

    def _operator(self: ndarray, *args: Any, _name: str = _name) -> Any:
        if any(not isinstance(a, ndarray | np.generic | bool | int | float) for a in args):
            return NotImplemented
        values = tuple(map(_unwrap, args))
        with np.errstate(all="ignore"):
            result = getattr(self._host, _name)(*values)
        if result is NotImplemented:
            return result
        if _name != "__pos__":
            _launch(_name.strip("_"), (self._host, *values), {}, result)
        return _wrap(_in_c_order(result))

    setattr(ndarray, _name, _operator)


def _launch(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Count the kernels of an operation on NumPy's arrays."""
    name, args = _plain(name, args)
    for kernel in kernels_of(name, args, kwargs, result):
        KERNELS[kernel] += 1


def _plain(name: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return the operator for that of reversed operands, or of an assignment, and the operands."""
    if name[:1] in "ri" and name[1:] in _BINARY:
        return name[1:], args[::-1] if name[0] == "r" else args
    return {"add": "add", "subtract": "sub", "multiply": "mul"}.get(name, name), args


def _in_c_order(result: Any) -> Any:
    """Lay out the result of an element-wise kernel as CuPy does: in C order."""
    return np.array(result, order="C") if isinstance(result, np.ndarray) else result


def _unwrap(value: Any) -> Any:
    """Return the NumPy arrays inside of the arguments; raise TypeError for an array of NumPy."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    if isinstance(value, list | tuple):
        return type(value)(map(_unwrap, value))
    return value


def _wrap(value: Any) -> Any:
    if isinstance(value, tuple):
        parts = map(_wrap, value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return ndarray(value) if isinstance(value, np.ndarray | np.generic) else value


# --- devices ------------------------------------------------------------------------------------


class Device:
    __module__ = "cupy.cuda"

    def __init__(self, device: "int | Device | None" = None) -> None:
        self.id = device.id if isinstance(device, Device) else device or 0
        if self.id != 0:
            raise RuntimeError("cudaErrorInvalidDevice: invalid device ordinal")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and other.id == self.id

    def __hash__(self) -> int:
        return self.id

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def synchronize(self) -> None:
        pass


class OutOfMemoryError(MemoryError):
    __module__ = "cupy.cuda.memory"


class MemoryPool:
    def free_all_blocks(self) -> None:
        pass

    def free_bytes(self) -> int:
        return 0


# --- kernels ------------------------------------------------------------------------------------

#: definitions for a kernel whose threads run in sequence
PRELUDE = """
#include <cmath>
using std::exp; using std::log1p;
#define __global__
#define __device__ static
struct Three { unsigned x, y, z; };
static Three blockIdx, blockDim, threadIdx;
"""


class RawKernel:
    """A CUDA kernel, compiled for the host; kernels of the same source are compiled as one."""

    def __init__(self, code: str, name: str, options: tuple[str, ...] = ()) -> None:
        self._function = _compiled(code, name, options)
        self._key = (str(hash(code)), *options)

    def __call__(self, grid: tuple[int], block: tuple[int], arguments: tuple[Any, ...]) -> None:
        KERNELS["RawKernel", self._key] += 1
        self._function(*grid, *block, *map(_argument, arguments))


def _argument(value: Any) -> Any:
    if isinstance(value, ndarray):
        return ctypes.c_void_p(value._host.ctypes.data)
    assert isinstance(value, np.generic), (
        f"{value!r} has no fixed size, which an argument of a kernel needs"
    )
    return np.ctypeslib.as_ctypes_type(value.dtype)(value)


def _compiled(code: str, name: str, options: tuple[str, ...]) -> Any:
    parameters = code.split(f"void {name}(", 1)[1].split("\n{", 1)[0]
    lines = (line.split("//")[0] for line in parameters.splitlines())
    declared = " ".join(lines).strip().removesuffix(")")
    names = ", ".join(part.split()[-1].lstrip("*") for part in declared.split(","))
    loop = (
        f'extern "C" void launch(unsigned grid, unsigned block, {declared}) {{'
        "  blockDim.x = block;"
        "  for (blockIdx.x = 0; blockIdx.x < grid; ++blockIdx.x)"
        "    for (threadIdx.x = 0; threadIdx.x < block; ++threadIdx.x)"
        f"      {name}({names}); }}"
    )
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "kernel.cpp", Path(folder) / "kernel.so"
        source.write_text(PRELUDE + code + loop)
        command = ["g++", "-O1", "-shared", "-fPIC", *options, "-o", str(library), str(source)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return ctypes.CDLL(str(library)).launch


# --- the package --------------------------------------------------------------------------------


def missing() -> str | None:
    """Return why the simulation cannot run on this machine, or None."""
    return None if shutil.which("g++") else "there is no C++ compiler for CuPy's kernels"


@contextmanager
def installed() -> Iterator[None]:
    """Install the simulation as the module ``cupy``."""
    import array_api_compat

    before = {name: module for name, module in sys.modules.items() if _belongs_to_cupy(name)}
    compat = vars(array_api_compat).get("cupy")
    real = _real()  # (before the module is replaced)
    for name in before:
        del sys.modules[name]
    vars(array_api_compat).pop("cupy", None)
    try:
        sys.modules.update(_modules or _package(real))
        array_api_compat.cupy = importlib.import_module("array_api_compat.cupy")
        _modules.update({name: m for name, m in sys.modules.items() if _belongs_to_cupy(name)})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LIBRARIES["cupy"], "version", lambda: "14.0.0")
            yield
    finally:
        for name in [name for name in sys.modules if _belongs_to_cupy(name)]:
            del sys.modules[name]
        sys.modules.update(before)
        vars(array_api_compat).pop("cupy", None)
        if compat is not None:
            array_api_compat.cupy = compat


_modules: dict[str, types.ModuleType] = {}


def _belongs_to_cupy(name: str) -> bool:
    return name.removeprefix("array_api_compat.").split(".")[0] in ("cupy", "cupyx")


@functools.cache
def _real() -> types.ModuleType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("cupy")
    except ImportError:
        return None


def _package(real: types.ModuleType | None) -> dict[str, types.ModuleType]:
    top, cuda = types.ModuleType("cupy"), types.ModuleType("cupy.cuda")
    linalg, fft = types.ModuleType("cupy.linalg"), types.ModuleType("cupy.fft")
    _fill(top, np, real)
    _fill(linalg, np.linalg, None if real is None else real.linalg)
    _fill(fft, np.fft, None if real is None else real.fft)
    linalg.__all__ = [name for name in vars(linalg) if not name.startswith("_")]
    cuda.is_available = lambda: True
    cuda.Device, cuda.runtime = (
        Device,
        types.SimpleNamespace(
            getDeviceCount=lambda: 1, memGetInfo=lambda: (FREE_MEMORY, FREE_MEMORY)
        ),
    )
    cuda.Stream = types.SimpleNamespace
    cuda.get_current_stream = lambda: types.SimpleNamespace(ptr=0)
    cuda.memory = types.SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
    top.__version__ = "14.0.0" if real is None else real.__version__
    top.__path__ = linalg.__path__ = cuda.__path__ = fft.__path__ = []
    top.ndarray, top.array, top.asarray = ndarray, array, array
    top.RawKernel, top.cuda, top.linalg, top.fft = RawKernel, cuda, linalg, fft
    top.is_available, top.get_default_memory_pool = lambda: True, MemoryPool
    top.from_dlpack = _from_dlpack
    core = types.ModuleType("cupy._core")
    products = types.ModuleType("cupy._core._routines_linalg")
    products.COMPUTE_TYPE_TF32, products.COMPUTE_TYPE_DEFAULT = "TF32", "float32"
    products.get_compute_type = COMPUTE_TYPES.__getitem__
    products.set_compute_type = COMPUTE_TYPES.__setitem__
    core._routines_linalg, core.__path__ = products, []
    blas = types.ModuleType("cupy.cublas")
    blas.dot = _dot
    top.cublas = blas
    device = types.ModuleType("cupy.cuda.device")
    device.Device = Device
    modules = (top, cuda, blas, device, linalg, fft, core, products)
    from tests.standins import cupyx_sparse  # (which uses the arrays of this file)

    return {module.__name__: module for module in modules} | cupyx_sparse.package()


def _fill(module: types.ModuleType, source: types.ModuleType, real: Any) -> None:
    for name in dir(source):
        value = getattr(source, name)
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        if real is not None and not hasattr(real, name):
            continue
        if isinstance(value, type) or not callable(value):
            setattr(module, name, value)
        else:
            setattr(module, name, _wrapped_function(value, getattr(real, name, None)))


def _wrapped_function(function: Any, real: Any) -> Any:
    try:
        signature = inspect.signature(real)
    except (TypeError, ValueError):
        signature = None

    @functools.wraps(function, updated=())
    def run(*args: Any, **kwargs: Any) -> Any:
        if signature is not None:
            signature.bind(*args, **kwargs)
        values = tuple(map(_unwrap, args))
        lowered = {name: _unwrap(value) for name, value in kwargs.items()}
        with np.errstate(all="ignore"):  # (a device gives no warnings)
            result = function(*values, **lowered)
        _launch(function.__name__, values, lowered, result)
        return _wrap(_in_c_order(result) if isinstance(function, np.ufunc) else result)

    run.__module__ = "cupy"
    return run


def array(values: Any, dtype: Any = None, copy: bool = True, order: str = "K") -> ndarray:
    """Make an array, like ``cupy.array`` and ``cupy.asarray``."""
    if isinstance(values, ndarray):
        values = values._host
    elif isinstance(values, list | tuple):
        values = pickle.loads(pickle.dumps([getattr(v, "_host", v) for v in values]))
    return ndarray(np.array(values, dtype=dtype, order=order))


def _dot(x: ndarray, y: ndarray) -> ndarray:
    assert x.ndim == y.ndim == 1
    return ndarray(np.dot(x._host, y._host))


def _from_dlpack(values: Any) -> ndarray:
    if isinstance(values, ndarray):
        return values
    raise BufferError("the device is simulated")
