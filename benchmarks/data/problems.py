"""The catalogue of all problems that are made on the processor.

The name of a problem is a letter or a word, with ``@C`` where it is fitted with several penalties.
"""

from collections.abc import Sequence

from benchmarks.data.bundled import Bundled
from benchmarks.data.problem import Data, Problem
from benchmarks.data.real_problems import real_problems
from benchmarks.data.separable_problems import SEPARABLE
from benchmarks.data.sparse_problems import SPARSE
from benchmarks.data.synthetic import Embeddings, Gaussian, Hard


def at(
    letter: str,
    title: str,
    group: str,
    data: Data,
    Cs: Sequence[float],
    limit: float,
    asked: float | None = None,
    asked_lbfgs: float | None = None,
) -> list[Problem]:
    """One problem for each C; its name has the C where there are several."""
    return [
        Problem(
            f"{letter}@{C:g}" if len(Cs) > 1 else letter,
            f"{title}, C={C:g}",
            group,
            data,
            C,
            limit,
            asked,
            asked_lbfgs,
        )
        for C in Cs
    ]


SMALL_CS = (1e-2, 1.0, 1e2, 1e4)


def small(letter: str, title: str, data: Bundled) -> list[Problem]:
    """A small data set, at several penalties."""
    return at(letter, title, "small", data, SMALL_CS, limit=5.0, asked=1.0)


def real() -> list[Problem]:
    """The problems that are made of real data."""
    return [
        Problem(name, f"{title}, C={C:g}", "real", data, C, limit=15.0)
        for name, title, data, C in real_problems()
    ]


def hard(trouble: str, title: str, C: float) -> list[Problem]:
    """A problem with one trouble."""
    title = f"20 000 x 50, {title}"
    return at(trouble, title, "hard", Hard(trouble, seed=8), (C,), limit=10.0)


GAUSSIAN_C: dict[str, int] = {"rows": 100_000, "features": 100, "seed": 1}

PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in [
        *small("A", "digits 1000 x 64 raw, 2 or not", Bundled("digits", positive=2, rows=1000)),
        *small("B", "breast_cancer 569 x 30 raw", Bundled("breast_cancer")),
        *small("cancer", "breast_cancer standardised", Bundled("breast_cancer", "standardised")),
        *small("iris", "iris 150 x 4, K=3", Bundled("iris")),
        *small("wine", "wine 178 x 13 raw, K=3", Bundled("wine")),
        *small("digits", "digits 1797 x 64 / 16, K=10", Bundled("digits", "sixteenths")),
        *small("digits-raw", "digits 1797 x 64 raw, K=10", Bundled("digits")),
        *at("C", "100 000 x 100 standardised", "large", Gaussian(**GAUSSIAN_C), (1.0,), 15, 1.2),
        *at(
            "D",
            "50 000 x 768 embeddings",
            "large",
            Embeddings(50_000, 768, 2, seed=2),
            (1e-2, 1.0, 1e2),
            limit=25.0,
            asked=4.0,
            asked_lbfgs=10.0,
        ),
        *at("E", "1 000 000 x 50 standardised", "large", Gaussian(1_000_000, 50, 3), (1.0,), 15, 3),
        *at("F", "500 x 5000 standardised", "large", Gaussian(500, 5000, seed=4), (1.0,), 15, 1),
        *at("F2", "500 x 5000 embeddings", "large", Embeddings(500, 5000, 2, 5), (1.0,), 15, 5),
        *at(
            "G",
            "60 000 x 784 embeddings, K=10",
            "large",
            Embeddings(60_000, 784, 10, seed=6),
            (1e-2, 1.0),
            limit=60.0,
            asked=10.0,
        ),
        *at(
            "H",
            "20 000 x 512 embeddings, K=100",
            "large",
            Embeddings(20_000, 512, 100, seed=7),
            (1.0,),
            limit=40.0,
            asked=8.0,
        ),
        *at(
            "K10",
            "10 000 x 256 embeddings, K=10",
            "headline",
            Embeddings(10_000, 256, 10, seed=9),
            (1.0,),
            limit=15.0,
        ),
        *at(
            "C-sorted",
            "C with its rows sorted by label",
            "order",
            Gaussian(**GAUSSIAN_C, order="sorted"),
            (1.0,),
            15,
            1.2,
        ),
        *at(
            "C-periodic",
            "C with labels of period 8",
            "order",
            Gaussian(**GAUSSIAN_C, order="periodic"),
            (1.0,),
            15,
            1.2,
        ),
        *hard("separable", "almost separable", C=100.0),
        *hard("collinear", "every column twice, 1e-6 apart", C=100.0),
        *hard("unscaled", "column scales 1e-4 to 1e4", C=1.0),
        *hard("imbalanced", "classes 1:1000", C=1.0),
        *real(),
    ]
}


def chosen(names: list[str]) -> list[Problem]:
    """The problems of these names, letters (``D`` is every ``D@C``) or groups, each once.

    "all" is all but those of the hard regime and of sparse features, which have to be named. An
    unknown name ends the program.
    """
    found: dict[str, Problem] = {}
    known = PROBLEMS | SEPARABLE | SPARSE
    for name in names:
        matches = [
            problem
            for problem in known.values()
            if name in (problem.name, problem.name.partition("@")[0], problem.group)
        ]
        if name == "all":
            matches = list(PROBLEMS.values())
        if not matches:
            raise SystemExit(f"no problem is called {name!r}; there are {', '.join(known)}")
        found |= {problem.name: problem for problem in matches}
    return list(found.values())
