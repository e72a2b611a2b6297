"""What two regimes have in common: a ladder to 1e-6, and one more fit with default parameters.

`separable` and `sparse` are questions about a regime. Contenders are measured as by `engine`, to a
gap of 1e-6, and in a file of results of their own. Besides, logitron fits each problem with its
default parameters: whether that fit converged, was certified, and how far it truly is from the
optimum is stored with the times.
"""

import hashlib
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from benchmarks.contenders import CONTENDERS
from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.judge import Objective, gap, store
from benchmarks.judge.runner import ROUNDS
from benchmarks.judge.store import short
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import seconds_of
from benchmarks.options import Each, Results, answered, ignore, parser_of
from benchmarks.questions import engine
from benchmarks.report.regime_fits import Regime, table
from logitron import LogisticRegression

#: The seconds that a fit may take in a quick run, and its rounds: half an hour at most for all.
QUICK_LIMIT, QUICK_ROUNDS = 4.0, 1


@cache
def package_digest() -> str:
    """A digest of the source files of logitron: results of the same one need not be renewed."""
    digest = hashlib.sha256()
    for path in sorted((store.ROOT / "src" / "logitron").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Asked:
    """What a run measures of each problem."""

    contenders: tuple[str, ...]
    rounds: int
    limit: float | None
    """Seconds that a fit may take; None is each problem's own."""

    def is_answered(self, problem: Problem, result: Results) -> bool:
        """Whether a result is of this package, limit and rounds, and of all contenders at least."""
        of_package = result.get("package") == package_digest()
        settings = {"rounds": self.rounds, "limit": self.limit or problem.limit}
        found = {*result.get("contenders", ()), *result.get("left_out", ())}
        return (
            of_package and result.get("settings") == settings and found.issuperset(self.contenders)
        )

    def unmeasured(self, problems: list[Problem], known: Results) -> list[Problem]:
        """The problems without a stored result that answers."""
        return [p for p in problems if not self.is_answered(p, known.get(p.name, {}))]


class Session(engine.Session):
    """A run to a gap of 1e-6, with one more fit of logitron.

    The loosest tolerance, from which nobody comes near, is left out. The tightest are tighter than
    elsewhere: at a large C an optimum is so small that a gradient of 1e-9 is no sign of it.
    """

    goal: ClassVar[float] = 1e-6
    ladder: ClassVar[tuple[float, ...]] = tuple(10.0**-k for k in range(1, 17))

    def run(self, problem: Problem, folder: Path) -> Results:
        """Measure all contenders on a problem; returns the stored results."""
        settings = {"rounds": self.rounds, "limit": problem.limit}
        result = super().run(problem, folder)
        result |= {"package": package_digest(), "settings": settings}
        ours = result["contenders"].get("logitron")
        if ours is not None:
            setting = Setting(**ours["setting"]) if ours["setting"] else Setting(1, 1)
            objective = Objective.of(self.X, self.y, problem.C)
            result["default"] = default_fit(objective, result["optimum"], setting)
        return result


def default_fit(objective: Objective, optimum: float, setting: Setting) -> Results:
    """One fit of logitron with default parameters: its reports, and its true gap."""
    clf = LogisticRegression(C=objective.C)
    with threads(setting), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether a fit converged is among its reports
        seconds, _ = seconds_of(lambda: clf.fit(objective.X, objective.y))
    return {
        "seconds": short(seconds),
        "iterations": int(clf.n_iter_.max()),
        "passes": short(float(clf.work_.passes)),
        "converged": bool(clf.converged_.all()),
        "certified": bool(clf.certified_.all()),
        "bound": short(float(clf.suboptimality_.max())),
        "gap": short(gap(objective, optimum, clf.coef_, clf.intercept_)),
    }


@dataclass(frozen=True)
class Question:
    """A regime as a question: its problems, its contenders, and the name of its results."""

    result: str
    problems: dict[str, Problem]
    kind: type[Session]
    regime: Regime

    @property
    def who(self) -> tuple[str, ...]:
        """The contenders that are measured unless others are named."""
        return ("logitron", *self.regime.others)

    def measured(
        self,
        problems: list[Problem] | None = None,
        names: tuple[str, ...] | None = None,
        *,
        rounds: int = ROUNDS,
        limit: float | None = None,
        keep: bool = True,
        each: Each = ignore,
    ) -> Results:
        """Measure contenders on problems, all of the regime unless some are given."""
        return engine.measured(
            list(self.problems.values()) if problems is None else problems,
            list(names or self.who),
            rounds=rounds,
            limit=limit,
            keep=keep,
            each=each,
            kind=self.kind,
            result=self.result,
        )

    def ask(self, description: str | None) -> None:
        """Measure by the options of the command line, and print a table."""
        parser = parser_of(self.result, description)
        names = list(self.problems)
        parser.add_argument("--problems", nargs="+", default=names, help="names or groups")
        parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(self.who))
        parser.add_argument("--limit", type=float, help="seconds that one fit may take")
        parser.add_argument("--rounds", type=int, default=ROUNDS, help="of short fits, by turns")
        parser.add_argument(
            "--quick",
            action="store_true",
            help=f"one round, and {QUICK_LIMIT:g} seconds for a fit at most",
        )
        parser.add_argument(
            "--resume",
            action="store_true",
            help="leave out problems with results of the same source files, limits and rounds",
        )
        options = parser.parse_args()
        if options.quick:
            options.rounds, options.limit = QUICK_ROUNDS, options.limit or QUICK_LIMIT
        wanted = chosen(options.problems)
        known = store.load(self.result) if options.resume else {}
        asked = Asked(tuple(options.contenders), options.rounds, options.limit)
        left = asked.unmeasured(wanted, known)
        found = answered(
            parser,
            options,
            self.result,
            lambda keep: self.measured(
                left,
                tuple(options.contenders),
                rounds=options.rounds,
                limit=options.limit,
                keep=keep,
            ),
        )
        found = known | found
        print()
        print(table({p.name: found[p.name] for p in wanted if p.name in found}, self.regime))
