"""Everything in one command: ``python -m benchmarks``, or ``nox -s bench``.

Without options, a few minutes: the problems and contenders of the headline, judged, drawn and shown
in one table. ``--full`` measures every problem, contender and question, which takes hours. Results
stay in ``.benchmarks``, which git ignores; ``--keep`` puts them where README and documentation show
them from.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import backends, engine, figures, growth, many, original, overhead, store
from benchmarks.contenders import CONTENDERS
from benchmarks.problems import PROBLEMS, chosen
from benchmarks.table import headline, many_table

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


def short() -> None:
    """The headline."""
    with progress(len(HEADLINE) + len(MANY) + 1) as each:
        who = engine.named(["headline"])
        engine.measured(chosen(list(HEADLINE)), who, rounds=2, limit=LIMIT, each=each)
        many.measured(list(MANY), rounds=1, each=each)
        overhead.measured(repeats=50)
        each("overhead")


def full() -> None:
    """All problems, contenders and questions."""
    axes = [*growth.AXES, "m"]
    steps = len(PROBLEMS) + len(many.PROBLEMS) + len(axes) + 3
    with progress(steps) as each:
        original.main()
        each("original")
        overhead.measured()
        each("overhead")
        backends.measured()
        each("backends")
        growth.measured(axes, each)
        many.measured(list(many.PROBLEMS), each=each)
        engine.measured(list(PROBLEMS.values()), list(CONTENDERS), each=each)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every problem and contender")
    parser.add_argument("--keep", action="store_true", help="renew the results that are shown")
    options = parser.parse_args()
    if not options.keep:
        store.use(store.OWN)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    (full if options.full else short)()
    print()
    print(headline(store.load("engine")))
    print()
    print(many_table(store.load("many")))
    print()
    print(overhead.table(store.load("overhead")))
    print(f"\n{(time.perf_counter() - start) / 60:.1f} minutes; results in {store.folder()}")
    for path in figures.draw(store.folder() if not options.keep else figures.SHOWN):
        print(f"drawn: {path}")


if __name__ == "__main__":
    main()
