"""A worker, as the process that started it uses it.

A contender has a process of its own, which keeps the thread pools and settings of libraries apart.
A fit that takes too long is ended with its process.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks.judge.job import Job
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.store import ROOT

#: The seconds that an event may be late.
GRACE = 1.0


class WorkerProcess:
    """The process of one contender on one device, started when it is first needed."""

    def __init__(
        self, contender: str, environment: Mapping[str, str] | None = None, device: str = "cpu"
    ) -> None:
        self.contender, self.device = contender, device
        self.environment = dict(environment or {})
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str] = queue.Queue()

    def start(self) -> subprocess.Popen[str]:
        """Start the process, and a thread that reads its events."""
        self.lines = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.judge.worker", self.contender, self.device],
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
        return self.process

    @staticmethod
    def listen(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        """Queue the lines of a process, and an empty one when it has ended."""
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.listener.join()
            self.process.stdout.close()
            self.process = None

    def run(self, job: Job, outcome: Outcome) -> None:
        """Do a job and add its measurements to `outcome`, until it ends or is ended."""
        process = self.process or self.start()
        assert process.stdin is not None
        process.stdin.write(job.line() + "\n")
        process.stdin.flush()
        allow: float = job.limit + job.setup
        tried: list[dict[str, Any]] = []
        trying = False
        while message := self.next_event(allow, outcome):
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
        if trying:
            self.go_on(job, tried, outcome)

    def next_event(self, allow: float, outcome: Outcome) -> dict[str, Any] | None:
        """The next event; None, and no process any more, if it does not come in time."""
        try:
            line = self.lines.get(timeout=allow + GRACE)
        except queue.Empty:
            line = ""
            outcome.ended = "time"
        if line:
            return json.loads(line)
        outcome.ended = outcome.ended or "died"
        self.stop()
        return None

    def go_on(self, job: Job, tried: list[dict[str, Any]], outcome: Outcome) -> None:
        """Continue after the end of a process that tried a slow thread setting.

        The best setting before it is used. If there is none, the first one is skipped.
        """
        if tried:
            best = min(tried, key=lambda trial: trial["seconds"])
            outcome.setting, outcome.ended = best["setting"], ""
            self.run(replace(job, setting=best["setting"]), outcome)
        elif job.skip == 0:
            outcome.ended = ""
            self.run(replace(job, skip=1), outcome)
