"""The process in which one contender runs on the device; it speaks as `benchmarks.worker` does.

``reference`` is no contender: it finds what others are judged by. ``rates`` measures the device.
"""

import json
import os
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from benchmarks.gpu import rates
from benchmarks.gpu.contenders import CONTENDERS, Answer, Contender, Logitron
from benchmarks.gpu.judge import DeviceObjective, gap
from benchmarks.gpu.problems import PROBLEMS, Problem
from benchmarks.judge.timing import timed
from logitron.backend import LIBRARIES

Say = Callable[..., None]

#: the same tolerances for all, until all fits that are judged are so near, or time is up
LADDER, GOAL, STALLED = tuple(10.0**-k for k in range(9)), 1e-6, 3
#: fits that are judged, of many
JUDGED = 12
#: seconds for what is not a fit: data, libraries, kernels that are compiled
PATIENCE = 240.0
#: where the reference stops
REFERENCE_TOL = 1e-6
#: and what it must prove, relative to the optimum
SLACK = 1e-7


def objective(problem: Problem, X: object, y: object, job: int) -> DeviceObjective:
    """One fit's objective."""
    target, C = problem.jobs[job]
    return DeviceObjective(X, y if target is None else y[:, target], C, problem.columns)


def run(name: str, job: dict, say: Say) -> None:
    """Do what a line asks for."""
    problem, device = PROBLEMS[job["problem"]].scaled(job["scale"]), job["device"]
    say("start", allow=PATIENCE)
    if name == "rates":
        say("rates", rates=rates.measured(device, job["scale"]), machine=rates.describe(device))
    elif name == "reference":
        say("reference", lowest=reference(problem, device))
    else:
        climb(CONTENDERS[name](problem, device), problem, job, say)
    say("end", why="")


def reference(problem: Problem, device: str) -> dict[int, float]:
    """What the optimum of each fit that is judged cannot be below."""
    X, y = problem.load(device)
    solver = Logitron(problem, device)
    solver.prepare(X.double(), y)
    found = solver.fit(REFERENCE_TOL)
    lowest = {}
    for job in problem.some(JUDGED):
        W, b = found[job]
        judge = objective(problem, X, y, job)
        lowest[job] = judge.lowest(W.T, b)
        slack = gap(judge, lowest[job], W, b)
        if slack > SLACK:
            raise ArithmeticError(f"only {slack:.0e} proven of fit {job}, not {SLACK}")
    return lowest


def climb(contender: Contender, problem: Problem, job: dict, say: Say) -> None:
    """From loose to tight tolerances."""
    X, y = problem.load(job["device"])
    contender.prepare(X, y)
    release()
    contender.warm_up()
    say("ready", allow=job["limit"])
    limit, best, stalls, spent = job["limit"], np.inf, 0, 0.0
    share = len(contender.jobs) / len(problem.jobs)
    for tol in LADDER:
        say("fit", allow=limit, tol=tol)
        start = time.perf_counter()
        seconds, found = timed(lambda tol=tol: contender.fit(tol))
        spent += time.perf_counter() - start
        say("judge", allow=PATIENCE)
        release()
        reached = judged(contender, problem, X, y, found, job["lowest"])
        release()
        rung = {"tol": tol, "seconds": seconds / share, "gap": reached}
        say("rung", allow=limit, facts=contender.facts(), **rung)
        stalls = stalls + 1 if reached > 0.9 * best else 0
        best = min(best, reached)
        if reached <= GOAL or stalls >= STALLED or seconds > limit or spent > 2.5 * limit:
            return


def release() -> None:
    """Give back the memory that libraries keep for later: they share the device here."""
    for name in ("torch", "cupy"):
        if name in sys.modules:
            LIBRARIES[name].release_memory()


def judged(
    contender: Contender,
    problem: Problem,
    X: object,
    y: object,
    found: list[Answer],
    lowest: dict[str, float],
) -> float:
    """The largest gap of the fits that are judged, of those that were made."""
    gaps = []
    for job, answer in zip(contender.jobs, found, strict=True):
        if str(job) in lowest:
            gaps.append(gap(objective(problem, X, y, job), lowest[str(job)], *answer))
    return max(gaps)


def main() -> None:
    # libraries may print: our lines keep the real standard output to themselves
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")

    def say(event: str, allow: float = PATIENCE, **what: object) -> None:
        print(json.dumps({"event": event, "allow": allow} | what), file=lines, flush=True)

    for line in sys.stdin:
        try:
            run(sys.argv[1], json.loads(line), say)
        except Exception as error:  # a contender that fails is a result too
            say("end", why=f"{type(error).__name__}: {error}"[:200])


if __name__ == "__main__":
    main()
