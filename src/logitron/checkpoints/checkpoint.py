"""`Checkpoint`: a callback that saves a fit while it runs, so that an interrupted one can go on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from os import PathLike, fspath
from typing import Any

from logitron.backend import ArrayContext
from logitron.checkpoints.checkpoint_file import read_checkpoint
from logitron.checkpoints.fingerprint import differences, facts_of
from logitron.checkpoints.fit_journal import FitJournal, Interval
from logitron.estimators.journals import FitInputs
from logitron.persistence.atomic_file import check_writable
from logitron.persistence.container import require_safetensors
from logitron.solvers import CheckpointError, Journal

__all__ = ["Checkpoint"]


class Checkpoint:
    """Save a fit while it runs, and go on with one that was interrupted.

    Set it with ``set_callbacks`` of `LogisticRegression` or `LogisticRegressionCV`. If the file
    exists, ``fit`` goes on where the file was written, and ends with the result of a fit that was
    not interrupted, bit for bit. The file also stays after the fit; the same fit then takes its
    result from there.

    Parameters
    ----------
    path : path-like
        Usually with the ending ``.safetensors``. One file is for one fit at a time: searches and
        ensembles, which fit clones of an estimator, need another way.
    every : int or datetime.timedelta, default one minute
        How often the file is written: every so many iterations, or after so much time. It is also
        written when the fit ends, and after Ctrl-C or an error.
    resume : bool, default True
        Whether to go on from an existing file. False begins anew, and replaces it when the fit is
        first saved.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    See Also
    --------
    save : Save a fitted model.

    Notes
    -----
    ``fit`` raises a `logitron.checkpoints.CheckpointError`, a ValueError, before work begins, if
    the file is damaged, or was written for other data, parameters, libraries or versions; and an
    OSError if the file cannot be written. ``set_callbacks`` needs scikit-learn 1.9.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import logitron
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = logitron.Checkpoint(Path(folder) / "fit.safetensors", every=5)
    ...     model = logitron.LogisticRegression().set_callbacks(saved).fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        every: int | timedelta = timedelta(minutes=1),
        resume: bool = True,
    ) -> None:
        if not isinstance(path, str | PathLike):
            raise TypeError(f"path must be a string or a path, got {type(path).__name__}")
        if isinstance(every, bool) or not isinstance(every, int | timedelta):
            raise TypeError(
                "every must be an int, a number of iterations, or a datetime.timedelta, got "
                f"{type(every).__name__}. For a minute, pass datetime.timedelta(minutes=1)"
            )
        if not (every >= 1 if isinstance(every, int) else every >= timedelta(0)):
            raise ValueError(f"every must be at least one iteration, or no time, got {every!r}")
        if not isinstance(resume, bool):
            raise TypeError(f"resume must be a bool, got {type(resume).__name__}")
        self.path, self.every, self.resume = path, every, resume

    def __repr__(self) -> str:
        return f"Checkpoint({fspath(self.path)!r}, every={self.every!r}, resume={self.resume})"

    # --- for scikit-learn ---

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing: the fit opens the file, once its arguments are checked."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing: the fit closes the file."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing: the fit saves states of the solver itself."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Do nothing: the fit saves states of the solver itself."""

    # --- for the estimators ---

    @contextmanager
    def open_journal(
        self, estimator: Any, inputs: FitInputs, context: ArrayContext
    ) -> Iterator[Journal]:
        """Yield the journal of a fit, and save it at the end, whatever the end is.

        Parameters
        ----------
        estimator : LogisticRegression or LogisticRegressionCV
            Before the fit.
        inputs : FitInputs
        context : ArrayContext
            Library, device and precision of the computation.

        Raises
        ------
        CheckpointError
            If the file is no checkpoint of this fit.
        OSError
            If the file cannot be read or written.
        ImportError
            If safetensors is not installed.
        """
        require_safetensors()
        check_writable(self.path)
        facts = facts_of(estimator, inputs, context)
        begun = None
        if self.resume and os.path.exists(self.path):
            begun = read_checkpoint(self.path)
            differing = differences(begun.facts, facts)
            if differing:
                raise CheckpointError(
                    f"{fspath(self.path)} holds another fit: {'; '.join(differing)}. Pass the same "
                    "data and parameters, the path of another file, or resume=False to begin anew "
                    "and replace it"
                )
        every = self.every
        interval = (
            Interval(every, None)
            if isinstance(every, int)
            else Interval(None, every.total_seconds())
        )
        journal = FitJournal(self.path, facts, interval, context, begun)
        try:
            yield journal
        except CheckpointError:  # (a file of other data is left as it is)
            raise
        except BaseException:
            journal.close()
            raise
        journal.close()
