"""The chunks of Dask arrays: what they say of themselves, and whether it is so."""

from functools import partial
from math import isnan
from typing import Any

from array_api_compat import is_dask_array

from logitron.backend.types import Array
from logitron.data.sparse_format import is_sparse

__all__ = ["check_chunk", "check_chunks", "chunk_location", "is_dask", "with_checked_chunks"]


def is_dask(array: Any) -> bool:
    """Whether an object is a Dask array; never imports Dask."""
    return bool(is_dask_array(array))


def check_chunks(array: Array, name: str = "X") -> None:
    """Refuse a Dask array that does not know how many rows its chunks have.

    Raises
    ------
    ValueError
        If it does not.
    TypeError
        If it says that its chunks are sparse matrices.
    """
    if is_sparse(array._meta):
        raise TypeError(_sparse_chunks_message(name, f"chunks are {type(array._meta).__name__}"))
    if any(isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(
            f"{name} is a Dask array, and a Dask array must know the sizes of its chunks; call "
            f"{name}.compute_chunk_sizes() first"
        )


def with_checked_chunks(array: Array, name: str) -> Array:
    """Have every chunk checked when it is computed, lazily: whether it is as it was announced.

    Parameters
    ----------
    array : dask.array.Array
    name : str
        The argument's name, for the message.

    Returns
    -------
    dask.array.Array
        The same.
    """
    return array.map_blocks(partial(_checked, name), dtype=array.dtype, meta=array._meta)


def _checked(name: str, chunk: Array, block_info: Any = None) -> Array:
    check_chunk(name, chunk_location(block_info), chunk)
    return chunk


def chunk_location(block_info: Any) -> tuple[int, ...]:
    """Find a chunk's number and the shape that was announced, from what Dask tells of it."""
    edges = block_info[0]["array-location"]
    return block_info[0]["chunk-location"][0], *(last - first for first, last in edges)


def check_chunk(name: str, location: tuple[int, ...], block: Array) -> None:
    """Refuse a chunk that is not what its Dask array says it is.

    Dask believes what it is told of the shapes and the kind of chunks, and does not look.
    """
    number, *shape = location
    if is_sparse(block):
        raise TypeError(_sparse_chunks_message(name, f"chunk {number} is a {type(block).__name__}"))
    if list(block.shape) != shape:
        raise ValueError(
            f"{name} must be a Dask array whose chunks have the shapes that it says, got chunk "
            f"{number} of shape {tuple(block.shape)} instead of {tuple(shape)}. Say in the call "
            "that makes the chunks what shapes they have (chunks=), or call "
            ".compute_chunk_sizes()"
        )


def _sparse_chunks_message(name: str, got: str) -> str:
    return (
        f"{name} must be a Dask array of dense chunks, got one of sparse matrices: {got}. Make "
        f"them dense with {name}.map_blocks(lambda chunk: chunk.toarray()), or pass one sparse "
        "matrix of SciPy that is no Dask array"
    )
