"""The process in which one contender runs on one device.

Jobs come in as lines of JSON, and events go out as such. Each event has the number of seconds until
the next one (``allow``), so that the reader can end a process in which a fit hangs. Two names are
not those of contenders: "reference" finds lower bounds of the optima, and "rates" measures the
device.

``python -m benchmarks.judge.worker NAME DEVICE`` starts it.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.judge import devices
from benchmarks.judge.device_rates import device_rates
from benchmarks.judge.device_reference import device_reference
from benchmarks.judge.job import Job
from benchmarks.judge.ladder import Say, climb
from benchmarks.judge.task import Task
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import timed

#: The trial of a thread setting: a few iterations at a tolerance in the middle.
TRIAL = {"tol": 1e-4, "max_iter": 10}


def run(contender: Contender, job: Job, say: Say) -> None:
    """All fits of one contender on one problem."""
    task = Task.of(job)
    contender.prepare_parts(task.X, task.y, task.parts)
    if job.device != "cpu":
        devices.release()
    if not job.tune:
        contender.warm_up()
        say("ready", allow=job.limit)
        say("end", why=climb(contender, task, job, say))
        return
    with threads(Setting(1, 1)):  # no machine is slow in this setting
        contender.warm_up()
    setting = Setting(**job.setting) if job.setting else best_setting(contender, job, say)
    if setting.own is not None:
        contender.own_threads(setting.own)
    with threads(setting):
        why = climb(contender, task, job, say)
    say("end", why=why)


def best_setting(contender: Contender, job: Job, say: Say) -> Setting:
    """The setting in which a short fit is fastest, of as many as the limit has time for."""
    tried: dict[Setting, float] = {}
    for setting in contender.settings[job.skip :]:
        if len(contender.settings) > 1 and sum(tried.values()) < job.limit:
            say("trial", allow=job.limit)
            if setting.own is not None:
                contender.own_threads(setting.own)
            with threads(setting):
                tried[setting], _ = timed(lambda: contender.fit(**TRIAL))
            say("setting", allow=job.limit, setting=vars(setting), seconds=tried[setting])
    best = min(tried, key=tried.__getitem__) if tried else contender.settings[job.skip]
    say("chosen", allow=job.limit, setting=vars(best))
    return best


def reference(job: Job, say: Say) -> None:
    """Report lower bounds of the optima."""
    say("start", allow=job.patience)
    say("reference", lowest=device_reference(job))
    say("end", why="")


def rates(job: Job, say: Say) -> None:
    """Report the rates and the description of the device."""
    say("start", allow=job.patience)
    found = device_rates(job.device, job.scale)
    say("rates", rates=found, machine=devices.describe(job.device))
    say("end", why="")


def role(name: str, device: str) -> Callable[[Job, Say], None]:
    """The work of a process with this name."""
    if name in ("reference", "rates"):
        return {"reference": reference, "rates": rates}[name]
    contender = CONTENDERS[name](device)
    return lambda job, say: run(contender, job, say)


def serve(work: Callable[[Job, Say], None], lines: Iterable[str], write: Callable) -> None:
    """Do every job, and report a failure as its end."""

    def say(event: str, allow: float = 60.0, **more: object) -> None:
        write(json.dumps({"event": event, "allow": allow} | more))

    for line in lines:
        try:
            work(Job.read(line), say)
        except Exception as error:  # the failure of a contender is a result too
            say("end", why=f"{type(error).__name__}: {error}"[:200])


def main() -> None:
    # libraries may print, so the real standard output is kept for the events
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")  # a fit that does not converge is judged by its gap
    serve(role(*sys.argv[1:3]), sys.stdin, lambda text: print(text, file=output, flush=True))


if __name__ == "__main__":
    main()
