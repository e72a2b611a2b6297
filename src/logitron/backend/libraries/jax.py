"""JAX on CPUs, GPUs and TPUs, with sharded arrays."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cache, partial
from typing import Any

import numpy as np

from logitron.backend.block_sizes import BlockSizes
from logitron.backend.libraries.base import Library
from logitron.backend.libraries.numpy_casts import BFLOAT16
from logitron.backend.types import Array, Device, DType, Namespace


class JaxLibrary(Library):
    extra = "jax"
    packages = ("jax", "jaxlib")
    supports_dlpack = True
    is_jit = True
    writes_in_place = False
    # XLA fuses and divides the work itself, and each further shape costs a compilation.
    blocks = BlockSizes(features=None)

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
        # The rows are sharded over several devices, and each needs all parameters.
        mesh = _without_types(sharding.mesh)
        return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    def detach(self, array: Array) -> Array:
        import jax

        if isinstance(array, jax.core.Tracer):
            return array
        sharding = array.sharding
        if not isinstance(sharding, jax.sharding.NamedSharding):
            return array
        mesh = _without_types(sharding.mesh)
        if mesh is sharding.mesh:
            return array
        return jax.device_put(array, jax.sharding.NamedSharding(mesh, sharding.spec))

    def is_traced(self, array: Array) -> bool:
        import jax

        return isinstance(array, jax.core.Tracer)

    def exact_products(self) -> AbstractContextManager[Any]:
        import jax

        # (on recent GPUs, the default precision of float32 products is lower than float32)
        found: AbstractContextManager[Any] = jax.default_matmul_precision("highest")
        return found

    def supports_row_indexing(self, array: Array) -> bool:
        import jax

        return isinstance(array.sharding, jax.sharding.SingleDeviceSharding)

    def has_float64(self, device: Device) -> bool:
        return True  # (within `scope`)

    def default_precision(self, device: Device) -> str:
        import jax

        return "float64" if jax.config.jax_enable_x64 else "float32"

    def multiplies_half(self, array: Array) -> bool:
        # (XLA refuses some products of bfloat16 on processors)
        return self.split_products and all(one.platform != "cpu" for one in array.devices())

    def half_product(self, A: Array, B: Array) -> Array:
        import jax

        return jax.numpy.matmul(A, B, preferred_element_type=jax.numpy.float32)

    def rounded(self, array: Array, dtype: DType) -> Array:
        import jax

        # (XLA leaves out a cast to fewer digits and back)
        info = jax.numpy.finfo(dtype)
        return jax.lax.reduce_precision(array, info.nexp, info.nmant)

    def numpy_can_view(self, array: Array) -> bool:
        import jax

        if isinstance(array, jax.core.Tracer):
            return False
        devices = array.devices()
        return len(devices) == 1 and next(iter(devices)).platform == "cpu"

    def numpy_view(self, array: Array) -> np.ndarray[Any, Any]:
        import jax

        values = np.asarray(jax.device_get(array))
        return values.view(BFLOAT16) if values.dtype.name == "bfloat16" else values

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        import jax

        # (device_get is allowed under a guard against implicit transfers)
        values = np.asarray(jax.device_get(array))
        # (bfloat16 becomes a dtype of the package ml_dtypes, which few functions accept)
        return values.astype(np.float32) if values.dtype.name == "bfloat16" else values

    def from_numpy(self, values: np.ndarray[Any, Any], device: Device) -> Array:
        import jax

        return jax.device_put(values, device)  # (compiles nothing for the shape)

    def to_numpy_all(self, arrays: Sequence[Array]) -> list[np.ndarray[Any, Any]]:
        import jax

        # (transfers overlap, and nothing is compiled for the shapes)
        return [np.asarray(values) for values in jax.device_get(list(arrays))]

    def range_like(self, array: Array, size: int) -> Array:
        # (a constant of the compiled function, on whatever device it runs)
        return self.namespace().arange(size)

    def sum_by_code(self, values: Array, codes: Array, count: int) -> Array:
        sums = self.namespace().zeros((count, values.shape[1]), values.dtype)
        return sums.at[codes].add(values)

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        import jax

        scope = ExitStack()
        # (without it, JAX silently converts float64 to float32)
        scope.enter_context(jax.enable_x64(True))
        scope.enter_context(self.exact_products())
        return scope

    def out_of_memory(self, error: BaseException) -> bool:
        import jax

        reported = isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(
            error
        )
        return reported or super().out_of_memory(error)

    def compile(self, function: Callable[..., Any], **static: Any) -> Callable[..., Any]:
        return _jit(function, tuple(sorted(static.items())))


def _without_types(mesh: Any) -> Any:
    """Return a mesh of the same devices whose axes XLA assigns to the results of operations.

    With *explicit* axes, which `jax.make_mesh` has by default, each operation would have to name
    them. The rows stay where they are.
    """
    import jax

    if all(kind == jax.sharding.AxisType.Auto for kind in mesh.axis_types):
        return mesh
    return jax.sharding.Mesh(mesh.devices, mesh.axis_names)


@cache
def _jit(function: Callable[..., Any], static: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    """Compile a function for its static arguments, once.

    JAX caches compilations by the identity of the function, so that a new partial in every fit
    would be compiled in every fit.
    """
    import jax

    compiled: Callable[..., Any] = jax.jit(partial(function, **dict(static)))
    return compiled
