"""``logitron digits``: one neuron classifies digits as "2" or other, on every library.

The neuron is trained on 1000 of scikit-learn's 8 x 8 digits, and tested on the other 797. The
settings are those of the tutorial behind this project: a learning rate of 0.15625 for the mean
gradient, until the summed loss changes by less than 1e-5. (The tutorial's script divides 0.01 by
the number of features, 64, instead of the number of rows, 1000.)
"""

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from logitron.backend import LIBRARIES, ArrayContext, to_host
from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray
from logitron.cli.outputs import say
from logitron.cli.tables import Progress, print_table, progress
from logitron.estimators import LogisticRegression
from logitron.solvers import Iteration

__all__ = ["Run", "as_dict", "available_backends", "show", "train"]

TRAINING_ROWS = 1000
SETTINGS: dict[str, Any] = {
    "C": float("inf"),
    "solver": "gradient-descent",
    "learning_rate": 0.01 * 1000 / 64,
    "loss_change": 1e-5,
}


@dataclass(frozen=True)
class Run:
    """Result of training on one backend."""

    backend: str
    device: str
    epochs: int
    loss: float
    missed: tuple[int, ...]
    """Misclassified held-out rows, counted from the first held-out row."""
    seconds: float
    coef: HostArray
    loss_curve: HostArray


class _WatchedNeuron(LogisticRegression):
    """The estimator with a progress bar of its epochs."""

    bar: Progress | None = None

    def _iteration_callback(self) -> Callable[[Iteration], bool | None] | None:
        bar = self.bar
        if bar is None:
            return None

        def update_bar(iteration: Iteration) -> None:
            if iteration.number % 64 == 0:  # more often than a terminal is redrawn
                bar(iteration.number, f"epoch {iteration.number}  loss {iteration.loss[0]:.4g}")

        return update_bar


_WatchedNeuron.__name__ = LogisticRegression.__name__  # as warnings name it


def show(
    *,
    backends: Sequence[str] | None = None,
    device: str | None = None,
    dtype: str = "float64",
    max_iter: int = 20_000,
    plot: Path | None = None,
) -> list[Run]:
    """Train on the backends, NumPy first, and print a table of the results.

    Dask is used if it is named: it is slow for so few rows.

    Raises
    ------
    ValueError, ImportError
        Before any training, if a backend or device is not available, or the picture cannot be drawn
        or written.
    """
    chosen = [name for name in available_backends() if name != "dask"]
    chosen = chosen if backends is None else list(backends)
    for name in chosen:
        if name != "dask":
            ArrayContext.named(name, device)
        elif "dask" not in available_backends():
            raise missing_library_error("dask", "dask")
    if plot is not None:
        from logitron.cli.plots import require_matplotlib

        require_matplotlib(plot)
    order = ["numpy", *(name for name in chosen if name != "numpy")]
    runs = []
    for name in order:
        with progress(f"{name:>16}", max_iter) as bar:
            on = device if name in (backends or ()) else None
            runs.append(train(name, on, dtype=dtype, max_iter=max_iter, bar=bar))
    print_table(
        f"Is it a 2? One neuron, {TRAINING_ROWS} digits to learn from, {dtype}",
        ("backend", "device", "epochs", "loss", "missed", "seconds", "coef diff"),
        [_cells(run, runs[0]) for run in runs],
    )
    say(
        "loss: summed over the training rows; missed: misclassified rows of 797 held out;\n"
        "coef diff: largest difference from NumPy's coefficients"
    )
    if plot is not None:
        from logitron.cli.plots import save_neuron

        save_neuron(runs[0].loss_curve, runs[0].coef, plot)
        say(f"picture: {plot}")
    return runs


def as_dict(run: Run) -> dict[str, Any]:
    """Return the numbers of a run, without its curve and coefficients."""
    return {key: one for key, one in asdict(run).items() if key not in ("coef", "loss_curve")}


def available_backends() -> list[str]:
    """Return the names of the backends that can be used on this machine, NumPy first."""
    found = [
        name
        for name, library in LIBRARIES.items()
        if library.version() is not None and library.problem() is None
    ]
    try:
        import dask.array  # noqa: F401  (tests whether it is installed)
    except ImportError:
        return found
    return [*found, "dask"]


def train(
    backend: str,
    device: str | None = None,
    *,
    dtype: str = "float64",
    max_iter: int = 20_000,
    bar: Progress | None = None,
) -> Run:
    """Train the neuron on arrays of one backend, and test it on the held-out digits."""
    X, y = _digits()
    place = ArrayContext.named("numpy" if backend == "dask" else backend, device, dtype)
    with _wide_jax(backend, place.precision), place.scope():
        arrays = _own_arrays(backend, place, X[:TRAINING_ROWS])
        held_out = place.asarray(X[TRAINING_ROWS:])
        neuron = _WatchedNeuron(**SETTINGS, max_iter=max_iter)
        neuron.bar = bar
        start = time.perf_counter()
        with warnings.catch_warnings():
            # the classes are separable, so that gradient descent stops by loss_change
            warnings.filterwarnings("ignore", "(?s).*ended by its own rule", ConvergenceWarning)
            neuron.fit(arrays, y[:TRAINING_ROWS])
        seconds = time.perf_counter() - start
        curve = to_host(neuron.loss_curve_)
        wrong = to_host(neuron.predict(held_out)) != y[TRAINING_ROWS:]
        return Run(
            backend=backend,
            device=place.library.device_name(place.device),
            epochs=int(neuron.n_iter_[0]),
            loss=float(curve[-1]),
            missed=tuple(int(row) for row in np.flatnonzero(wrong)),
            seconds=seconds,
            coef=to_host(neuron.coef_)[0],
            loss_curve=curve,
        )


def _digits() -> tuple[HostArray, HostArray]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X, y == 2


def _own_arrays(backend: str, place: ArrayContext, X: HostArray) -> Any:
    """Convert features to an array of the backend."""
    if backend != "dask":
        return place.asarray(X)
    import dask.array as da

    return da.from_array(X.astype(place.precision), chunks=(len(X) // 2, X.shape[1]))


def _wide_jax(backend: str, precision: str) -> AbstractContextManager[Any]:
    """Enable float64 in JAX, as a program would with ``jax_enable_x64``."""
    if backend != "jax" or precision != "float64":
        return nullcontext()
    import jax

    wide: AbstractContextManager[Any] = jax.enable_x64(True)
    return wide


def _cells(run: Run, reference: Run) -> tuple[str, ...]:
    missed = " ".join(map(str, run.missed)) if len(run.missed) <= 4 else f"{len(run.missed)} rows"
    difference = np.max(np.abs(run.coef - reference.coef))
    return (
        run.backend,
        run.device,
        str(run.epochs),
        f"{run.loss:.5f}",
        missed,
        f"{run.seconds:.2f}",
        f"{difference:.0e}",
    )
