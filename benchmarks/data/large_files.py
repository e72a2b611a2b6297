"""Features of any size, written to files of each kind block by block, and read without logitron."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

#: Features, of float32, and rows that are written at a time.
FEATURES, ROWS = 256, 1 << 16
#: Rows of a chunk of HDF5 and Zarr; numbers of the drawn rows that all others are made of.
CHUNK, DRAWN = 1 << 12, 1 << 25
#: Bytes that are read at a time.
READ = 1 << 24


def blocks(n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Features of about the same directions everywhere, and labels."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(16, FEATURES)).astype(np.float32)
    coef = (rng.normal(size=FEATURES) / FEATURES).astype(np.float32)
    normal = rng.standard_normal(DRAWN, dtype=np.float32)  # (drawing is slower than writing)
    for start in range(0, n, ROWS):
        own = np.random.default_rng([1, start])
        count = min(ROWS, n - start)
        place = int(own.integers(DRAWN - count * FEATURES))
        X = normal[place : place + count * FEATURES].reshape(count, FEATURES)
        X = X + own.standard_normal((count, 16), dtype=np.float32) @ mixing
        yield X, X @ coef + own.logistic(size=count) > 0.5


def write(kind: str, path: Path, n: int) -> np.ndarray:
    """Write a file of n rows; return the labels."""
    labels = []

    def features() -> Iterator[np.ndarray]:
        for X, y in blocks(n):
            labels.append(y)
            yield X

    WRITERS[kind](path, n, features())
    return np.concatenate(labels).astype(np.int8)


def _write_npy(path: Path, n: int, parts: Iterator[np.ndarray]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (n, FEATURES)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for X in parts:
            file.write(X)


def _write_hdf5(path: Path, n: int, parts: Iterator[np.ndarray]) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        X = file.create_dataset("X", (n, FEATURES), "f4", chunks=(CHUNK, FEATURES))
        _put(X, parts)


def _write_zarr(path: Path, n: int, parts: Iterator[np.ndarray]) -> None:
    import zarr

    shapes = {"shape": (n, FEATURES), "chunks": (CHUNK, FEATURES)}
    _put(zarr.create_array(path, dtype="f4", **shapes), parts)


def _put(array: Any, parts: Iterator[np.ndarray]) -> None:
    start = 0
    for X in parts:
        array[start : start + len(X)] = X
        start += len(X)


def _write_parquet(path: Path, n: int, parts: Iterator[np.ndarray]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    kind = pa.list_(pa.float32(), FEATURES)
    with parquet.ParquetWriter(path, pa.schema([("X", kind)])) as writer:
        for X in parts:
            column = pa.FixedSizeListArray.from_arrays(X.reshape(-1), FEATURES)
            writer.write_table(pa.table([column], ["X"]))  # (a row group)


WRITERS: dict[str, Callable[[Path, int, Iterator[np.ndarray]], None]] = {
    "npy": _write_npy,
    "hdf5": _write_hdf5,
    "zarr": _write_zarr,
    "parquet": _write_parquet,
}


def read(kind: str, path: Path) -> None:
    """Read a file once, by its own library, as fast as that does."""
    READERS[kind](path)


def _read_npy(path: Path) -> None:
    buffer = bytearray(READ)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _read_hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path) as file:
        buffer = np.empty((_rows(), FEATURES), np.float32)
        X = file["X"]
        for start in range(0, len(X), len(buffer)):
            stop = min(start + len(buffer), len(X))
            X.read_direct(buffer, np.s_[start:stop], np.s_[: stop - start])


def _read_zarr(path: Path) -> None:
    import zarr

    X = zarr.open_array(path, mode="r")
    for start in range(0, X.shape[0], _rows()):
        X[start : start + _rows()]


def _read_parquet(path: Path) -> None:
    from pyarrow import parquet

    for _ in parquet.ParquetFile(path, buffer_size=1 << 20).iter_batches(_rows()):
        pass


def _rows() -> int:
    """Rows that are read at a time: whole chunks."""
    return READ // (4 * FEATURES) // CHUNK * CHUNK


READERS: dict[str, Callable[[Path], None]] = {
    "npy": _read_npy,
    "hdf5": _read_hdf5,
    "zarr": _read_zarr,
    "parquet": _read_parquet,
}
