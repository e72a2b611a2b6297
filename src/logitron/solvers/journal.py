"""Outcomes of the parts of a fit, kept while it runs, and taken by a repetition of the same fit.

A fit is a sequence of parts: samples, runs of a solver, batches of targets, refinements. The same
data and parameters give the same parts in the same order, so that a number for each kind of part
names it. A repetition with the journal of a fit that was interrupted computes what lies between the
parts again, takes the outcomes of finished parts, and begins the run that was interrupted where it
was. Each of these is what the first fit computed, bit for bit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

__all__ = [
    "MISSING",
    "CheckpointError",
    "Entry",
    "Journal",
    "Part",
    "begin_part",
    "count_in",
    "recording",
    "remember",
    "stop_recording",
    "within",
]

_Value = TypeVar("_Value")


class CheckpointError(ValueError):
    """A checkpoint that a fit cannot go on from; the message names what differs.

    Examples
    --------
    >>> from logitron.checkpoints import CheckpointError
    >>> issubclass(CheckpointError, ValueError)
    True
    """


class Entry(NamedTuple):
    """What is known of a part."""

    value: Any
    """Its outcome, or the state of a run."""
    steps: int = 0
    """Steps of a run that were made."""
    finished: bool = True
    begun: float = 0.0
    """Size of the gradient where a run began."""


#: stands for no entry
MISSING: Any = object()


class Journal(Protocol):
    """Where entries are kept."""

    counts: Any
    """What counts the cost of the fit; entries have its numbers. None where nothing does."""

    def recall(self, name: str) -> Entry:
        """Return the entry of a part, or `MISSING`."""

    def keep(self, name: str, entry: Entry) -> None:
        """Keep the entry of a finished part, and forget the parts inside it."""

    def note(self, name: str, entry: Entry, iteration: int) -> None:
        """Receive the state of a run after an iteration, which is saved now and then."""

    def stop(self) -> None:
        """Receive that the fit is being stopped: parts that end from now on are not finished."""


@dataclass(frozen=True)
class Part:
    """A part of a fit, by its name in a journal."""

    journal: Journal
    name: str
    counts: dict[str, int] = field(default_factory=dict)
    """Parts of each kind that began inside it."""

    def inside(self, kind: str) -> "Part":
        """Return the next part of a kind inside this one."""
        number = self.counts.get(kind, 0)
        self.counts[kind] = number + 1
        return Part(self.journal, f"{self.name}/{kind}-{number}")

    def named(self, name: str) -> "Part":
        """Return a part inside this one that has a name of its own, whenever it begins."""
        return Part(self.journal, f"{self.name}/{name}")

    def recall(self) -> Entry:
        """Return the entry of this part, or `MISSING`."""
        return self.journal.recall(self.name)

    def keep(self, entry: Entry) -> None:
        """Keep the entry of this part."""
        self.journal.keep(self.name, entry)


_part: ContextVar[Part | None] = ContextVar("part_of_a_fit", default=None)


@contextmanager
def recording(journal: Journal) -> Iterator[None]:
    """Keep the parts of the fit inside the ``with`` block in a journal."""
    with within(Part(journal, "fit")):
        yield


@contextmanager
def within(part: Part | None) -> Iterator[None]:
    """Begin further parts inside of one, in this thread; None keeps nothing."""
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


def count_in(counts: Any) -> None:
    """Keep the numbers that an object counts with each part, and restore them with it."""
    part = _part.get()
    if part is not None:
        part.journal.counts = counts


def begin_part(kind: str) -> Part | None:
    """Begin the next part of a kind; None if nothing is kept."""
    part = _part.get()
    return None if part is None else part.inside(kind)


def stop_recording() -> None:
    """Keep no part that ends from now on, because the fit is being stopped."""
    part = _part.get()
    if part is not None:
        part.journal.stop()


def remember(
    kind: str, make: Callable[[], _Value], *, unless: Callable[[_Value], bool] | None = None
) -> _Value:
    """Compute a part of a fit, or take its outcome from the journal.

    Parameters
    ----------
    kind : str
    make : callable
        Computes the outcome: numbers, text, arrays, and named tuples, dataclasses and dicts of
        them.
    unless : callable, optional
        ``unless(outcome)`` says that the part was stopped, and is not finished.
    """
    part = begin_part(kind)
    if part is None:
        return make()
    known = part.recall()
    if known is not MISSING and known.finished:
        value: _Value = known.value
        return value
    try:
        with within(part):
            value = make()
    except BaseException:
        part.journal.stop()
        raise
    if unless is None or not unless(value):
        part.keep(Entry(value))
    return value
