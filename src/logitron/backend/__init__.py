"""The backend layer: array libraries, their devices and their dtypes.

The other packages are written against the array API standard and this layer.

============================= ======================================================================
module                        contents
============================= ======================================================================
`logitron.backend.context`    `ArrayContext`: library, device and precision of a computation
`logitron.backend.host`       `to_host`: counted reads from a device to the host
`logitron.backend.linalg`     small linear systems, solved without waiting for the device
``graded_rows``               least squares of rows of very unequal sizes, on the host
``stacking``                  `stacked`: arrays in parts, written into one memory
``transfer``                  moving arrays between libraries and devices
``block_sizes``               how large the blocks of rows are that suit a device
``dtypes``                    kinds and widths of dtypes
``split_products``            products of features of 16 bits, which are not widened
``types``                     type aliases of arrays
``device_arrays``             arrays of other libraries, for users' type checkers
``threads``                   worker threads, and the number of BLAS threads
``process_setting``           settings of the whole process, changed temporarily
``libraries/``                one file for each library
============================= ======================================================================
"""

from logitron.backend import linalg
from logitron.backend.context import ArrayContext
from logitron.backend.host import HostReads, count_host_reads, to_host, to_host_all
from logitron.backend.libraries import (
    LIBRARIES,
    Library,
    library_named,
    library_of,
    namespace_of,
)
from logitron.backend.stacking import stacked

__all__ = [
    "LIBRARIES",
    "ArrayContext",
    "HostReads",
    "Library",
    "count_host_reads",
    "library_named",
    "library_of",
    "linalg",
    "namespace_of",
    "stacked",
    "to_host",
    "to_host_all",
]
