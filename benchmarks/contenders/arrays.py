"""Arrays on their way to the library of a contender, and back to NumPy."""

from typing import Any

import numpy as np


def brought(array: Any, library: str, device: str) -> Any:
    """An array of NumPy or a tensor of PyTorch, as an array of a library on a device.

    An array of any other library is returned as it is.
    """
    ours = type(array).__module__.partition(".")[0]
    if ours == "numpy":
        return _from_numpy(array, library, device)
    return _from_torch(array, library, device) if ours == "torch" else array


def host(array: Any) -> Any:
    """An array of any library as one of NumPy; a number is returned as it is."""
    match type(array).__module__.partition(".")[0]:
        case "torch":
            return array.detach().cpu().numpy()
        case "cupy":
            return array.get()
        case "jax" | "jaxlib":
            return np.asarray(array)
    return array


def at_least_float32(X: Any) -> Any:
    """Features in float32 if their type is narrower; else as they are."""
    if X.dtype.itemsize >= 4:
        return X
    return X.float() if type(X).__module__.startswith("torch") else X.astype(np.float32)


def _from_numpy(array: np.ndarray, library: str, device: str) -> Any:
    if library == "torch":
        import torch

        tensor = torch.from_numpy(array)
        return tensor if device == "cpu" else tensor.to(device)
    if library == "cupy":
        import cupy

        return cupy.asarray(array)
    if library == "jax":
        import jax

        if array.dtype == np.float64:  # without this, JAX would round it to float32
            jax.config.update("jax_enable_x64", True)
        return jax.device_put(array)
    return array


def _from_torch(tensor: Any, library: str, device: str) -> Any:
    if library == "torch":
        return tensor.to(device)
    if library == "cupy":
        import cupy

        return cupy.from_dlpack(tensor)
    if library == "jax":
        import jax

        return jax.dlpack.from_dlpack(tensor)
    return tensor.cpu().numpy()
