"""The libraries' GPU arrays, and what watches over the ways to the host."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from logitron.backend import linalg
from logitron.backend.libraries.torch import TorchLibrary
from tests.backends import GPU, Backend


@pytest.fixture(params=GPU, ids=repr)
def gpu(request):
    """Each library's arrays on the GPU, inside its setting."""
    chosen: Backend = request.param
    chosen.require()
    with chosen.setting():
        yield chosen


@pytest.fixture
def watched(gpu):
    """Give the library's context in which reading without being asked to is an error."""
    return {"torch": _torch, "jax": _jax, "cupy": _cupy}[gpu.library]


@contextmanager
def _torch() -> Iterator[None]:
    """Operations that wait raise, except in counted reads and in eigendecompositions."""
    import torch

    def set_mode(mode):
        with warnings.catch_warnings():  # that the mode is a prototype
            warnings.simplefilter("ignore")
            torch.cuda.set_sync_debug_mode(mode)

    def allowed(function):
        def run(*args):
            set_mode("default")
            try:
                return function(*args)
            finally:
                set_mode("error")

        return run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TorchLibrary, "to_numpy", allowed(TorchLibrary.to_numpy))
        patch.setattr(linalg, "eigh", allowed(linalg.eigh))
        try:
            set_mode("error")
            yield
        finally:
            set_mode("default")


@contextmanager
def _jax() -> Iterator[None]:
    """Transfers to the host raise, except for explicit ones: those of counted reads."""
    import jax

    with jax.transfer_guard_device_to_host("disallow"):
        yield


@contextmanager
def _cupy() -> Iterator[None]:
    """Every way to the host but ``get``, which counted reads take, raises."""
    import cupy

    def refuse(name):
        def refused(self, *_, **__):
            raise AssertionError(f"cupy.ndarray.{name} was called")

        return refused

    with pytest.MonkeyPatch.context() as patch:
        for name in ("item", "tolist", "__float__", "__int__", "__bool__", "__array__"):
            patch.setattr(cupy.ndarray, name, refuse(name))
        yield
