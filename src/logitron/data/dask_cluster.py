"""`ClusterWorkers`: the workers of a cluster of `distributed`, where the tasks of an array run."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from logitron.backend.types import Array
from logitron.data.dask_errors import explained
from logitron.data.dask_tasks import add_parts, given, n_bytes
from logitron.data.dask_workers import (
    MAX_PARTS_PER_TASK,
    ChunkCall,
    LocalWorkers,
    values_of,
)
from logitron.data.free_memory import free_memory

__all__ = ["ClusterWorkers", "Workers", "workers_of"]

#: parts that are fetched and added up here: fewer steps than by a task
MOST_FETCHED = 8
#: part of a worker's memory up to which Dask keeps results in memory, by default
MEMORY_TARGET = 0.6
#: bytes of a graph from which on distributed warns; parameters of many targets are larger
LARGE_GRAPH = "1GB"


class ClusterWorkers:
    """The workers of a cluster of `distributed`, which keep results until they are released.

    A pass sends one task to each part. Its parameters are in the message of the task, and its sum
    comes back, by a tree of sums if there are many parts. Workers that are lost lose their parts,
    which the scheduler computes again elsewhere, from how they were made.

    Parameters
    ----------
    client : distributed.Client
    """

    is_cluster, shares_memory, uses_processes = True, False, False

    def __init__(self, client: Any) -> None:
        self.client = client

    @cached_property
    def _workers(self) -> dict[str, Any]:
        with explained(self.client):
            try:
                info = self.client.scheduler_info(n_workers=-1)
            except TypeError:  # (older versions list all workers)
                info = self.client.scheduler_info()
        workers: dict[str, Any] = info["workers"]
        if not workers:
            raise RuntimeError(
                "the cluster has no workers, so that a fit would wait for ever. Start some, for "
                "example by cluster.scale(2) or client.wait_for_workers(1)"
            )
        return workers

    @cached_property
    def homes(self) -> list[str]:
        """The address of a worker, for each task that runs at the same time."""
        return [one for one, about in self._workers.items() for _ in range(about["nthreads"])]

    def free_memory(self) -> float:
        """Return the bytes that the workers may take before Dask writes to disk."""
        free = 0.0
        for about in self._workers.values():
            limit, used = about["memory_limit"], about["metrics"].get("memory", 0)
            free += max(MEMORY_TARGET * limit - used, 0.0) if limit else free_memory()
        return free

    def has(self, array: Any) -> bool:
        """Whether all chunks are futures already, as after ``persist()``."""
        return all(hasattr(value, "add_done_callback") for value in values_of(array))

    def homes_of(self, values: list[Any]) -> list[str | None] | None:
        """Return the worker that has each of some futures; None if these are none."""
        if not all(hasattr(value, "add_done_callback") for value in values):
            return None
        with explained(self.client):
            found = self.client.who_has(values)
        return [next(iter(found.get(value.key) or [None])) for value in values]

    def keep(self, array: Any, calls: Sequence[ChunkCall], homes: Sequence[str]) -> list[Any]:
        """Call functions of some chunks of a persisted array where the results are kept.

        Returns
        -------
        list of futures
            All are done.
        """
        chunks, futures = values_of(array), list[Any]()
        with self._released_if_failed(futures):
            for call, home in zip(calls, homes, strict=True):
                needed = [chunks[number] for number in call.chunks]
                done = self.client.submit(call.function, *needed, pure=False, **_at(home))
                futures.append(done)
            self._wait(futures)
        return futures

    def put(self, values: Sequence[Any], homes: Sequence[str]) -> list[Any]:
        """Send values to workers, as tasks: they are sent again if a worker is lost."""
        futures: list[Any] = []
        with self._released_if_failed(futures):
            for value, home in zip(values, homes, strict=True):
                done = self.client.submit(given, value, pure=False, **_at(home))
                futures.append(done)
            self._wait(futures)
        return futures

    @contextmanager
    def computed(self, array: Any) -> Iterator[Any]:
        """Compute the chunks of an array on any workers, for the time of the block."""
        kept = self.persist(array)
        try:
            yield kept
        finally:
            self.release(values_of(kept))

    def persist(self, array: Any) -> Any:
        """Compute the chunks of an array on any workers, and return it with futures of them.

        They are futures of our own, whoever has others of the same chunks.
        """
        with explained(self.client):
            kept = self.client.persist(array)
            futures = values_of(kept)
            with self._released_if_failed(futures):
                self._wait(futures)
        return kept

    def sizes(self, tasks: Sequence[Any]) -> list[int]:
        """Compute tasks, and return the bytes of their results."""
        from dask import delayed

        run = delayed(n_bytes, pure=False)
        with explained(self.client):
            return list(self.client.gather(self.client.compute([run(task) for task in tasks])))

    def run(self, function: Callable[..., Any], *columns: Sequence[Any]) -> list[Any]:
        """Call a function with each row of the columns, in a task where the first one is."""
        futures: list[Any] = []
        with self._released_if_failed(futures, always=True):
            futures.extend(self._submitted(function, columns))
            return list(self.client.gather(futures))

    def total(self, function: Callable[..., Any], *columns: Sequence[Any]) -> tuple[Array, ...]:
        """Add up the tuples of arrays that a function returns for each row of the columns."""
        futures: list[Any] = []
        with self._released_if_failed(futures, always=True):
            parts = self._submitted(function, columns)
            futures.extend(parts)
            while len(parts) > MOST_FETCHED:
                size = MAX_PARTS_PER_TASK
                groups = [parts[i : i + size] for i in range(0, len(parts), size)]
                parts = [self.client.submit(add_parts, group, pure=False) for group in groups]
                futures.extend(parts)
            return add_parts(self.client.gather(parts))

    def failures(self, tasks: Sequence[Any]) -> Generator[Exception | None, None, None]:
        """Compute tasks, and return what each raises."""
        from dask import delayed

        run = delayed(_done, pure=False)
        futures = self.client.compute([run(task) for task in tasks])
        try:
            for future in futures:
                yield future.exception()
        finally:
            self.release(futures)

    def release(self, kept: Sequence[Any]) -> None:
        """Let the workers free what they kept."""
        for future in kept:
            future.release()

    def _submitted(self, function: Callable[..., Any], columns: tuple[Any, ...]) -> list[Any]:
        from dask import config

        with config.set({"distributed.admin.large-graph-warning-threshold": LARGE_GRAPH}):
            if len(columns[0]) > MOST_FETCHED:  # in one message
                return list(self.client.map(function, *columns, pure=False))
            rows = list(zip(*columns, strict=True))
            return [self.client.submit(function, *row, pure=False) for row in rows]

    def _wait(self, futures: list[Any]) -> None:
        """Wait until all are done; raise the error of the first that failed, with its number."""
        from dask.distributed import wait

        wait(futures)
        for number, future in enumerate(futures):
            if future.status == "error":
                error = future.exception()
                error.__dict__["number"] = number, len(futures)
                raise error
            if future.status != "finished":  # lost, or cancelled
                future.result()

    @contextmanager
    def _released_if_failed(self, futures: list[Any], *, always: bool = False) -> Iterator[None]:
        try:
            with explained(self.client):
                yield
        except BaseException:
            self.release(futures)
            raise
        if always:
            self.release(futures)


Workers = LocalWorkers | ClusterWorkers


def workers_of(array: Any) -> Workers:
    """Return what Dask would compute an array with, here and now."""
    from dask.base import get_scheduler

    scheduler = get_scheduler(collections=[array])
    client = getattr(scheduler, "__self__", None)
    if client is not None and hasattr(client, "scheduler_info"):
        return ClusterWorkers(client)
    return LocalWorkers(scheduler)


def _at(home: str) -> dict[str, Any]:
    return {"workers": [home], "allow_other_workers": True}


def _done(value: Any) -> None:
    """Return nothing: that a task ran shows that its input is there."""
