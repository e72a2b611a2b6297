"""The input of a worker: the fits of a problem, where they are judged, and when they end."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: The same tolerances for all, which every library interprets in its own way.
LADDER = tuple(10.0**-k for k in range(13))
#: On a device, where most features are float32, tighter tolerances are of no use.
DEVICE_LADDER, DEVICE_GOAL = tuple(10.0**-k for k in range(9)), 1e-6
#: The seconds, on a device, for data, libraries and kernels that are compiled.
DEVICE_PATIENCE = 240.0


@dataclass(frozen=True)
class Job:
    """The features are those of a folder, or of a problem that is made on a device."""

    limit: float
    """The seconds that a fit may take."""
    lowest: Mapping[str, float] = field(default_factory=dict)
    """The optimum of each fit that is judged, or a lower bound; keys are places of parts."""
    folder: str = ""
    C: float = 1.0
    """The penalty of the fit of a folder."""
    problem: str = ""
    """A key of ``DEVICE_PROBLEMS``."""
    scale: float = 1.0
    device: str = "cpu"
    """Where the problem is made and judged."""
    ladder: tuple[float, ...] = LADDER
    goal: float = 1e-9
    """The gap that ends a ladder."""
    stalls_from: float = 1e-6
    """The first tolerance from which a ladder ends when tighter ones change nothing."""
    tune: bool = True
    """Whether to measure in the best thread setting, else in the installed one."""
    setting: dict[str, Any] | None = None
    """The thread setting, if it is known."""
    skip: int = 0
    """The number of settings that are not tried, since they are known to be slow."""
    setup: float = 30.0
    """The seconds before the first fit, beyond the limit."""
    patience: float = 60.0
    """The seconds for a judgement."""

    @classmethod
    def on_device(cls, problem: str, device: str, *, scale: float, limit: float) -> "Job":
        """The job of a problem that is made on a device."""
        return cls(
            limit,
            problem=problem,
            scale=scale,
            device=device,
            ladder=DEVICE_LADDER,
            goal=DEVICE_GOAL,
            stalls_from=1.0,
            tune=False,
            setup=DEVICE_PATIENCE,
            patience=DEVICE_PATIENCE,
        )

    @classmethod
    def read(cls, line: str) -> "Job":
        """A job from a line of JSON."""
        return cls(**json.loads(line))

    def line(self) -> str:
        """The job as a line of JSON."""
        return json.dumps(asdict(self))
