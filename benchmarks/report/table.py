"""Tables of 80 columns, of exact fits and of many fits."""

from typing import Any

Results = dict[str, Any]

TARGETS = (1e-4, 1e-6, 1e-9)
HEAD = f"  {'contender':24}{'1e-4':>9}{'1e-6':>9}{'1e-9':>9}{'best gap':>10}{'floors':>8}  threads"
LEGEND = (
    "Seconds to a relative suboptimality; a number after > is the time limit of a fit.\n"
    "floors: the time to 1e-6 in floors (one Gram matrix and five reads of X). threads:\n"
    "the best setting of NumPy's / SciPy's / the library's own pool."
)


def seconds(value: float | None, limit: float) -> str:
    """A time, or the limit if it was not enough."""
    if value is None:
        return f">{limit:g}"
    return f"{value:.3g}" if value >= 0.01 else f"{value:.5f}".rstrip("0")


def to(contender: Results, gap: float) -> float | None:
    """The stored seconds to a gap; None if it was not reached."""
    return contender["seconds"][f"{gap:g}"]


def problem_table(name: str, result: Results) -> str:
    """All contenders of a problem, fastest first."""
    lines = [f"{name}: {result['title']}; floor {result['floor']:.2g} s", HEAD]
    contenders = result["contenders"]
    large = result["floor"] >= 1e-3  # below that, caches and calls count, not memory
    order = sorted(contenders, key=lambda who: to(contenders[who], 1e-6) or float("inf"))
    for who in order:
        one = contenders[who]
        cells = "".join(f"{seconds(to(one, target), one['limit']):>9}" for target in TARGETS)
        reached = "-" if one["best_gap"] is None else f"{one['best_gap']:.0e}"
        arrived = to(one, 1e-6)
        floors = f"{arrived / result['floor']:.1f}" if arrived and large else "-"
        lines.append(f"  {who:24}{cells}{reached:>10}{floors:>8}  {pools(one['setting'])}")
    lines += [f"  {who}: left out, {why}" for who, why in result["left_out"].items()]
    verdict = asked(name, result)
    return "\n".join([*lines, *([f"  {verdict}"] if verdict else [])])


def pools(setting: Results | None) -> str:
    """The sizes of the thread pools."""
    if setting is None:
        return "-"
    return "/".join(str(count) for count in setting.values() if count is not None)


def ratio(result: Results, ours: str, peers: list[str]) -> tuple[str, float] | None:
    """How many times faster ours is to 1e-6 than the best of these peers: text, and a number."""
    mine = to(result["contenders"][ours], 1e-6)
    present = [result["contenders"][who] for who in peers if who in result["contenders"]]
    if mine is None or not present:
        return None
    times = [to(one, 1e-6) for one in present]
    arrived = [time for time in times if time is not None]
    if arrived:
        return f"{min(arrived) / mine:.2f}x", min(arrived) / mine
    least = min(one["limit"] for one in present) / mine
    return f">{least:.1f}x", least


def others(result: Results, ours: str = "logitron") -> list[str]:
    """The solvers of other libraries that were measured."""
    return [who for who in result["contenders"] if who not in (ours, "null")]


def best_other(result: Results, ours: str = "logitron") -> str | None:
    """The other contender that is first at 1e-6.

    It is any of them if none arrives, and None if there is none.
    """
    contenders = result["contenders"]
    return min(
        others(result, ours),
        key=lambda who: to(contenders[who], 1e-6) or float("inf"),
        default=None,
    )


def asked(name: str, result: Results, ours: str = "logitron") -> str:
    """A line with the ratio to the best peer, the one that is asked for, and the work."""
    if ours not in result["contenders"]:
        return ""
    peers = others(result, ours)
    parts = []
    for label, names, wanted in (
        ("best peer", peers, result["asked"]),
        ("lbfgs", ["sklearn lbfgs"], result["asked_lbfgs"]),
    ):
        found = ratio(result, ours, names)
        if label == "lbfgs" and wanted is None:
            continue
        verdict = "" if wanted is None else f" of {wanted:g}x asked"
        if wanted is not None and (found is None or found[1] < wanted):
            verdict += " (MISSED)"
        parts.append(f"{label}: {found[0] if found else 'not reached'}{verdict}")
    facts = result["contenders"][ours]["facts"]
    work = [f"{facts[key]:g} {key}" for key in ("passes", "grams") if key in facts]
    return f"{name}: " + ", ".join(parts + work)


def headline(results: Results) -> str:
    """A line for each problem: the time of logitron, the best other one, and their ratio."""
    lines = [f"{'seconds to 1e-6':40}{'logitron':>9}{'best other':>11}{'times':>8}  which"]
    for result in results.values():
        contenders, best = result["contenders"], best_other(result)
        if "logitron" not in contenders or best is None:
            continue
        ours, theirs = (
            seconds(to(contenders[who], 1e-6), contenders[who]["limit"])
            for who in ("logitron", best)
        )
        found = ratio(result, "logitron", others(result))
        arrived = to(contenders[best], 1e-6) is not None
        lines.append(
            f"{result['title'][:40]:40}{ours:>9}{theirs:>11}{found[0] if found else '-':>8}  "
            f"{best.removeprefix('sklearn ') if arrived else 'nobody'}"
        )
    return "\n".join(lines)


def many_table(results: Results) -> str:
    """Many fits over one X: every way to do them."""
    lines = [f"{'many fits over one X':56}{'seconds':>9}{'gap':>7}{'times':>7}"]
    for result in results.values():
        lines.append(result["title"])
        ours = result["ways"]["logitron"]["seconds"]
        for way, one in result["ways"].items():
            times = "" if way == "logitron" else f"{one['seconds'] / ours:.1f}x"
            lines.append(f"  {way[:54]:54}{one['seconds']:>9.3g}{one['gap']:>7.0e}{times:>7}")
    return "\n".join(lines)
