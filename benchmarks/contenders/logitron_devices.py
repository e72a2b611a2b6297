"""logitron on the arrays of other libraries, which can live on a device.

The facts are read after the time of a fit is taken, since each of them is a transfer.
"""

from typing import Any, ClassVar

import numpy as np

from benchmarks.contenders.arrays import host
from benchmarks.contenders.base import MAX_ITER, Fit
from benchmarks.contenders.logitron import Logitron, facts_of

#: JAX would reserve most of the memory of a device, which it shares with PyTorch here.
SHARED_MEMORY = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


class LogitronOnDevice(Logitron):
    """The base of all libraries: answers come to the host, and facts are read later."""

    devices = ("cuda",)
    headline = False
    splits: ClassVar[bool] = False
    """Whether features of 16 bits are multiplied as they are."""

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from logitron import LogisticRegression

        self.clf = LogisticRegression(C=self.C, tol=tol).fit(self.X, self.y)
        return Fit(host(self.clf.coef_), host(self.clf.intercept_))

    def warm_up(self) -> None:
        from logitron.backend import LIBRARIES

        LIBRARIES[self.library].numpy_on_processor = False  # (a trial computes by the library too)
        LIBRARIES[self.library].split_products = self.splits
        super().warm_up()

    def answers(self, clf: Any, found: list[tuple[np.ndarray, np.ndarray]]) -> list[Fit]:
        self.clf = clf
        return [Fit(*one) for one in found]

    def facts(self) -> dict[str, object]:
        return facts_of(self.clf)


class LogitronTorch(LogitronOnDevice):
    name = "logitron on torch"
    modules = ("logitron", "torch")
    packages: ClassVar = ("logitron", "torch")
    library = "torch"


class LogitronTorchCompiled(LogitronTorch):
    """``torch.compile`` makes kernels of many operations at a time."""

    name = "logitron on torch, compiled"

    def warm_up(self) -> None:
        from logitron.backend import LIBRARIES

        LIBRARIES["torch"].compiler = "inductor"
        super().warm_up()


class LogitronTorchSplit(LogitronTorch):
    name = "logitron on torch, split"
    splits = True


class LogitronCupy(LogitronOnDevice):
    name = "logitron on cupy"
    modules = ("logitron", "cupy")
    packages: ClassVar = ("logitron", "cupy-cuda13x")
    library = "cupy"


class LogitronCupyPlain(LogitronCupy):
    """Array operations instead of logitron's own kernel."""

    name = "logitron on cupy, no kernel"

    def warm_up(self) -> None:
        from logitron.backend import LIBRARIES

        LIBRARIES["cupy"].fused_losses = {}
        super().warm_up()


class LogitronJax(LogitronOnDevice):
    name = "logitron on jax"
    modules = ("logitron", "jax")
    packages: ClassVar = ("logitron", "jax")
    environment: ClassVar = SHARED_MEMORY
    library = "jax"

    def warm_up(self) -> None:
        self.fit_parts(1e-3)  # far enough to compile every step


class LogitronJaxSplit(LogitronJax):
    name = "logitron on jax, split"
    splits = True
