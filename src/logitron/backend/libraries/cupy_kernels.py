"""CUDA kernels of this package for CuPy: one source, which is compiled once for all of them."""

from functools import cache
from importlib.resources import files
from typing import Any

from logitron.backend.types import Array

__all__ = ["kernel", "launch", "source"]

#: threads of a CUDA block
THREADS_PER_BLOCK = 256


@cache
def source() -> str:
    """Join the kernels: `copied`, and `fused_loss_float` and `fused_loss_double`."""
    copied, loss = (
        files(__package__).joinpath(f"{n}.cu").read_text() for n in ("copied", "fused_loss")
    )
    each = (
        loss.replace("fused_loss(", f"fused_loss_{real}(").replace("REAL", real)
        for real in ("float", "double")
    )
    return "\n".join([copied, *each])


@cache
def kernel(name: str) -> Any:
    """Return a kernel; CuPy compiles equal sources once."""
    import cupy

    return cupy.RawKernel(source(), name)


def launch(name: str, threads: int, *arguments: Array | Any) -> None:
    """Run so many threads of a kernel."""
    blocks = max(1, -(-threads // THREADS_PER_BLOCK))
    kernel(name)((blocks,), (THREADS_PER_BLOCK,), arguments)
