"""Where and how precisely a computation's arrays live: library, device and precision."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import to_device

from logitron.backend.host import to_host
from logitron.backend.libraries import Library, library_named, library_of
from logitron.backend.libraries.numpy import ignore_overflow
from logitron.backend.types import Array, Device, DType, Namespace

__all__ = ["ArrayContext"]

PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class ArrayContext:
    """A library, one of its devices and a precision, and array creation bound to them.

    Parameters
    ----------
    library : Library
    device : object
        The library's own device object.
    precision : {"float32", "float64"}
        What is computed in.

    Examples
    --------
    >>> from logitron.backend import ArrayContext
    >>> ArrayContext.named("numpy", precision="float32").zeros((2,))
    array([0., 0.], dtype=float32)
    """

    library: Library
    device: Device
    precision: str

    @classmethod
    def of(cls, array: Array) -> "ArrayContext":
        """Follow an array: its library, its device and its kind of float.

        float16 and bfloat16 are computed in float32; integers and booleans in the widest float
        that the device has.

        Raises
        ------
        TypeError
            If the array is complex, or not numeric at all.
        """
        library = library_of(array)
        device = library.parameter_device(array)
        return cls(library, device, _precision_of(array, library, device))

    @classmethod
    def named(
        cls, backend: str, device: str | None = None, precision: str = "float64"
    ) -> "ArrayContext":
        """Find a library and its device by their names.

        A device without float64 gives float32.

        Raises
        ------
        ValueError
            If there is no such library or device.
        ImportError
            If the library is not installed, or does not work here.
        """
        library = library_named(backend)
        found = library.device(device)
        return cls(library, found, precision if library.has_float64(found) else "float32")

    def with_precision(self, precision: str) -> "ArrayContext":
        """Return the same place with another precision.

        Raises
        ------
        ValueError
            If there is no such precision, or the device does not have it.
        """
        if precision not in PRECISIONS:
            raise ValueError(f"dtype must be one of {PRECISIONS} or None, got {precision!r}")
        if precision == "float64" and not self.library.has_float64(self.device):
            raise ValueError(f"dtype='float64' is not available on device {self.device}")
        return replace(self, precision=precision)

    @cached_property
    def wide(self) -> "ArrayContext":
        """The same place in the widest precision of its device: for sums and for solvers.

        What is small (parameters, gradients, a solver's memory) costs nothing to keep in float64;
        a sum over a million float32 rows loses half of its digits otherwise.
        """
        widest = "float64" if self.library.has_float64(self.device) else "float32"
        return self if widest == self.precision else replace(self, precision=widest)

    @cached_property
    def low_precision(self) -> "ArrayContext | None":
        """The same place in float32, where this is wider."""
        return replace(self, precision="float32") if self.precision == "float64" else None

    def same_device_as(self, other: "ArrayContext") -> bool:
        """Whether arrays of both can be used together: the same library and device."""
        return self.library is other.library and self.device == other.device

    def __reduce__(self) -> tuple[Any, ...]:
        # device objects cannot be pickled; their names find them again in another process
        return _rebuild, (self.library, self.library.device_name(self.device), self.precision)

    # --- the namespace, and running in it ---

    @cached_property
    def xp(self) -> Namespace:
        """The library's array API namespace."""
        return self.library.namespace()

    @cached_property
    def dtype(self) -> DType:
        """The library's own object for the precision."""
        return getattr(self.xp, self.precision)

    def scope(self, *, in_worker_thread: bool = False) -> AbstractContextManager[Any]:
        """Everything computed in this context is computed inside ``with context.scope():``.

        Parameters
        ----------
        in_worker_thread : bool, default False
            Whether this is a thread of a pool that does the work of another thread in a scope.

        Raises
        ------
        MemoryError
            In there, whatever the library's own error is when its device has no more memory.
        """
        return self._scope(
            nullcontext() if in_worker_thread else self.library.oversubscription_guard()
        )

    @contextmanager
    def _scope(self, oversubscription_guard: AbstractContextManager[Any]) -> Iterator[None]:
        try:
            # (parameters are on the host, wherever the rows are)
            with (
                oversubscription_guard,
                ignore_overflow(),
                self.library.scope(self.device, self.precision),
            ):
                yield
        except Exception as error:
            if not self.library.out_of_memory(error):
                raise
            raise MemoryError(
                f"device {self.library.device_name(self.device)} of backend={self.library.name!r} "
                "has not enough free memory, even for small blocks of rows: expected room for X, "
                "for a few arrays as large as all coefficients and, if there is a Gram matrix, of "
                "n_features ** 2 numbers. Store X in float32 or float16, fit fewer targets at a "
                "time, free what else is on the device, or choose another with device=. "
                f"({type(error).__name__}: {error})"
            ) from error

    @cached_property
    def compile(self) -> Callable[..., Callable[..., Any]]:
        """Bind static arguments and compile with the library's compiler, where that pays."""
        return self.library.compile

    # --- creation ---

    def zeros(self, shape: tuple[int, ...]) -> Array:
        """Create zeros here, of this context's dtype."""
        return self.xp.zeros(shape, dtype=self.dtype, device=self.device)

    def asarray(self, values: Array, *, keep_dtype: bool = False) -> Array:
        """Bring values of any library here; in this context's dtype unless ``keep_dtype``.

        What is here already is not copied. Arrays on a device that change library travel through
        DLPack where both sides can, and through the host, counted, where they cannot.
        """
        if not keep_dtype and isinstance(values, np.ndarray) and not self.library.is_host:
            # (converted on the host, where nothing is compiled for its shape)
            values = values.astype(self.precision, copy=False)
        array = self._to_device(values)
        return array if keep_dtype else self.xp.astype(array, self.dtype, copy=False)

    def cast(self, parameter: Array | None) -> Array | None:
        """Bring a parameter of a block function to this precision; indices stay what they are."""
        if isinstance(parameter, tuple):  # of parameters, with names
            cast: Any = map(self.cast, parameter)
            return type(parameter)(*cast)
        if parameter is None or parameter.dtype == self.dtype:
            return parameter
        if not self.xp.isdtype(parameter.dtype, "real floating"):
            return parameter
        return self.xp.astype(parameter, self.dtype)

    def cast_all(self, parameters: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """Bring parameters of a block function to this precision."""
        dtype, found = self.dtype, list(parameters)
        for place, parameter in enumerate(parameters):
            if parameter is not None and getattr(parameter, "dtype", None) != dtype:
                found[place] = self.cast(parameter)
        return tuple(found)

    def receive(self, parameter: Array | None) -> Array | None:
        """Bring a parameter on the host here, in this context's dtype if it is real.

        What is here already, and named tuples of what is here, stay what they are.
        """
        if not isinstance(parameter, np.ndarray | np.generic) or self.library.is_host:
            return parameter
        parameter = np.asarray(parameter)
        if parameter.dtype.kind == "f":
            parameter = parameter.astype(self.precision, copy=False)
        return self.library.from_numpy(parameter, self.device)

    def copy_to(self, values: Array) -> Array:
        """Bring values here, in memory of their own: what is kept may be written to."""
        return self.xp.asarray(self.asarray(values), copy=True, device=self.device)

    def asarray_for_storage(self, values: Array) -> Array:
        """Bring values here as they are best kept: no wider than they are, nor than is computed.

        Numbers as wide as this context's dtype, or wider, are converted once; narrower ones
        (half-precision features, small integers) stay narrow, to be widened block by block.
        """
        array = self._to_device(values)
        if array.dtype == self.dtype:
            return array
        narrow = _n_bits(self.xp, array.dtype) < _n_bits(self.xp, self.dtype)
        return array if narrow else self.xp.astype(array, self.dtype, copy=False)

    def _to_device(self, values: Array) -> Array:
        source = library_of(values)
        if source is self.library and source.has_single_device:
            return values
        values = source.detach(values)
        if source.name == "numpy" != self.library.name:  # others know the native byte order only
            values = values.astype(values.dtype.newbyteorder("="), copy=False)
        if not self.library.has_float64(self.device):
            # (before it travels: it could not arrive)
            values = _without_float64(source.namespace(), values)
        if source.name == self.library.name:
            here = source.parameter_device(values) == self.device
            return values if here else to_device(values, self.device)
        if source.supports_dlpack and self.library.supports_dlpack:
            taken = self.library.from_device(values, self.device)
            if taken is not None:
                return taken
        host = values if source.name == "numpy" else to_host(values)
        return self.library.from_numpy(host, self.device)


def _rebuild(library: Library, device: str, precision: str) -> ArrayContext:
    return ArrayContext(library, library.device(device), precision)


def _precision_of(array: Array, library: Library, device: Device) -> str:
    xp = library.namespace()
    if _is_half(array.dtype):
        return "float32"
    if xp.isdtype(array.dtype, "real floating"):
        return "float64" if xp.finfo(array.dtype).bits > 32 else "float32"
    if xp.isdtype(array.dtype, ("bool", "integral")):
        return library.default_precision(device)
    raise TypeError(f"expected real numbers, got an array of dtype {array.dtype}")


def _without_float64(xp: Namespace, values: Array) -> Array:
    return xp.astype(values, xp.float32) if values.dtype == xp.float64 else values


def _is_half(dtype: DType) -> bool:
    """Whether it is a float of 16 bits."""
    if isinstance(dtype, np.dtype):  # its name takes as long as a small product
        return dtype.itemsize == 2 and dtype.kind in "fV"  # NumPy has no kind for bfloat16
    # by its name, since not all libraries tell of bfloat16
    return str(dtype).rpartition(".")[2] in ("float16", "bfloat16")


def _n_bits(xp: Namespace, dtype: DType) -> int:
    if isinstance(dtype, np.dtype):
        return 8 * int(dtype.itemsize)
    if _is_half(dtype):
        return 16
    if xp.isdtype(dtype, "bool"):
        return 8
    info = xp.finfo if xp.isdtype(dtype, "real floating") else xp.iinfo
    return int(info(dtype).bits)
