"""The data and the judges of a job, as the worker has them in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders import Fit
from benchmarks.data import saved
from benchmarks.data.device_problems import DEVICE_PROBLEMS
from benchmarks.data.problem import DeviceProblem, Part
from benchmarks.judge.device_objective import DeviceObjective
from benchmarks.judge.gap import Judge, gap
from benchmarks.judge.job import Job
from benchmarks.judge.objective import Objective

#: The number of fits that are judged, of many.
JUDGED = 12


@dataclass(frozen=True)
class Task:
    """Features, labels and parts; NumPy or SciPy from a folder, tensors from a device."""

    X: Any
    y: Any
    parts: list[Part]
    columns: int

    @classmethod
    def of(cls, job: Job) -> "Task":
        """Read or make the data of a job."""
        if job.folder:
            X, y = saved.load(Path(job.folder))
            return cls(X, y, [Part(None, job.C)], Objective.of(X, y, job.C).columns)
        problem = problem_of(job)
        X, y = problem.data.load(job.device)
        return cls(X, y, problem.parts, problem.columns)

    def judge(self, place: int) -> Judge:
        """The objective of a part, computed where its data are."""
        part = self.parts[place]
        on_host = type(self.X).__module__.partition(".")[0] in ("numpy", "scipy")
        kind = Objective if on_host else DeviceObjective
        return kind(self.X, part.labels(self.y), part.C, self.columns)

    def gap(self, lowest: dict[str, float], places: Sequence[int], found: Sequence[Fit]) -> float:
        """The largest gap of the fits that are judged, of those that were made."""
        return max(
            gap(self.judge(place), lowest[str(place)], fit.coef, fit.intercept)
            for place, fit in zip(places, found, strict=True)
            if str(place) in lowest
        )


def problem_of(job: Job) -> DeviceProblem:
    """The problem of a job, in its scale."""
    return DEVICE_PROBLEMS[job.problem].scaled(job.scale)
