"""The ladder of a contender: fits from loose to tight tolerances, each timed and judged."""

from collections.abc import Callable

import numpy as np

from benchmarks.contenders import Contender
from benchmarks.judge import devices
from benchmarks.judge.job import Job
from benchmarks.judge.task import Task
from benchmarks.judge.timing import seconds_of, timed

#: The number of tolerances without a smaller gap after which a ladder ends.
STALLED = 3
#: The time of all fits of a ladder, in limits of a single one.
LADDER_LIMITS = 2.5

#: Reports an event, with the seconds until the next one.
Say = Callable[..., None]


def climb(contender: Contender, task: Task, job: Job, say: Say) -> str:
    """Fit at each tolerance of the job; returns the reason why the ladder ended.

    The seconds are those of all parts. Where a contender makes some of many, they are extrapolated.
    """
    spent, best, stalls = 0.0, np.inf, 0
    share = len(contender.places) / len(contender.parts)
    for tol in job.ladder:
        say("fit", allow=job.limit, tol=tol)
        all_seconds, (seconds, found) = seconds_of(
            lambda tol=tol: timed(lambda: contender.fit_parts(tol), contender.wait)
        )
        spent += all_seconds
        say("judge", allow=job.patience)
        reached = judged(contender, task, job, found)
        rung = {"tol": tol, "seconds": seconds / share, "gap": reached}
        facts = dict(found[0].facts) | contender.facts()
        say("rung", allow=job.limit, **rung, facts=facts)
        stalls = stalls + 1 if reached > 0.9 * best and tol <= job.stalls_from else 0
        best = min(best, reached)
        if reached <= job.goal:
            return "goal"
        if stalls >= STALLED:
            return "stalled"
        if seconds > job.limit or spent > LADDER_LIMITS * job.limit:
            return "time"
    return "ladder"


def judged(contender: Contender, task: Task, job: Job, found: list) -> float:
    """The largest gap of the fits; on a device, memory that nobody uses is returned around it."""
    if job.device == "cpu":
        return task.gap(job.lowest, contender.places, found)
    devices.release()
    reached = task.gap(job.lowest, contender.places, found)
    devices.release()
    return reached
