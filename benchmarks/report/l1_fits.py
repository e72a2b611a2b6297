"""Fits of an L1 penalty: a table of the terminal, and one of the documentation."""

from benchmarks.report.machines import machine
from benchmarks.report.table import Results, seconds

OURS = "logitron"
#: The tolerance that every contender has by default, and the gap from which it is far off.
DEFAULT, FAR = 1e-4, 1e-3
HEAD = (
    f"  {'contender':10}{'cpu s to 1e-6':>14}{'times':>8}{'best gap':>9}{'at tol':>7}"
    f"{'gap at 1e-4':>12}  ended"
)


def ratio(value: float) -> str:
    """A ratio in two digits, or in those before the point."""
    return f"{value:.0f}x" if value >= 10.0 else f"{value:.2g}x"


def times(one: Results, ours: Results) -> str:
    """How many times longer than ours a contender takes; at least, where it does not arrive."""
    if ours["seconds"] is None:
        return "-"
    if one["seconds"] is None:
        return ">" + ratio(one["limit"] / ours["seconds"]) if one["ended"] == "time" else "-"
    return ratio(one["seconds"] / ours["seconds"])


def table(results: Results) -> str:
    """Every contender on every problem, in 80 columns."""
    lines = []
    for name, result in results.items():
        fits = result["fits"]
        some = f", {fits} fits" if fits > 1 else ""
        lines.append(f"{name}: {result['title']}{some}, {nonzeros(result)} not zero")
        lines.append(HEAD)
        ours = result["contenders"].get(OURS, {"seconds": None})
        for who, one in result["contenders"].items():
            cells = f"{short(one['gap']):>9}{short(one['tol']):>7}{short(at_default(one)):>12}"
            slower = "" if who == OURS else times(one, ours)
            part = "" if one["fitted"] == fits else f", {one['fitted']} made"
            spent = seconds(one["seconds"], one["limit"]) if arrives(one) else "never"
            lines.append(f"  {who:10}{spent:>14}{slower:>8}{cells}  {one['ended'][:7]}{part}")
        lines += [f"  {who:10}left out: {why}"[:80] for who, why in result["left_out"].items()]
    return "\n".join(lines)


def short(value: float | None) -> str:
    """A gap or a tolerance in one digit."""
    return "-" if value is None else f"{value:.0e}"


def at_default(one: Results) -> float | None:
    """The gap at the default tolerance; None if the ladder ended before it."""
    return next((gap for tol, _, gap in one["rungs"] if tol == DEFAULT), None)


def arrives(one: Results) -> bool:
    """Whether a contender arrived, or might have with more time."""
    return one["seconds"] is not None or one["ended"] == "time"


def nonzeros(result: Results) -> str:
    """The fewest and the most coefficients of a fit that are not zero."""
    least, most = result["nonzeros"]
    return str(most) if least == most else f"{least} to {most}"


def l1(results: Results) -> str:
    """The CPU seconds of everybody on every problem, and the ratio to the best other."""
    if not results:
        return "Nothing has been measured yet.\n"
    names = list(dict.fromkeys(who for one in results.values() for who in one["contenders"]))
    names = [OURS, *(who for who in names if who != OURS)]
    lines = [f"| problem | {' | '.join(names)} | times faster |", "|---" * (len(names) + 2) + "|"]
    for one in results.values():
        cells = " | ".join(cell(one, who) for who in names)
        lines.append(f"| {one['title']} | {cells} | {faster(one)} |")
    proven = max(one["proven"] for one in results.values())
    return (
        "\n".join(lines)
        + "\n\nCPU seconds on one thread to a relative suboptimality of 1e-6; in brackets the "
        "smallest gap of those that do not arrive, whose time, if it ended them, is after >. "
        f"The best values known are proven to be within {proven:.0e} of the optimum. "
        f"{machine(results)}\n" + far_off(results)
    )


def far_off(results: Results) -> str:
    """Who is far from the optimum at the tolerance that everybody has by default."""
    lines = []
    for result in results.values():
        found = {who: at_default(one) for who, one in result["contenders"].items()}
        far = [f"{who} {gap:.2g}" for who, gap in found.items() if gap is not None and gap > FAR]
        if far:
            lines.append(f"- {result['title']}: {', '.join(far)}")
    if not lines:
        return ""
    return (
        f"\nAt the tolerance {DEFAULT:.0e}, the default of all, the relative suboptimality exceeds "
        f"{FAR:g} here:\n\n" + "\n".join(lines) + "\n"
    )


def cell(result: Results, who: str) -> str:
    """The seconds of a contender; its smallest gap if it does not arrive, "-" if left out."""
    one = result["contenders"].get(who)
    if one is None:
        return "-"
    if one["seconds"] is not None:
        return seconds(one["seconds"], one["limit"])
    reached = "nothing" if one["gap"] is None else f"{one['gap']:.0e}"
    return f">{one['limit']:g} ({reached})" if one["ended"] == "time" else f"({reached})"


def faster(result: Results) -> str:
    """How many times faster logitron is than the best other contender that arrives."""
    found = {who: one["seconds"] for who, one in result["contenders"].items()}
    ours, theirs = found.pop(OURS, None), [value for value in found.values() if value is not None]
    if ours is None:
        return "does not arrive"
    return ratio(min(theirs) / ours) if theirs else "alone"
