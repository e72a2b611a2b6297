"""What the device can do, by torch: bytes a second, and multiplications and additions a second."""

import time
from collections.abc import Callable

#: numbers in what is read, of float32; rows of the square matrices that are multiplied
READ, SIDE = 1 << 30, 8192


def measured(device: str, scale: float) -> dict[str, float]:
    """Measure the best of a few: ``read`` (bytes), and products of each dtype (operations)."""
    import torch

    def seconds(work: Callable[[], object]) -> float:
        best = float("inf")
        for _ in range(5):
            _wait(device)
            start = time.perf_counter()
            work()
            _wait(device)
            best = min(best, time.perf_counter() - start)
        return best

    columns = 1024
    rows = max(1024, int(READ * scale) // columns)
    X = torch.randn(rows, columns, device=device)
    v = torch.randn(columns, device=device)
    rates = {"read": X.nbytes / seconds(lambda: X @ v)}
    side = max(256, int(SIDE * scale**0.5))
    for name in ("float32", "float64", "bfloat16"):
        A = torch.randn(side, side, device=device).to(getattr(torch, name))
        rates[name] = 2.0 * side**3 / seconds(lambda A=A: A @ A)
    return rates


def _wait(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()


def describe(device: str) -> dict[str, str]:
    """Name the device, its driver's CUDA and its memory."""
    import torch

    if not device.startswith("cuda"):
        return {"device": "no GPU"}
    about = torch.cuda.get_device_properties(device)
    return {
        "device": about.name,
        "device_memory": f"{about.total_memory / 2**30:.0f} GiB",
        "cuda": str(torch.version.cuda),
    }
