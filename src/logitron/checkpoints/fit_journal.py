"""The journal of one fit: entries of its parts, in memory and, now and then, in a file."""

from collections.abc import Mapping
from os import PathLike, fspath
from threading import RLock
from time import monotonic
from typing import Any, NamedTuple

from logitron.backend import ArrayContext
from logitron.backend.types import HostArray
from logitron.checkpoints.checkpoint_file import Content, write_checkpoint
from logitron.checkpoints.packing import Packer, Unpacker
from logitron.solvers import MISSING, CheckpointError, Entry

__all__ = ["FitJournal", "Interval"]


class Interval(NamedTuple):
    """How often a file is written: after iterations or seconds, whichever is given."""

    iterations: int | None
    seconds: float | None


class Packed(NamedTuple):
    """An entry as JSON values and tensors, whose numbers begin at zero."""

    content: dict[str, Any]
    tensors: list[HostArray]


class _Running(NamedTuple):
    """The last state of a run that is in progress."""

    entry: Entry
    iteration: int
    counts: Any


class FitJournal:
    """Keeps entries; see `logitron.solvers.Journal`.

    Parameters
    ----------
    path : path-like
    facts : mapping
        What the fit is made of, see `fingerprint`.
    interval : Interval
    context : ArrayContext
        Library and device of the fit.
    begun : Content, optional
        The file of the fit to go on with.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        facts: Mapping[str, str],
        interval: Interval,
        context: ArrayContext,
        begun: Content | None = None,
    ) -> None:
        self.path, self.facts, self.interval, self.context = path, facts, interval, context
        self.counts: Any = None
        self._entries = {} if begun is None else _split(begun)
        self._lock = RLock()  # (groups that are fitted one by one end in several threads)
        self._stopped = self._failed = False
        self._running: dict[str, _Running] = {}
        self._dirty, self._saved_at, self._iterations = False, monotonic(), 0

    def __str__(self) -> str:
        return fspath(self.path)

    def recall(self, name: str) -> Entry:
        """Return the entry of a part, or `MISSING`; restore the counts of that time."""
        packed = None if self._stopped else self._entries.get(name)
        if packed is None:
            return MISSING  # type: ignore[no-any-return]
        unpacker = Unpacker(packed.tensors, self.context)
        try:
            value, counts = map(
                unpacker.unpack, (packed.content["value"], packed.content["counts"])
            )
            steps, finished = packed.content["steps"], packed.content["finished"]
            entry = Entry(value, steps, finished, float.fromhex(packed.content["begun"]))
            if type(steps) is not int or type(finished) is not bool:
                raise TypeError("steps must be an int, and finished a bool")
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise CheckpointError(
                f"{self.path}: the entry {name} is malformed ({error})"
            ) from error
        if self.counts is not None and counts is not None:
            vars(self.counts).update(counts)
        return entry

    def keep(self, name: str, entry: Entry) -> None:
        """Keep the entry of a finished part, and forget the parts inside it."""
        with self._lock:
            if self._stopped:
                return
            if name not in self._running:
                self._iterations += entry.steps
            for known in (self._entries, self._running):
                for key in [key for key in known if f"{key}/".startswith(f"{name}/")]:
                    del known[key]
            self._entries[name] = self._pack(entry, self._count())
            self._dirty = True
            self._save_if_due()

    def note(self, name: str, entry: Entry, iteration: int) -> None:
        """Receive the state of a run after an iteration; save it if that is due."""
        with self._lock:
            if self._stopped:
                return
            before = self._running.get(name)
            self._iterations += iteration - (0 if before is None else before.iteration)
            self._running[name] = _Running(entry, iteration, self._count())
            self._dirty = True
            self._save_if_due()

    def stop(self) -> None:
        """Keep no part that ends from now on."""
        self._stopped = True

    def close(self) -> None:
        """Save what was not saved yet."""
        if self._dirty and not self._failed:
            self.save()

    def save(self) -> None:
        """Write the file."""
        with self._lock:
            self._pack_running()
            entries: dict[str, Any] = {}
            tensors: dict[str, HostArray] = {}
            for name, packed in self._entries.items():
                entries[name] = {**packed.content, "first": len(tensors)}
                for one in packed.tensors:
                    tensors[str(len(tensors))] = one
                entries[name]["number"] = len(packed.tensors)
            try:
                write_checkpoint(self.path, self.facts, entries, tensors)
            except BaseException:
                self._failed = True
                raise
            self._dirty, self._saved_at, self._iterations = False, monotonic(), 0

    def _save_if_due(self) -> None:
        iterations, seconds = self.interval
        due = iterations is not None and self._iterations >= iterations
        if due or (seconds is not None and monotonic() - self._saved_at >= seconds):
            self.save()

    def _pack_running(self) -> None:
        """Replace the entries of runs that are in progress by their last states."""
        for name, running in self._running.items():
            self._entries[name] = self._pack(running.entry, running.counts)

    def _count(self) -> Any:
        return None if self.counts is None else dict(vars(self.counts))

    def _pack(self, entry: Entry, counts: Any) -> Packed:
        packer = Packer()
        content: dict[str, Any] = {
            "value": packer.pack(entry.value),
            "counts": packer.pack(counts),
            "steps": entry.steps,
            "finished": entry.finished,
            "begun": entry.begun.hex(),
        }
        return Packed(content, packer.tensors)


def _split(begun: Content) -> dict[str, Packed]:
    """Return the entries of a file with their own tensors."""
    found: dict[str, Packed] = {}
    for name, content in begun.entries.items():
        match content:
            case {"first": int(first), "number": int(number)}:
                names = map(str, range(first, first + number))
                found[name] = Packed(content, [begun.tensors[one] for one in names])
            case _:
                raise CheckpointError(f"the entry {name:.50} is malformed")
    return found
