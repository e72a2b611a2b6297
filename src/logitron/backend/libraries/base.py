"""`Library`: the interface of an array library, with defaults that follow the standard."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from logitron.backend.block_sizes import BlockSizes
from logitron.backend.types import Array, Device, DType, Namespace

#: numbers in the indicators of `Library.sum_by_code` at a time
MOST_INDICATORS = 1 << 24
#: numbers that `Library.column_squares` squares at a time
SQUARED = 1 << 18


class Library:
    """An array library. Subclasses override attributes and methods that differ from the standard.

    The class itself uses the array API standard alone, and serves every conforming namespace that
    has no subclass.
    """

    #: the name that users pass as ``backend=``
    name: str
    #: the module to import
    module: str
    #: packages that define the library's array types; if empty, the module's package
    packages: tuple[str, ...] = ()
    #: the extra of this project that installs the library; None if no extra does
    extra: str | None = None
    #: distributions that can provide the module, to look up its version; if empty, the module's
    #: package
    distributions: tuple[str, ...] = ()
    #: whether arrays on a device can be exchanged through DLPack, without a copy on the host
    supports_dlpack: bool = False
    #: whether arrays are in host memory, so that reading a value does not wait
    is_host: bool = False
    #: whether the library has a single device
    has_single_device: bool = False
    #: whether arrays can have any dtype of NumPy, such as strings
    holds_any_dtype: bool = False
    #: whether parts of an array can be written to
    writes_in_place: bool = True
    #: whether functions are compiled anew for each shape of their arguments
    is_jit: bool = False
    #: whether NumPy fits arrays of this library in the memory of the processor, where it can view
    #: them; False for the library itself
    numpy_on_processor: bool = True
    #: whether features of 16 bits are multiplied as they are, see `split_products`. No GPU has been
    #: measured: tensor cores add up in float32, but truncate sums that others round.
    split_products: bool = False
    #: sizes of blocks of rows, unless `block_sizes` chooses others for a device
    blocks: BlockSizes = BlockSizes()
    #: fused kernels for the terms of a loss, by the name of the loss; `logitron.losses` uses them
    fused_losses: Mapping[str, Callable[..., tuple[Array, Array, Array]]] = MappingProxyType({})
    #: the same for loss and slope along a ray of logits
    fused_rays: Mapping[str, Callable[..., tuple[Array, Array]]] = MappingProxyType({})

    def __init__(self, name: str, module: str | None = None) -> None:
        self.name = name
        self.module = module or name

    def __repr__(self) -> str:
        return f"<array library {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Modules cannot be pickled, so another process finds the library by its name.
        from logitron.backend.libraries import library_named

        return library_named, (self.name,)

    # --- the namespace and its devices ---

    def namespace(self) -> Namespace:
        """Import the library and return its array API namespace."""
        return import_module(self.module)

    def version(self) -> str | None:
        """Return the installed version; None if the library is not installed."""
        for distribution in self.distributions or (self.module.partition(".")[0],):
            try:
                return version(distribution)
            except PackageNotFoundError:
                continue
        return None

    def problem(self) -> str | None:
        """Return why an installed library cannot be used on this machine; None if it can."""
        try:
            self.namespace()
        except Exception as error:  # a broken installation can raise anything
            return f"{type(error).__name__}: {error}"
        return None

    def device(self, name: str | None) -> Device:
        """Return the library's device object for a device name; the default device for None."""
        if name in (None, "cpu"):
            return None
        raise self.unknown_device_error(name)

    def devices(self) -> list[str]:
        """Return the device names that `device` accepts on this machine."""
        return ["cpu"]

    def device_name(self, device: Device) -> str:
        """Return a name of a device object that `device` accepts."""
        return str(device)

    def owns(self, kind: type) -> bool:
        """Whether a type, or one of its base classes, is an array type of this library."""
        packages = self.packages or (self.module.partition(".")[0],)
        return any(base.__module__.partition(".")[0] in packages for base in kind.__mro__)

    def unknown_device_error(self, name: Any) -> ValueError:
        """Return the error for an unknown device name; it lists the devices."""
        return ValueError(
            f"device={name!r} is not a device of backend={self.name!r} on this machine: "
            f"expected one of {', '.join(map(repr, self.devices()))}"
        )

    def parameter_device(self, array: Array) -> Device:
        """Return the device that parameters must be on to be used together with ``array``."""
        from array_api_compat import device

        return device(array)

    def has_float64(self, device: Device) -> bool:
        """Whether the device can compute in float64."""
        info = self.namespace().__array_namespace_info__()
        return "float64" in info.dtypes(kind="real floating", device=device)

    def default_precision(self, device: Device) -> str:
        """Return the precision in which integers and booleans are computed."""
        return "float64" if self.has_float64(device) else "float32"

    def is_traced(self, array: Array) -> bool:
        """Whether the array has no values yet: a function of it is being transformed."""
        return False

    def exact_products(self) -> AbstractContextManager[Any]:
        """Return the part of `scope` that may be active while a function is transformed."""
        return nullcontext()

    def supports_row_indexing(self, array: Array) -> bool:
        """Whether rows of the array can be selected by their indices, on its device."""
        return True

    def strides(self, array: Array) -> tuple[int, ...] | None:
        """Return how many numbers are between neighbours along each axis, in memory.

        None if the library does not tell, or if its arrays are always in C order.
        """
        return None

    def take_rows(self, array: Array, index: Array) -> Array:
        """Copy the rows with these indices, and no other row, whatever the order in memory."""
        return self.namespace().take(array, index, axis=0)

    def take_columns(self, array: Array, index: Array) -> Array:
        """Copy the columns with these indices, and no other column, whatever the order."""
        return self.namespace().take(array, index, axis=1)

    def sum_of_squares(self, X: Array) -> Array:
        """Add up the squares of a matrix's numbers (1, 1), limited by memory traffic only."""
        xp = self.namespace()
        return xp.reshape(X, (1, -1)) @ xp.reshape(X, (-1, 1))

    def column_squares(self, X: Array, weights: Array, centre: Array | None = None) -> Array:
        """Sum the squares of columns, about their ``centre (p,)``, by weights (n,) of rows: (p,).

        Few columns are squared at a time: all squares would be another copy of the matrix.
        """
        (n, p), parts = X.shape, []
        step = max(1, SQUARED // n)
        for start in range(0, p, step):
            stop = min(start + step, p)
            part = X[:, start:stop] if centre is None else X[:, start:stop] - centre[start:stop]
            parts.append(weights @ (part * part))
        return parts[0] if len(parts) == 1 else self.namespace().concat(parts)

    def is_dense(self, array: Array) -> bool:
        """Whether the array stores all of its values."""
        return True

    # --- products of 16 bits, for `logitron.backend.split_products` ---

    def multiplies_half(self, array: Array) -> bool:
        """Whether `split_products` is on, and `half_product` can multiply an array of 16 bits."""
        return False

    def half_product(self, A: Array, B: Array) -> Array:
        """Multiply matrices of float16 or bfloat16, add up in float32, and return float32."""
        raise NotImplementedError

    def rounded(self, array: Array, dtype: DType) -> Array:
        """Round numbers to ``dtype``, and return them in their own."""
        xp = self.namespace()
        return xp.astype(xp.astype(array, dtype), array.dtype)

    # --- values in and out ---

    def numpy_can_view(self, array: Array) -> bool:
        """Whether the array is in the memory of the processor, for `numpy_view`."""
        return False

    def numpy_view(self, array: Array) -> np.ndarray[Any, Any]:
        """View the memory of an array as NumPy, which has bfloat16 as `numpy_casts.BFLOAT16`."""
        return self.to_numpy(array)

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        """Move an array of NumPy to the device; share its memory if possible."""
        return self.namespace().asarray(values, device=device)

    def from_device(self, array: Array, device: Device) -> Array | None:
        """Move an array of another library through DLPack; return None if that is impossible."""
        try:
            taken = self.namespace().from_dlpack(array)
        except (BufferError, TypeError, ValueError, RuntimeError, AssertionError):
            # (this library lacks the device or the dtype; torch without CUDA fails an assertion)
            return None
        return taken if self.parameter_device(taken) == device else None

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        """Move an array to the host; share its memory if possible."""
        return np.from_dlpack(array)

    def to_numpy_all(self, arrays: Sequence[Array]) -> list[np.ndarray[Any, Any]]:
        """Move several arrays of one dtype to the host, in one transfer."""
        xp = self.namespace()
        by_column = [self._is_by_column(array) for array in arrays]
        pairs = zip(arrays, by_column, strict=True)
        in_order = [xp.matrix_transpose(one) if flip else one for one, flip in pairs]
        flat = self.to_numpy(xp.concat([xp.reshape(one, (-1,)) for one in in_order]))
        parts = np.split(flat, np.cumsum([prod(one.shape) for one in in_order])[:-1])
        found = [part.reshape(one.shape) for part, one in zip(parts, in_order, strict=True)]
        return [one.T if flip else one for one, flip in zip(found, by_column, strict=True)]

    def _is_by_column(self, array: Array) -> bool:
        """Whether a matrix lies in memory column by column."""
        steps = self.strides(array) if array.ndim == 2 else None
        return steps is not None and steps[0] < steps[1]

    def detach(self, array: Array) -> Array:
        """Return the array without recorded gradients."""
        return array

    # --- for `logitron.backend.linalg`: on the device of the arrays, without checks that wait ---

    def largest(self, values: Array, count: int) -> Array:
        """Find the places (m, count) of the largest of ``values (m, n)`` along each row."""
        return self.namespace().argsort(values, axis=1, descending=True)[:, :count]

    def solve(self, A: Array, B: Array) -> Array:
        """Solve ``A X = B``."""
        return self.namespace().linalg.solve(A, B)

    def inv(self, A: Array) -> Array:
        """Invert matrices."""
        return self.namespace().linalg.inv(A)

    def inv_definite(self, A: Array) -> Array:
        """Invert symmetric positive definite matrices (..., D, D)."""
        return self.inv(A)

    def shifted_cholesky(self, A: Array, scale: Array, shift: Array) -> Array:
        """Factorise ``scale A + shift 1`` for each scale and shift; see `linalg`."""
        sums = scale[:, None, None] * A + shift[:, None, None] * self.eye_like(A, A.shape[-1])
        return self.namespace().linalg.cholesky(sums)

    def cholesky_solve(self, factors: Array, B: Array) -> Array:
        """Solve systems that were factorised by `shifted_cholesky`."""
        xp = self.namespace()
        return xp.linalg.solve(xp.matrix_transpose(factors), xp.linalg.solve(factors, B))

    def eigh(self, A: Array) -> tuple[Array, Array]:
        """Decompose symmetric matrices."""
        values, vectors = self.namespace().linalg.eigh(A)
        return values, vectors

    def sum_by_code(self, values: Array, codes: Array, count: int) -> Array:
        """Add up the rows with the same code, by products with indicators of some codes a time."""
        xp = self.namespace()
        numbers, parts = self.range_like(values, count), []
        step = max(1, MOST_INDICATORS // max(1, values.shape[0]))
        for start in range(0, count, step):
            own = numbers[start : min(start + step, count)]
            indicators = xp.astype(xp.astype(codes, own.dtype) == own[:, None], values.dtype)
            parts.append(indicators @ values)
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)

    def eye_like(self, array: Array, size: int) -> Array:
        """Make an identity matrix (size, size) of the device and dtype of an array."""
        index = self.range_like(array, size)
        return self.namespace().astype(index[:, None] == index[None, :], array.dtype)

    def upper_like(self, array: Array, size: int) -> Array:
        """Make a matrix (size, size) of ones strictly above the diagonal, zeros elsewhere."""
        index = self.range_like(array, size)
        return self.namespace().astype(index[:, None] < index[None, :], array.dtype)

    def range_like(self, array: Array, size: int) -> Array:
        """Make the integers from 0 to ``size - 1`` on the device of an array."""
        return self.namespace().arange(size, device=self.parameter_device(array))

    def plus_product(self, A: Array, x: Array, y: Array) -> Array:
        """Compute ``A + x * y``, all of which are broadcast."""
        return A + x * y

    def indicators(self, codes: Array, classes: int, dtype: DType) -> Array:
        """Make ones where a code (n,) is the class's, and zeros elsewhere: (classes, n)."""
        xp = self.namespace()
        # codes are compared with each class, not gathered: nothing depends on the data
        each = xp.astype(self.range_like(codes, classes), codes.dtype)
        return xp.astype(each[:, None] == codes[None, :], dtype)

    # --- memory ---

    def out_of_memory(self, error: BaseException) -> bool:
        """Whether an error reports that the device is out of memory."""
        return isinstance(error, MemoryError)

    def block_sizes(self, device: Device) -> BlockSizes:
        """Return the sizes of blocks of rows that suit a device."""
        return self.blocks

    def release_memory(self) -> None:
        """Return cached memory that is not in use to the device."""

    # --- running ---

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        """Return a context manager of the library's settings for computations on ``device``."""
        return nullcontext()

    def oversubscription_guard(self) -> AbstractContextManager[Any]:
        """Return a context manager for a computing thread; see `threads.oversubscription_guard`."""
        return nullcontext()

    def workers(self) -> int:
        """Return the number of blocks that are computed in parallel."""
        return 1

    def shares_blocks(self, device: Device) -> bool:
        """Whether `workers` compute blocks on a device in parallel, rather than the device."""
        return True

    def parallel_map(self, function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
        """Call a function with each part, in parallel if that is faster; return the results."""
        return [function(part) for part in parts]

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Return a context manager for calls of `parallel_map` that alternate with other work."""
        return nullcontext()

    def compile(self, function: Callable[..., Any], **static: Any) -> Callable[..., Any]:
        """Bind static arguments to a function, and compile it if the library has a compiler.

        Parameters
        ----------
        function : callable
            A pure function of arrays, defined at the top level of a module: compiled functions are
            cached by its identity.
        **static : hashable
            Arguments that are constants of the compiled function.

        Returns
        -------
        callable
            A function of the remaining arguments.
        """
        return partial(function, **static) if static else function
