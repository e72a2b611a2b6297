"""NumPy: the default, and the host that every other library is read to."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from logitron.backend import threads
from logitron.backend.libraries.base import Library
from logitron.backend.types import Array, Device, Namespace


class NumpyLibrary(Library):
    reads_are_free = True
    # A block stays in cache, so that it is read from memory once for its logits and its gradient.
    # Smaller blocks would stay in a nearer cache, and cost more in calls than they save.
    block_bytes = 1 << 24
    # NumPy asks the system for the memory of large arrays anew each time, and the system clears it
    # page by page, which can take longer than the arithmetic.
    temporary_bytes = 3 << 19
    # of many neurons, whose logits fill a near cache sooner
    wide_rows = (128, 1024)

    def namespace(self) -> Namespace:
        import array_api_compat.numpy as xp

        return xp

    def device(self, name: str | None) -> Device:
        if name in (None, "cpu"):
            return "cpu"
        raise self.unknown_device(name)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        return np.asarray(array)

    def workers(self) -> int:
        return threads.workers()

    def side_by_side(self, function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
        return threads.side_by_side(function, parts)

    def working(self) -> AbstractContextManager[Any]:
        return threads.one_core_each

    def scope(self, device: Device, precision: str) -> AbstractContextManager[Any]:
        return quiet()


def quiet() -> AbstractContextManager[Any]:
    """Silence NumPy about overflow.

    A diverging neuron is found and reported by its loss; NumPy's warnings would only repeat it,
    once for every operation.
    """
    return np.errstate(over="ignore", invalid="ignore")
