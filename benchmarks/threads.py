"""Thread settings: every contender is measured in its best one.

The wheels of NumPy and SciPy each bring an OpenBLAS with its own pool of threads. Where both are
as large as the machine they fight for its cores, and a solver that goes back and forth between the
two, as scikit-learn's lbfgs does, can become many times slower. A setting sizes each pool, and the
library's own pool where it has one.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from threadpoolctl import ThreadpoolController

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Setting:
    numpy: int
    scipy: int
    own: int | None = None

    @property
    def name(self) -> str:
        own = "" if self.own is None else f", own {self.own}"
        return f"numpy {self.numpy}, scipy {self.scipy}{own}"


OPENBLAS = (Setting(CORES, 1), Setting(1, 1), Setting(CORES, CORES))
#: For libraries that compute in a pool of their own as well, or only
WITH_OWN = (*(Setting(s.numpy, s.scipy, CORES) for s in OPENBLAS), Setting(1, 1, 1))
OWN_ONLY = (Setting(1, 1, CORES), Setting(1, 1, 1))


@contextmanager
def threads(setting: Setting) -> Iterator[None]:
    """Size the two OpenBLAS pools."""
    with ExitStack() as stack:
        for library in ThreadpoolController().lib_controllers:
            for wheel in ("numpy", "scipy"):
                if f"{wheel}.libs" in library.filepath:
                    pool = ThreadpoolController().select(filepath=library.filepath)
                    stack.enter_context(pool.limit(limits=getattr(setting, wheel)))
        yield
