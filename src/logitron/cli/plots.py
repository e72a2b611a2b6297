"""Pictures of training, drawn with matplotlib."""

from pathlib import Path
from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library

__all__ = ["require_matplotlib", "save_neuron"]

HostArray = np.ndarray[Any, Any]


def require_matplotlib(path: Path) -> None:
    """Make sure, before any work begins, that a picture can be drawn and saved.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the file's folder does not exist or its kind is unknown.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing_library("matplotlib", "plot") from None
    kinds = Figure().canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".") not in kinds:
        raise ValueError(
            f"--plot must name a file that ends in one of {', '.join(sorted(kinds))}, got {path}"
        )
    if not path.parent.is_dir():
        raise ValueError(f"--plot must name a file in a folder that exists, got {path}")


def save_neuron(loss_curve: HostArray, coef: HostArray, path: Path) -> None:
    """Draw the loss of every epoch, and the coefficients where their pixels are.

    Parameters
    ----------
    loss_curve : numpy.ndarray (epochs,)
    coef : numpy.ndarray (64,)
    path : Path
    """
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
    figure.savefig(path, dpi=150)
