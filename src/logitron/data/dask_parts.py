"""`Parts`: the chunks of a Dask array, shared out among workers, and the row arrays beside them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import ref

import numpy as np
from array_api_compat import array_namespace

from logitron.backend.types import Array, HostArray
from logitron.data.dask_chunks import chunk_places, is_dask
from logitron.data.dask_cluster import Workers, workers_of
from logitron.data.dask_errors import explained, naming_the_chunk
from logitron.data.dask_shares import (
    Block,
    by_home,
    evenly_shared,
    merged,
    pieces,
    row_numbers,
    rows_among,
    rows_of,
)
from logitron.data.dask_tasks import (
    Held,
    hold_chunks,
    hold_rows,
    hold_sparse_chunks,
    take_from_part,
)
from logitron.data.dask_workers import (
    ChunkCall,
    as_tasks,
    compute_total,
    values_of,
)

__all__ = ["Parts", "kept_parts", "lazy_parts"]

#: name of a row array, for messages
ROWS = "y or sample_weight"


class Parts:
    """Chunks of complete rows, in parts. One task computes a part.

    Parameters
    ----------
    workers : LocalWorkers or ClusterWorkers
    array : dask.array.Array (n, ...)
        In chunks of complete rows.
    blocks : list of list of Block
        The parts; see `logitron.data.dask_shares`.
    homes : list of str, optional
        The worker of each part. None is a part that is computed anew in each pass.
    hold : callable, default `hold_chunks`
        Makes `Held` of chunks.
    """

    def __init__(
        self,
        workers: Workers,
        array: Any,
        blocks: list[list[Block]],
        homes: list[str] | None = None,
        hold: Callable[..., Held] = hold_chunks,
    ) -> None:
        self.workers, self.blocks = workers, blocks
        self._array, self._homes, self._hold = array, homes, hold
        self._features: dict[bool, list[Any]] = {}
        #: what workers keep, as long as somebody else refers to it
        self._made: list[Callable[[], Any]] = []

    @property
    def sparse(self) -> bool:
        """Whether each part is a CSR matrix."""
        return self._hold is hold_sparse_chunks

    @property
    def kept(self) -> bool:
        """Whether the parts are in the memory of their workers."""
        return self._homes is not None

    def features(self, *, finite: bool = False) -> list[Any]:
        """Return the chunks of each part: in memory, or as tasks.

        ``finite`` rejects NaN and infinity. Kept chunks are checked once.
        """
        finite = finite or self.kept
        if finite not in self._features:
            self._features[finite] = self._held(
                "X", self._array, self._feature_calls(finite=finite)
            )
        return self._features[finite]

    def column(self, array: Array | None) -> list[Any]:
        """Return the rows of each part of a row array; kept parts send or compute it now."""
        if array is None:
            return [None] * len(self.blocks)
        if not is_dask(array):
            values = [Held([rows_of(array, block) for block in part]) for part in self.blocks]
            return values if self._homes is None else self._put(values, self._homes)
        array = array if array.ndim < 2 or len(array.chunks[1]) == 1 else array.rechunk({1: -1})
        return self._held(ROWS, array, self._column_calls(array))

    def _column_calls(self, array: Any) -> list[ChunkCall]:
        places = chunk_places(array)
        edges, calls = [*(place.first for place in places), array.shape[0]], []
        for part in self.blocks:
            found = [pieces(block, edges) for block in part]
            used = sorted({number for block in found for number, _ in block})
            call = partial(hold_rows, ROWS, [places[i] for i in used], found)
            calls.append(ChunkCall(call, used))
        return calls

    def _feature_calls(self, *, finite: bool) -> list[ChunkCall]:
        known = self.workers.has(self._array)
        return [
            ChunkCall(
                partial(self._hold, "X", part, finite, known),
                [one.number for block in part for one in block],
            )
            for part in self.blocks
        ]

    def _held(self, name: str, array: Any, calls: list[ChunkCall]) -> list[Any]:
        """Make the tasks of each part, and compute them where parts are kept."""
        if self._homes is None:
            return as_tasks(array, calls)
        with naming_the_chunk(name, array, self.workers), self.workers.computed(array) as chunks:
            return self._noted(self.workers.keep(chunks, calls, self._homes))

    def _put(self, values: list[Held], homes: list[str]) -> list[Any]:
        return self._noted(self.workers.put(values, homes))

    def _noted(self, kept: list[Any]) -> list[Any]:
        if self.workers.is_cluster:
            self._made.extend(map(ref, kept))
        return kept

    # --- passes ---

    def total(
        self, function: Callable[..., Any], *columns: Sequence[Any], finite: bool = False
    ) -> tuple[Array, ...]:
        """Add up the tuples of arrays that ``function(held, *values)`` returns for each part."""
        columns = self.features(finite=finite), *columns
        if self.kept:
            return self.workers.total(function, *columns)
        with naming_the_chunk("X", self._array, self.workers):
            return compute_total(_tasks(function, columns))

    def each(
        self,
        function: Callable[..., Any],
        *columns: Sequence[Any],
        chosen: Sequence[int] | None = None,
    ) -> list[Any]:
        """Call ``function(held, *values)`` for each part, or for the chosen ones."""
        columns = self.features(), *columns
        if chosen is not None:
            columns = tuple([column[i] for i in chosen] for column in columns)
        if self.kept:
            return self.workers.run(function, *columns)
        from dask import compute

        with naming_the_chunk("X", self._array, self.workers), explained():
            return list(compute(*_tasks(function, columns)))

    def take(self, rows: HostArray, *columns: Sequence[Any]) -> list[Array | None]:
        """Copy rows of the chunks and of columns to here, in the order of these numbers."""
        picks = [[rows_among(rows, block) for block in part] for part in self.blocks]
        chosen = [i for i, part in enumerate(picks) if any(len(pick[0]) for pick in part)]
        within = [[pick[1] for pick in part] for part in picks]
        found = self.each(_take, within, *columns, chosen=chosen)
        order = np.argsort(np.concatenate([pick[0] for i in chosen for pick in picks[i]]))
        return [
            None if parts[0] is None else _stacked(parts)[order, ...]
            for parts in zip(*found, strict=True)
        ]

    def stack(self, found: Sequence[Sequence[HostArray]]) -> HostArray:
        """Stack arrays with the rows of each array of each part, in the order of all rows."""
        every = (block for part in self.blocks for block in part)
        blocks = [block for block in every if any(one.shape[0] for one in block)]
        arrays = [array for part in found for array in part]
        shape = self._array.shape[0], *arrays[0].shape[1:]
        stacked = np.empty(shape, arrays[0].dtype)
        for block, array in zip(blocks, arrays, strict=True):
            stacked[row_numbers(block)] = array
        return stacked

    def split(self, array: HostArray) -> list[HostArray]:
        """Return the rows of each part of an array that is here."""
        return [
            array[np.concatenate([row_numbers(block) for block in part])] for part in self.blocks
        ]

    def release(self) -> None:
        """Let the workers free what they keep."""
        kept = [one for made in self._made if (one := made()) is not None]
        self.workers.release(kept)
        self._features, self._made = {}, []


def lazy_parts(array: Any, hold: Callable[..., Held] = hold_chunks) -> Parts:
    """Make parts that are computed anew in each pass: a chunk each, or small ones together."""
    blocks = [[block] for block in merged(chunk_places(array))]
    return Parts(workers_of(array), array, blocks, hold=hold)


def kept_parts(array: Any, workers: Workers, hold: Callable[..., Held] = hold_chunks) -> Parts:
    """Make parts that their workers keep: one for each task that runs at the same time.

    Chunks that a worker has already stay there.
    """
    places, homes = chunk_places(array), workers.homes
    sparse = hold is hold_sparse_chunks
    with naming_the_chunk("X", array, workers), workers.computed(array) as chunks:
        of_chunk = workers.homes_of(values_of(chunks))
        if of_chunk is None:
            shares = evenly_shared(places, len(homes))
        else:
            shares = by_home(places, homes, of_chunk)
        filled = [(share, home) for share, home in zip(shares, homes, strict=True) if share]
        blocks = [[share] if sparse else merged(share) for share, _ in filled]
        parts = Parts(workers, array, blocks, [home for _, home in filled], hold)
        parts._features[True] = parts._held("X", chunks, parts._feature_calls(finite=True))
    return parts


def _tasks(function: Callable[..., Any], columns: Sequence[Sequence[Any]]) -> list[Any]:
    from dask import delayed

    run = delayed(function, pure=False)
    return [run(*row) for row in zip(*columns, strict=True)]


def _take(X: Held, picks: Sequence[HostArray], *columns: Held | None) -> list[Array | None]:
    return take_from_part(picks, X, *columns)


def _stacked(parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    return array_namespace(parts[0]).concat(list(parts), axis=0)
