"""Everything in one command: ``python -m benchmarks``, or ``nox -s bench``.

Without options, a few minutes: the problems and contenders of the headline, judged, drawn and shown
in tables. ``--full`` measures every problem, contender and question, which takes hours. ``--device
cuda`` measures on a GPU, with the options of ``benchmarks.questions.gpu``. Results stay in
``.benchmarks``, which git ignores; with ``--full``, ``--keep`` puts them where README and
documentation show them from.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import (
    backends,
    engine,
    growth,
    hostile,
    many,
    memory,
    original,
    overhead,
    precision,
    tables,
)
from benchmarks.contenders import measured_on
from benchmarks.data.problems import PROBLEMS, chosen
from benchmarks.judge import store
from benchmarks.questions import gpu
from benchmarks.report import figures
from benchmarks.report.table import headline, many_table

#: the short run: a pixel problem, a table, softmax, rows, embeddings, and many fits
HEADLINE = ("A@1", "cancer@1", "digits@1", "C", "K10")
MANY = ("bootstrap", "labels64")
LIMIT = 5.0

Each = Callable[[str], None]


@contextmanager
def progress(steps: int) -> Iterator[Each]:
    """A bar of the steps that are done, where there is a terminal and rich to draw it."""
    try:
        from rich.progress import Progress
    except ImportError:
        yield lambda name: print(f"done: {name}", flush=True)
        return
    with Progress() as bar:
        task = bar.add_task("benchmark", total=steps)
        yield lambda name: bar.update(task, advance=1, description=name)


def short(results: dict) -> None:
    """The headline."""
    with progress(len(HEADLINE) + len(MANY) + 1) as each:
        who = engine.named(["headline"])
        results["engine"] = engine.measured(
            chosen(list(HEADLINE)), who, rounds=2, limit=LIMIT, each=each
        )
        results["many"] = many.measured(list(MANY), rounds=1, each=each)
        results["overhead"] = overhead.measured(repeats=50)
        each("overhead")


def full(results: dict) -> None:
    """All problems, contenders and questions."""
    axes = [*growth.AXES, "m"]
    steps = len(PROBLEMS) + len(many.PROBLEMS) + len(axes) + 7
    with progress(steps) as each:
        original.main()
        each("original")
        results["overhead"] = overhead.measured()
        each("overhead")
        backends.measured()
        each("backends")
        memory.measured()
        each("memory")
        precision.measured()
        each("precision")
        hostile.measured()
        each("hostile")
        if tables.missing() is None:
            tables.measured()
        each("tables")
        growth.measured(axes, each)
        results["many"] = many.measured(list(many.PROBLEMS), each=each)
        results["engine"] = engine.measured(
            list(PROBLEMS.values()), list(measured_on("cpu")), each=each
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every problem and contender")
    parser.add_argument("--keep", action="store_true", help="renew the results that are shown")
    parser.add_argument("--device", help="cuda: fits on a GPU, with more options")
    options, more = parser.parse_known_args()
    if options.device is not None:
        gpu.main(["--device", options.device, *more])
        return
    if more:
        parser.error(f"unknown arguments: {' '.join(more)}")
    if options.keep and not options.full:
        parser.error("--keep is for --full: the short run would replace more than it measures")
    if options.keep:
        store.use(store.SHOWN)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    results: dict = {}
    (full if options.full else short)(results)
    print()
    print(headline(results["engine"]))
    print()
    print(many_table(results["many"]))
    print()
    print(overhead.table(results["overhead"]))
    print(f"\n{(time.perf_counter() - start) / 60:.1f} minutes; results in {store.folder()}")
    for path in figures.draw(figures.SHOWN if options.keep else store.folder(), store.folder()):
        print(f"drawn: {path}")


if __name__ == "__main__":
    main()
