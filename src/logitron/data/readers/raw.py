"""`RawReader`: an uncompressed array in a file: .npy, memory maps, .safetensors."""

import os
from collections.abc import Sequence
from mmap import ALLOCATIONGRANULARITY
from os import PathLike, fsdecode
from typing import Any, BinaryIO

import numpy as np

from logitron.backend.types import HostArray
from logitron.data.readers.base import RowReader, RowsError
from logitron.data.readers.safetensors_header import DTYPES, tensors_of

__all__ = ["RawReader", "open_npy", "open_safetensors", "reader_of_memmap"]

#: bytes of a column that are read in the time of reading one of them
COLUMN_BYTES = 1 << 16


class RawReader(RowReader):
    """An uncompressed array (n, p) in a file.

    The bytes are read, not mapped into memory, so that they do not count towards the memory of the
    process, and so that a disk is read in large pieces.

    Parameters
    ----------
    path : str or path-like
    shape, dtype
        See `RowReader`.
    offset : int
        Byte of the file where the array begins.
    by_column : bool, default False
        Whether columns are stored one after the other: Fortran order.
    """

    reads_into = True

    def __init__(
        self,
        path: str | PathLike[str],
        shape: Sequence[int],
        dtype: Any,
        offset: int,
        *,
        by_column: bool = False,
    ) -> None:
        run_rows = COLUMN_BYTES // np.dtype(dtype).itemsize if by_column else 1
        super().__init__(fsdecode(path), shape, dtype, run_rows=run_rows)
        self.path, self.offset, self.by_column = path, offset, by_column
        self._file: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115 (closed with the reader)
        found, expected = os.fstat(self._file.fileno()).st_size, offset + self.nbytes
        if found < expected:
            raise RowsError(
                f"{self.name} must have {expected} bytes for an array of shape {self.shape} and "
                f"dtype {self.dtype}, got {found}: the file is incomplete"
            )

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def buffer(self, rows: int) -> HostArray:
        """Allocate memory in the order of the file."""
        return np.empty((rows, self.shape[1]), self.dtype, "F" if self.by_column else "C")

    def read_rows(self, start: int, stop: int, out: HostArray | None = None) -> HostArray:
        """Read rows into a buffer; see `RowReader.read_rows`."""
        n, itemsize = self.shape[0], self.dtype.itemsize
        if not self.by_column:
            block = self.buffer(stop - start) if out is None else out[: stop - start]
            self._read(block, self.offset + start * self.row_bytes)
            return block
        # (columns of a part of a buffer are not next to each other, but each is in one piece)
        block = self.buffer(stop - start) if out is None else out[: stop - start]
        for feature in range(self.shape[1]):
            place = self.offset + (feature * n + start) * itemsize
            self._read(block[:, feature], place)
        return block

    def _read(self, array: HostArray, place: int) -> None:
        """Fill an array, whose numbers are next to each other, from a byte of the file on."""
        view = memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        descriptor, done = self._file.fileno(), 0
        while done < len(view):
            read = _pread(self._file, descriptor, view[done:], place + done)
            if not read:
                raise OSError(f"{self.name} ended at byte {place + done}: it has become shorter")
            done += read


def _pread(file: BinaryIO, descriptor: int, view: memoryview, place: int) -> int:
    """Read bytes at a place of a file; where the system can, without moving its position."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [view], place)
    file.seek(place)
    read: int = file.readinto(view)  # type: ignore[attr-defined]
    return read


def open_npy(path: str | PathLike[str]) -> RawReader:
    """Read the header of a .npy file."""
    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"{fsdecode(path)}: version {version} of .npy files is not known")
        shape, by_column, dtype = read(file)
        place = file.tell()
    return RawReader(path, _two(path, shape), dtype, place, by_column=by_column)


def open_safetensors(path: str | PathLike[str], name: str | None = None) -> RawReader:
    """Find a tensor in the header of a .safetensors file: the named one, or the only one (n, p)."""
    tensors = tensors_of(path)
    if name is None:
        name = only_one(
            fsdecode(path), [key for key, one in tensors.items() if len(one.shape) == 2]
        )
    if name not in tensors:
        raise KeyError(f"{fsdecode(path)} has no tensor {name!r}; it has {sorted(tensors)}")
    tensor = tensors[name]
    if tensor.dtype not in DTYPES:
        raise TypeError(
            f"tensor {name!r} of {fsdecode(path)} has dtype {tensor.dtype}, which NumPy does not "
            "have. Save it as F16 or F32, or load it with torch and pass the tensor"
        )
    return RawReader(path, _two(path, tensor.shape), DTYPES[tensor.dtype], tensor.place)


def reader_of_memmap(array: np.memmap[Any, Any]) -> RawReader | None:
    """Make a reader of the part of a file that a memory map, or a view of one, shows.

    None if it shows no whole rows or columns of one order, or if what was written to it is not in
    the file.
    """
    mapped, is_current = getattr(array, "_mmap", None), array.mode != "c"
    if mapped is None or array.filename is None or not is_current or array.ndim != 2:
        return None
    by_column = array.flags.f_contiguous and not array.flags.c_contiguous
    if not (array.flags.c_contiguous or by_column):
        return None
    # (the file is mapped from a multiple of the granularity on)
    first = array.offset - array.offset % ALLOCATIONGRANULARITY
    base = np.frombuffer(mapped, np.uint8).ctypes.data
    place = first + array.ctypes.data - base
    return RawReader(array.filename, array.shape, array.dtype, place, by_column=by_column)


def only_one(path: str, names: list[str]) -> str:
    """Return the only name; raise an error that lists them if there are several, or none."""
    if len(names) == 1:
        return names[0]
    found = ", ".join(map(repr, sorted(names)[:10])) or "none"
    raise ValueError(
        f"X must be one array (n, p) of {path}, got {len(names)}: {found}. Choose one with "
        "logitron.open_rows(path, name=...)"
    )


def _two(path: str | PathLike[str], shape: Sequence[int]) -> Sequence[int]:
    if len(shape) != 2:
        raise ValueError(
            "X must be 2-dimensional, with shape (n_samples, n_features), got shape "
            f"{tuple(shape)} in {fsdecode(path)}"
        )
    return shape
