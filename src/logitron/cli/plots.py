"""Plots of the training, drawn with matplotlib."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray

__all__ = ["require_matplotlib", "save_neuron"]


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
    if not path.parent.is_dir():
        raise ValueError(f"--plot must name a file in a folder that exists, got {path}")
    try:
        new = not path.exists()
        with path.open("ab"):  # keeps the contents
            pass
        if new:
            path.unlink()
    except OSError as error:
        raise ValueError(
            f"--plot must name a file that can be written, got {path}: {error.strerror}; choose "
            "another file or folder"
        ) from error
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
