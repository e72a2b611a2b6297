"""Sources of rows: arrays in memory, sparse matrices, Dask arrays, and files read in blocks.

=========================== ====================================================================
module                      contents
=========================== ====================================================================
``wrapping``                `wrap`: makes a `Source` of an argument of any kind
``source``                  `Source`: an argument, behind one interface for all kinds
``sparse_source``           `SparseSource`: a sparse matrix of SciPy
``cupy_sparse_source``      `CupySparseSource`: a sparse matrix of CuPy
``dask_source``             `DaskSource`: a Dask array
``dask_sparse_source``      `DaskSparseSource`: a Dask array of sparse chunks
``reader_source``           `ReaderSource`: a file, table or list that is read in blocks
`logitron.data.readers`     what reads these: a room of its own
`logitron.data.rows`        `Rows`: the interface for sums and maps over blocks of rows
``array_rows``              `ArrayRows`: sums and maps over rows of arrays in memory
``row_blocks``              arrays in memory, divided into blocks of rows
``memory_order``            `MemoryOrder`: strides, and how a block of such features is read
``row_stack``               `RowStack`: answers of blocks, written into one array
``block_options``           `BlockOptions`: sizes of blocks, and thresholds
``sparse_rows``             `SparseRows`: rows of a sparse matrix, made dense block by block
``dask_rows``               `DaskRows`: sums and maps over the chunks of a Dask array
``dask_keeping``            `keep_chunks`: what a fit keeps of Dask arrays while it runs
``dask_parts``              `Parts`: chunks that are shared out among workers
``dask_shares``             which chunks and rows are in which part
``dask_workers``            threads or processes of one machine, where tasks run
``dask_cluster``            the workers of a cluster
``dask_frames``             data frames of Dask as arrays
``dask_tasks``              functions that run in the workers of Dask
``dask_errors``             errors of chunks and of clusters, in words
``free_memory``             memory that a process may still take
``reader_rows``             `ReaderRows`: sums and maps over blocks that are read in each pass
``block_features``          wrappers that cast or standardise the features of a block
``feature_products``        the two products of a pass with features, also of 16 bits
``product_rows``            `ProductRows`: sums and products over rows of sparse matrices
``products``                `Products`: the interface of sparse features that offer products, and
                            which ones are used by them
``csr_products``            `CsrProducts`: a CSR matrix of SciPy
``cupy_products``           `CupyProducts`: a CSR matrix of CuPy
``dask_products``           `DaskProducts`: a Dask array of sparse chunks
``dask_product_rows``       `DaskProductRows`: rows of those, whose logits are lazy
``occurring_columns``       columns that have entries, and their new numbers
``logits``                  the logits of all rows, in memory; functions of logits with offsets
``sparse_format``           checks of sparse matrices
``dask_chunks``             checks of the chunks of Dask arrays
=========================== ====================================================================
"""

from logitron.data.array_rows import ArrayRows
from logitron.data.block_options import BlockOptions
from logitron.data.dask_frames import column_of_frame
from logitron.data.dask_keeping import keep_chunks
from logitron.data.dask_rows import DaskRows
from logitron.data.logits import logits_of, map_with_offset
from logitron.data.product_rows import ProductRows
from logitron.data.reader_rows import ReaderRows
from logitron.data.readers import RowReader, RowSource, open_rows, opened
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
    "ProductRows",
    "ReaderRows",
    "RowReader",
    "RowSource",
    "Rows",
    "Source",
    "SparseRows",
    "SparseSource",
    "column_of_frame",
    "keep_chunks",
    "logits_of",
    "make_rows",
    "map_with_offset",
    "open_rows",
    "opened",
    "to_csr",
    "wrap",
]
