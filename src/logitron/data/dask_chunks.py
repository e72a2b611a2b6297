"""Checks of the chunks of Dask arrays: their kind, their sizes and their announced shapes."""

from functools import partial
from math import isnan
from typing import Any

from array_api_compat import is_dask_array

from logitron.backend.types import Array
from logitron.data.sparse_format import is_sparse

__all__ = [
    "check_chunk",
    "check_chunks",
    "chunk_location",
    "chunk_locations",
    "is_dask",
    "with_checked_chunks",
]


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
    check_chunk(name, chunk_location(block_info), chunk)
    return chunk


def chunk_location(block_info: Any) -> tuple[int, ...]:
    """Return a chunk's number and announced shape, from the ``block_info`` that Dask passes."""
    edges = block_info[0]["array-location"]
    return block_info[0]["chunk-location"][0], *(last - first for first, last in edges)


def chunk_locations(array: Array) -> list[tuple[int, ...]]:
    """Return number and shape of each chunk of complete rows."""
    return [(i, rows, array.shape[1]) for i, rows in enumerate(array.chunks[0])]


def check_chunk(
    name: str, location: tuple[int, ...], chunk: Array, *, sparse: bool = False
) -> None:
    """Reject a chunk that is sparse, or whose shape is not the announced one.

    Dask itself does not check either.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    location : tuple of int
        Number and announced shape of the chunk; see `chunk_location`.
    chunk : array
    sparse : bool, default False
        Whether it may be sparse.

    Raises
    ------
    TypeError
        If the chunk is a sparse matrix.
    ValueError
        If its shape is not the announced one.
    """
    number, *shape = location
    if is_sparse(chunk) and not sparse:
        raise TypeError(_sparse_chunks_message(name, f"chunk {number} is a {type(chunk).__name__}"))
    if list(chunk.shape) != shape:
        raise ValueError(
            f"{name} must be a Dask array whose chunks have their announced shapes, got chunk "
            f"{number} of shape {tuple(chunk.shape)} instead of {tuple(shape)}. Pass the shapes "
            "(chunks=) in the call that makes the chunks, or call .compute_chunk_sizes()"
        )


def _sparse_chunks_message(name: str, got: str) -> str:
    """Return the message for sparse chunks; ``got`` names one."""
    return (
        f"{name} must be a Dask array of dense chunks, got sparse matrices ({got}). Make the "
        f"chunks dense with {name}.map_blocks(lambda chunk: chunk.toarray()). Features in sparse "
        "chunks need a Dask array whose meta is sparse: meta=scipy.sparse.csr_array((0, 0))"
    )
