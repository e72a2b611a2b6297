"""Files to arrays and tables. Nothing here knows of arguments, labels or models.

======================= ========================================================================
module                  contents
======================= ========================================================================
``formats``             which reader, by the ending of a name
``arrays``              .npy, .npz, .safetensors and .pt: arrays by name
``tables``              .csv, .tsv, .parquet and .feather: columns by name, and columns of lists
======================= ========================================================================
"""

from logitron.cli.reading.arrays import ArrayFile, read_array
from logitron.cli.reading.formats import ARRAYS, TABLES, Format, format_of
from logitron.cli.reading.tables import Table, read_table

__all__ = [
    "ARRAYS",
    "TABLES",
    "ArrayFile",
    "Format",
    "Table",
    "format_of",
    "read_array",
    "read_table",
]
