"""How type checkers know arrays of other libraries than NumPy: by one attribute of each.

A method annotated ``(X: DeviceArrayT) -> DeviceArrayT`` returns an array of the class of its
argument. Arrays of libraries that are not here are checked as `Any`.
"""

from typing import Any, Protocol, TypeVar

__all__ = ["DeviceArray", "DeviceArrayT"]


class _Tensor(Protocol):
    """A tensor of PyTorch."""

    @property
    def requires_grad(self) -> bool: ...


class _ShardedArray(Protocol):
    """An array of JAX."""

    @property
    def sharding(self) -> Any: ...


class _LazyArray(Protocol):
    """An array of Dask."""

    def compute(self, **kwargs: Any) -> Any: ...


DeviceArray = _Tensor | _ShardedArray | _LazyArray
DeviceArrayT = TypeVar("DeviceArrayT", bound=DeviceArray)
