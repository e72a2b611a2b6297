"""Fits of one regime, in a table of the terminal and in Markdown: times, and reports of one fit."""

from dataclasses import dataclass

from benchmarks.data import separable_problems, sparse_problems
from benchmarks.report.machines import machine
from benchmarks.report.table import Results, ratio, seconds, to

OURS = "logitron"


@dataclass(frozen=True)
class Regime:
    """The contenders of a regime, and the groups of its problems, in the order of its tables."""

    groups: dict[str, str]
    sklearn: tuple[str, ...]
    """The solvers of scikit-learn."""
    elsewhere: tuple[str, ...]
    """The solvers of other libraries,"""
    libraries: str
    """and the names of those."""

    @property
    def others(self) -> tuple[str, ...]:
        """All contenders but logitron."""
        return (*self.sklearn, *self.elsewhere)


SEPARABLE = Regime(
    separable_problems.GROUPS,
    ("sklearn lbfgs", "sklearn newton-cg", "sklearn newton-cholesky"),
    ("torch lbfgs", "jaxopt lbfgs"),
    "PyTorch or jaxopt",
)
SPARSE = Regime(
    sparse_problems.GROUPS,
    ("sklearn lbfgs", "sklearn newton-cg", "sklearn liblinear", "sklearn saga", "sklearn sgd"),
    ("glum lbfgs",),
    "glum",
)


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


def ahead(result: Results, regime: Regime) -> bool:
    """Whether logitron is the fastest to 1e-6 of all that were measured."""
    if OURS not in result["contenders"]:
        return False
    found = ratio(result, OURS, list(regime.others))
    return found is not None and found[1] >= 1.0


def verdict(result: Results) -> str:
    """Whether the fit with default parameters converged, and was certified."""
    one = result.get("default")
    if one is None:
        return "-"
    word = "certified" if one["certified"] else "NOT certified"
    return word if one["converged"] else "NOT converged"


HEAD = (
    f"{'seconds to 1e-6':30}{'logitron':>9}{'sklearn':>9} {'solver':9}{'others':>8}{'times':>7}"
    f"{'gap':>7}"
)


def legend(regime: Regime) -> str:
    """The explanation of the columns."""
    return (
        f"sklearn: the fastest of its solvers. others: {regime.libraries}. times: logitron\n"
        "against scikit-learn's best. gap: the true one of logitron's fit with default\n"
        "parameters, with a ! where that was not certified."
    )


def row(result: Results, regime: Regime) -> str:
    """The row of a problem, in 80 columns."""
    theirs, others = best_of(result, regime.sklearn), best_of(result, regime.elsewhere)
    solver = named(result, theirs).strip(" ()").removeprefix("newton-")
    one = result.get("default")
    gap = "-" if one is None else f"{one['gap']:.0e}" + ("" if one["certified"] else "!")
    return (
        f"{result['title'][:30]:30}{cell(result, OURS):>9}{cell(result, theirs):>9} {solver:9}"
        f"{cell(result, others):>8}{times(result, regime.sklearn):>7}{gap:>7}"
    )


def table(results: Results, regime: Regime) -> str:
    """All problems, group by group."""
    lines = [HEAD]
    for group, title in regime.groups.items():
        rows = [row(one, regime) for one in results.values() if one["group"] == group]
        lines += [title, *rows] if rows else []
    return "\n".join([*lines, "", legend(regime)])


def page(results: Results, regime: Regime) -> str:
    """Every problem in Markdown, group by group, with what was not converged or certified."""
    head = [
        f"| problem | logitron | scikit-learn's best | {regime.libraries} | times faster "
        "| default fit |",
        "|---" * 6 + "|",
    ]
    parts = []
    for group, title in regime.groups.items():
        rows = [markdown(one, regime) for one in results.values() if one["group"] == group]
        if rows:
            parts.append("\n".join([f"**{title}**", "", *head, *rows]))
    parts += [summary(results, regime), *behind(results, regime), machine(results)]
    return "\n\n".join(parts) + "\n"


def separable(results: Results) -> str:
    """The page of few rows, separable classes and a large C."""
    return page(results, SEPARABLE)


def sparse(results: Results) -> str:
    """The page of sparse features."""
    return page(results, SPARSE)


def markdown(result: Results, regime: Regime) -> str:
    """The row of a problem in Markdown; the times are those against the best of all others."""
    cells = [result["title"], cell(result, OURS)]
    for names in (regime.sklearn, regime.elsewhere):
        who = best_of(result, names)
        cells.append(cell(result, who) + named(result, who))
    cells += [times(result, regime.others), verdict(result)]
    return f"| {' | '.join(cells)} |"


def named(result: Results, who: str | None) -> str:
    """The name of a contender that arrived, in brackets."""
    if who is None or to(result["contenders"][who], 1e-6) is None:
        return ""
    return f" ({who.removeprefix('sklearn ')})"


def behind(results: Results, regime: Regime) -> list[str]:
    """A list of the problems on which another contender is faster; nothing if there are none."""
    lines = []
    for one in results.values():
        who = best_of(one, regime.others)
        found = ratio(one, OURS, [who]) if who and OURS in one["contenders"] else None
        if who and found and found[1] < 1.0:
            lines.append(f"- {one['title']}: {who} is {1 / found[1]:.2f} times faster")
    return ["Others are faster here:", "\n".join(lines)] if lines else []


def summary(results: Results, regime: Regime) -> str:
    """On how many problems logitron is ahead, and how many default fits are certified."""
    fits = [one["default"] for one in results.values() if "default" in one]
    certified = sum(one["certified"] for one in fits)
    worst = max((one["gap"] for one in fits), default=0.0)
    first = sum(ahead(one, regime) for one in results.values())
    return (
        f"On {first} of these {len(results)} problems logitron is the fastest. Of its {len(fits)} "
        f"fits with default parameters, {certified} are certified; the largest true gap is "
        f"{worst:.0e}."
    )
