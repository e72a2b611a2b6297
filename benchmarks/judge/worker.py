"""The process in which one contender runs: jobs come in as lines of JSON, measurements go out so.

Every line says how many seconds its reader should wait for the next (``allow``), so that a fit that
hangs can be ended from outside.
"""

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.judge.gap import gap
from benchmarks.judge.objective import Objective
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import timed

#: The same tolerances for all; each library understands its own thing by them
LADDER = tuple(10.0**-k for k in range(13))
#: A ladder ends here, or where tighter tolerances change nothing any more
GOAL, STALLED, STALLS_FROM = 1e-9, 3, 1e-6
#: The trial that finds the best thread setting: a few iterations at a tolerance in the middle
TRIAL = {"tol": 1e-4, "max_iter": 10}
#: How long all fits of a ladder may take, in limits of a single one
LADDER_LIMITS = 2.5
JUDGE_SECONDS = 60.0

Say = Callable[..., None]


def run(contender: Contender, job: dict, say: Say) -> None:
    """One ladder of one contender on one problem."""
    folder, limit = Path(job["folder"]), job["limit"]
    X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
    objective = Objective.of(X, y, job["C"])
    contender.prepare(X, y, job["C"])
    with threads(Setting(1, 1)):  # the one setting that nothing can make slow
        contender.warm_up()
    if job["setting"] is None:
        setting = best_setting(contender, job["skip"], limit, say)
    else:
        setting = Setting(**job["setting"])
    if setting.own is not None:
        contender.own_threads(setting.own)
    with threads(setting):
        why = climb(contender, objective, job, say)
    say("end", why=why)


def best_setting(contender: Contender, skip: int, limit: float, say: Say) -> Setting:
    """Try the settings on a short fit, as far as time allows; the first `skip` are known as bad."""
    tried: dict[Setting, float] = {}
    for setting in contender.settings[skip:]:
        if len(contender.settings) > 1 and sum(tried.values()) < limit:
            say("trial", allow=limit)
            if setting.own is not None:
                contender.own_threads(setting.own)
            with threads(setting):
                tried[setting], _ = timed(lambda: contender.fit(**TRIAL))
            say("setting", allow=limit, setting=vars(setting), seconds=tried[setting])
    best = min(tried, key=tried.get) if tried else contender.settings[skip]
    say("chosen", allow=limit, setting=vars(best))
    return best


def climb(contender: Contender, objective: Objective, job: dict, say: Say) -> str:
    """From loose to tight; returns why it ended."""
    spent, best, stalls = 0.0, np.inf, 0
    for tol in job["ladder"] or LADDER:
        say("fit", allow=job["limit"], tol=tol)
        start = time.perf_counter()
        seconds, fit = timed(lambda tol=tol: contender.fit(tol))
        spent += time.perf_counter() - start
        say("judge", allow=JUDGE_SECONDS)
        reached = gap(objective, job["optimum"], fit.coef, fit.intercept)
        facts = dict(fit.facts)
        say("rung", allow=job["limit"], tol=tol, seconds=seconds, gap=reached, facts=facts)
        stalls = stalls + 1 if reached > 0.9 * best and tol <= STALLS_FROM else 0
        best = min(best, reached)
        if reached <= GOAL:
            return "goal"
        if stalls >= STALLED:
            return "stalled"
        if seconds > job["limit"] or spent > LADDER_LIMITS * job["limit"]:
            return "time"
    return "ladder"


def main() -> None:
    # libraries may print: our lines keep the real standard output to themselves
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")  # who did not converge is judged, not warned

    def say(event: str, allow: float = JUDGE_SECONDS, **what: object) -> None:
        print(json.dumps({"event": event, "allow": allow} | what), file=lines, flush=True)

    contender = CONTENDERS[sys.argv[1]]()
    for line in sys.stdin:
        try:
            run(contender, json.loads(line), say)
        except Exception as error:  # a contender that fails is a result too
            say("end", why=f"{type(error).__name__}: {error}"[:200])


if __name__ == "__main__":
    main()
