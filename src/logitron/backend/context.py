"""`ArrayContext`: the library, the device and the precision of a computation."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from logitron.backend.block_sizes import BlockSizes
from logitron.backend.dtypes import n_bits, precision_of
from logitron.backend.host import count_read
from logitron.backend.libraries import Library, library_named, library_of
from logitron.backend.libraries.numpy import ignore_overflow
from logitron.backend.transfer import move
from logitron.backend.types import Array, Device, DType, Namespace

__all__ = ["ArrayContext"]

PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class ArrayContext:
    """A library, one of its devices and a precision; creates, moves and casts arrays.

    Parameters
    ----------
    library : Library
    device : object
        The library's own device object.
    precision : {"float32", "float64"}
        Precision of computations in this context.

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
        """Return the context of an array: its library, its device and its precision.

        float16 and bfloat16 are computed in float32. Integers and booleans are computed in the
        widest floating-point dtype of the device.

        Raises
        ------
        TypeError
            If the array is complex or not numeric.
        """
        library = library_of(array)
        device = library.parameter_device(array)
        return cls(library, device, precision_of(array, library, device))

    @classmethod
    def named(
        cls, backend: str, device: str | None = None, precision: str = "float64"
    ) -> "ArrayContext":
        """Return the context of a library and a device, given their names.

        The precision is float32 if the device has no float64.

        Raises
        ------
        ValueError
            If there is no library or device of that name.
        ImportError
            If the library is not installed, or cannot be used on this machine.
        """
        library = library_named(backend)
        found = library.device(device)
        return cls(library, found, precision if library.has_float64(found) else "float32")

    def with_precision(self, precision: str) -> "ArrayContext":
        """Return the same library and device with another precision.

        Raises
        ------
        ValueError
            If the precision is unknown, or the device does not have it.
        """
        if precision not in PRECISIONS:
            raise ValueError(f"dtype must be one of {PRECISIONS} or None, got {precision!r}")
        if precision == "float64" and not self.library.has_float64(self.device):
            raise ValueError(f"dtype='float64' is not available on device {self.device}")
        return replace(self, precision=precision)

    @cached_property
    def wide(self) -> "ArrayContext":
        """The same library and device in the widest precision of the device.

        Sums over rows and the solver's arrays use it. A sum over a million float32 rows would
        otherwise lose half of its digits, and small arrays (parameters, gradients, the history of
        a solver) cost little in float64.
        """
        widest = "float64" if self.library.has_float64(self.device) else "float32"
        return self if widest == self.precision else replace(self, precision=widest)

    @cached_property
    def low_precision(self) -> "ArrayContext | None":
        """The same library and device in float32; None if this context is in float32."""
        return replace(self, precision="float32") if self.precision == "float64" else None

    @cached_property
    def blocks(self) -> BlockSizes:
        """Sizes of blocks of rows that suit the device."""
        return self.library.block_sizes(self.device)

    def workers(self) -> int:
        """Return the number of blocks that are computed in parallel."""
        return self.library.workers() if self.library.shares_blocks(self.device) else 1

    def same_device_as(self, other: "ArrayContext") -> bool:
        """Whether library and device are equal, so that arrays of both contexts can be mixed."""
        return self.library is other.library and self.device == other.device

    def __reduce__(self) -> tuple[Any, ...]:
        # Device objects cannot be pickled, so another process finds the device by its name.
        return _rebuild, (self.library, self.library.device_name(self.device), self.precision)

    # --- the namespace, and computations ---

    @cached_property
    def xp(self) -> Namespace:
        """The library's array API namespace."""
        return self.library.namespace()

    @cached_property
    def dtype(self) -> DType:
        """The library's dtype object for the precision."""
        return getattr(self.xp, self.precision)

    def scope(self, *, in_worker_thread: bool = False) -> AbstractContextManager[Any]:
        """Return a context manager that must be active during computations in this context.

        It applies the library's settings: the current device, full float32 products, JAX's
        float64.

        Parameters
        ----------
        in_worker_thread : bool, default False
            Whether the calling thread works for another thread that is in a scope. Such a thread
            is not counted by `logitron.backend.threads.oversubscription_guard`.

        Raises
        ------
        MemoryError
            On exit, in place of the library's own error, if the device is out of memory.
        """
        return self._scope(
            nullcontext() if in_worker_thread else self.library.oversubscription_guard()
        )

    @contextmanager
    def _scope(self, guard: AbstractContextManager[Any]) -> Iterator[None]:
        try:
            # (NumPy's warnings matter for every library: parameters may be on the host)
            with guard, ignore_overflow(), self.library.scope(self.device, self.precision):
                yield
        except Exception as error:
            if not self.library.out_of_memory(error):
                raise
            raise MemoryError(
                f"device {self.library.device_name(self.device)} of backend={self.library.name!r} "
                "has not enough free memory for X, a few arrays of the size of all coefficients "
                "and, if a Gram matrix is used, n_features ** 2 numbers; smaller blocks of rows "
                "did not help. Store X in float32 or float16, fit fewer targets at a time, free "
                "other memory of the device, or choose another device with device= "
                f"({type(error).__name__}: {error})"
            ) from error

    @cached_property
    def compile(self) -> Callable[..., Callable[..., Any]]:
        """Bind static arguments to a function, and compile it if the library has a compiler."""
        return self.library.compile

    # --- creation ---

    def zeros(self, shape: tuple[int, ...]) -> Array:
        """Create zeros of this context's dtype on its device."""
        return self.xp.zeros(shape, dtype=self.dtype, device=self.device)

    # --- moving and casting ---

    def asarray(self, values: Array, *, keep_dtype: bool = False) -> Array:
        """Move values of any library to the device, and cast them to this context's dtype.

        Values that are on the device already are not copied. Arrays on other devices are moved
        through DLPack if both libraries support it, and otherwise through the host, by a counted
        read.

        Parameters
        ----------
        values : array of any library
        keep_dtype : bool, default False
            Whether to move without casting.

        Returns
        -------
        array
        """
        if not keep_dtype and isinstance(values, np.ndarray) and not self.library.is_host:
            # (cast on the host: JAX would compile a cast for each shape)
            values = values.astype(self.precision, copy=False)
        array = move(values, self.library, self.device)
        return array if keep_dtype else self.xp.astype(array, self.dtype, copy=False)

    def asarray_for_storage(self, values: Array) -> Array:
        """Move values of any library to the device, and cast them only if that saves memory.

        Dtypes at least as wide as this context's dtype are cast to it, once. Narrower dtypes
        (half-precision features, small integers) stay as they are; block functions cast them
        block by block. NumPy views them where they are in the memory of the processor.
        """
        source = library_of(values)
        if self.library.name == "numpy" and source.numpy_can_view(values):
            array = source.numpy_view(values)
            count_read(array.size)
        else:
            array = move(values, self.library, self.device)
        if array.dtype == self.dtype:
            return array
        is_narrower = n_bits(self.xp, array.dtype) < n_bits(self.xp, self.dtype)
        return array if is_narrower else self.xp.astype(array, self.dtype, copy=False)

    def copy_to(self, values: Array) -> Array:
        """Move values to the device, in memory of their own, which the caller may write to."""
        if self.library.writes_in_place:
            return self.xp.asarray(self.asarray(values), copy=True, device=self.device)
        # (nobody can write to the result; it must not share memory of NumPy that others write to)
        return self.asarray(np.array(values) if isinstance(values, np.ndarray) else values)

    def cast(self, parameter: Array | None) -> Array | None:
        """Cast a parameter on the device to this context's dtype.

        A named tuple is cast field by field. Integers, booleans and None stay as they are.
        """
        if isinstance(parameter, tuple):
            fields: Any = map(self.cast, parameter)
            return type(parameter)(*fields)
        if parameter is None or parameter.dtype == self.dtype:
            return parameter
        if not self.xp.isdtype(parameter.dtype, "real floating"):
            return parameter
        return self.xp.astype(parameter, self.dtype)

    def cast_all(self, parameters: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """Cast the parameters of a block function; see `cast`."""
        dtype, found = self.dtype, list(parameters)
        for index, parameter in enumerate(parameters):
            if parameter is not None and getattr(parameter, "dtype", None) != dtype:
                found[index] = self.cast(parameter)
        return tuple(found)

    def receive(self, parameter: Array | None) -> Array | None:
        """Move a NumPy parameter to the device, and cast it to this context's dtype if it is real.

        A named tuple is moved field by field. Other parameters (arrays on the device, None) stay as
        they are.
        """
        if isinstance(parameter, tuple):
            fields: Any = map(self.receive, parameter)
            return type(parameter)(*fields)
        if not isinstance(parameter, np.ndarray | np.generic) or self.library.is_host:
            return parameter
        parameter = np.asarray(parameter)
        if parameter.dtype.kind == "f":
            parameter = parameter.astype(self.precision, copy=False)
        return self.library.from_numpy(parameter, self.device)


def _rebuild(library: Library, device: str, precision: str) -> ArrayContext:
    return ArrayContext(library, library.device(device), precision)
