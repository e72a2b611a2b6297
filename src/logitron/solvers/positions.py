"""Parameters that may change, as positions among the ``K q`` of each group."""

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["spread", "values_at"]


def values_at(places: HostArray, values: HostArray, like: HostArray | None = None) -> HostArray:
    """Values (G, K, q) at places (G, s); zeros at those that are none, ``K q``."""
    if like is not None:
        values = np.broadcast_to(values, like.shape)
    flat = values.reshape(len(values), -1)
    padded = np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)
    found: HostArray = np.take_along_axis(padded, places, axis=1)
    return found


def spread(places: HostArray, values: HostArray, shape: tuple[int, int, int]) -> HostArray:
    """Put values (G, s) at places of zeros (G, K, q)."""
    flat = np.zeros((shape[0], shape[1] * shape[2] + 1))
    np.put_along_axis(flat, places, values, axis=1)
    return flat[:, :-1].reshape(shape)
