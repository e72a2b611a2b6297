"""The seam: the only place that knows array libraries exist.

=========================== ====================================================================
module                      what it knows
=========================== ====================================================================
`logitron.backend.context`  where arrays live and how to create and move them: `ArrayContext`
`logitron.backend.rows`     sums over blocks of rows: `Rows`, in memory or in Dask's chunks
`logitron.backend.dask`     Dask arrays, whose chunks are blocks of rows
`logitron.backend.host`     the counted reads from a device to the host: `read`
``libraries/``              one file for each library with a name
=========================== ====================================================================
"""

from logitron.backend.context import ArrayContext
from logitron.backend.dask import (
    DaskRows,
    check_chunks,
    dask_labels,
    dask_meta,
    is_dask,
    map_chunks,
)
from logitron.backend.host import HostReads, count_host_reads, read
from logitron.backend.libraries import LIBRARIES, Library, library_named, library_of
from logitron.backend.rows import ArrayRows, Rows, make_rows

__all__ = [
    "LIBRARIES",
    "ArrayContext",
    "ArrayRows",
    "DaskRows",
    "HostReads",
    "Library",
    "Rows",
    "check_chunks",
    "count_host_reads",
    "dask_labels",
    "dask_meta",
    "is_dask",
    "library_named",
    "library_of",
    "make_rows",
    "map_chunks",
    "read",
]
