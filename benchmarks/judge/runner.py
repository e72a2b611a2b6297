"""Takes one problem to one contender after the other, each in a process of its own.

Separate processes keep the libraries' thread pools and settings apart, and a fit that goes on for
too long can be ended. Small problems share a contender's process, since starting it takes longer
than they do; a large one gets a new process, so that nothing of another is in its way.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping

from benchmarks.judge.outcome import Outcome
from benchmarks.judge.store import ROOT

#: Seconds a process may take beyond the limit of a fit: to set up, and for what is not the fit
SETUP, GRACE = 30.0, 1.0
#: From this size of X on, a contender gets a new process
LARGE = 1e7
#: Contenders whose fits are shorter than this are measured in several rounds
SHORT, ROUNDS = 0.05, 3


class Worker:
    """The process of one contender, started when it is first needed."""

    def __init__(
        self,
        contender: str,
        environment: Mapping[str, str] | None = None,
        module: str = "benchmarks.judge.worker",
    ) -> None:
        self.contender, self.module = contender, module
        self.environment = dict(environment or {})
        self.process: subprocess.Popen | None = None
        self.lines: queue.Queue[str] = queue.Queue()

    def start(self) -> None:
        self.lines = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, self.contender],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=os.environ | self.environment,
        )
        arguments = self.process, self.lines
        self.listener = threading.Thread(target=self.listen, args=arguments, daemon=True)
        self.listener.start()

    @staticmethod
    def listen(process: subprocess.Popen, lines: queue.Queue) -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put("")  # it has ended

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.listener.join()
            self.process.stdout.close()
            self.process = None

    def run(self, job: dict, outcome: Outcome) -> None:
        """Send a job and listen until it ends, or is ended."""
        if self.process is None:
            self.start()
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        allow, tried, trying = job["limit"] + SETUP, [], False
        while True:
            try:
                line = self.lines.get(timeout=allow + GRACE)
            except queue.Empty:
                line = ""
                outcome.ended = "time"
            if not line:
                outcome.ended = outcome.ended or "died"
                self.stop()
                break
            message = json.loads(line)
            allow = message.pop("allow")
            match message.pop("event"):
                case "trial":
                    trying = True
                case "setting":
                    tried.append(message)
                case "chosen":
                    outcome.setting, trying = message["setting"], False
                case "rung":
                    outcome.add(message)
                case "rates" | "reference":
                    outcome.told.update(message)
                case "end":
                    outcome.ended = message["why"]
                    return
        if trying and tried:
            # it was ended while it tried a slow setting: go on with the best before that
            best = min(tried, key=lambda trial: trial["seconds"])
            outcome.setting, outcome.ended = best["setting"], ""
            self.run(job | {"setting": best["setting"]}, outcome)
        elif trying and job["skip"] == 0:
            outcome.ended = ""
            self.run(job | {"skip": 1}, outcome)


def measure(
    workers: dict[str, Worker], job: dict, size: float, rounds: int = ROUNDS, report=print
) -> dict[str, Outcome]:
    """One problem, all contenders by turns; short fits in several rounds."""
    outcomes = {name: Outcome(name, job["limit"]) for name in workers}
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
                again = job | {"setting": outcome.setting, "ladder": sorted(outcome.rungs)[::-1]}
                ended = outcome.ended
                workers[name].run(again, outcome)
                outcome.ended = ended
    return outcomes
