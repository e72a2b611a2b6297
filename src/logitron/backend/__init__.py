"""The backend layer: the only place that knows array libraries exist.

=========================== ====================================================================
module                      what it knows
=========================== ====================================================================
`logitron.backend.context`  where arrays live and how to create and move them: `ArrayContext`
`logitron.backend.host`     the counted reads from a device to the host: `to_host`
`logitron.backend.linalg`   small systems, solved without synchronising with the host
``threads``                 several cores at work on the blocks of a library that uses one
``process_setting``         settings of the whole process, changed while anybody needs that
``libraries/``              one file for each library with a name
=========================== ====================================================================
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
    "to_host",
    "to_host_all",
]
