"""The text about exact fits, in Markdown: tables, and the reasons of losses."""

from benchmarks.contenders import CONTENDERS
from benchmarks.report.machines import machine
from benchmarks.report.regime_fits import SEPARABLE, SPARSE, ahead
from benchmarks.report.table import Results, best_other, others, ratio, seconds, to

OURS = "logitron"


def headline(results: Results, separable: Results, sparse: Results) -> str:
    """A sentence about all problems, and two regimes."""
    measured = compared(results)
    ahead = sum((times(one) or 0.0) >= 1.0 for one in measured.values())
    return (
        f"Single fits, to a relative suboptimality of 1e-6: on {ahead} of all {len(measured)} "
        f"problems logitron is the fastest{regimes(separable, sparse)}. "
        "[The benchmark page](docs/benchmarks.rst) has every problem and contender, the losses, "
        f"and the reasons. {machine(measured)}\n"
    )


def regimes(separable: Results, sparse: Results) -> str:
    """The part of the sentence about two regimes: the hard one, and sparse features."""
    parts = [
        f"on {sum(ahead(one, regime) for one in results.values())} of {len(results)} with {what}"
        for results, regime, what in (
            (separable, SEPARABLE, "few rows, separable classes or a large C"),
            (sparse, SPARSE, "sparse features"),
        )
        if results
    ]
    return "".join(f", {part}" for part in parts)


HEAD = (
    "| problem | logitron | best other | scikit-learn's lbfgs | times faster |",
    "|---|---|---|---|---|",
)
#: The groups of the page, in its order.
GROUPS = {
    "large": "Large problems",
    "small": "Small tables and pictures",
    "real": "Real data, from installed packages",
    "hard": "Troubles, one at a time",
    "order": "Rows in bad order",
    "headline": "Of the short run",
}


def compared(results: Results) -> Results:
    """The problems on which logitron and another contender were measured."""
    return {n: one for n, one in results.items() if OURS in one["contenders"] and others(one)}


def times(result: Results) -> float | None:
    """How many times faster logitron is than the best other contender."""
    found = ratio(result, OURS, others(result))
    return None if found is None else found[1]


def problems(results: Results) -> str:
    """Every problem that was measured, group by group."""
    parts = []
    for group, title in GROUPS.items():
        chosen = [one for one in compared(results).values() if one["group"] == group]
        if chosen:
            parts.append("\n".join([f"**{title}**", "", *HEAD, *map(row, chosen)]))
    return "\n\n".join(parts) + f"\n\n{machine(results)}\n"


#: The reasons why another contender is faster, by the name or the group of a problem.
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


def reason(name: str, result: Results) -> str | None:
    """The reason why another contender is faster on a problem; None where it is unknown."""
    return WHY.get(name.partition("@")[0]) or WHY.get(result["group"])


def losses(results: Results) -> str:
    """The problems on which another contender is faster, by how much, and the reason."""
    by_reason: dict[str, list[str]] = {}
    for name, one in compared(results).items():
        value, best = times(one), best_other(one)
        if (value or 0.0) >= 1.0:
            continue
        if value is None and to(one["contenders"][best], 1e-6) is None:
            continue  # no contender arrived
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


def work(results: Results) -> str:
    """The passes, the Gram matrices and the time in floors of logitron's fits."""
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


def everybody(results: Results) -> str:
    """The contenders, the number of problems that each solved, and the reasons of gaps."""
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


def row(result: Results) -> str:
    """A problem: the times of logitron, of the best other and of lbfgs, and the ratio."""
    contenders, best = result["contenders"], best_other(result)
    times = [cell(contenders, OURS), cell(contenders, best), cell(contenders, "sklearn lbfgs")]
    if to(contenders[best], 1e-6) is not None:
        times[1] += f" ({best})"
    faster = ratio(result, OURS, others(result))
    return f"| {result['title']} | {' | '.join(times)} | {faster[0] if faster else '-'} |"


def cell(contenders: Results, who: str) -> str:
    """The seconds of a contender to 1e-6."""
    one = contenders.get(who)
    return "-" if one is None else seconds(to(one, 1e-6), one["limit"])
