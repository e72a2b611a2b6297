"""The same features in every kind of source that is read in blocks, and sources that misbehave."""

from threading import enumerate as running_threads

import numpy as np
import pytest

from logitron.data import RowReader

RNG = np.random.default_rng(0)
N, P = 211, 5
X = RNG.normal(size=(N, P)) @ RNG.normal(size=(P, P)) + 0.5
Y = (X @ RNG.normal(size=P) + RNG.logistic(size=N) > 0).astype(int)


def _npy(folder):
    np.save(folder / "x.npy", X)
    return folder / "x.npy"


def _npy_by_column(folder):
    np.save(folder / "f.npy", np.asfortranarray(X))
    return str(folder / "f.npy")


def _map(folder):
    return np.load(_npy(folder), mmap_mode="r")


def _hdf5(folder):
    h5py = pytest.importorskip("h5py", reason="reads HDF5")
    with h5py.File(folder / "x.h5", "w") as file:
        file.create_dataset("X", data=X, chunks=(16, 2), compression="gzip")
        file.create_dataset("y", data=Y)
    return folder / "x.h5"


def _zarr(folder):
    zarr = pytest.importorskip("zarr", reason="reads Zarr")
    zarr.create_array(folder / "x.zarr", data=X, chunks=(16, 2))
    return folder / "x.zarr"


def _safetensors(folder):
    numpy = pytest.importorskip("safetensors.numpy", reason="writes safetensors")
    numpy.save_file({"X": X, "y": Y}, folder / "x.safetensors")
    return folder / "x.safetensors"


def arrow():
    pa = pytest.importorskip("pyarrow", reason="has tables")
    return pa.table({f"c{j}": X[:, j] for j in range(P)})


def arrays():
    pa = pytest.importorskip("pyarrow", reason="has tables")
    whole = pa.FixedSizeListArray.from_arrays(X.ravel(), P)
    return pa.table({"x": pa.chunked_array([whole[:50], whole[50:]])})


def _parquet(folder, table=None, rows=37):
    table = arrow() if table is None else table
    parquet = pytest.importorskip("pyarrow.parquet", reason="reads Parquet")
    parquet.write_table(table, folder / "x.parquet", row_group_size=rows)
    return folder / "x.parquet"


def _parquet_files(folder):
    (folder / "many").mkdir()
    table, parquet = arrow(), pytest.importorskip("pyarrow.parquet", reason="reads Parquet")
    for number, (start, stop) in enumerate([(0, 90), (90, N)]):
        parquet.write_table(table.slice(start, stop - start), folder / f"many/{number}.parquet")
    return folder / "many"


def _feather(folder):
    feather = pytest.importorskip("pyarrow.feather", reason="reads Feather")
    feather.write_feather(arrow(), folder / "x.feather", chunksize=37)
    return folder / "x.feather"


def _dataset(folder):
    pytest.importorskip("pyarrow.dataset", reason="has datasets")
    from pyarrow import dataset

    return dataset.dataset(arrow())


def _pandas(folder):
    pandas = pytest.importorskip("pandas", reason="has data frames")
    return pandas.DataFrame({f"c{j}": X[:, j].copy() for j in range(P)}, copy=False)


def _polars(folder):
    polars = pytest.importorskip("polars", reason="has data frames")
    return polars.DataFrame({f"c{j}": X[:, j] for j in range(P)})


def _shards(folder):
    for number, (start, stop) in enumerate([(0, 1), (1, 100), (100, N)]):
        np.save(folder / f"{number}.npy", X[start:stop])
    return [folder / f"{number}.npy" for number in range(3)]


class Source:
    """The least that a source needs; it remembers which rows it read."""

    def __init__(self, values=X, **members):
        self.values, self.read = values, []
        self.shape, self.dtype = values.shape, values.dtype
        vars(self).update(members)

    def read_rows(self, start, stop):
        self.read.append((start, stop))
        return self.values[start:stop]


class FullSource(Source):
    """A source with the members that it may have."""

    name = "a full source"

    def take_rows(self, rows):
        return self.values[rows]


KINDS = {
    "npy": _npy,
    "npy by column": _npy_by_column,
    "memory map": _map,
    "part of a memory map": lambda folder: np.load(_npy_of(folder, 9), mmap_mode="r")[9:],
    "hdf5": _hdf5,
    "zarr": _zarr,
    "safetensors": _safetensors,
    "parquet": _parquet,
    "parquet of arrays": lambda folder: _parquet(folder, arrays()),
    "parquet files": _parquet_files,
    "feather": _feather,
    "dataset": _dataset,
    "table": lambda folder: arrow(),
    "record batches": lambda folder: arrow().to_batches(max_chunksize=37),
    "table of arrays": lambda folder: arrays(),
    "pandas": _pandas,
    "polars": _polars,
    "blocks": lambda folder: [X[:1], X[1:60], X[60:60], X[60:]],
    "files": _shards,
    "source": lambda folder: Source(),
    "source of chunks": lambda folder: Source(chunk_rows=16),
    "full source": lambda folder: FullSource(),
}


def _npy_of(folder, more):
    np.save(folder / "longer.npy", np.concatenate([np.full((more, P), np.nan), X]))
    return folder / "longer.npy"


def small_blocks(reader: RowReader, rows: int) -> RowReader:
    """The same reader with blocks of about so many rows."""
    reader.block_bytes = rows * reader.row_bytes
    return reader


def reading_threads() -> list[str]:
    """Names of the threads that read."""
    return [one.name for one in running_threads() if one.name.startswith("logitron reads")]
