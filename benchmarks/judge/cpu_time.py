"""Ladders in CPU seconds, for fits on one thread: on a busy machine, wall time says little.

A ladder runs in a fork of this process: imported modules and compiled code are there already. The
system ends the fork when one call uses more CPU time than its limit.
"""

import multiprocessing
import signal
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.judge.job import LADDER
from benchmarks.judge.ladder import LADDER_LIMITS, STALLED
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import again

#: The seconds from which a call is timed once. While the timer of a limit runs, some systems count
#: CPU time in ticks of 4 ms, which are of no weight there; shorter calls are repeated without it.
LONG = 1.0
#: The CPU seconds after which the clock is exact again: some ticks.
SETTLED = 0.02
#: The first tolerance from which a ladder ends when tighter ones change nothing.
STALLS_FROM = 1e-4
#: Whether this system has forks and timers of CPU time; Windows has neither.
AVAILABLE = "fork" in multiprocessing.get_all_start_methods() and hasattr(signal, "setitimer")
#: Fits at a tolerance.
FitAt = Callable[[float], Any]
#: The relative distance of fits from the best values that are known.
Gap = Callable[[Any], float]
Rung = dict[str, float]


def cpu_seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU seconds of one call, of all threads, and its answer."""
    start = time.process_time()
    answer = call()
    return time.process_time() - start, answer


def best_of_some(call: Callable[[], Any]) -> float:
    """The best CPU seconds of a short call, which is repeated."""
    seconds: list[float] = []
    start = time.process_time()
    while time.process_time() < start + SETTLED:  # the clock counts in ticks until then
        pass
    while again(seconds):
        seconds.append(cpu_seconds(call)[0])
    return min(seconds)


def climbed(
    fit: FitAt, gap: Gap, goal: float, limit: float, ladder: tuple[float, ...] = LADDER[1:]
) -> tuple[list[Rung], str]:
    """The tolerance, CPU seconds and gap of each fit up to the goal, and why there are no more.

    The last fit is repeated where it is short. The reason is "goal", "stalled", "time", "ladder",
    or that of a failure. A ladder without time ends at a limit of one fit, or of all together.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    job = (fit, gap, goal, limit, ladder, theirs)
    process = context.Process(target=_in_fork, args=job, daemon=True)
    process.start()
    theirs.close()
    rungs: list[Rung] = []
    why = "time"  # the end of a process that was ended
    try:
        while True:
            message = ours.recv()
            if isinstance(message, str):
                why = message
                break
            rungs.append(message)
    except EOFError:
        process.join()
        if process.exitcode != -signal.SIGPROF:
            why = f"died with {process.exitcode}"
    process.join()
    return rungs, why


def _in_fork(
    fit: FitAt, gap: Gap, goal: float, limit: float, ladder: tuple[float, ...], out: Connection
) -> None:
    """Send every rung, and then the reason of the end."""
    warnings.simplefilter("ignore")  # a fit that does not converge is judged by its gap
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    try:
        with threads(Setting(1, 1)):
            out.send(_climb(fit, gap, goal, limit, ladder, out))
    except Exception as error:  # the failure of a contender is a result too
        out.send(f"{type(error).__name__}: {error}"[:200])


def _climb(
    fit: FitAt, gap: Gap, goal: float, limit: float, ladder: tuple[float, ...], out: Connection
) -> str:
    spent, best, stalls = 0.0, float("inf"), 0
    for tol in ladder:
        signal.setitimer(signal.ITIMER_PROF, limit)
        seconds, answer = cpu_seconds(lambda tol=tol: fit(tol))
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        spent, reached = spent + seconds, gap(answer)
        if reached <= goal and seconds < LONG:
            seconds = best_of_some(lambda tol=tol: fit(tol))
        out.send({"tol": tol, "seconds": seconds, "gap": reached})
        stalls = stalls + 1 if reached > 0.9 * best and tol <= STALLS_FROM else 0
        best = min(best, reached)
        if reached <= goal:
            return "goal"
        if stalls >= STALLED:
            return "stalled"
        if spent > LADDER_LIMITS * limit:
            return "time"
    return "ladder"
