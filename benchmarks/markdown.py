"""Results as tables for the README."""

from benchmarks.contenders import CONTENDERS
from benchmarks.table import best_other, others, ratio, seconds, to

OURS = "logitron"

#: problems whose seconds the README shows
README_ROWS = ("A@1", "cancer@1", "digits@1", "C", "E", "D@1", "F2", "G@1", "H", "text@1")


def engine(results: dict) -> str:
    """Seconds to 1e-6 on some problems, and in a sentence how all of them went."""
    measured = compared(results)
    rows = [row(measured[name]) for name in README_ROWS if name in measured]
    ahead = sum((times(one) or 0.0) >= 1.0 for one in measured.values())
    return (
        "\n".join([*HEAD, *rows])
        + f"\n\nSeconds to a relative suboptimality of 1e-6. On {ahead} of all {len(measured)} "
        "problems logitron is the fastest; "
        "[the benchmark page](docs/benchmarks.rst) shows the others too, and why. "
        f"{machine(measured)}\n"
    )


HEAD = (
    "| problem | logitron | best other | scikit-learn's lbfgs | times faster |",
    "|---|---|---|---|---|",
)
#: the groups of the page, in its order
GROUPS = {
    "large": "Large problems",
    "small": "Small tables and pictures",
    "real": "Real data, from installed packages",
    "hard": "Troubles, one at a time",
    "order": "Rows in bad order",
    "headline": "Of the short run",
}


def compared(results: dict) -> dict:
    """The problems on which we and somebody else were measured."""
    return {n: one for n, one in results.items() if OURS in one["contenders"] and others(one)}


def times(result: dict) -> float | None:
    found = ratio(result, OURS, others(result))
    return None if found is None else found[1]


def machine(results: dict) -> str:
    """What everything was measured on; the facts of each machine once."""
    seen = {
        f"{one['machine']['cores']} cores ({one['machine']['processor']})"
        for one in results.values()
    }
    return f"Measured on {'; '.join(sorted(seen))}."


def problems(results: dict) -> str:
    """Every problem that was measured, group by group."""
    parts = []
    for group, title in GROUPS.items():
        chosen = [one for one in compared(results).values() if one["group"] == group]
        if chosen:
            parts.append("\n".join([f"**{title}**", "", *HEAD, *map(row, chosen)]))
    return "\n\n".join(parts) + f"\n\n{machine(results)}\n"


#: why another one is faster, by the name or the group of the problem: what was seen of it
WHY_SMALL = (
    "a fit of a thousand rows takes a few milliseconds, and a good part of them are the calls of "
    "array functions that NumPy, PyTorch and JAX all have; compiled loops have no such calls"
)
WHY_LBFGS = (
    "lbfgs needs few iterations here, or cheap ones, and those of the winners run on all cores; of "
    "ours, one neuron's element-wise work runs on one where there are fewer than 2**18 rows"
)
WHY = {
    "small": WHY_SMALL,
    "real": WHY_SMALL,
    "hard": WHY_LBFGS,
    "order": WHY_LBFGS,
    "C": WHY_LBFGS,
    "E": WHY_LBFGS,
    "doctor": WHY_LBFGS,
    "F": "in features without any structure a model of the curvature buys nothing, and costs",
}


def reason(name: str, result: dict) -> str | None:
    """Why another contender wins a problem; None where we do not know."""
    return WHY.get(name.partition("@")[0]) or WHY.get(result["group"])


def losses(results: dict) -> str:
    """Where another contender is faster, which, by how much, and why."""
    by_reason: dict[str, list[str]] = {}
    for name, one in compared(results).items():
        value, best = times(one), best_other(one)
        if (value or 0.0) >= 1.0:
            continue
        if value is None and to(one["contenders"][best], 1e-6) is None:
            continue  # nobody arrived
        told = (
            f"{one['title']}: {best} is {1.0 / value:.1f} times faster"
            if value
            else (f"{one['title']}: {best} arrives, logitron does not")
        )
        by_reason.setdefault(reason(name, one) or "", []).append(told)
    if not by_reason:
        return "Nowhere.\n"
    parts = []
    for why, told in by_reason.items():
        parts.append("\n".join(f"- {one}" for one in told) + f"\n\nWhy: {why}.")
    return "\n\n".join(parts) + "\n"


def work(results: dict) -> str:
    """Passes, Gram matrices, and the time in floors of our own fits."""
    lines = [
        "| problem | passes over X | Gram matrices | floors | bound |",
        "|---|---|---|---|---|",
    ]
    for one in results.values():
        ours = one["contenders"].get(OURS)
        if ours is None or not ours["facts"] or one["group"] == "small":
            continue
        facts, arrived = ours["facts"], to(ours, 1e-6)
        floors = f"{arrived / one['floor']:.1f}" if arrived and one["floor"] >= 1e-3 else "-"
        lines.append(
            f"| {one['title']} | {facts['passes']:.1f} | {facts['grams']:.1f} | {floors} "
            f"| {facts['suboptimality']:.0e} |"
        )
    return "\n".join(lines) + "\n"


def everybody(results: dict) -> str:
    """Who was measured, on how many problems each arrived, and who could not be, and why."""
    names = sorted({who for one in results.values() for who in one["contenders"]})
    lines = [
        "| contender | problems | to 1e-4 | to 1e-6 | to 1e-9 | note |",
        "|---|---|---|---|---|---|",
    ]
    for who in names:
        mine = [one["contenders"][who] for one in results.values() if who in one["contenders"]]
        counts = [sum(to(one, gap) is not None for one in mine) for gap in (1e-4, 1e-6, 1e-9)]
        note = CONTENDERS[who].note if who in CONTENDERS else ""
        lines.append(f"| {who} | {len(mine)} | {' | '.join(map(str, counts))} | {note} |")
    reasons: dict[str, set[str]] = {}
    for one in results.values():
        for who, why in one["left_out"].items():
            reasons.setdefault(f"{who}: {why}", set()).add(one["title"])
    told = [f"- {why} ({len(where)} problems)" for why, where in sorted(reasons.items())]
    return "\n".join(lines) + ("\n\nLeft out:\n\n" + "\n".join(told) if told else "") + "\n"


def growth(results: dict) -> str:
    """Slopes of the log-log lines."""
    lines = ["| growing | contender | sizes | seconds | slope |", "|---|---|---|---|---|"]
    for one in results.values():
        for number, (who, row_) in enumerate(one["seconds"].items()):
            cells = " / ".join("-" if t is None else f"{t:.3g}" for t in row_)
            sizes = "" if number else " / ".join(map(str, one["sizes"]))
            slope = one["slopes"][who]
            lines.append(
                f"| {'' if number else one['title']} | {who} | {sizes} | {cells} "
                f"| {'-' if slope is None else format(slope, '.2f')} |"
            )
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def backends(results: dict) -> str:
    """The same fit on every array library."""
    lines = [
        "| problem | library | first fit | later fits | difference of coefficients |",
        "|---|---|---|---|---|",
    ]
    for title, one in results.items():
        for number, (name, row_) in enumerate(one["libraries"].items()):
            lines.append(
                f"| {'' if number else title} | {name} | {row_['first']:.3g} "
                f"| {row_['seconds']:.3g} | {row_['difference']:.0e} |"
            )
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def overhead(results: dict) -> str:
    """Milliseconds of tiny fits."""
    lines = [f"| milliseconds | {' | '.join(results)} |", "|---" * (len(results) + 1) + "|"]
    for what in ("fit", "predict_proba of a row"):
        for who in next(iter(results.values()))[what]:
            cells = " | ".join(f"{1e3 * one[what][who]:.2f}" for one in results.values())
            lines.append(f"| {what}: {who} | {cells} |")
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def memory(results: dict) -> str:
    """Peaks of memory beyond the features."""
    titles = [one["title"] for one in results.values()]
    lines = [f"| MiB | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    sizes = " | ".join(f"{one['features_mib']:.0f}" for one in results.values())
    lines.append(f"| the features themselves | {sizes} |")
    for who in sorted({who for one in results.values() for who in one["peak_mib"]}):
        cells = (one["peak_mib"].get(who) for one in results.values())
        shown = " | ".join("-" if mib is None else f"{mib:.0f}" for mib in cells)
        lines.append(f"| {who} | {shown} |")
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def precision(results: dict) -> str:
    """Errors of coefficients, by how features are stored and computed with."""
    lines = ["| problem | stored | computed | of stored | of original | bound |", "|---" * 6 + "|"]
    for title, one in results.items():
        for number, row_ in enumerate(one["rows"]):
            errors = (row_[key] for key in ("of_stored", "of_original", "suboptimality"))
            lines.append(
                f"| {'' if number else title} | {row_['stored']} | {row_['computed']} "
                f"| {' | '.join(f'{value:.0e}' for value in errors)} |"
            )
    return "\n".join(lines) + "\n"


def gpu(results: dict) -> str:
    """Seconds on a GPU, and the part of it that is used; or that there are none."""
    if not results:
        return "Nothing has been measured on a GPU yet.\n"
    lines = ["| problem | contender | to 1e-4 | to 1e-6 | bandwidth | products |", "|---" * 6 + "|"]
    for one in results.values():
        for number, (who, row_) in enumerate(one["contenders"].items()):
            times = (seconds(row_["seconds"][gap], one["limit"]) for gap in ("0.0001", "1e-06"))
            share = row_.get("share")
            used = f"{share['bandwidth']:.0%} | {share['products']:.0%}" if share else " | "
            title = "" if number else one["title"]
            lines.append(f"| {title} | {who} | {' | '.join(times)} | {used} |")
    devices = sorted({one["machine"]["device"] for one in results.values()})
    return "\n".join(lines) + f"\n\nMeasured on {', '.join(devices)}.\n"


def row(result: dict) -> str:
    """One problem: our time, the best other with its name, lbfgs, and how many times faster."""
    contenders, best = result["contenders"], best_other(result)
    times = [cell(contenders, OURS), cell(contenders, best), cell(contenders, "sklearn lbfgs")]
    if to(contenders[best], 1e-6) is not None:
        times[1] += f" ({best})"
    faster = ratio(result, OURS, others(result))
    return f"| {result['title']} | {' | '.join(times)} | {faster[0] if faster else '-'} |"


def cell(contenders: dict, who: str) -> str:
    one = contenders.get(who)
    return "-" if one is None else seconds(to(one, 1e-6), one["limit"])


def many(results: dict) -> str:
    """Many fits over one X, beside loops: each way of doing it, fastest first."""
    lines = [
        "| problem | | seconds | largest gap | times faster |",
        "|---|---|---|---|---|",
    ]
    for result in results.values():
        ways = result["ways"]
        ours = ways[OURS]["seconds"]
        order = sorted(ways, key=lambda name: (name != OURS, ways[name]["seconds"]))
        for name in order:
            one = ways[name]
            part = "" if one["fitted"] == one["columns"] else f" ({one['fitted']} timed)"
            title = result["title"] if name == OURS else ""
            faster = "" if name == OURS else f"{one['seconds'] / ours:.1f}x"
            lines.append(
                f"| {title} | {name}{part} | {one['seconds']:.3g} | {one['gap']:.0e} | {faster} |"
            )
    return (
        "\n".join(lines)
        + "\n\nThe gap is that of the worst fit, relative to its optimum. Loops of which a part "
        "was timed are extrapolated. Everybody in the best thread setting. "
        f"{machine(results)}\n"
    )
