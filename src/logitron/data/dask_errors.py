"""Errors of chunks and of clusters, in words: what failed, the possible cause, and how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from logitron.data.dask_chunks import chunk_places, is_refusal

__all__ = ["explained", "naming_the_chunk"]

#: what errors of `distributed` mean where something is lost
LOST_CHUNKS = (
    "chunks were lost with a worker, and cannot be computed again: perhaps they were put there by "
    "client.scatter, or what they were made from is gone. Make X by functions that read it "
    "(dask.array.from_delayed, dask.array.from_zarr), or scatter it again"
)
KILLED = (
    "a task ran on several workers that died, one after the other: perhaps the chunks are too "
    "large for the memory of a worker, the disk that it spills to is full, or the code of a chunk "
    "ends the process. See the logs of the workers; use smaller chunks, float32, or workers with "
    "more memory"
)
GONE = (
    "the scheduler of the cluster does not answer: perhaps it ended, or the network failed. Start "
    "a cluster and a client, make X again, and call fit again"
)
CONNECTION = ("CommClosedError", "ConnectionRefusedError", "ConnectionResetError", "StreamClosed")
CANCELLED = ("FutureCancelledError", "FuturesCancelledError", "CancelledError")
WORDS = {
    "KilledWorker": KILLED,
    **dict.fromkeys(CANCELLED, LOST_CHUNKS),
    **dict.fromkeys(CONNECTION, GONE),
}
#: reasons that `distributed` gives for futures which the end of the scheduler cancelled
SCHEDULER_LOST = ("scheduler-connection-lost", "scheduler-restart", "scheduler-close")


@contextmanager
def explained(client: Any = None) -> Iterator[None]:
    """Raise RuntimeError with words in place of an error of a cluster.

    Parameters
    ----------
    client : distributed.Client, optional

    Raises
    ------
    RuntimeError
    """
    try:
        yield
    except BaseException as error:  # (some cancellations are no Exception)
        words = WORDS.get(type(error).__name__)
        if is_refusal(error) or words is None:
            raise
        lost = any(reason in str(error) for reason in SCHEDULER_LOST)
        if lost or getattr(client, "status", "running") != "running":
            words = GONE
        raise _complete(
            f"{words}. Estimators are as they were before the call "
            f"({type(error).__name__}: {error})"
        ) from error


@contextmanager
def naming_the_chunk(name: str, array: Any, workers: Any) -> Iterator[None]:
    """Raise RuntimeError that names the chunk in place of an error which its computation raises.

    The first error of a cluster comes with the chunk's number. Others do not say which chunk they
    are of: all are computed again, one by one, until one fails.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    array : dask.array.Array
        In chunks of complete rows.
    workers : LocalWorkers or ClusterWorkers

    Raises
    ------
    RuntimeError
    """
    try:
        yield
    except Exception as error:
        if is_refusal(error):
            raise
        places, found = chunk_places(array), error
        number, count = getattr(error, "number", (None, 0))
        if count != len(places):
            failures = workers.failures(array.to_delayed().ravel().tolist())
            pairs = enumerate(failures)
            number, found = next((pair for pair in pairs if pair[1] is not None), (None, error))
            failures.close()
        if number is None:
            raise
        raise _complete(
            f"{places[number]} of {name} could not be computed: "
            f"{type(found).__name__}: {found}. The function that makes it is not logitron's: "
            f"compute it alone, {name}.blocks[{number}].compute(scheduler='synchronous')"
        ) from error


def _complete(message: str) -> RuntimeError:
    """Make an error that `explained` and `naming_the_chunk` leave as it is."""
    error = RuntimeError(message)
    error.__dict__["is_refusal"] = True
    return error
