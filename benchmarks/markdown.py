"""Results as tables for the README."""

from benchmarks.table import others, ratio, seconds, to

OURS = "logitron"


def engine(results: dict) -> str:
    """Seconds to 1e-6 on the large problems, and in one sentence how the small ones went."""
    measured = {name: one for name, one in results.items() if OURS in one["contenders"]}
    lines = [
        "| problem | logitron | best other | scikit-learn's lbfgs | times faster |",
        "|---|---|---|---|---|",
    ]
    for result in measured.values():
        if result["group"] == "large":
            lines.append(row(result))
    small = [one for one in measured.values() if one["group"] == "small"]
    ratios = [found[1] for one in small if (found := ratio(one, OURS, others(one)))]
    text = "\n".join(lines) + "\n\nSeconds to a relative suboptimality of 1e-6."
    if ratios:
        text += (
            f" On {len(small)} small problems logitron is {min(ratios):.1f} to {max(ratios):.1f}"
            " times as fast as the best other."
        )
    machine = next(iter(measured.values()))["machine"]
    return f"{text} Measured on {machine['cores']} cores ({machine['processor']}).\n"


def row(result: dict) -> str:
    """One problem: our time, the best other with its name, lbfgs, and how many times faster."""
    contenders, peers = result["contenders"], others(result)
    best = min(peers, key=lambda who: to(contenders[who], 1e-6) or float("inf"))
    times = [cell(contenders, OURS), cell(contenders, best), cell(contenders, "sklearn lbfgs")]
    if to(contenders[best], 1e-6) is not None:
        times[1] += f" ({best})"
    faster = ratio(result, OURS, peers)
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
    for result in results["problems"].values():
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
    machine = results["machine"]
    return (
        "\n".join(lines)
        + "\n\nThe gap is that of the worst fit, relative to its optimum. Loops of "
        "which a part was timed are extrapolated. Everybody in the best thread setting, on "
        f"{machine['cores']} cores ({machine['processor']}), scikit-learn "
        f"{machine['scikit-learn']}.\n"
    )
