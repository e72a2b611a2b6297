"""The sizes of the thread pools: every contender is measured in its best setting.

The wheels of NumPy and SciPy each bring an OpenBLAS with a thread pool of its own. Where both pools
have as many threads as the machine has cores, they compete for them. A solver that alternates
between the two, as scikit-learn's lbfgs does, can then be many times slower. A setting has the size
of each pool, and that of the library's own pool where there is one.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from threadpoolctl import ThreadpoolController

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Setting:
    """The number of threads of each pool."""

    numpy: int
    scipy: int
    own: int | None = None

    @property
    def name(self) -> str:
        """The setting in words, for tables."""
        own = "" if self.own is None else f", own {self.own}"
        return f"numpy {self.numpy}, scipy {self.scipy}{own}"


OPENBLAS = (Setting(CORES, 1), Setting(1, 1), Setting(CORES, CORES))
#: For libraries that also compute in a pool of their own, or only there.
WITH_OWN = (*(Setting(s.numpy, s.scipy, CORES) for s in OPENBLAS), Setting(1, 1, 1))
OWN_ONLY = (Setting(1, 1, CORES), Setting(1, 1, 1))


@contextmanager
def threads(setting: Setting) -> Iterator[None]:
    """Set the sizes of the two OpenBLAS pools within a block of code."""
    with ExitStack() as stack:
        for library in ThreadpoolController().lib_controllers:
            for wheel in ("numpy", "scipy"):
                if f"{wheel}.libs" in library.filepath:
                    pool = ThreadpoolController().select(filepath=library.filepath)
                    stack.enter_context(pool.limit(limits=getattr(setting, wheel)))
        yield
