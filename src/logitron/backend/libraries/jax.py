"""JAX on CPUs, GPUs and TPUs, sharded arrays included."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cache, partial
from typing import Any

import numpy as np

from logitron.backend.libraries.base import Library
from logitron.backend.types import Array, Device, Namespace


class JaxLibrary(Library):
    extra = "jax"
    packages = ("jax", "jaxlib")
    supports_dlpack = True
    is_jit = True
    # XLA fuses and splits the work itself, and every further shape costs a compilation
    block_bytes = None

    def namespace(self) -> Namespace:
        import jax.numpy as xp

        return xp

    def device(self, name: str | None) -> Device:
        import jax

        if name is None:
            return jax.devices()[0]
        kind, _, index = name.partition(":")
        try:
            return jax.devices(kind)[int(index or 0)]
        except (RuntimeError, ValueError, IndexError):
            raise self.unknown_device_error(name) from None

    def devices(self) -> list[str]:
        import jax

        found: list[str] = []
        for kind in ("cpu", "gpu", "tpu"):
            try:
                count = len(jax.devices(kind))
            except RuntimeError:
                continue
            found += [kind, *(f"{kind}:{index}" for index in range(count))]
        return found

    def device_name(self, device: Device) -> str:
        return f"{device.platform}:{device.id}"

    def parameter_device(self, array: Array) -> Device:
        import jax

        sharding = array.sharding
        if isinstance(sharding, jax.sharding.SingleDeviceSharding):
            return super().parameter_device(array)
        # Rows are spread over several devices: parameters are needed whole on each of them.
        return jax.sharding.NamedSharding(sharding.mesh, jax.sharding.PartitionSpec())

    def supports_row_indexing(self, array: Array) -> bool:
        import jax

        return isinstance(array.sharding, jax.sharding.SingleDeviceSharding)

    def has_float64(self, device: Device) -> bool:
        return True  # inside its scope

    def default_precision(self, device: Device) -> str:
        import jax

        return "float64" if jax.config.jax_enable_x64 else "float32"

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        import jax

        # explicit, so that a guard against unwanted transfers can be on
        values = np.asarray(jax.device_get(array))
        # bfloat16 reaches NumPy as a dtype of another package, which few functions know
        return values.astype(np.float32) if values.dtype.name == "bfloat16" else values

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        import jax

        return jax.device_put(values, device)  # (nothing is compiled for the shape)

    def to_numpy_all(self, arrays: Sequence[Array]) -> list[np.ndarray[Any, Any]]:
        import jax

        # (transfers overlap, and nothing is compiled for the shapes)
        return [np.asarray(values) for values in jax.device_get(list(arrays))]

    def range_like(self, array: Array, size: int) -> Array:
        # a constant of what is compiled, wherever that runs
        return self.namespace().arange(size)

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        import jax

        scope = ExitStack()
        # JAX would silently halve float64: the data's, the user's, or that of sums and solvers
        scope.enter_context(jax.enable_x64(True))
        # On recent GPUs the default precision of float32 products is less than float32's
        scope.enter_context(jax.default_matmul_precision("highest"))
        return scope

    def out_of_memory(self, error: BaseException) -> bool:
        import jax

        reported = isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(
            error
        )
        return reported or super().out_of_memory(error)

    def compile(self, function: Callable[..., Any], **static: Any) -> Callable[..., Any]:
        return _jit(function, tuple(sorted(static.items())))


@cache
def _jit(function: Callable[..., Any], static: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    """Return one compiled function for each function and its static arguments.

    JAX finds earlier compilations by the identity of the function it is given, and a partial made
    anew in every fit would be compiled anew in every fit.
    """
    import jax

    compiled: Callable[..., Any] = jax.jit(partial(function, **dict(static)))
    return compiled
