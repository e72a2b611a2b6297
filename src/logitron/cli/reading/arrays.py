"""Files of arrays: one in .npy, several by name in .npz, .safetensors and .pt."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.backend.libraries.numpy_casts import BFLOAT16, cast
from logitron.backend.types import HostArray
from logitron.cli.exits import UserError
from logitron.cli.reading.formats import format_of, read_error
from logitron.data.readers.safetensors_header import DTYPES, tensors_of

__all__ = ["ArrayFile", "read_array"]

#: bytes of a .npy file from which it is mapped into memory, not read
MAPPED_FROM = 1 << 26
#: arrays of a .npz file that holds one sparse matrix of SciPy
SPARSE = {"format", "shape", "data", "indices", "indptr"}


@dataclass(frozen=True)
class ArrayFile:
    """The arrays of a file, read when they are asked for."""

    path: str
    names: tuple[str, ...]
    """Empty for a file that holds one array without a name."""
    load: Callable[[str], HostArray]

    @classmethod
    def open(cls, path: str) -> "ArrayFile":
        """Open a file of arrays.

        Large .npy files are mapped into memory. Nothing in a file is executed: pickled objects
        are refused.

        Raises
        ------
        UserError
            If the file cannot be read as what its ending says.
        ImportError
            If the library of its format is not installed.
        """
        form = format_of(path)
        readers = {"npy": _npy, "npz": _npz, "safetensors": _safetensors, "pt": _pt}
        return readers[form](path)

    def array(self, name: str | None, option: str, *, beside: str | None = None) -> HostArray:
        """Return an array.

        Parameters
        ----------
        name : str or None
            None is the only one there is.
        option : str
            The option that names arrays, for messages.
        beside : str, optional
            An array that has another use, and is none to choose from.

        Raises
        ------
        UserError
            If the name is unknown, or there are several arrays to choose from.
        """
        if not self.names:
            if name is not None:
                raise UserError(
                    f"{option} {name} names an array in a file of several, and {self.path} holds "
                    f"one without a name; leave {option} out"
                )
            return self.load("")
        found = [one for one in self.names if one != beside]
        if name is None and len(found) == 1:
            (name,) = found
        if name is None or name not in self.names:
            got = "none" if name is None else repr(name)
            raise UserError(
                f"{option} must name one of the arrays {', '.join(found)} of {self.path}, got {got}"
            )
        return self.load(name)


def read_array(path: str, name: str | None = None, option: str = "--key") -> HostArray:
    """Read one array of a file, see `ArrayFile`."""
    return ArrayFile.open(path).array(name, option)


def _npy(path: str) -> ArrayFile:
    mapped = Path(path).stat().st_size >= MAPPED_FROM

    def load(name: str) -> HostArray:
        array: HostArray = _without_objects(
            path, lambda: np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        )
        return array

    return ArrayFile(path, (), load)


def _npz(path: str) -> ArrayFile:
    archive = _without_objects(path, lambda: np.load(path, allow_pickle=False))
    if not hasattr(archive, "files"):
        raise read_error(path, ".npz", ValueError("it is a .npy file"))
    if set(archive.files) >= SPARSE:
        raise UserError(
            f"{path} holds a sparse matrix, which only Python's LogisticRegression takes: "
            "fit(scipy.sparse.load_npz(path), y). Save it with numpy.save as X.toarray()"
        )
    return ArrayFile(
        path, tuple(archive.files), lambda name: _without_objects(path, lambda: archive[name])
    )


def _without_objects(path: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise read_error(path, Path(path).suffix, error) from error
        raise UserError(
            f"{path} holds Python objects, or is no file of NumPy, and objects are not read since "
            "that would execute code; save numbers, or text as y.astype(str)"
        ) from error
    except Exception as error:  # of zipfile and zlib
        raise read_error(path, Path(path).suffix, error) from error


def _safetensors(path: str) -> ArrayFile:
    try:
        tensors = tensors_of(path)
    except Exception as error:  # of a header that is none
        raise read_error(path, ".safetensors", error) from error

    def load(name: str) -> HostArray:
        tensor = tensors[name]
        if tensor.dtype != "BF16" and tensor.dtype not in DTYPES:
            raise UserError(
                f"array {name} of {path} must be numbers that NumPy has, got {tensor.dtype}; save "
                "it as F16 or F32"
            )
        dtype = BFLOAT16 if tensor.dtype == "BF16" else np.dtype(DTYPES[tensor.dtype])
        count = tensor.n_bytes // dtype.itemsize
        array: HostArray = np.fromfile(path, dtype, count, offset=tensor.place)
        array = array.reshape(tensor.shape)
        return cast(array, np.float32) if dtype == BFLOAT16 else array

    return ArrayFile(path, tuple(tensors), load)


def _pt(path: str) -> ArrayFile:
    try:
        import torch
    except ImportError:
        raise missing_library_error("torch", "torch") from None
    try:
        with warnings.catch_warnings():  # of torch, about what it then refuses
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle's, zipfile's and torch's own
        raise UserError(
            f"{path} is no file of torch.save that holds tensors and nothing that executes code; "
            "save a tensor, or a dict of tensors"
        ) from error
    if isinstance(content, torch.Tensor):
        return ArrayFile(path, (), lambda name: _of_tensor(content))
    named = content if isinstance(content, dict) else {}
    tensors = {str(key): one for key, one in named.items() if isinstance(one, torch.Tensor)}
    if not tensors:
        raise UserError(
            f"{path} must hold a tensor or a dict of tensors, got {type(content).__name__}; save "
            "one with torch.save"
        )
    return ArrayFile(path, tuple(tensors), lambda name: _of_tensor(tensors[name]))


def _of_tensor(tensor: Any) -> HostArray:
    """Convert a tensor; numbers of bfloat16, which NumPy has not, become float32."""
    import torch

    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    array: HostArray = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return array
