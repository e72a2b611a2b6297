"""Pictures of the results: time against suboptimality, speed-ups, growth, many fits.

``python -m benchmarks.report.figures`` draws the pictures of README and documentation. Every
picture contains the digest of its numbers, so a test can find one that is out of date.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.judge import store
from benchmarks.report.table import Results, others, ratio

SHOWN = store.ROOT / "docs" / "benchmarks"
OURS = "logitron"
#: The problems whose descent is drawn, as far as they were measured.
DESCENTS = ("A@1", "digits@1", "C", "D@1", "K10", "G@1")
COLOURS = {
    "logitron": "#b5403a",
    "sklearn lbfgs": "#1f6f8b",
    "sklearn newton-cholesky": "#4aa3c0",
    "sklearn newton-cg": "#9cc9d8",
    "sklearnex lbfgs": "#7a6a9c",
    "glum irls": "#c8a23a",
    "jaxopt lbfgs": "#5a9367",
    "torch lbfgs": "#d98b4a",
}
GREY = "#999999"


def digest(results: Results) -> str:
    """A few letters that change when the numbers do."""
    text = json.dumps(results, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tidy(axes: Any, **labels: str) -> None:
    """Set labels, and remove lines that hold no data."""
    axes.set(**labels)
    axes.grid(True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def descents(results: Results, figure: Any) -> None:
    """The seconds and the gap of the fits of each contender."""
    from matplotlib.ticker import NullFormatter

    shown = [name for name in DESCENTS if name in results][:6]
    grid = figure.subplots(-(-len(shown) // 3), min(3, len(shown)), squeeze=False).ravel()
    for axes, name in zip(grid, shown, strict=False):
        for who, one in results[name]["contenders"].items():
            points = best_by_time([(t, gap) for _, t, gap in one["rungs"] if gap is not None])
            if who not in COLOURS or not points:  # all of them would be too many
                continue
            axes.plot(
                *zip(*points, strict=True),
                marker="o",
                markersize=3,
                linewidth=2.0 if who == OURS else 1.0,
                color=COLOURS[who],
                label=who,
                zorder=3 if who == OURS else 2,
            )
        axes.set(xscale="log", yscale="log", ylim=(1e-14, 10))
        axes.xaxis.set_minor_formatter(NullFormatter())  # within a decade, they would overlap
        tidy(axes, title=f"{name}: {results[name]['title']}", xlabel="seconds")
        axes.title.set_fontsize(8)
        axes.axhline(1e-6, color=GREY, linewidth=0.8, linestyle=":")
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    grid[0].set_ylabel("relative suboptimality")
    handles = {
        h.get_label(): h for axes in grid for h in axes.get_lines() if h.get_label()[0] != "_"
    }
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False
    )


def best_by_time(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other point beats in both, in the order of their times."""
    kept: list[tuple[float, float]] = []
    for seconds, gap in sorted(points):
        if not kept or gap < kept[-1][1]:
            kept.append((seconds, max(gap, 1e-14)))
    return kept


def speedups(results: Results, figure: Any) -> None:
    """The ratio to the best other contender, on every problem."""
    from matplotlib.ticker import LogLocator, NullLocator

    bars = []
    for name, one in results.items():
        if OURS in one["contenders"] and (found := ratio(one, OURS, others(one))):
            bars.append((name, *found))
    axes = figure.subplots()
    places = range(len(bars))[::-1]
    axes.barh(
        places,
        [value - 1.0 for _, _, value in bars],
        left=1.0,
        color=["#b5403a" if value >= 1.0 else GREY for _, _, value in bars],
    )
    for place, (_, text, value) in zip(places, bars, strict=True):
        edge = max(value, 1.0)
        axes.annotate(text, (edge, place), (3, 0), textcoords="offset points", va="center", size=7)
    axes.set_yticks(places, [name for name, _, _ in bars], fontsize=7)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.axvline(1.0, color="black", linewidth=0.8)
    values = [value for _, _, value in bars] or [1.0]
    axes.set_xlim(min(0.5, 0.7 * min(values)), 2.0 * max(values))
    axes.set_ylim(-0.7, len(bars) - 0.3)
    tidy(axes, xlabel="times as fast as the best other, to a relative suboptimality of 1e-6")


def curves(results: Results, figure: Any) -> None:
    """The seconds at each size, with the slope of each line."""
    grid = figure.subplots(1, len(results), squeeze=False).ravel()
    for axes, one in zip(grid, results.values(), strict=True):
        for who, row in one["seconds"].items():
            points = [(s, t) for s, t in zip(one["sizes"], row, strict=True) if t is not None]
            if not points:
                continue
            slope = one["slopes"][who]
            axes.plot(
                *zip(*points, strict=True),
                marker="o",
                markersize=3,
                color=COLOURS.get(who, "#4aa3c0"),
                label=who if slope is None else f"{who}: {slope:.1f}",
            )
        axes.set(xscale="log", yscale="log")
        tidy(axes, xlabel=one["title"])
        axes.xaxis.label.set_fontsize(8)
        axes.legend(fontsize=6, title="slope", title_fontsize=6, frameon=False)
    grid[0].set_ylabel("seconds to 1e-6")


#: Methods of scikit-learn's ways to make many fits, by a word of their names.
WAYS = {
    "logitron": "#b5403a",
    "lbfgs": "#1f6f8b",
    "newton-cholesky": "#c8a23a",
    "newton-cg": "#5a9367",
}
#: A relative gap above which fits did not arrive.
FAR = 1e-4


def many_fits(results: Results, figure: Any) -> None:
    """The seconds of each way to make many fits, hollow where the worst fit did not arrive."""
    axes = figure.subplots()
    for place, one in enumerate(results.values()):
        for name, way in one["ways"].items():
            word = next(word for word in WAYS if word in name)
            axes.scatter(
                way["seconds"],
                place,
                s=70 if word == OURS else 40,
                facecolors="white" if way["gap"] > FAR else WAYS[word],
                edgecolors=WAYS[word],
                linewidths=1.5,
                zorder=3,
            )
    for word, colour in WAYS.items():
        label = word if word == OURS else f"scikit-learn, {word}"
        axes.scatter([], [], s=40, color=colour, label=label)
    hollow = f"hollow: a fit is further than {FAR:g} from its optimum"
    axes.scatter([], [], s=40, facecolors="white", edgecolors=GREY, label=hollow)
    axes.set_yticks(range(len(results)), [one["title"] for one in results.values()])
    axes.set_ylim(len(results) - 0.5, -0.5)
    tidy(axes, xlabel="seconds for all fits", xscale="log")
    axes.xaxis.set_major_formatter("{x:g}")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)


#: The source of each picture: a file of results, a function that draws them, and the size.
PICTURES: dict[str, tuple[str, Callable[[Results, Any], None], Callable[[Results], tuple]]] = {
    "descents": ("engine", descents, lambda r: (9.0, 6.0)),
    "speedups": ("engine", speedups, lambda r: (7.0, 0.8 + 0.17 * len(r))),
    "growth": ("growth", curves, lambda r: (11.0, 3.2)),
    "many": ("many", many_fits, lambda r: (8.5, 1.1 + 0.36 * len(r))),
}


def draw(folder: Path, results_in: Path = store.SHOWN) -> list[Path]:
    """Draw the pictures of which there are results, into a folder; returns the files."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        print("no pictures: matplotlib is not installed")
        return []
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, (source, paint, size) in PICTURES.items():
        results = store.load(source, results_in)
        if not results:
            continue
        with mpl.rc_context({"svg.hashsalt": name, "font.size": 8}):
            figure = Figure(figsize=size(results), layout="constrained")
            paint(results, figure)
            path = folder / f"{name}.svg"
            # without a date, the same numbers make the same file
            made_of = f"made of {source}.json, {digest(results)}"
            figure.savefig(path, metadata={"Date": None, "Description": made_of})
            drawn.append(path)
    return drawn


if __name__ == "__main__":
    for path in draw(SHOWN):
        print(path)
