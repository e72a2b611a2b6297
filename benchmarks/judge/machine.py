"""A description of the machine, which every result carries."""

import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks.judge.threads import CORES


def describe(*packages: str) -> dict[str, str]:
    """The processor, its cores, the system, Python, and the versions of the packages."""
    facts = {
        "processor": _processor(),
        "cores": str(CORES),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    return facts | {name: version(name) for name in packages}


def _processor() -> str:
    """The name of the processor, as well as the system knows it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
