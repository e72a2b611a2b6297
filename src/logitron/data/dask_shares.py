"""Which chunks of a Dask array are in which part, which are put together, and which rows they are.

A part is a list of blocks, and a block a list of chunks that become one array.
"""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from logitron.backend.types import Array, HostArray
from logitron.data.dask_chunks import ChunkPlace

__all__ = [
    "Block",
    "by_home",
    "evenly_shared",
    "merged",
    "pieces",
    "row_numbers",
    "rows_among",
    "rows_of",
]

#: chunks with fewer numbers are put together, until there are as many
SMALL_CHUNK = 1 << 18
#: rows of a share, relative to equal shares, beyond which chunks are moved to other workers
MOST_UNEVEN = 1.1

Block = list[ChunkPlace]


def merged(places: Sequence[ChunkPlace]) -> list[Block]:
    """Put small chunks together, in order.

    Examples
    --------
    >>> from logitron.data.dask_chunks import ChunkPlace
    >>> places = [ChunkPlace(i, 50 * i, (50, 20)) for i in range(400)]
    >>> [len(block) for block in merged(places)]
    [262, 138]
    """
    blocks: list[Block] = []
    numbers = 0
    for place in places:
        size = int(np.prod(place.shape))
        if blocks and numbers + size <= SMALL_CHUNK:
            blocks[-1].append(place)
            numbers += size
        else:
            blocks.append([place])
            numbers = size
    return blocks


def evenly_shared(places: Sequence[ChunkPlace], count: int) -> list[list[ChunkPlace]]:
    """Share chunks out in order, with about as many rows to each of ``count`` shares."""
    n = places[-1].first + places[-1].shape[0]
    shares: list[list[ChunkPlace]] = [[] for _ in range(count)]
    for place in places:
        middle = place.first + 0.5 * place.shape[0]
        shares[min(int(middle * count / max(n, 1)), count - 1)].append(place)
    return shares


def by_home(
    places: Sequence[ChunkPlace], homes: Sequence[str], of_chunk: Sequence[str | None]
) -> list[list[ChunkPlace]]:
    """Give each chunk to a thread of the worker that has it, the one with fewest rows until then.

    A worker that has more than its part of the rows gives chunks away.

    Parameters
    ----------
    places : sequence of ChunkPlace
    homes : sequence of str
        A worker's address for each of its threads.
    of_chunk : sequence of str or None
        The address of the worker that has each chunk.
    """
    shares: list[list[ChunkPlace]] = [[] for _ in homes]
    rows, fair = [0] * len(homes), sum(place.shape[0] for place in places) / len(homes)
    for place, home in zip(places, of_chunk, strict=True):
        own = [i for i, one in enumerate(homes) if one == home] or range(len(homes))
        least = min(own, key=rows.__getitem__)
        if rows[least] + 0.5 * place.shape[0] > MOST_UNEVEN * fair:
            least = min(range(len(homes)), key=rows.__getitem__)
        shares[least].append(place)
        rows[least] += place.shape[0]
    return shares


def rows_of(array: Array, block: Block) -> Array:
    """Return the rows of a block, as a view if they are side by side."""
    first, last = block[0].first, block[-1].first + block[-1].shape[0]
    if last - first == sum(one.shape[0] for one in block):
        return array[first:last, ...]
    return array[row_numbers(block), ...]


def pieces(block: Block, edges: Sequence[int]) -> list[tuple[int, slice]]:
    """Find the rows of a block in the chunks of another array.

    Parameters
    ----------
    block : Block
    edges : sequence of int
        First row of each chunk of the other array, and the number of rows.

    Returns
    -------
    list of (int, slice)
        Numbers of chunks, and which of their rows.

    Examples
    --------
    >>> from logitron.data.dask_chunks import ChunkPlace
    >>> pieces([ChunkPlace(1, 5, (10, 3))], [0, 8, 16, 20])
    [(0, slice(5, 8, None)), (1, slice(0, 7, None))]
    """
    found = []
    for one in block:
        first, last = one.first, one.first + one.shape[0]
        number = max(bisect_right(edges, first) - 1, 0)
        while first < last:
            stop = min(last, edges[number + 1])
            if stop > first:
                found.append((number, slice(first - edges[number], stop - edges[number])))
            first, number = stop, number + 1
    return found


def row_numbers(block: Block) -> HostArray:
    """Return the numbers of a block's rows."""
    return np.concatenate([np.arange(one.first, one.first + one.shape[0]) for one in block])


def rows_among(rows: HostArray, block: Block) -> tuple[HostArray, HostArray]:
    """Find which of some rows are in a block: their places in ``rows``, and in the block."""
    places, within, start = [], [], 0
    for one in block:
        found = np.flatnonzero((rows >= one.first) & (rows < one.first + one.shape[0]))
        places.append(found)
        within.append(rows[found] - one.first + start)
        start += one.shape[0]
    return np.concatenate(places), np.concatenate(within)
