"""Plots of the training, drawn with matplotlib."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray
from logitron.cli.outputs import check_output

__all__ = ["require_matplotlib", "save_loss", "save_neuron", "save_scores"]


def require_matplotlib(path: Path) -> None:
    """Check, before any training, that a plot can be drawn and saved.

    A test plot is drawn in memory, since some formats need programs that can be missing. The file
    is opened for appending; a file that did not exist is removed again.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the folder does not exist, the format is unknown or cannot be drawn on this machine, or
        the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing_library_error("matplotlib", "plot") from None
    kinds = Figure().canvas.get_supported_filetypes()
    kind = path.suffix.removeprefix(".").lower()
    if kind not in kinds:
        raise ValueError(
            f"--plot must name a file that ends in one of {', '.join(sorted(kinds))}, got {path}"
        )
    check_output("--plot", path)
    try:
        _drawn(np.ones(2), np.ones(64)).savefig(BytesIO(), format=kind)
    except Exception as error:  # of any type, from the program that draws this format
        raise ValueError(
            f"--plot must name a kind of file that can be drawn here, got {path}: {error}; choose "
            "a file that ends in .png"
        ) from error


def save_neuron(loss_curve: HostArray, coef: HostArray, path: Path) -> None:
    """Draw the loss of each epoch, and the coefficients as an image of their pixels.

    Parameters
    ----------
    loss_curve : numpy.ndarray (epochs,)
    coef : numpy.ndarray (64,)
    path : Path
    """
    _drawn(loss_curve, coef).savefig(path, dpi=150)


def _drawn(loss_curve: HostArray, coef: HostArray) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))

    left.plot(np.arange(1, len(loss_curve) + 1), loss_curve, color="#1f6f8b", linewidth=1.4)
    left.set(
        xscale="log",
        yscale="log",
        xlabel="epoch",
        ylabel="loss, summed over the rows",
        title="Learning",
    )
    left.grid(True, alpha=0.25)
    left.spines[["top", "right"]].set_visible(False)

    span = float(np.max(np.abs(coef)))
    image = right.imshow(coef.reshape(8, 8), cmap="RdBu", vmin=-span, vmax=span)
    right.set(xticks=[], yticks=[], title="What the neuron looks for in a 2")
    figure.colorbar(image, ax=right, label="coefficient of the pixel", shrink=0.9)
    return figure


def save_loss(loss_curve: HostArray, path: Path) -> None:
    """Draw the loss after each iteration.

    Parameters
    ----------
    loss_curve : numpy.ndarray (iterations,) or (iterations, T)
        The mean over many targets is drawn.
    path : Path
    """
    from matplotlib.figure import Figure

    loss = loss_curve if loss_curve.ndim == 1 else loss_curve.mean(axis=1)
    figure = Figure(figsize=(6, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(np.arange(1, len(loss) + 1), loss, color="#1f6f8b", marker=".")
    axes.set(yscale="log", xlabel="iteration", ylabel="loss")
    _save(figure, axes, path)


def save_scores(rows: list[dict[str, Any]], scoring: str, path: Path) -> None:
    """Draw the held-out score against C, with the chosen penalty and the fits without a proof.

    Parameters
    ----------
    rows : list of dict
        Of `penalty_rows`.
    scoring : str
        Name of the score.
    path : Path
    """
    from matplotlib.figure import Figure

    C = np.asarray([row["C"] for row in rows])
    score = np.asarray([row["score"] for row in rows], dtype=float)
    converged = np.asarray([row["converged"] for row in rows])
    chosen = np.asarray([row["chosen"] > 0 for row in rows])
    figure = Figure(figsize=(6, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(C, score, color="#1f6f8b", marker=".")
    axes.plot(C[chosen], score[chosen], "o", color="#c1440e", label="chosen")
    if not converged.all():
        axes.plot(C[~converged], score[~converged], "o", mfc="white", label="not converged")
    axes.set(xscale="log", xlabel="C", ylabel=scoring)
    axes.legend(frameon=False)
    _save(figure, axes, path)


def _save(figure: Any, axes: Any, path: Path) -> None:
    axes.grid(True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
