"""A contender: one solver of one library, used through its public parameters only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from benchmarks.contenders.arrays import at_least_float32, brought
from benchmarks.data.arrays import evenly
from benchmarks.data.problem import Part
from benchmarks.judge.devices import synchronise
from benchmarks.judge.threads import OPENBLAS, Setting

#: Enough iterations for every contender: only the tolerance and the time limit end a fit.
MAX_ITER = 100_000


@dataclass(frozen=True)
class Fit:
    """The answer of one fit, in NumPy."""

    coef: np.ndarray  # (1, p) or (K, p)
    intercept: np.ndarray
    facts: Mapping[str, object] = field(default_factory=dict)
    """The numbers that the fit reports: iterations, passes, certificate."""


class Contender:
    """One solver on one device.

    The time of `fit` and `fit_parts` is measured, that of the other methods is not.
    """

    name: ClassVar[str]
    modules: ClassVar[tuple[str, ...]]
    """The modules that must be importable."""
    packages: ClassVar[tuple[str, ...]]
    """The distributions whose versions are stored with a result."""
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    """The devices on which it is measured: "cpu", "cuda"."""
    library: ClassVar[str] = "numpy"
    """The library whose arrays it takes."""
    settings: ClassVar[tuple[Setting, ...]] = OPENBLAS
    environment: ClassVar[Mapping[str, str]] = {}
    """The variables that the environment of its process has from the start."""
    softmax: ClassVar[bool] = True
    narrow: ClassVar[bool] = False
    """Whether it takes features that are narrower than float32."""
    sparse: ClassVar[bool] = False
    """Whether it takes sparse matrices of SciPy."""
    headline: ClassVar[bool] = False
    """Whether the short run measures it."""
    part: ClassVar[int] = 3
    """The number of fits that it makes of many; the others are assumed to take as long."""
    note: ClassVar[str] = ""
    """A remark for the readers of its results."""

    X: Any
    y: Any
    C: float

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    @classmethod
    def refuses(cls, columns: int = 1, rows: int = 0, device: str = "cpu") -> str | None:
        """The reason why it cannot fit m columns and so many rows here; None where it can."""
        for module in cls.modules:
            if find_spec(module) is None:
                return f"{module} is not installed"
        if cls.library == "cupy" and device == "cpu":
            return "cupy has no arrays on the processor"
        if columns > 1 and not cls.softmax:
            return "has no softmax"
        return None

    def prepare(self, X: Any, y: Any, C: float) -> None:
        """Bring the data of one fit to the library, and compile as much as possible.

        The data are arrays of NumPy or tensors of PyTorch.
        """
        if not self.narrow:
            X = at_least_float32(X)
        self.X = brought(X, self.library, self.device)
        self.labels = brought(y, self.library, self.device)
        self.parts, self.places = [Part(None, C)], [0]
        self.choose(self.labels, C)

    def choose(self, y: Any, C: float) -> None:
        """Set the labels and the penalty of the next fit."""
        self.y, self.C = y, C

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        """One fit of the chosen labels and penalty."""
        raise NotImplementedError

    def prepare_parts(self, X: Any, y: Any, parts: Sequence[Part]) -> None:
        """Bring the data of several fits over the same features to the library.

        The labels are a table where the parts are its columns. `places` are then the places of the
        parts that `fit_parts` will make.
        """
        self.prepare(X, y, parts[0].C)
        self.parts = list(parts)
        self.places = self.made()

    def made(self) -> list[int]:
        """The places of the parts that are made: some of them, where it makes one at a time."""
        return evenly(len(self.parts), self.part)

    def fit_parts(self, tol: float, max_iter: int = MAX_ITER) -> list[Fit]:
        """One fit for each of `places`."""
        if len(self.parts) == 1:
            return [self.fit(tol, max_iter)]
        found = []
        for part in (self.parts[place] for place in self.places):
            self.choose(part.labels(self.labels), part.C)
            found.append(self.fit(tol, max_iter))
        return found

    def facts(self) -> dict[str, object]:
        """More facts of the last fit, whose reading would take part of its time."""
        return {}

    def own_threads(self, count: int) -> None:
        """Set the size of the library's own thread pool."""

    def warm_up(self) -> None:
        """Import, start pools and compile, which only the first fit has to do.

        A fit of one iteration is enough on the processor. A device loads each kernel when it is
        first used, so there a loose fit runs to its end.
        """
        self.fit_parts(1.0, 1 if self.device == "cpu" else MAX_ITER)

    def wait(self) -> None:
        """Return when the device has done all work that the library gave it."""
        synchronise(self.library, self.device)
