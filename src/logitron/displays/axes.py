"""Axes of matplotlib, colours, and the axis of penalties."""

from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray

__all__ = [
    "BLUE",
    "COLOURS",
    "GREY",
    "RED",
    "explain_hollow",
    "mark",
    "on_axes",
    "penalty_axis",
    "tidy",
]

BLUE, RED, GREY = "#1f6f8b", "#b5403a", "#8c8c8c"
#: of lines that have to be told apart
COLOURS = (
    BLUE, RED, "#c8a23a", "#5a9367", "#7a6a9c", "#d98b4a", "#4aa3c0", "#9c5f7d", "#5b5b5b",
    "#a3b04a",
)  # fmt: skip

#: powers of ten beside an infinite C
MOST_TICKS = 8


def on_axes(ax: Any) -> tuple[Any, Any]:
    """Return axes to draw on and their figure; new ones if ``ax`` is None.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if ax is not None:
        return ax, ax.figure
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise missing_library_error("matplotlib", "plot") from None
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure


def tidy(ax: Any, **labels: Any) -> None:
    """Set labels, and remove lines that hold no data."""
    ax.set(**labels)
    ax.grid(True, alpha=0.25)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def mark(ax: Any, x: Any, y: Any, filled: Any, colour: str, **style: Any) -> Any:
    """Draw a circle at each point, hollow where ``filled`` is False."""
    faces = [colour if one else "white" for one in filled]
    return ax.scatter(x, y, c=faces, edgecolors=colour, **style)


def explain_hollow(ax: Any, filled: HostArray, colour: str) -> None:
    """Add an entry to the legend if circles are hollow."""
    if not filled.all():
        ax.scatter([], [], facecolors="white", edgecolors=colour, label="not certified")


def penalty_axis(ax: Any, Cs: HostArray) -> HostArray:
    """Make the horizontal axis one of penalties, and return their positions.

    The axis is logarithmic. ``C=inf`` is drawn to the right of the others, at a tick of its own.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    Cs : numpy.ndarray (P,)

    Returns
    -------
    numpy.ndarray (P,)
    """
    ax.set(xscale="log", xlabel="C (weaker penalty to the right)")
    finite = Cs[np.isfinite(Cs)]
    if finite.size == Cs.size:
        return Cs
    logs = np.log10(finite) if finite.size else np.zeros(1)
    first, last = int(np.floor(logs.min())), int(np.ceil(logs.max()))
    place = 10.0 ** (last + 1)
    powers = range(first, last + 1, -(-(last + 1 - first) // MOST_TICKS))
    ticks = [(10.0**power, f"$10^{{{power}}}$") for power in powers]
    ax.set_xticks(*zip(*ticks, (place, "inf"), strict=True))
    ax.minorticks_off()
    ax.axvline(10.0 ** (last + 0.5), color=GREY, linewidth=0.8, linestyle=":")
    return np.where(np.isfinite(Cs), Cs, place)
