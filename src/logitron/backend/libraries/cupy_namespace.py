"""CuPy's array API namespace, with sums and copies for which CuPy compiles nothing."""

from functools import cache

from logitron.backend.libraries.cupy_copies import copying_functions
from logitron.backend.libraries.cupy_sums import add_up, average
from logitron.backend.libraries.namespaces import with_functions
from logitron.backend.types import Array, Namespace

__all__ = ["namespace"]


@cache
def namespace(xp: Namespace) -> Namespace:
    """Return a namespace of array-api-compat with those functions."""

    def sqrt(x: Array) -> Array:
        """Take roots; of an array in Fortran order, as of one in C order, by the same kernel."""
        in_order = x.flags.c_contiguous or not x.flags.f_contiguous
        return xp.sqrt(x) if in_order else xp.sqrt(x.T).T

    return with_functions(xp, "cupy", sum=add_up, mean=average, sqrt=sqrt, **copying_functions(xp))
