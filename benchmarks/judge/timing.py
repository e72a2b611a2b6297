"""The seconds of a call: one call, the best of some, and several calls by turns."""

import time
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[[], Any]


def nothing() -> None:
    """The wait for a device that is never behind."""


def seconds_of(call: Call, wait: Call = nothing) -> tuple[float, Any]:
    """The seconds of one call, and its answer.

    `wait` returns when the device has done all work that it was given, so that the clock starts and
    stops at the right moments.
    """
    wait()
    start = time.perf_counter()
    answer = call()
    wait()
    return time.perf_counter() - start, answer


def again(seconds: list[float]) -> bool:
    """Whether to repeat a call: a short one often, a long one never."""
    if not seconds:
        return True
    total, best = sum(seconds), min(seconds)
    return len(seconds) < 7 and (total < 0.3 or (best < 1.0 and len(seconds) < 3))


def timed(call: Call, wait: Call = nothing) -> tuple[float, Any]:
    """The best seconds of a call that is repeated where it is short, and its last answer."""
    seconds: list[float] = []
    answer = None
    while again(seconds):
        took, answer = seconds_of(call, wait)
        seconds.append(took)
    return min(seconds), answer


def best_of(repeats: int, call: Call, wait: Call = nothing) -> float:
    """The best seconds of so many calls."""
    return min(seconds_of(call, wait)[0] for _ in range(repeats))


def by_turns(calls: Mapping[str, Call], repeats: int) -> dict[str, list[float]]:
    """The seconds of every call, by turns, so that a busy moment of the machine affects all."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            seconds[name].append(seconds_of(call)[0])
    return seconds
