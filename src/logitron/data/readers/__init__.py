"""Readers of rows in blocks: files, tables and lists that need not fit the memory.

=========================== ========================================================================
module                      contents
=========================== ========================================================================
``protocol``                `RowSource`: what an object of a user needs to be read in blocks
``base``                    `RowReader`: the base class of all readers
``opening``                 `open_rows`: makes a reader of a path or an object
``raw``                     `RawReader`: .npy, memory maps and .safetensors
``safetensors_header``      where a .safetensors file has its tensors
``paths``                   readers of files and directories, by suffix and contents
``hierarchies``             arrays of HDF5 and Zarr files that hold several
``chunked``                 `ChunkedReader`: arrays of HDF5 and Zarr
``arrow``                   `ArrowReader`: tables of pyarrow, and their columns
``streams``                 `ParquetReader` and `DatasetReader`: decoded in order
``tables``                  which reader a table has: of pyarrow, pandas or polars
``frames``                  `FrameReader`: data frames of pandas and polars
``parts``                   `PartsReader`: several readers, one after the other
``selected``                `SelectedReader`: some rows of a reader
``user``                    `UserReader`: a `RowSource`, checked
``drawing``                 which rows a sample takes
``read_ahead``              `read_ahead`: a thread that reads blocks before they are needed
``choices``                 refuses columns of an array, or an array of a table
``optional``                libraries that are imported when a file is opened
=========================== ========================================================================
"""

from logitron.data.readers.base import RowReader, RowsError
from logitron.data.readers.opening import open_rows, opened
from logitron.data.readers.protocol import RowSource

__all__ = ["RowReader", "RowSource", "RowsError", "open_rows", "opened"]
