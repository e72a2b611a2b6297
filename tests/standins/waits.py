"""Counts the operations of torch that would wait for a GPU, on any device."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from logitron.backend.libraries.torch import TorchLibrary

#: operations whose result or shape the host needs, by the start of their names
WAITING_OPERATIONS = (
    "_local_scalar_dense",
    "item",
    "is_nonzero",
    "nonzero",
    "masked_select",
    "unique",
    "bincount",
    "repeat_interleave.Tensor",
    "_linalg_check_errors",
    "_linalg_eigh",
    "_linalg_svd",
    "linalg_cholesky",
    "equal.default",
)


@contextmanager
def count_waits() -> Iterator[Counter[str]]:
    """Count the operations that wait, except for those of counted reads, by their names."""
    waits: Counter[str] = Counter()
    reading: list[bool] = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(
            self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            name = str(operation).removeprefix("aten.")
            is_waiting = name.startswith(WAITING_OPERATIONS) or _indexes_by_mask(name, args)
            if not reading and (is_waiting or _is_transfer(name, args, kwargs)):
                waits[name.split(".")[0]] += 1
            return operation(*args, **kwargs)

    to_numpy = TorchLibrary.to_numpy

    def read(self: TorchLibrary, array: Any) -> Any:
        reading.append(True)
        try:
            return to_numpy(self, array)
        finally:
            reading.pop()

    TorchLibrary.to_numpy = read  # type: ignore[method-assign]
    try:
        with Watch():
            yield waits
    finally:
        TorchLibrary.to_numpy = to_numpy  # type: ignore[method-assign]


def _is_transfer(name: str, args: Any, kwargs: Any) -> bool:
    """Whether an operation moves values between devices, and waits for them."""
    if name == "where.self":
        return len({argument.device for argument in args}) > 1
    if name == "copy_.default":
        return args[0].device != args[1].device and not kwargs.get("non_blocking", len(args) > 2)
    if name == "_to_copy.default":
        there = kwargs.get("device") or args[0].device
        return there != args[0].device and not kwargs.get("non_blocking")
    return False


def _indexes_by_mask(name: str, args: Any) -> bool:
    if name != "index.Tensor":
        return False
    return any(index is not None and index.dtype == torch.bool for index in args[1])
