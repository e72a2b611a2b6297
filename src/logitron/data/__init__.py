"""Where rows come from: arrays in memory, sparse matrices, the chunks of Dask arrays.

=========================== ====================================================================
module                      what it holds
=========================== ====================================================================
``wrapping``                the one place that asks what kind of array an argument is
``source``                  an argument as it came: `Source`
``sparse_source``           a sparse matrix of SciPy's
``dask_source``             a Dask array
`logitron.data.rows`        sums and maps over blocks of rows, wherever they are: `Rows`
``array_rows``              sums and maps over rows of arrays in memory
``row_blocks``              arrays in memory, divided into blocks of rows
``block_options``           sizes of blocks, and thresholds: `BlockOptions`
``sparse_rows``             rows of a sparse matrix, made dense block by block
``dask_rows``               chunks of a Dask array
``block_features``          features of a block as block functions receive them
``sparse_format``           whether the indices of a sparse matrix fit
``dask_chunks``             whether the chunks of a Dask array are what it says
=========================== ====================================================================
"""

from logitron.data.array_rows import ArrayRows
from logitron.data.block_options import BlockOptions
from logitron.data.dask_rows import DaskRows
from logitron.data.rows import Rows
from logitron.data.source import Source
from logitron.data.sparse_format import to_csr
from logitron.data.sparse_rows import SparseRows
from logitron.data.sparse_source import SparseSource
from logitron.data.wrapping import make_rows, wrap

__all__ = [
    "ArrayRows",
    "BlockOptions",
    "DaskRows",
    "Rows",
    "Source",
    "SparseRows",
    "SparseSource",
    "make_rows",
    "to_csr",
    "wrap",
]
