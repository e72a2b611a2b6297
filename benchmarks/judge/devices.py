"""Devices: the wait for their work, the memory that libraries keep there, and a description."""

import sys


def synchronise(library: str, device: str) -> None:
    """Return when a library has done all work on a device.

    Only "cuda" is asynchronous. There a library returns as soon as its kernels are in a queue.
    """
    if device == "cpu":
        return
    if library == "torch":
        import torch

        torch.cuda.synchronize()
    elif library == "cupy":
        import cupy

        cupy.cuda.get_current_stream().synchronize()
    elif library == "jax":
        import jax

        # a device does its work in order, so this sum is ready after all that was before it
        (jax.device_put(0.0) + 1.0).block_until_ready()


def release() -> None:
    """Return the memory that loaded libraries keep for later, since they share the device."""
    if "torch" in sys.modules:
        import torch

        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
    if "cupy" in sys.modules:
        import cupy

        cupy.get_default_memory_pool().free_all_blocks()


def describe(device: str) -> dict[str, str]:
    """The name and the memory of a device, and the version of CUDA."""
    if device == "cpu":
        return {"device": "no GPU"}
    import torch

    about = torch.cuda.get_device_properties(device)
    return {
        "device": about.name,
        "device_memory": f"{about.total_memory / 2**30:.0f} GiB",
        "cuda": str(torch.version.cuda),
    }
