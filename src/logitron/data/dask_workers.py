"""Where the tasks of a Dask array run on one machine, and how tasks are made."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, NamedTuple

from logitron.backend.types import Array
from logitron.data.dask_errors import explained
from logitron.data.dask_tasks import add_parts, n_bytes
from logitron.data.free_memory import free_memory

__all__ = [
    "MAX_PARTS_PER_TASK",
    "ChunkCall",
    "LocalWorkers",
    "as_tasks",
    "compute_all",
    "compute_total",
    "values_of",
]

#: parts that one task adds up; the parts of a sum are the leaves of a tree of such tasks
MAX_PARTS_PER_TASK = 16


class ChunkCall(NamedTuple):
    """A function, and the numbers of the chunks that it is called with."""

    function: Callable[..., Any]
    chunks: Sequence[int]


class LocalWorkers:
    """Threads or processes of this machine, by the scheduler that Dask would choose.

    What is kept is in the memory of this process.

    Parameters
    ----------
    scheduler : callable
        Dask's function that computes a graph.
    """

    is_cluster = False

    def __init__(self, scheduler: Callable[..., Any]) -> None:
        self.module = getattr(scheduler, "__module__", "")

    @property
    def shares_memory(self) -> bool:
        """Whether tasks run in threads of this process."""
        return self.module in ("dask.threaded", "dask.local")

    @property
    def uses_processes(self) -> bool:
        """Whether it is Dask's own scheduler with processes."""
        return self.module == "dask.multiprocessing"

    @cached_property
    def homes(self) -> list[str]:
        """One name for each task that runs at the same time."""
        from dask import config
        from dask.system import CPU_COUNT

        if self.module == "dask.local":
            return ["here"]
        return ["here"] * int(config.get("num_workers", None) or CPU_COUNT)

    def free_memory(self) -> float:
        """Return the bytes that this process may still take."""
        return free_memory()

    def has(self, array: Any) -> bool:
        """Whether all chunks are values already, as after ``persist()``."""
        return all(hasattr(value, "shape") for value in values_of(array))

    def homes_of(self, values: list[Any]) -> None:
        """Return None: what is in memory is here."""

    def computed(self, array: Any) -> AbstractContextManager[Any]:
        """Return the array: tasks compute its chunks."""
        return nullcontext(array)

    def keep(self, array: Any, calls: Sequence[ChunkCall], homes: Sequence[str]) -> list[Any]:
        """Call functions of some chunks of an array, and return the values."""
        return compute_all(as_tasks(array, calls))

    @contextmanager
    def same_processes(self) -> Iterator[None]:
        """Start the processes of Dask's scheduler once; it would start some for each pass."""
        from concurrent.futures import ProcessPoolExecutor

        from dask import config
        from dask.multiprocessing import get_context, initialize_worker_process

        if config.get("pool", None) is not None:
            yield
            return
        pool = ProcessPoolExecutor(
            len(self.homes), mp_context=get_context(), initializer=initialize_worker_process
        )
        with pool, config.set(pool=pool):
            yield

    def put(self, values: Sequence[Any], homes: Sequence[str]) -> list[Any]:
        """Return the values, which are here."""
        return list(values)

    def sizes(self, tasks: Sequence[Any]) -> list[int]:
        """Compute tasks, and return the bytes of their results."""
        return list(map(n_bytes, compute_all(tasks)))

    def run(self, function: Callable[..., Any], *columns: Sequence[Any]) -> list[Any]:
        """Call a function with each row of the columns, in a task for each."""
        from dask import compute, delayed

        tasks = [
            delayed(_Call(function, arguments), pure=False)()
            for arguments in zip(*columns, strict=True)
        ]
        # (what is kept is here, and would be sent to processes in each pass)
        settings = {"scheduler": "threads"} if self.uses_processes else {}
        with explained():
            return list(compute(*tasks, **settings))

    def total(self, function: Callable[..., Any], *columns: Sequence[Any]) -> tuple[Array, ...]:
        """Add up the tuples of arrays that a function returns for each row of the columns."""
        return add_parts(self.run(function, *columns))

    def failures(self, tasks: Sequence[Any]) -> Generator[Exception | None, None, None]:
        """Compute tasks one by one, and return what each raises."""
        from dask import compute

        for task in tasks:
            try:
                compute(task, scheduler="synchronous")
            except Exception as error:
                yield error
            else:
                yield None

    def release(self, kept: Sequence[Any]) -> None:
        """Do nothing: memory is free when nobody refers to it."""


def as_tasks(array: Any, calls: Sequence[ChunkCall]) -> list[Any]:
    """Make tasks of functions of some chunks of an array."""
    from dask import delayed

    chunks = array.to_delayed().ravel().tolist()
    return [
        delayed(call.function, pure=False)(*[chunks[number] for number in call.chunks])
        for call in calls
    ]


def compute_all(tasks: Sequence[Any]) -> list[Any]:
    """Compute tasks, and return their values to this process."""
    from dask import compute

    with explained():
        return list(compute(*tasks))


def compute_total(tasks: Sequence[Any]) -> tuple[Array, ...]:
    """Compute the sum of delayed tuples of arrays, by a tree of tasks."""
    from dask import compute, delayed

    add, parts = delayed(add_parts, pure=False), list(tasks)
    while len(parts) > 1:
        size = MAX_PARTS_PER_TASK
        parts = [add(parts[i : i + size]) for i in range(0, len(parts), size)]
    with explained():
        (total,) = compute(parts[0])
    return tuple(total)


def values_of(array: Any) -> list[Any]:
    """Return what a graph has for each chunk: a future, a value, or how to compute it."""
    from dask.core import flatten

    graph = dict(array.__dask_graph__())
    return [graph[key] for key in flatten(array.__dask_keys__())]


class _Call:
    """A call without arguments, which Dask does not look into."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._function, self._arguments = function, arguments

    def __call__(self) -> Any:
        return self._function(*self._arguments)
