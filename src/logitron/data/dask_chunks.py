"""Checks of the chunks of Dask arrays: their kind, their sizes, their values.

A chunk is what a function of the user returns, in any process, long after the array was described.
Messages name the chunk by its number and its rows.
"""

from functools import partial
from itertools import accumulate
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace, is_dask_array

from logitron.backend.libraries import library_of
from logitron.backend.types import Array
from logitron.data.sparse_format import is_sparse

__all__ = [
    "ChunkPlace",
    "check_chunk",
    "check_chunks",
    "check_finite",
    "chunk_place",
    "chunk_places",
    "is_dask",
    "is_refusal",
    "with_checked_chunks",
]


class ChunkPlace(NamedTuple):
    """Which rows of an array a chunk holds."""

    number: int
    first: int
    """Number of its first row."""
    shape: tuple[int, ...]
    """As the array announces it."""

    def __str__(self) -> str:
        last = self.first + self.shape[0] - 1
        return f"chunk {self.number} (rows {self.first} to {last})"


def is_dask(array: Any) -> bool:
    """Whether an object is a Dask array; never imports Dask."""
    return bool(is_dask_array(array))


def check_chunks(array: Array, name: str = "X", *, sparse: bool = False) -> None:
    """Reject a Dask array with chunks of unknown sizes or, by its meta, of sparse matrices.

    ``sparse`` accepts those.

    Raises
    ------
    ValueError
        If the size of a chunk is unknown.
    TypeError
        If the array's meta is a sparse matrix.
    """
    if is_sparse(array._meta) and not sparse:
        raise TypeError(_sparse_chunks_message(name, f"chunks are {type(array._meta).__name__}"))
    if any(isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(
            f"{name} must be a Dask array of chunks of known sizes, got unknown sizes; call "
            f"{name}.compute_chunk_sizes() first"
        )


def with_checked_chunks(array: Array, name: str) -> Array:
    """Return the same array, with a check of each chunk when it is computed; see `check_chunk`.

    Parameters
    ----------
    array : dask.array.Array
    name : str
        Name of the argument, for messages.

    Returns
    -------
    dask.array.Array
    """
    return array.map_blocks(partial(_checked, name), dtype=array.dtype, meta=array._meta)


def _checked(name: str, chunk: Array, block_info: Any = None) -> Array:
    return check_chunk(name, chunk_place(block_info), chunk)


def chunk_place(block_info: Any) -> ChunkPlace:
    """Return which rows a chunk holds, from the ``block_info`` that Dask passes."""
    edges = block_info[0]["array-location"]
    shape = tuple(last - first for first, last in edges)
    return ChunkPlace(block_info[0]["chunk-location"][0], edges[0][0], shape)


def chunk_places(array: Array) -> list[ChunkPlace]:
    """Return which rows each chunk of complete rows holds."""
    sizes, rest = array.chunks[0], array.shape[1:]
    starts = accumulate(sizes, initial=0)
    return [
        ChunkPlace(number, start, (rows, *rest))
        for number, (start, rows) in enumerate(zip(starts, sizes, strict=False))
    ]


def check_chunk(
    name: str, place: ChunkPlace, chunk: Array, *, sparse: bool = False, dtype: Any = None
) -> Array:
    """Reject a chunk that is sparse, masked, or has another shape or dtype than announced.

    Dask itself checks none of that.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    place : ChunkPlace
    chunk : array
    sparse : bool, default False
        Whether it may be sparse.
    dtype : numpy.dtype, optional
        The announced dtype, if the chunk's values are to be stored in it.

    Returns
    -------
    array
        The same chunk; the values of a masked array without masked elements.

    Raises
    ------
    TypeError
        If the chunk is a sparse matrix, or its values are no numbers of the announced dtype.
    ValueError
        If its shape is not the announced one, or elements are masked.
    """
    if is_sparse(chunk) and not sparse:
        got = f"{place} is a {type(chunk).__name__}"
        raise _refusal(TypeError(_sparse_chunks_message(name, got)))
    if tuple(chunk.shape) != tuple(place.shape):
        raise _refusal(
            ValueError(
                f"{name} must be a Dask array whose chunks have their announced shapes, got "
                f"chunk {place.number} of shape {tuple(chunk.shape)} instead of "
                f"{tuple(place.shape)}, for the rows from {place.first} on. Pass the shapes "
                "(chunks=) in the call that makes the chunks, or call .compute_chunk_sizes()"
            )
        )
    if dtype is not None and not np.can_cast(chunk.dtype, dtype, "same_kind"):
        raise _refusal(
            TypeError(
                f"{name} must be a Dask array whose chunks have their announced dtype, got "
                f"{chunk.dtype} instead of {dtype} in {place}. Pass the dtype (dtype=, meta=) in "
                "the call that makes the chunks"
            )
        )
    if not isinstance(chunk, np.ma.MaskedArray):
        return chunk
    masked = int(np.ma.getmaskarray(chunk).sum())
    if masked:
        raise _refusal(
            ValueError(
                f"{name} must have no masked elements, got {masked} in {place}. Replace them with "
                f"dask.array.ma.filled({name}, value), or leave out their rows"
            )
        )
    return np.asarray(chunk.data)


def check_finite(name: str, place: ChunkPlace, chunk: Array) -> None:
    """Reject NaN and infinity in a dense chunk, or in one in CSR format.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    place : ChunkPlace
    chunk : array

    Raises
    ------
    ValueError
        If a value is NaN or infinite. The message names the chunk, its rows and the first of them.
    """
    sparse = is_sparse(chunk)
    numbers = chunk.data if sparse else chunk
    if not array_namespace(numbers).isdtype(numbers.dtype, "real floating"):
        return
    with np.errstate(over="ignore", invalid="ignore"):
        squares = library_of(numbers).sum_of_squares(numbers)
    if np.isfinite(float(squares[0, 0])):
        return
    values = np.asarray(library_of(numbers).to_numpy(numbers))
    nans, infinities = np.isnan(values), np.isinf(values)
    wrong = np.flatnonzero(nans | infinities)
    if not len(wrong):  # the sum of squares overflowed
        return
    kind = "NaN" if nans.any() else "infinity"
    if sparse:
        row = int(np.searchsorted(chunk.indptr, wrong[0], side="right")) - 1
    else:
        row = int(wrong[0]) // max(int(np.prod(values.shape[1:])), 1)
    raise _refusal(
        ValueError(
            f"Input {name} contains {kind}: {int(nans.sum())} values are NaN and "
            f"{int(infinities.sum())} infinite in {place}, first in row {place.first + row}. "
            "Impute them (sklearn.impute), or leave out their rows"
        )
    )


def is_refusal(error: BaseException) -> bool:
    """Whether an error was raised by these checks, in whatever process: its message is complete."""
    return bool(getattr(error, "is_refusal", False))


def _refusal(error: Exception) -> Exception:
    """Mark an error as one of these checks; attributes are pickled with it."""
    error.__dict__["is_refusal"] = True
    return error


def _sparse_chunks_message(name: str, got: str) -> str:
    """Return the message for sparse chunks; ``got`` names one."""
    return (
        f"{name} must be a Dask array of dense chunks, got sparse matrices ({got}). Make the "
        f"chunks dense with {name}.map_blocks(lambda chunk: chunk.toarray()). Features in sparse "
        "chunks need a Dask array whose meta is sparse: meta=scipy.sparse.csr_array((0, 0))"
    )
