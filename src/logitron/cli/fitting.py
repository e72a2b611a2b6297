"""Models that show their progress, and become plain estimators when they are fitted."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.cli.live_penalties import LivePenalties
from logitron.cli.options import FitOptions, Place
from logitron.cli.tables import live_table, progress, working
from logitron.estimators import LogisticRegression, LogisticRegressionCV
from logitron.solvers import Callback, Iteration

__all__ = ["check_place", "settings_of", "train", "train_sweep"]


class _WatchedRegression(LogisticRegression):
    """The estimator with a bar of its iterations, or of its targets."""

    bar: Callable[[int, str], None] = staticmethod(lambda done, text: None)

    def _iteration_callback(self) -> Callback:
        return self._show

    @contextmanager
    def _progress(self, verbose: int, n_fits: int, description: str) -> Iterator[Callback]:
        yield self._show

    def _show(self, iteration: Iteration) -> None:
        loss = float(iteration.loss.sum())
        text = f"iteration {iteration.number}  loss {loss:.6g}  fits left {iteration.running}"
        self.bar(iteration.number, text)


class _WatchedSweep(LogisticRegressionCV):
    """The estimator with a table of its penalties, while they are fitted."""

    after: ExitStack
    """What is shown when they are fitted, until all is done."""

    @contextmanager
    def _progress(self, verbose: int, n_fits: int, description: str) -> Iterator[Callback]:
        table = LivePenalties(np.asarray(self.Cs), n_fits)
        with live_table(("C", "loss", "iterations")) as show:

            def update(iteration: Iteration) -> None:
                show(table.update(iteration))

            yield update
        self.after.enter_context(working("score the held-out rows, and fit all rows"))


#: warnings name the class of the fit
for _kind in (_WatchedRegression, _WatchedSweep):
    _kind.__name__ = _kind.__bases__[0].__name__


def check_place(place: Place) -> None:
    """Check, before files are read, that the library and its device exist.

    Raises
    ------
    ValueError, ImportError
    """
    from logitron.backend import ArrayContext

    if place.backend is not None:
        ArrayContext.named(place.backend, place.device, place.dtype or "float64")


def settings_of(options: FitOptions, place: Place) -> dict[str, Any]:
    """Return the parameters that both estimators share."""
    return {
        "class_weight": options.class_weight,
        "tol": options.tol,
        "max_iter": options.max_iter,
        "backend": place.backend,
        "device": place.device,
        "dtype": place.dtype,
    }


def train(X: Any, y: Any, weights: HostArray | None, **parameters: Any) -> LogisticRegression:
    """Fit one penalty, with a bar on a terminal."""
    model = _WatchedRegression(**parameters)
    with progress("fit", parameters.get("max_iter") or 200) as bar:
        model.bar = bar
        model.fit(X, y, weights)
    del model.bar
    fitted: LogisticRegression = _plain(model, LogisticRegression(**parameters))
    return fitted


def train_sweep(
    X: Any, y: Any, weights: HostArray | None, **parameters: Any
) -> tuple[LogisticRegressionCV, bool]:
    """Fit many penalties, with a table on a terminal.

    Returns
    -------
    model : LogisticRegressionCV
        Without the rows of its folds.
    refit : bool
        Whether the fit of all rows converged, which ``converged_`` leaves out.
    """
    model = _WatchedSweep(**parameters)
    with ExitStack() as model.after:
        model.fit(X, y, weights)
    del model.after
    fitted: LogisticRegressionCV = _plain(model, LogisticRegressionCV(**{**parameters, "cv": None}))
    return fitted, fitted._refit_converged


def _plain(fitted: Any, plain: Any) -> Any:
    """Move what was fitted to an estimator of a public class, which can be saved."""
    kept = plain.get_params(deep=False)
    vars(plain).update(vars(fitted))
    vars(plain).update(kept)
    return plain
