"""States and outcomes as JSON values and tensors, and back, without the loss of a bit.

A value becomes a JSON object with one member, which names its kind:

============ ====================================================================================
member       value
============ ====================================================================================
``plain``    null, true, false, a whole number or a string
``float``    a floating-point number, as ``float.hex`` writes it
``tensor``   number of a tensor: an array of NumPy
``scalar``   number of a tensor: a number of NumPy
``device``   number of a tensor: an array of the library and device of the fit
``numbers``  number of a tensor: a list of floats
``stack``    number of a tensor: a list of arrays of NumPy of one shape and dtype
``context``  "float32" or "float64": the library and device of the fit, or of NumPy, by ``host``
``list``     list of values
``tuple``    list of values
``dict``     list of pairs of values
other names  fields of an object of the class of that name in `packed_types`
============ ====================================================================================

Tensors are written in the order of their axes in memory, since sums over an array of another order
may round differently; ``axes`` beside the number is that order, where it is not the usual one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.checkpoints.packed_types import members, remake
from logitron.solvers import PastRing

__all__ = ["Packer", "Unpacker"]


class Packer:
    """Packs values, and gathers their tensors."""

    def __init__(self) -> None:
        self.tensors: list[HostArray] = []

    def pack(self, value: Any) -> dict[str, Any]:
        """Return a value as a JSON object; arrays are copied to `tensors`."""
        if isinstance(value, PastRing):
            value = value.restored()
        content = members(value)
        if content is not None:
            return {type(value).__name__: {name: self.pack(one) for name, one in content.items()}}
        if isinstance(value, list | tuple | dict):
            return self._collection(value)
        if isinstance(value, np.generic):  # (some are floats of Python too)
            return self._tensor("scalar", np.asarray(value))
        if isinstance(value, np.ndarray):
            return self._tensor("tensor", value)
        return _simple(value) or self._tensor("device", to_host(value))

    def _collection(self, values: Any) -> dict[str, Any]:
        if isinstance(values, tuple):
            return {"tuple": [self.pack(one) for one in values]}
        if isinstance(values, dict):
            return {"dict": [[self.pack(key), self.pack(one)] for key, one in values.items()]}
        if values and all(type(one) is float for one in values):
            return self._tensor("numbers", np.asarray(values))
        kinds = {(one.shape, one.dtype) for one in values if isinstance(one, np.ndarray)}
        if len(kinds) == 1 and all(isinstance(one, np.ndarray) for one in values):
            return self._tensor("stack", np.stack(values))
        return {"list": [self.pack(one) for one in values]}

    def _tensor(self, kind: str, values: HostArray) -> dict[str, Any]:
        packed: dict[str, Any] = {kind: len(self.tensors)}
        axes = sorted(range(values.ndim), key=lambda axis: -abs(values.strides[axis]))
        if not values.flags.c_contiguous and axes != sorted(axes):
            packed["axes"] = axes
            values = values.transpose(axes)
        self.tensors.append(np.array(values, order="C"))
        return packed


def _simple(value: Any) -> dict[str, Any]:
    """Return a value without tensors as a JSON object; an empty one for other values."""
    if value is None or isinstance(value, bool | str):
        return {"plain": value}
    if isinstance(value, int):
        return {"plain": int(value)}  # (of an enumeration, the number)
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, ArrayContext):
        return {"context": value.precision, "host": value.library.is_host}
    return {}


class Unpacker:
    """Makes values of JSON objects and tensors.

    Parameters
    ----------
    tensors : list of numpy.ndarray
    context : ArrayContext
        Library and device of the fit.
    """

    def __init__(self, tensors: list[HostArray], context: ArrayContext) -> None:
        self.tensors, self.context = tensors, context
        self._kinds: dict[str, Callable[..., Any]] = {
            "plain": lambda value: value,
            "float": float.fromhex,
            "scalar": lambda number: self._tensor(number)[()],
            "tensor": self._tensor,
            "numbers": lambda number: self._tensor(number).tolist(),
            "stack": lambda number: list(self._tensor(number)),
            "device": self._device,
            "context": self._context,
            "list": lambda values: [self.unpack(one) for one in values],
            "tuple": lambda values: tuple(self.unpack(one) for one in values),
            "dict": lambda pairs: {self.unpack(key): self.unpack(one) for key, one in pairs},
        }

    def unpack(self, packed: dict[str, Any]) -> Any:
        """Return the value of a JSON object.

        Raises
        ------
        CheckpointError, LookupError, TypeError, ValueError, AttributeError
            If the object is malformed.
        """
        (kind, content), *options = packed.items()
        make = self._kinds.get(kind)
        if make is None:
            return remake(kind, {name: self.unpack(one) for name, one in content.items()})
        return make(content, **dict(options))

    def _tensor(self, number: int, axes: list[int] | None = None) -> HostArray:
        values = np.array(self.tensors[number])
        return values if axes is None else values.transpose(np.argsort(axes))

    def _device(self, number: int, axes: list[int] | None = None) -> Array:
        """Move an array to the device, in memory that the library allocates."""
        moved = self.context.asarray(self._tensor(number, axes), keep_dtype=True)
        return self.context.xp.asarray(moved, copy=True)

    def _context(self, precision: str, *, host: bool) -> ArrayContext:
        context = ArrayContext.named("numpy") if host else self.context
        return context if context.precision == precision else context.with_precision(precision)
