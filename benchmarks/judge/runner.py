"""One problem, taken to one contender after the other.

Small problems share the process of a contender, since its start takes longer than they do. A large
one gets a new process, so that the memory of another problem is not in its way.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.judge.job import Job
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.process import WorkerProcess

#: The size of X from which on a contender gets a new process.
LARGE = 1e7
#: Contenders with fits shorter than this, in seconds, are measured in several rounds.
SHORT, ROUNDS = 0.05, 3


def measure(
    workers: Mapping[str, WorkerProcess],
    job: Job,
    size: float,
    rounds: int = ROUNDS,
    report: Callable[[Outcome], None] = print,
) -> dict[str, Outcome]:
    """The outcomes of all contenders on one problem, by turns; short fits in several rounds."""
    outcomes = {name: Outcome(name, job.limit) for name in workers}
    for name, worker in workers.items():
        if size >= LARGE:
            worker.stop()
        worker.run(job, outcomes[name])
        if size >= LARGE:
            worker.stop()
        report(outcomes[name])
    for _ in range(rounds - 1):
        for name, outcome in outcomes.items():
            seconds = outcome.time_to(1e-6) or outcome.time_to(1e-4)
            if seconds is not None and seconds < SHORT:
                ladder = tuple(sorted(outcome.rungs)[::-1])
                ended = outcome.ended
                workers[name].run(replace(job, setting=outcome.setting, ladder=ladder), outcome)
                outcome.ended = ended
    return outcomes


def alone(
    name: str, job: Job, environment: Mapping[str, str] | None = None, device: str = "cpu"
) -> Outcome:
    """The outcome of one job in a new process, which ends with it."""
    worker = WorkerProcess(name, environment, device)
    outcome = Outcome(name, job.limit)
    try:
        worker.run(job, outcome)
    finally:
        worker.stop()
    return outcome
