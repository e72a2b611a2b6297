"""Functions that Dask runs where the chunks are: in threads or processes of its workers."""

from collections.abc import Callable
from typing import Any

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data.block_features import with_standardised_features
from logitron.data.csr_products import CsrProducts
from logitron.data.dask_chunks import check_chunk, chunk_location, chunk_locations
from logitron.data.sparse_format import (
    check_sparse,
    in_canonical_format,
    is_sparse,
    stack_rows,
    to_csr,
)

__all__ = [
    "add_parts",
    "add_up_parts",
    "logits_of_sparse_chunk",
    "products_of_chunk",
    "run_on_chunk",
    "run_on_located_chunk",
    "stacked_chunks",
    "standardise_first",
]

#: parts that one task adds up; the parts of a sum are the leaves of a tree of such tasks
MAX_PARTS_PER_TASK = 16


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


def add_up_parts(parts: list[Any]) -> tuple[Array, ...]:
    """Compute the sum of delayed tuples of arrays, by a tree of tasks."""
    from dask import compute, delayed

    add = delayed(add_parts, pure=False)
    while len(parts) > 1:
        parts = [
            add(parts[i : i + MAX_PARTS_PER_TASK]) for i in range(0, len(parts), MAX_PARTS_PER_TASK)
        ]
    (total,) = compute(parts[0])
    return tuple(total)


def csr_of_chunk(name: str, location: tuple[int, ...], chunk: Any) -> Any:
    """Check a sparse chunk, and return it in canonical CSR format.

    Raises
    ------
    ValueError
        If its shape is not the announced one, or its indices do not fit it.
    """
    check_chunk(name, location, chunk, sparse=True)
    checked = check_sparse(f"chunk {location[0]} of {name}", chunk) if is_sparse(chunk) else chunk
    return in_canonical_format(checked.tocsr() if is_sparse(chunk) else to_csr(chunk))


def stacked_chunks(name: str, array: Array) -> Any:
    """Compute sparse chunks of complete rows, check them, and stack them as a CSR matrix."""
    from dask import compute

    parts = compute(*array.to_delayed().ravel())
    located = zip(chunk_locations(array), parts, strict=True)
    return stack_rows([csr_of_chunk(name, location, part) for location, part in located])


def products_of_chunk(
    columns: HostArray | None, location: tuple[int, ...], chunk: Any
) -> CsrProducts:
    """Make the products of a sparse chunk, of some of its columns, or of all for None."""
    products = CsrProducts(csr_of_chunk("X", location, chunk))
    return products if columns is None else products.take_columns(columns)


def logits_of_sparse_chunk(
    context: ArrayContext,
    function: Callable[..., Array],
    static: dict[str, Any],
    coef: HostArray,
    intercept: HostArray,
    columns: HostArray | None,
    location: tuple[int, ...],
    chunk: Any,
) -> Array:
    """Apply a function to the logits of a sparse chunk, in the precision of a context."""
    products = products_of_chunk(columns, location, chunk).astype(context.precision)
    with context.scope(in_worker_thread=True):
        Z = products.forward(coef.T) + intercept.astype(context.precision)
        found: Array = context.compile(function, **static)(context.asarray(Z))
        return found
