"""What the backend layer asks of an array library, and the answers that hold for most of them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from logitron.backend.types import Array, Device, Namespace


class Library:
    """One array library. A subclass overrides what differs from the array API standard.

    This class itself serves every conforming namespace that has no subclass: what it does is
    written against the standard alone.
    """

    #: the name users give as ``backend=``
    name: str
    #: the module to import
    module: str
    #: packages that define the library's array types; empty is the module itself
    packages: tuple[str, ...] = ()
    #: what to install from this project's extras; None where nothing is to be installed
    extra: str | None = None
    #: names of the distributions that may provide the module, for its version
    distributions: tuple[str, ...] = ()
    #: whether arrays on a device can be handed over through DLPack without passing the host
    supports_dlpack: bool = False
    #: whether reading a value to the host waits for nothing
    is_host: bool = False
    #: whether it has one device only, where all of its arrays are
    has_single_device: bool = False
    #: whether arrays can be of any dtype of NumPy's, such as strings
    holds_any_dtype: bool = False
    #: whether functions are compiled for the shapes that they meet, so that shapes should stay
    is_jit: bool = False
    #: rows are worked on in blocks of about this many bytes of features; None is no blocks
    block_bytes: int | None = 1 << 30
    #: and of about this many bytes of whatever is computed from them; None is as many as it takes
    temporary_bytes: int | None = 1 << 26
    #: blocks of many neurons have no fewer and no more rows than these; None is as many as fit
    many_outputs_block_rows: tuple[int, int] | None = None
    #: kernels that compute the terms of a loss in fewer operations, by the name of the loss; see
    #: `logitron.losses`, where each is used
    fused_losses: Mapping[str, Callable[..., tuple[Array, Array, Array]]] = MappingProxyType({})

    def __init__(self, name: str, module: str | None = None) -> None:
        self.name = name
        self.module = module or name

    def __repr__(self) -> str:
        return f"<array library {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # a library travels to other processes by its name: its modules cannot be pickled
        from logitron.backend.libraries import library_named

        return library_named, (self.name,)

    # --- the namespace and its devices ---

    def namespace(self) -> Namespace:
        """Import the library and return its array API namespace."""
        return import_module(self.module)

    def version(self) -> str | None:
        """Return the installed version, or None where the library is not installed."""
        for distribution in self.distributions or (self.module.partition(".")[0],):
            try:
                return version(distribution)
            except PackageNotFoundError:
                continue
        return None

    def problem(self) -> str | None:
        """Say why an installed library cannot be used here; None where it can."""
        try:
            self.namespace()
        except Exception as error:  # a broken installation can raise anything
            return f"{type(error).__name__}: {error}"
        return None

    def device(self, name: str | None) -> Device:
        """Turn a user's device name into the library's own device object."""
        if name in (None, "cpu"):
            return None
        raise self.unknown_device_error(name)

    def devices(self) -> list[str]:
        """Names that `device` understands and that exist on this machine."""
        return ["cpu"]

    def device_name(self, device: Device) -> str:
        """Turn a device object into a name that `device` understands."""
        return str(device)

    def owns(self, kind: type) -> bool:
        """Whether arrays of a type, or of one that it is derived from, are of this library."""
        packages = self.packages or (self.module.partition(".")[0],)
        return any(base.__module__.partition(".")[0] in packages for base in kind.__mro__)

    def unknown_device_error(self, name: Any) -> ValueError:
        """Make the error that tells which devices there are."""
        return ValueError(
            f"device={name!r} is not a device of backend={self.name!r} on this machine: "
            f"expected one of {', '.join(map(repr, self.devices()))}"
        )

    def parameter_device(self, array: Array) -> Device:
        """Where parameters and small results must live to be used together with ``array``."""
        from array_api_compat import device

        return device(array)

    def has_float64(self, device: Device) -> bool:
        """Whether the device can compute in float64 when asked to."""
        info = self.namespace().__array_namespace_info__()
        return "float64" in info.dtypes(kind="real floating", device=device)

    def default_precision(self, device: Device) -> str:
        """Name the float in which integers and booleans are computed: the widest there is."""
        return "float64" if self.has_float64(device) else "float32"

    def supports_row_indexing(self, array: Array) -> bool:
        """Whether rows can be drawn from the array, by their indices, on its device."""
        return True

    def is_dense(self, array: Array) -> bool:
        """Whether the array stores all of its values."""
        return True

    # --- values in and out ---

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        """Bring host values to the device, sharing memory where the library can."""
        return self.namespace().asarray(values, device=device)

    def from_device(self, array: Array, device: Device) -> Array | None:
        """Take over an array of another library without passing the host; None if impossible."""
        try:
            taken = self.namespace().from_dlpack(array)
        except (BufferError, TypeError, ValueError, RuntimeError, AssertionError):
            # the producer's device or dtype is unknown to this library (torch without CUDA asserts)
            return None
        return taken if self.parameter_device(taken) == device else None

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        """Bring an array's values to the host, sharing memory where the library can."""
        return np.from_dlpack(array)

    def to_numpy_all(self, arrays: Sequence[Array]) -> list[np.ndarray[Any, Any]]:
        """Bring the values of several arrays of one dtype to the host, in one transfer."""
        xp = self.namespace()
        flat = self.to_numpy(xp.concat([xp.reshape(array, (-1,)) for array in arrays]))
        sizes = [prod(array.shape) for array in arrays]
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return [part.reshape(array.shape) for part, array in zip(parts, arrays, strict=True)]

    def detach(self, array: Array) -> Array:
        """Return the array without what its library records about it (gradients)."""
        return array

    # --- what `logitron.backend.linalg` needs: no questions asked, and all where the arrays are ---

    def solve(self, A: Array, B: Array) -> Array:
        """Solve ``A X = B``."""
        return self.namespace().linalg.solve(A, B)

    def inv(self, A: Array) -> Array:
        """Invert matrices."""
        return self.namespace().linalg.inv(A)

    def eigh(self, A: Array) -> tuple[Array, Array]:
        """Decompose symmetric matrices."""
        values, vectors = self.namespace().linalg.eigh(A)
        return values, vectors

    def eye_like(self, array: Array, size: int) -> Array:
        """Make an identity (size, size) where an array is, of its dtype."""
        index = self.range_like(array, size)
        return self.namespace().astype(index[:, None] == index[None, :], array.dtype)

    def upper_like(self, array: Array, size: int) -> Array:
        """Make ones (size, size) strictly above the diagonal, where an array is, of its dtype."""
        index = self.range_like(array, size)
        return self.namespace().astype(index[:, None] < index[None, :], array.dtype)

    def range_like(self, array: Array, size: int) -> Array:
        """Count to ``size`` where an array is."""
        return self.namespace().arange(size, device=self.parameter_device(array))

    # --- memory ---

    def out_of_memory(self, error: BaseException) -> bool:
        """Whether an error says that the device has no more memory."""
        return isinstance(error, MemoryError)

    def release_memory(self) -> None:
        """Give back memory that is kept for later and not in use."""

    # --- running ---

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        """Set up what the library must know while computing on ``device`` in ``precision``."""
        return nullcontext()

    def oversubscription_guard(self) -> AbstractContextManager[Any]:
        """Hold while a thread computes, others of which may do so too."""
        return nullcontext()

    def workers(self) -> int:
        """How many blocks are worked on at a time."""
        return 1

    def parallel_map(self, function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
        """Call a function with each part, at the same time where that is faster."""
        return [function(part) for part in parts]

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Hold while `parallel_map` and other work take turns."""
        return nullcontext()

    def compile(self, function: Callable[..., Any], **static: Any) -> Callable[..., Any]:
        """Bind the static arguments, and compile where that pays.

        ``function`` is a pure function of arrays, defined in a module, and the static arguments
        can be hashed: what is compiled once is found again in later fits.
        """
        return partial(function, **static) if static else function
