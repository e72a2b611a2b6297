"""The benchmark in one command: ``python -m benchmarks``, or ``nox -s bench``.

Without options it takes a few minutes: the problems and contenders of the headline are measured,
drawn and shown in tables. ``--full`` measures every problem, contender and question, which takes
hours. ``--device cuda`` measures fits on a GPU, with the options of ``benchmarks.questions.gpu``.
Results are stored in ``.benchmarks``, which git ignores; ``--full --keep`` stores them where README
and documentation show them from.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.contenders import measured_on
from benchmarks.data import r_tables
from benchmarks.data.l1_problems import L1
from benchmarks.data.problems import PROBLEMS, chosen
from benchmarks.data.separable_problems import SEPARABLE
from benchmarks.data.sparse_problems import SPARSE
from benchmarks.judge import cpu_time, store
from benchmarks.options import Each, Results
from benchmarks.questions import (
    backends,
    engine,
    gpu,
    growth,
    hostile,
    l1,
    many,
    memory,
    original,
    overhead,
    precision,
    separable,
    sparse,
    tables,
)
from benchmarks.report import figures
from benchmarks.report.table import headline, many_table

#: The short run: a pixel problem, a table, softmax, rows, embeddings, and many fits.
HEADLINE = ("A@1", "cancer@1", "digits@1", "C", "K10")
MANY = ("bootstrap", "labels64")
LIMIT = 5.0


@contextmanager
def progress(steps: int) -> Iterator[Each]:
    """A function that reports steps: in a bar if rich is installed, else in lines."""
    try:
        from rich.progress import Progress
    except ImportError:
        yield lambda name: print(f"done: {name}", flush=True)
        return
    with Progress() as bar:
        task = bar.add_task("benchmark", total=steps)
        yield lambda name: bar.update(task, advance=1, description=name)


def short() -> Results:
    """The results of the headline, by question."""
    with progress(len(HEADLINE) + len(MANY) + 1) as each:
        results = {
            "engine": engine.measured(
                chosen(list(HEADLINE)), engine.named(["headline"]), rounds=2, limit=LIMIT, each=each
            ),
            "many": many.measured(list(MANY), rounds=1, each=each),
            "overhead": overhead.measured(repeats=50),
        }
        each("overhead")
    return results


def full() -> Results:
    """The results of all problems, contenders and questions, by question."""
    results = {}
    questions = (original, overhead, backends, memory, precision, hostile, tables)
    axes = [*growth.AXES, "m"]
    count = len(PROBLEMS) + len(SEPARABLE) + len(SPARSE) + len(L1)
    with progress(count + len(many.PROBLEMS) + len(axes) + len(questions)) as each:
        for question in questions:
            if question is not tables or r_tables.missing() is None:
                results[question.RESULT] = question.measured()
            each(question.RESULT)
        results["growth"] = growth.measured(axes, each)
        results["many"] = many.measured(list(many.PROBLEMS), each=each)
        who = list(measured_on("cpu"))
        results["separable"] = separable.measured(each=each)
        results["sparse"] = sparse.measured(each=each)
        if cpu_time.AVAILABLE:
            results["l1"] = l1.measured(each=each)
        results["engine"] = engine.measured(list(PROBLEMS.values()), who, each=each)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every problem and contender")
    parser.add_argument("--keep", action="store_true", help="renew the results that are shown")
    parser.add_argument("--device", help="cuda: measure on a GPU; more options are its own")
    options, more = parser.parse_known_args()
    if options.device is not None:
        if options.full or options.keep:
            parser.error("--full and --keep are for the processor")
        gpu.main(["--device", options.device, *more])
        return
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if options.keep and not options.full:
        parser.error("--keep is for --full: the short run would replace more than it measures")
    if options.keep:
        store.use(store.SHOWN)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    results = full() if options.full else short()
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
