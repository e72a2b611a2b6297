"""The seam: the only place that knows array libraries exist.

=========================== ====================================================================
module                      what it knows
=========================== ====================================================================
`logitron.backend.context`  where arrays live and how to create and move them: `ArrayContext`
`logitron.backend.rows`     sums over blocks of rows, wherever they are: `Rows`
``array_rows``              rows of arrays in memory
``block_features``          features of a block as block functions receive them
`logitron.backend.dask`     Dask arrays, whose chunks are blocks of rows
``sparse``                  sparse matrices, whose blocks are made dense one by one
``threads``                 several cores at work on the blocks of a library that uses one
`logitron.backend.host`     the counted reads from a device to the host: `to_host`
`logitron.backend.linalg`   small systems, solved without a look from the host
``process_setting``         settings of the whole process, changed while anybody wants that
``libraries/``              one file for each library with a name
=========================== ====================================================================
"""

from logitron.backend import linalg
from logitron.backend.array_rows import ArrayRows
from logitron.backend.context import ArrayContext
from logitron.backend.dask import (
    DaskRows,
    check_chunks,
    checked_chunks,
    dask_labels,
    is_dask,
    map_chunks,
)
from logitron.backend.host import HostReads, count_host_reads, to_host, to_host_all
from logitron.backend.libraries import (
    LIBRARIES,
    Library,
    library_named,
    library_of,
    namespace_of,
)
from logitron.backend.rows import Rows, make_rows, meta_of
from logitron.backend.sparse import SparseRows, check_sparse, is_sparse, to_csr

__all__ = [
    "LIBRARIES",
    "ArrayContext",
    "ArrayRows",
    "DaskRows",
    "HostReads",
    "Library",
    "Rows",
    "SparseRows",
    "check_chunks",
    "check_sparse",
    "checked_chunks",
    "count_host_reads",
    "dask_labels",
    "is_dask",
    "is_sparse",
    "library_named",
    "library_of",
    "linalg",
    "make_rows",
    "map_chunks",
    "meta_of",
    "namespace_of",
    "to_csr",
    "to_host",
    "to_host_all",
]
