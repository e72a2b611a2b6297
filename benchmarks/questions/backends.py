"""The same fits on every array library of this machine: seconds, and differences of the answers.

The first fit of a shape is separated from later ones, since some libraries compile then. All fits
reach a certified relative suboptimality of 1e-12. The difference is that of all coefficients from
those of NumPy, relative to their norm.

``python -m benchmarks.questions.backends`` measures and prints the table.
"""

import warnings
from typing import Any

import numpy as np

from benchmarks.contenders.arrays import brought
from benchmarks.data import Embeddings, many_labels
from benchmarks.data.packages import lacking
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.timing import seconds_of
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression

RESULT = "backends"
#: The libraries that are measured where they are installed; NumPy is first.
NAMES = ("numpy", "torch", "jax", "dask")
REPEATS = 3


def problems() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Features and labels of each problem, by its title."""
    return {
        "20 000 x 256, binary": Embeddings(20_000, 256, 2, seed=31).load(),
        "20 000 x 256, K=10": Embeddings(20_000, 256, 10, seed=32).load(),
        "20 000 x 256, 64 targets": many_labels(20_000, 256, 64, seed=33),
    }


def missing(name: str) -> str | None:
    """The reason why a library cannot be measured here; None where it can."""
    return f"{name} is not installed" if lacking(name) else None


def arrays(name: str, X: np.ndarray) -> Any:
    """X as a user of the library has it."""
    if name == "dask":
        import dask.array as da

        return da.from_array(X, chunks=(-(-len(X) // 4), X.shape[1])).persist()
    return brought(X, name, "cpu")


def of_problem(X: np.ndarray, y: np.ndarray, names: list[str]) -> Results:
    """The first and later fits of each library, and the difference of its coefficients."""
    found, reference = {}, None
    for name in names:
        here = arrays(name, X)
        seconds = []
        for _ in range(1 + REPEATS):
            took, clf = seconds_of(lambda here=here: LogisticRegression(tol=1e-6).fit(here, y))
            seconds.append(took)
        coef = np.asarray(clf.coef_)
        reference = coef if reference is None else reference
        scale = np.linalg.norm(reference)
        found[name] = {
            "first": store.short(seconds[0]),
            "seconds": store.short(min(seconds[1:])),
            "difference": store.short(float(np.linalg.norm(coef - reference) / scale)),
        }
    return found


def measured(*, keep: bool = True) -> Results:
    """Measure all problems on all libraries that are installed."""
    left_out = {name: why for name in NAMES if (why := missing(name))}
    names = [name for name in NAMES if name not in left_out]
    results = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for title, (X, y) in problems().items():
            results[title] = {
                "libraries": of_problem(X, y, names),
                "left_out": left_out,
                "machine": describe("scikit-learn", *names),
            }
    if keep:
        store.save(RESULT, results)
    return results


def table(results: Results) -> str:
    """The seconds, in 80 columns."""
    lines = [f"{'':28}{'library':10}{'first fit':>11}{'later fits':>12}{'difference':>12}"]
    for title, one in results.items():
        for number, (name, row) in enumerate(one["libraries"].items()):
            lines.append(
                f"{'' if number else title:28}{name:10}{row['first']:>11.3g}"
                f"{row['seconds']:>12.3g}{row['difference']:>12.0e}"
            )
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("backends", __doc__)
    options = parser.parse_args()
    print(table(answered(parser, options, RESULT, lambda keep: measured(keep=keep))))


if __name__ == "__main__":
    main()
