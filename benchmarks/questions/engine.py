"""Exact fits: seconds to equal suboptimality, of logitron and the solvers of other libraries.

Results are stored problem by problem.

``python -m benchmarks.questions.engine`` measures; ``--problems`` and ``--contenders`` choose.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from benchmarks.contenders import CONTENDERS, measured_on
from benchmarks.data import saved
from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.judge import Objective, store
from benchmarks.judge.job import LADDER, Job
from benchmarks.judge.machine import describe
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.process import WorkerProcess
from benchmarks.judge.rates import floor, rates
from benchmarks.judge.reference import optimum
from benchmarks.judge.runner import ROUNDS, measure
from benchmarks.judge.store import short
from benchmarks.options import Each, Results, answered, ignore, parser_of
from benchmarks.report.table import LEGEND, TARGETS, asked, problem_table, seconds

RESULT = "engine"


class Session:
    """One run: its workers, the data of the last problem, and the rates of the machine."""

    goal: ClassVar[float] = 1e-9
    """The gap at which a contender is not asked for a smaller one."""
    ladder: ClassVar[tuple[float, ...]] = LADDER

    def __init__(self, names: list[str], rounds: int) -> None:
        self.workers = {name: WorkerProcess(name, CONTENDERS[name].environment) for name in names}
        self.rounds = rounds
        self.rates = rates()
        self.machine = describe(*self.packages(names))
        self.data: object = None
        self.X = self.y = np.empty(0)

    @staticmethod
    def packages(names: list[str]) -> list[str]:
        """The distributions of all contenders that can run here."""
        found = {
            p
            for name in names
            if CONTENDERS[name].refuses(1) is None
            for p in CONTENDERS[name].packages
        }
        return sorted(found | {"numpy", "scipy"})

    def run(self, problem: Problem, folder: Path) -> Results:
        """Measure all contenders on a problem; returns the stored results."""
        if problem.data != self.data:
            self.X, self.y = problem.data.load()
            self.data = problem.data
            saved.save(folder, self.X, self.y)
        best = optimum(problem, self.X, self.y)
        print(
            f"{problem.name}: {problem.title}; f* = {best.value:.12g}, proven to {best.bound:.0e}",
            flush=True,
        )
        columns = Objective.of(self.X, self.y, problem.C).columns
        refused = {name: self.refusal(name, columns) for name in self.workers}
        job = Job(
            problem.limit,
            {"0": best.value},
            folder=str(folder),
            C=problem.C,
            goal=self.goal,
            ladder=self.ladder,
        )
        outcomes = measure(
            {name: worker for name, worker in self.workers.items() if refused[name] is None},
            job,
            self.X.size,
            self.rounds,
            progress,
        )
        return {
            "title": problem.title,
            "group": problem.group,
            "shape": list(self.X.shape),
            "optimum": best.value,
            "floor": short(self.floor()),
            "asked": problem.asked,
            "asked_lbfgs": problem.asked_lbfgs,
            "machine": self.machine,
            "rates": {name: short(rate) for name, rate in self.rates.items()},
            "contenders": {name: stored(outcome) for name, outcome in outcomes.items()},
            "left_out": {name: why for name, why in refused.items() if why is not None},
        }

    def refusal(self, name: str, columns: int) -> str | None:
        """The reason why a contender cannot fit the data; None where it can."""
        return CONTENDERS[name].refuses(columns, self.X.shape[0])

    def floor(self) -> float:
        """The least time of an exact fit of the data."""
        return floor(self.X.shape, self.rates)

    def close(self) -> None:
        """End the processes."""
        for worker in self.workers.values():
            worker.stop()


def measured(
    problems: list[Problem],
    names: list[str],
    *,
    rounds: int = ROUNDS,
    limit: float | None = None,
    keep: bool = True,
    each: Each = ignore,
    kind: type[Session] = Session,
    result: str = RESULT,
) -> Results:
    """Measure contenders on problems; each problem is stored as soon as it is done.

    Another question may do so in a session of its own `kind`, and store in another file.
    """
    results = {}
    session = kind(names, rounds)
    with tempfile.TemporaryDirectory() as folder:
        try:
            for problem in problems:
                if lacking := problem.missing():
                    print(f"{problem.name}: left out, {lacking}", flush=True)
                    continue
                timed = replace(problem, limit=limit or problem.limit)
                results[problem.name] = session.run(timed, Path(folder))
                if keep:
                    store.merge(result, {problem.name: results[problem.name]})
                each(problem.name)
        finally:
            session.close()
    return results


def named(parts: list[str]) -> list[str]:
    """The contenders whose names have one of these parts; "all", or those of the "headline"."""
    return [
        name
        for name, who in measured_on("cpu").items()
        if any(
            part in name or part == "all" or (part == "headline" and who.headline) for part in parts
        )
    ]


def progress(outcome: Outcome) -> None:
    """Print the row of a contender."""
    times = " ".join(f"{seconds(outcome.time_to(gap), outcome.limit):>9}" for gap in TARGETS)
    print(f"  {outcome.contender:24}{times}  ended: {outcome.ended[:30]}", flush=True)


def stored(outcome: Outcome) -> Results:
    """An outcome as it is stored: small, and enough for every table."""
    closest = outcome.rung_at(1e-9) or min(
        outcome.rungs.values(), key=lambda rung: rung["gap"], default={"facts": {}}
    )
    rungs = sorted(outcome.rungs.values(), key=lambda rung: -rung["tol"])
    return {
        "limit": outcome.limit,
        "setting": outcome.setting,
        "seconds": {f"{gap:g}": short(outcome.time_to(gap)) for gap in TARGETS},
        "best_gap": short(outcome.best_gap()),
        "ended": outcome.ended,
        "facts": closest["facts"],
        "rungs": [[r["tol"], short(r["seconds"]), short(r["gap"])] for r in rungs],
    }


def main() -> None:
    parser = parser_of("engine", __doc__)
    parser.add_argument("--problems", nargs="+", default=["all"], help="names, letters or groups")
    who = "all, headline, or parts of names"
    parser.add_argument("--contenders", nargs="+", default=["all"], help=who)
    parser.add_argument("--limit", type=float, help="seconds that one fit may take")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of short fits, by turns")
    options = parser.parse_args()
    problems = chosen(options.problems)
    names = named(options.contenders)
    found = answered(
        parser,
        options,
        RESULT,
        lambda keep: measured(
            problems, names, rounds=options.rounds, limit=options.limit, keep=keep
        ),
    )
    results = {p.name: found[p.name] for p in problems if p.name in found}
    print()
    for name, result in results.items():
        print(problem_table(name, result), end="\n\n")
    print(LEGEND)
    lines = [line for name, result in results.items() if (line := asked(name, result))]
    print("\n".join(["", *lines]))


if __name__ == "__main__":
    main()
