"""The measurements of one contender on one problem."""

from dataclasses import dataclass, field
from typing import Any

Rung = dict[str, Any]


@dataclass
class Outcome:
    """The best fit at each tolerance, and the reason why there were no more.

    A rung is a fit: its tolerance, seconds, gap, and the facts that it reports.
    """

    contender: str
    limit: float
    setting: dict[str, Any] | None = None
    rungs: dict[float, Rung] = field(default_factory=dict)  # by tolerance
    ended: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    """The answers of a process that is no contender."""

    def time_to(self, gap: float) -> float | None:
        """The seconds of the fastest fit with this gap or a smaller one; None if there is none."""
        rung = self.rung_at(gap)
        return rung and rung["seconds"]

    def rung_at(self, gap: float) -> Rung | None:
        """The fastest fit with this gap or a smaller one."""
        arrived = [rung for rung in self.rungs.values() if rung["gap"] <= gap]
        return min(arrived, key=lambda rung: rung["seconds"], default=None)

    def best_gap(self) -> float | None:
        """The smallest gap of all fits."""
        return min((rung["gap"] for rung in self.rungs.values()), default=None)

    def add(self, rung: Rung) -> None:
        """Keep a fit if it is the fastest at its tolerance."""
        old = self.rungs.get(rung["tol"])
        if old is None or rung["seconds"] < old["seconds"]:
            self.rungs[rung["tol"]] = rung
