"""Functions that Dask runs where the chunks are: in threads or processes of its workers.

The chunks of a *part* are computed by one task. A part is the share of one worker, or a few small
chunks side by side.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from logitron.backend.context import ArrayContext
from logitron.backend.host import to_host
from logitron.backend.types import Array, HostArray
from logitron.data import block_options
from logitron.data.array_rows import ArrayRows
from logitron.data.block_features import Standardisation
from logitron.data.dask_chunks import (
    ChunkPlace,
    check_chunk,
    check_finite,
    chunk_place,
)
from logitron.data.sparse_format import (
    check_sparse,
    in_canonical_format,
    is_sparse,
    stack_rows,
    to_csr,
)
from logitron.data.sparse_rows import SparseRows

__all__ = [
    "Held",
    "PartFunction",
    "add_parts",
    "csr_of_chunk",
    "given",
    "hold_chunks",
    "hold_rows",
    "hold_sparse_chunks",
    "map_chunk",
    "map_part",
    "n_bytes",
    "stacked_chunks",
    "sum_over_part",
    "take_from_part",
    "write_chunk",
]

#: Dask runs as many tasks at a time as there are cores: none of them shares out its blocks
ONE_THREAD = replace(
    block_options.DEFAULT, parallel_min_numbers=1 << 62, parallel_min_products=1 << 62
)


class Held:
    """Chunks of a part: a few arrays of rows, one below the other.

    Parameters
    ----------
    arrays : list of arrays
    elsewhere : bool
        Whether their memory is accounted to other results of Dask.
    """

    def __init__(self, arrays: Sequence[Any], *, elsewhere: bool = False) -> None:
        self.arrays, self.elsewhere = list(arrays), elsewhere

    def __sizeof__(self) -> int:
        """Return the bytes that a worker accounts for."""
        return 64 if self.elsewhere else 64 + sum(n_bytes(array) for array in self.arrays)


class PartFunction(NamedTuple):
    """A block function with its arguments, and how blocks are computed: what a pass sends."""

    context: ArrayContext
    method: str
    """Which sum of `Rows` is computed: ``sum``, ``sum_rows`` or ``sum_products``."""
    function: Callable[..., Any]
    static: dict[str, Any]
    parameters: tuple[Any, ...]
    standardisation: Standardisation | None
    width: int
    columns: HostArray | None = None
    """Which columns of sparse chunks are used; None is all."""

    def rows(self, X: Array, *row_arrays: Array | None) -> ArrayRows:
        """Return the rows of an array of a part."""
        wide = self.context.wide
        moved = [None if a is None else wide.asarray_for_storage(a) for a in row_arrays]
        if is_sparse(X):
            X = X if self.columns is None else X[:, self.columns]
        else:
            X = self.context.asarray_for_storage(X)
        return (SparseRows if is_sparse(X) else ArrayRows)(
            self.context,
            X,
            *moved,
            width=self.width,
            options=ONE_THREAD,
            standardisation=self.standardisation,
        )


# --- making parts ---------------------------------------------------------------------------------


def hold_chunks(
    name: str,
    blocks: Sequence[Sequence[ChunkPlace]],
    finite: bool,
    in_memory: bool,
    *chunks: Array,
) -> Held:
    """Check dense chunks, and put small ones together.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    blocks : sequence of sequences of ChunkPlace
        Which chunks become one array.
    finite : bool
        Whether NaN and infinity are rejected.
    in_memory : bool
        Whether the chunks are kept by someone else too.
    *chunks : array
        All chunks, in the order of the blocks.
    """
    arrays, left = [], list(chunks)
    for block in blocks:
        parts, left = left[: len(block)], left[len(block) :]
        checked = [check_chunk(name, *pair) for pair in zip(block, parts, strict=True)]
        if finite:
            for place, chunk in zip(block, checked, strict=True):
                check_finite(name, place, chunk)
        arrays.append(_below_each_other(checked))
    merged = any(len(block) > 1 for block in blocks)
    return Held(arrays, elsewhere=in_memory and not merged)


def hold_rows(
    name: str,
    places: Sequence[ChunkPlace],
    pieces: Sequence[Sequence[tuple[int, slice]]],
    *chunks: Array,
) -> Held:
    """Check chunks of a row array, and put rows of them together for each array of a part.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    places : sequence of ChunkPlace
    pieces : sequence of sequences of (int, slice)
        For each array of the part, numbers of chunks and which of their rows.
    *chunks : array
    """
    pairs = zip(places, chunks, strict=True)
    checked = {place.number: check_chunk(name, place, chunk) for place, chunk in pairs}
    empty = next(iter(checked.values()))[:0, ...] if checked else np.zeros(0)
    return Held(
        [
            _below_each_other([checked[number][rows, ...] for number, rows in block] or [empty])
            for block in pieces
        ]
    )


def stacked_chunks(name: str, places: Sequence[ChunkPlace], chunks: Sequence[Any]) -> Any:
    """Check sparse chunks, and stack them as one CSR matrix."""
    return stack_rows([csr_of_chunk(name, *pair) for pair in zip(places, chunks, strict=True)])


def hold_sparse_chunks(
    name: str,
    blocks: Sequence[Sequence[ChunkPlace]],
    finite: bool,
    in_memory: bool,
    *chunks: Any,
) -> Held:
    """Check sparse chunks, and stack them as one CSR matrix; see `hold_chunks`."""
    places = [place for block in blocks for place in block]
    parts = [csr_of_chunk(name, *pair) for pair in zip(places, chunks, strict=True)]
    if finite:
        for place, part in zip(places, parts, strict=True):
            check_finite(name, place, part)
    return Held([parts[0] if len(parts) == 1 else in_canonical_format(stack_rows(parts))])


def csr_of_chunk(name: str, place: ChunkPlace, chunk: Any) -> Any:
    """Check a sparse chunk, and return it in canonical CSR format.

    Raises
    ------
    ValueError
        If its shape is not the announced one, or its indices do not fit it.
    """
    chunk = check_chunk(name, place, chunk, sparse=True)
    checked = check_sparse(f"chunk {place.number} of {name}", chunk) if is_sparse(chunk) else chunk
    return in_canonical_format(checked.tocsr() if is_sparse(chunk) else to_csr(chunk))


def write_chunk(
    name: str,
    finite: bool,
    dtype: np.dtype[Any],
    target: HostArray | None,
    place: ChunkPlace,
    chunk: Array,
) -> HostArray | None:
    """Check a chunk, and copy it to its rows of an array; return it if there is no such array."""
    checked = check_chunk(name, place, chunk, dtype=dtype)
    if finite:
        check_finite(name, place, checked)
    values = np.asarray(checked)
    if target is None:
        return values
    target[place.first : place.first + place.shape[0], ...] = values
    return None


def given(value: Any) -> Any:
    """Return the argument."""
    return value


# --- passes over parts ----------------------------------------------------------------------------


def sum_over_part(what: PartFunction, X: Held, *row_arrays: Held | None) -> tuple[Array, ...]:
    """Add up what a block function returns for the arrays of a part, in the widest precision."""
    totals = []
    with what.context.scope(in_worker_thread=True):
        for number, features in enumerate(X.arrays):
            if not features.shape[0]:
                continue
            arrays = (None if held is None else held.arrays[number] for held in row_arrays)
            add_up = getattr(what.rows(features, *arrays), what.method)
            part = add_up(what.function, *what.parameters, **what.static)
            totals.append(tuple(map(what.context.wide.asarray, part)))
        return add_parts(totals)


def map_part(what: PartFunction, X: Held) -> list[HostArray]:
    """Stack the rows that a block function returns, for each array of a part."""
    with what.context.scope(in_worker_thread=True):
        return [
            to_host(what.rows(features).map(what.function, *what.parameters, **what.static))
            for features in X.arrays
            if features.shape[0]
        ]


def take_from_part(picks: Sequence[HostArray], *columns: Held | None) -> list[Array | None]:
    """Copy rows of a part: those with these indices in each of its arrays."""
    return [
        None
        if held is None
        else _below_each_other(
            [array[rows] for array, rows in zip(held.arrays, picks, strict=True)]
        )
        for held in columns
    ]


def add_parts(parts: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Add up tuples of arrays, entry by entry; empty tuples are parts without rows."""
    found = [part for part in parts if part]
    return tuple(sum(arrays[1:], start=arrays[0]) for arrays in zip(*found, strict=True))


# --- lazy maps ------------------------------------------------------------------------------------


def map_chunk(
    what: PartFunction, to_numpy: bool, finite: bool, X: Array, block_info: Any = None
) -> Array:
    """Stack the rows that a block function returns for a chunk, whose place Dask passes.

    Parameters
    ----------
    what : PartFunction
    to_numpy : bool
        Whether the result is moved to NumPy.
    finite : bool
        Whether NaN and infinity are rejected.
    X : array
    block_info : dict
    """
    place = chunk_place(block_info)
    X = check_chunk("X", place, X)
    if finite:
        check_finite("X", place, X)
    with what.context.scope(in_worker_thread=True):
        if X.shape[0]:
            found = what.rows(X).map(what.function, *what.parameters, **what.static)
        else:
            run = what.context.compile(what.function, **what.static)
            found = run(what.context.asarray(X), *what.parameters)
    return to_host(found) if to_numpy else found


def _below_each_other(arrays: list[Any]) -> Any:
    if len(arrays) == 1:
        return arrays[0]
    if is_sparse(arrays[0]):
        return stack_rows(arrays)
    return array_namespace(arrays[0]).concat(arrays, axis=0)


def n_bytes(array: Any) -> int:
    """Return the bytes that the numbers of an array or of a sparse matrix take."""
    if is_sparse(array):
        return int(array.nnz * (array.dtype.itemsize + 4) + 4 * array.shape[0])  # (as CSR)
    return int(getattr(array, "nbytes", 0))
