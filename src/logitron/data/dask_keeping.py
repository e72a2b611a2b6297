"""What a fit keeps of Dask arrays while it runs: computed once, and released when it ends.

Arrays that fit the memory of where they are computed are kept there. With Dask's local schedulers
and NumPy, that is this process: a fit then is that of an array of NumPy. On a cluster, each thread
of a worker keeps a part.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from math import prod
from typing import Any

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import HostArray
from logitron.data.dask_chunks import chunk_places
from logitron.data.dask_cluster import ClusterWorkers, Workers, workers_of
from logitron.data.dask_errors import naming_the_chunk
from logitron.data.dask_parts import Parts, kept_parts, lazy_parts
from logitron.data.dask_shares import merged
from logitron.data.dask_tasks import hold_chunks, hold_sparse_chunks, stacked_chunks, write_chunk
from logitron.data.dask_workers import (
    LocalWorkers,
    compute_all,
    values_of,
)
from logitron.data.sparse_format import is_sparse

__all__ = ["Keeping", "keep_chunks", "keeping"]

#: part of the free memory that X may take
MOST_OF_MEMORY = 0.5

Warn = Callable[[str], None]

_now: ContextVar["Keeping | None"] = ContextVar("keeping", default=None)


@contextmanager
def keep_chunks(warn: Warn) -> Iterator[None]:
    """Keep the chunks of Dask arrays until the block ends, fails or is interrupted.

    Parameters
    ----------
    warn : callable
        Receives a sentence about chunks that are not kept.
    """
    if _now.get() is not None:
        yield
        return
    found = Keeping(warn)
    token = _now.set(found)
    try:
        yield
    finally:
        _now.reset(token)
        found.release()


def keeping() -> "Keeping | None":
    """Return what is kept now; None outside of `keep_chunks`."""
    return _now.get()


class Keeping:
    """Dask arrays that are kept, by their names in Dask, which stand for how they are made."""

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._parts: dict[tuple[str, str], Parts] = {}
        self._arrays: dict[str, Any] = {}
        self._stack = ExitStack()

    def here(self, name: str, array: Any, context: ArrayContext | None = None) -> Any:
        """Return a Dask array as one of NumPy, or stacked as CSR; None if it does not fit here.

        Parameters
        ----------
        name : str
            Name of the argument, for messages.
        array : dask.array.Array
            Of chunks of NumPy or of sparse matrices.
        context : ArrayContext, optional
            What it is computed with: None if only NumPy can be.
        """
        if context is not None and not context.library.is_host:
            return None
        if array.name in self._arrays:
            return self._arrays[array.name]
        workers, sparse = self._workers(array), is_sparse(array._meta)
        if workers.is_cluster or not (sparse or isinstance(array._meta, np.ndarray)):
            return None
        needed = _sparse_bytes(array, workers) if sparse else _n_bytes(array)
        # (what processes send is copied here, and so are sparse chunks that are stacked)
        copies = 1 if workers.shares_memory and not sparse else 2
        if copies * needed > MOST_OF_MEMORY * workers.free_memory():
            return None
        if sparse:
            found = read_sparse(name, array, workers)
        else:
            found = read(name, array, workers, finite=name == "X")
        self._arrays[array.name] = found
        return found

    def parts(self, array: Any, *, sparse: bool = False) -> Parts:
        """Return the parts of features: kept if they fit, else computed anew in each pass."""
        key = array.name, "sparse" if sparse else "dense"
        if key not in self._parts:
            self._parts[key] = self._new_parts(array, sparse=sparse)
        return self._parts[key]

    def column(self, array: Any) -> Any:
        """Return a row array of few numbers: as one of NumPy, or kept by the workers."""
        found = self.here("y", array)
        if found is not None:
            return found
        workers = self._workers(array)
        if not isinstance(workers, ClusterWorkers) or workers.has(array):
            return array
        with naming_the_chunk("y", array, workers):
            kept = workers.persist(in_large_chunks(array))
        self._stack.callback(workers.release, values_of(kept))
        return kept

    def release(self) -> None:
        """Free what is kept."""
        for parts in self._parts.values():
            parts.release()
        self._parts, self._arrays = {}, {}
        self._stack.close()

    def _new_parts(self, array: Any, *, sparse: bool) -> Parts:
        workers = self._workers(array)
        hold = hold_sparse_chunks if sparse else hold_chunks
        free = workers.free_memory()
        needed = _sparse_bytes(array, workers) if sparse else _n_bytes(array)
        if workers.has(array) or needed <= MOST_OF_MEMORY * free:
            return kept_parts(array, workers, hold)
        where = "the workers have" if workers.is_cluster else "this machine has"
        self._warn(
            f"X takes {needed / 1e9:.3g} GB and {where} {free / 1e9:.3g} GB free, of which a fit "
            f"keeps X in {MOST_OF_MEMORY:.0%} at most: its chunks are computed anew in each pass, "
            "of which work_.passes counts the number. Use float32, a cluster with more memory, or "
            "a source that is quick to read"
        )
        return lazy_parts(array, hold)

    def _workers(self, array: Any) -> Workers:
        workers = workers_of(array)
        if isinstance(workers, LocalWorkers) and workers.uses_processes:
            self._stack.enter_context(workers.same_processes())
        return workers


def in_large_chunks(array: Any) -> Any:
    """Put small chunks of complete rows together."""
    sizes = [sum(one.shape[0] for one in block) for block in merged(chunk_places(array))]
    return array.rechunk({0: tuple(sizes), **dict.fromkeys(range(1, array.ndim), -1)})


def read(name: str, array: Any, workers: Any, *, finite: bool) -> HostArray:
    """Compute a Dask array of NumPy chunks into one array, chunk by chunk."""
    from dask import delayed

    array = array if array.ndim < 2 or len(array.chunks[1]) == 1 else array.rechunk({1: -1})
    target = np.empty(array.shape, array.dtype)
    places, chunks = chunk_places(array), array.to_delayed().ravel().tolist()
    shared = target if workers.shares_memory else None
    run = delayed(partial(write_chunk, name, finite, array.dtype, shared), pure=False)
    tasks = [run(place, chunk) for place, chunk in zip(places, chunks, strict=True)]
    with naming_the_chunk(name, array, workers):
        for place, part in zip(places, compute_all(tasks), strict=True):
            if part is not None:
                target[place.first : place.first + place.shape[0], ...] = part
    return target


def read_sparse(name: str, array: Any, workers: Any) -> Any:
    """Compute a Dask array of sparse chunks, and stack them as one CSR matrix."""
    with naming_the_chunk(name, array, workers):
        parts = compute_all(array.to_delayed().ravel().tolist())
    return stacked_chunks(name, chunk_places(array), parts)


def _n_bytes(array: Any) -> float:
    """Bytes of the values of a dense array."""
    sizes = [float(length) for length in array.shape]
    return prod(sizes) * int(getattr(array.dtype, "itemsize", 8))


def _sparse_bytes(array: Any, workers: Any) -> float:
    """Bytes of an array of sparse chunks, by those of its largest."""
    sizes = array.chunks[0]
    number = int(np.argmax(sizes))
    with naming_the_chunk("X", array, workers):
        (found,) = workers.sizes([array.to_delayed().ravel()[number]])
    return float(found * array.shape[0] / max(sizes[number], 1))
