"""The hard regime, in a table of the terminal and in Markdown: times, and honesty of one fit."""

from benchmarks.data.separable_problems import GROUPS
from benchmarks.report.machines import machine
from benchmarks.report.table import Results, ratio, seconds, to

OURS = "logitron"
SKLEARN = ("sklearn lbfgs", "sklearn newton-cg", "sklearn newton-cholesky")
ELSEWHERE = ("torch lbfgs", "jaxopt lbfgs")


def best_of(result: Results, names: tuple[str, ...]) -> str | None:
    """The contender of these that is first at 1e-6, any if none arrives; None if none is there."""
    present = [who for who in names if who in result["contenders"]]
    return min(
        present,
        key=lambda who: to(result["contenders"][who], 1e-6) or float("inf"),
        default=None,
    )


def cell(result: Results, who: str | None) -> str:
    """The seconds of a contender to 1e-6."""
    one = result["contenders"].get(who)
    return "-" if one is None else seconds(to(one, 1e-6), one["limit"])


def times(result: Results, names: tuple[str, ...]) -> str:
    """How many times faster logitron is than the best of these."""
    found = ratio(result, OURS, list(names)) if OURS in result["contenders"] else None
    return found[0] if found else "-"


def ahead(result: Results) -> bool:
    """Whether logitron is the fastest to 1e-6 of all that were measured."""
    if OURS not in result["contenders"]:
        return False
    found = ratio(result, OURS, [*SKLEARN, *ELSEWHERE])
    return found is not None and found[1] >= 1.0


def told(result: Results) -> str:
    """The report of the fit with default parameters."""
    one = result.get("default")
    if one is None:
        return "-"
    word = "certified" if one["certified"] else "NOT certified"
    return word if one["converged"] else "NOT converged"


HEAD = (
    f"{'seconds to 1e-6':30}{'logitron':>9}{'sklearn':>9} {'solver':9}{'others':>8}{'times':>7}"
    f"{'gap':>7}"
)
LEGEND = (
    "sklearn: the fastest of its solvers. others: L-BFGS of PyTorch or jaxopt. times:\n"
    "logitron against scikit-learn's best. gap: the true one of logitron's fit with\n"
    "default parameters, with a ! where that was not certified."
)


def row(result: Results) -> str:
    """The row of a problem, in 80 columns."""
    theirs, others = best_of(result, SKLEARN), best_of(result, ELSEWHERE)
    solver = named(result, theirs).strip(" ()").removeprefix("newton-")
    one = result.get("default")
    gap = "-" if one is None else f"{one['gap']:.0e}" + ("" if one["certified"] else "!")
    return (
        f"{result['title'][:30]:30}{cell(result, OURS):>9}{cell(result, theirs):>9} {solver:9}"
        f"{cell(result, others):>8}{times(result, SKLEARN):>7}{gap:>7}"
    )


def table(results: Results) -> str:
    """All problems, group by group."""
    lines = [HEAD]
    for group, title in GROUPS.items():
        rows = [row(one) for one in results.values() if one["group"] == group]
        lines += [title, *rows] if rows else []
    return "\n".join([*lines, "", LEGEND])


def separable(results: Results) -> str:
    """Every problem in Markdown, group by group, with what was not converged or certified."""
    parts = []
    for group, title in GROUPS.items():
        rows = [markdown(one) for one in results.values() if one["group"] == group]
        if rows:
            parts.append("\n".join([f"**{title}**", "", *MARKDOWN_HEAD, *rows]))
    parts += [summary(results), *behind(results), machine(results)]
    return "\n\n".join(parts) + "\n"


MARKDOWN_HEAD = (
    "| problem | logitron | scikit-learn's best | PyTorch or jaxopt | times faster | default fit |",
    "|---" * 6 + "|",
)


def markdown(result: Results) -> str:
    """The row of a problem in Markdown; the times are those against the best of all others."""
    cells = [result["title"], cell(result, OURS)]
    for names in (SKLEARN, ELSEWHERE):
        who = best_of(result, names)
        cells.append(cell(result, who) + named(result, who))
    cells += [times(result, (*SKLEARN, *ELSEWHERE)), told(result)]
    return f"| {' | '.join(cells)} |"


def named(result: Results, who: str | None) -> str:
    """The name of a contender that arrived, in brackets."""
    if who is None or to(result["contenders"][who], 1e-6) is None:
        return ""
    return f" ({who.removeprefix('sklearn ')})"


def behind(results: Results) -> list[str]:
    """A list of the problems on which another contender is faster; nothing if there are none."""
    lines = []
    for one in results.values():
        who = best_of(one, (*SKLEARN, *ELSEWHERE))
        found = ratio(one, OURS, [who]) if who and OURS in one["contenders"] else None
        if who and found and found[1] < 1.0:
            lines.append(f"- {one['title']}: {who} is {1 / found[1]:.2f} times faster")
    return ["Others are faster here:", "\n".join(lines)] if lines else []


def summary(results: Results) -> str:
    """On how many problems logitron is ahead, and how many default fits are certified."""
    fits = [one["default"] for one in results.values() if "default" in one]
    certified = sum(one["certified"] for one in fits)
    worst = max((one["gap"] for one in fits), default=0.0)
    return (
        f"On {sum(map(ahead, results.values()))} of these {len(results)} problems logitron is the "
        f"fastest. Of its {len(fits)} fits with default parameters, {certified} are certified; the "
        f"largest true gap is {worst:.0e}."
    )
