"""Results on a device as tables of 80 columns."""

from typing import Any

TARGETS = (1e-4, 1e-6)
#: The contenders that logitron should be faster than, and how many times.
ASKED = {
    "sklearn lbfgs on torch": 5.0,
    "sklearn lbfgs on cupy": 5.0,
    "sklearn lbfgs on the cores": 50.0,
}
#: The share of the measured bandwidth, or of the rate of products, that logitron should use.
ASKED_SHARE = 0.6
#: The ends of a ladder that is no failure; results of earlier versions have none of these words.
ORDERLY = ("", "goal", "stalled", "time", "ladder")
HEAD = f"  {'seconds to a gap of':30}{'1e-4':>11}{'1e-6':>11}{'memory':>8}{'products':>9}"


def line(name: str, one: dict[str, Any], limit: float) -> str:
    """The row of a contender."""
    cells = "".join(f"{seconds(one, gap, limit):>11}" for gap in TARGETS)
    share = one.get("share", {})
    used = f"{share['bandwidth']:8.0%}{share['products']:8.0%}" if share else " " * 16
    return f"  {name:30}{cells}{used}  {one['ended'][:8]}".rstrip()


def seconds(one: dict[str, Any], gap: float, limit: float) -> str:
    """The seconds to a gap, or the limit if they were not enough."""
    found = one["seconds"][f"{gap:g}"]
    return f">={limit:g}" if found is None else f"{found:.3g}"


def table(results: dict[str, Any]) -> str:
    """All problems and contenders, with the verdicts."""
    lines = [HEAD]
    for name, result in results.items():
        lines.append(f"{name}: {result['title']}")
        lines += [line(who, one, result["limit"]) for who, one in result["contenders"].items()]
        lines += [f"  {verdict}" for verdict in verdicts(result)]
    return "\n".join(lines)


def verdicts(result: dict[str, Any]) -> list[str]:
    """Whether logitron is as fast as it should be, and uses as much of the device."""
    best = fastest_of_ours(result)
    if best is None:
        return ["logitron did not reach 1e-6"]
    found = [
        against(name, asked, result["contenders"][name], result, best)
        for name, asked in ASKED.items()
        if name in result["contenders"]
    ]
    share = result["contenders"][best]["share"]
    most = max(share["bandwidth"], share["products"])
    word = "reached" if most >= ASKED_SHARE else "missed"
    return [*found, f"{ASKED_SHARE:.0%} of the device asked: {best} uses {most:.0%}, {word}"]


def fastest_of_ours(result: dict[str, Any]) -> str | None:
    """The fastest of logitron's contenders on the device."""
    ours = {
        name: one["seconds"]["1e-06"]
        for name, one in result["contenders"].items()
        if name.startswith("logitron on") and "cores" not in name and one["seconds"]["1e-06"]
    }
    return min(ours, key=ours.__getitem__) if ours else None


def against(name: str, asked: float, one: dict[str, Any], result: dict[str, Any], best: str) -> str:
    """The ratio of another contender's time to ours, beside the one that is asked for."""
    theirs, ended = one["seconds"]["1e-06"], one["ended"]
    if theirs is None and ended not in ORDERLY:
        return f"{asked:g}x asked against {name}, which ended with {ended}"
    ours = result["contenders"][best]["seconds"]["1e-06"]
    ratio, at_least = (theirs or result["limit"]) / ours, "" if theirs else ">="
    word = "reached" if ratio >= asked else "missed"
    return f"{asked:g}x asked against {name}: {at_least}{ratio:.3g}x, {word}"
