"""Functions that Dask runs where the chunks are: in threads or processes of its workers."""

from collections.abc import Callable
from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.block_features import with_standardised_features
from logitron.data.dask_chunks import check_chunk, chunk_location

__all__ = ["add_parts", "run_on_chunk", "run_on_located_chunk", "standardise_first"]


def run_on_chunk(
    context: ArrayContext,
    function: Callable[..., Any],
    static: dict[str, Any],
    parameters: tuple[Array, ...],
    location: tuple[int, ...],
    X: Array,
    *row_arrays: Array | None,
) -> Any:
    """Run a block function on a chunk, in the precision of a context.

    Parameters
    ----------
    context : ArrayContext
        Library, device and precision of the computation.
    function : callable
        The block function.
    static : dict
        Its keyword arguments.
    parameters : tuple of arrays
        Its parameters, in the dtype of the context.
    location : tuple of int
        Number and announced shape of the chunk; see `chunk_location`.
    X : array
        Features of the chunk.
    *row_arrays : array or None
        Row arrays of the chunk.

    Returns
    -------
    tuple of arrays, or array
        A tuple, which will be added up, is cast to the widest precision. The rows of a map are
        returned as they are.
    """
    check_chunk("X", location, X)
    for array in row_arrays:
        if array is not None:
            check_chunk("y or sample_weight", (*location[:2], *array.shape[1:]), array)
    with context.scope(in_worker_thread=True):
        moved = [None if a is None else context.wide.asarray_for_storage(a) for a in row_arrays]
        part = context.compile(function, **static)(context.asarray(X), *moved, *parameters)
        return tuple(map(context.wide.asarray, part)) if isinstance(part, tuple) else part


def run_on_located_chunk(
    run: Callable[..., Array], to_numpy: bool, X: Array, block_info: Any = None
) -> Array:
    """Run a function of a chunk's location and features, with the location that Dask passes.

    The result is moved to NumPy if ``to_numpy`` is true.
    """
    found = run(chunk_location(block_info), X)
    return to_host(found) if to_numpy else found


def standardise_first(X: Array, *rest: Array | None, n_row_arrays: int = 0, **static: Any) -> Any:
    """Call `with_standardised_features`; ``rest`` is row arrays, centre, scale and parameters."""
    arrays, (centre, scale, *parameters) = rest[:n_row_arrays], rest[n_row_arrays:]
    return with_standardised_features(X, centre, scale, *arrays, *parameters, **static)


def add_parts(parts: list[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Add up tuples of arrays, entry by entry."""
    return tuple(sum(arrays[1:], start=arrays[0]) for arrays in zip(*parts, strict=True))
