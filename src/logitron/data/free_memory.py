"""Memory of this machine that a process may still take, in bytes."""

import os
from pathlib import Path

__all__ = ["free_memory"]

#: limit and use of a container's memory (control groups, versions 2 and 1)
LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def free_memory() -> float:
    """Return the bytes that are free, or infinity where the system does not say.

    Memory that the system uses to cache files counts as free. In a container, its limit counts.
    """
    return min(_of_machine(), *(_of_container(*files) for files in LIMITS))


def _of_machine() -> float:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    try:  # (without a figure for what is free: half of the machine)
        return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return float("inf")


def _of_container(limit: str, used: str) -> float:
    try:
        return float(Path(limit).read_text()) - float(Path(used).read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return float("inf")
