"""The journal of a fit, if a callback of the estimator keeps one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol, runtime_checkable

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.data import Source
from logitron.estimators.validation.labels import Labels
from logitron.solvers import Journal, recording

__all__ = ["FitInputs", "keeping_journal", "keeps_journal"]


class FitInputs(NamedTuple):
    """What a fit is given, after the checks."""

    X: Source
    labels: Labels
    weights: Array | None
    offset: Array | None
    counts: HostArray | None = None
    """How often each row counts in each subset (n, F)."""


@runtime_checkable
class _KeepsJournal(Protocol):
    """A callback that keeps a journal."""

    def open_journal(
        self, estimator: Any, inputs: FitInputs, context: ArrayContext
    ) -> AbstractContextManager[Journal]:
        """Open the journal of one fit."""


def keeps_journal(callback: Any) -> bool:
    """Whether a callback keeps a journal, which needs no other calls."""
    return isinstance(callback, _KeepsJournal)


@contextmanager
def keeping_journal(estimator: Any, inputs: FitInputs, context: ArrayContext) -> Iterator[None]:
    """Keep the parts of the fit inside the ``with`` block, if a callback keeps a journal.

    Raises
    ------
    ValueError
        If several callbacks do.
    """
    chosen = [one for one in getattr(estimator, "_skl_callbacks", ()) if keeps_journal(one)]
    if len(chosen) > 1:
        raise ValueError(f"set_callbacks: one Checkpoint is allowed, got {len(chosen)}")
    if not chosen:
        yield
        return
    with chosen[0].open_journal(estimator, inputs, context) as journal, recording(journal):
        yield
