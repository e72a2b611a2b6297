"""Two revisions of logitron: ratios of their times, measured by turns in one run.

Each revision has processes of its own, on the same data and with the benchmark of the working tree,
so only the package differs. Nothing is stored.

``python -m benchmarks.questions.compare REV`` compares the working tree with a revision of git;
``REV OTHER`` compares two revisions.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.data import saved
from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.judge.job import Job
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.process import WorkerProcess
from benchmarks.judge.reference import optimum
from benchmarks.judge.store import ROOT
from benchmarks.options import parser_of

#: The problems that are compared unless others are named: small, tall, wide, softmax, hard.
DEFAULT = ("A@1", "cancer@1", "digits@1", "C", "K10", "F2", "imbalanced")
TREE = "working tree"
ROUNDS = 5
#: The tolerances of the fits, and the gap of the times that are compared.
LADDER, GAP = (1e-2, 1e-3, 1e-4), 1e-6
#: The ratios outside of which a difference is reported; inside, it is noise.
FASTER, SLOWER = 0.9, 1.1


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """The sources of a revision, in a folder that is gone afterwards."""
    if revision == TREE:
        yield ROOT / "src"
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "tree"
        try:
            git("worktree", "add", "--detach", str(place), revision)
            yield place / "src"
        finally:
            shutil.rmtree(place, ignore_errors=True)
            git("worktree", "prune")


def git(*arguments: str) -> str:
    """The output of a command of git, whose failure ends the program."""
    done = subprocess.run(
        ["git", *arguments], check=False, cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def fit_by_turns(
    workers: dict[str, WorkerProcess], problem: Problem, rounds: int
) -> dict[str, dict]:
    """The seconds of each revision to the gap in every round, and the passes that they took."""
    X, y = problem.data.load()
    best = optimum(problem, X, y)
    found: dict[str, dict] = {
        name: {"seconds": [], "passes": None, "ended": ""} for name in workers
    }
    with tempfile.TemporaryDirectory() as folder:
        saved.save(Path(folder), X, y)
        lowest = {"0": best.value}
        job = Job(problem.limit, lowest, folder=folder, C=problem.C, ladder=LADDER)
        for turn in range(rounds):
            order = list(workers) if turn % 2 == 0 else list(workers)[::-1]
            for name in order:
                outcome = Outcome(name, problem.limit)
                workers[name].run(job, outcome)
                # the first one finds the thread setting of all rounds
                job = replace(job, setting=job.setting or outcome.setting)
                rung = outcome.rung_at(GAP)
                found[name]["seconds"].append(None if rung is None else rung["seconds"])
                found[name]["ended"] = outcome.ended
                if rung is not None:
                    found[name]["passes"] = rung["facts"].get("passes")
    return found


def ratio(found: dict[str, dict], new: str, old: str) -> float | None:
    """The new seconds divided by the old ones: the median over the rounds."""
    rounds = zip(found[new]["seconds"], found[old]["seconds"], strict=True)
    ratios = [a / b for a, b in rounds if a is not None and b is not None]
    return median(ratios) if ratios else None


def line(problem: Problem, found: dict[str, dict], new: str, old: str) -> str:
    """The row of a problem."""
    r = ratio(found, new, old)
    known = {who: [t for t in found[who]["seconds"] if t is not None] for who in (old, new)}
    verdict = f"{r:.2f}" if r is not None else f"not reached: {found[new]['ended']}"
    if r is not None and not FASTER < r < SLOWER:
        verdict += "  faster" if r < 1 else "  SLOWER"
    if len(known[new]) < len(known[old]):
        verdict += "  LOST"
    times = "".join(f"{min(known[who], default=float('nan')):>10.4g}" for who in (old, new))
    passes = " -> ".join(
        "-" if found[who]["passes"] is None else f"{found[who]['passes']:.1f}" for who in (old, new)
    )
    return f"{problem.name:12}{times}   {passes:>16}   {verdict}"


def main() -> None:
    parser = parser_of("compare", __doc__, stored=False)
    parser.add_argument("old", help="a revision of git")
    parser.add_argument("new", nargs="?", default=TREE, help="another one, or the working tree")
    parser.add_argument("--problems", nargs="+", default=list(DEFAULT))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    old, new = (
        who if who == TREE else git("rev-parse", "--short", who)
        for who in (options.old, options.new)
    )
    print(f"seconds to {GAP:g} of {old} and {new}; passes; ratio (below 1: {new} is faster)")
    with checked_out(old) as before, checked_out(new) as after:
        workers = {
            name: WorkerProcess("logitron", {"PYTHONPATH": str(source)})
            for name, source in ((old, before), (new, after))
        }
        try:
            for problem in chosen(options.problems):
                found = fit_by_turns(workers, problem, options.rounds)
                print(line(problem, found, new, old), flush=True)
        finally:
            for worker in workers.values():
                worker.stop()


if __name__ == "__main__":
    main()
