"""The cost of precision: errors of coefficients, by the types of storage and of computation.

Errors are relative, in the norm of the coefficients, against the Newton method of the judge in
float64. The error on the features as they are stored is the cost of computing. The error on the
features before they were stored includes the cost of storing.

``python -m benchmarks.questions.precision`` measures and prints the table.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.data import Embeddings
from benchmarks.judge import Objective, store
from benchmarks.judge.machine import describe
from benchmarks.judge.reference import minimise
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression

RESULT = "precision"
#: So tight that all of the error comes from the precision.
TOL = 1e-8
PROBLEMS = {
    "20 000 x 256 embeddings": (Embeddings(20_000, 256, 2, seed=21), 1.0),
    "20 000 x 64 embeddings, K=10": (Embeddings(20_000, 64, 10, seed=22), 1.0),
}


@dataclass(frozen=True)
class Way:
    """The type in which features are stored, and the one in which a fit computes."""

    stored: str
    computed: str | None
    """The ``dtype=`` of the fit; None follows from the features."""


WAYS = (
    Way("float64", None),
    Way("float64", "float32"),
    Way("float32", "float64"),
    Way("float32", None),
    Way("float16", None),
    Way("bfloat16", None),
)


def error(W: np.ndarray, best: np.ndarray) -> float:
    """The relative error of coefficients (m, p); those of a softmax layer are made to sum to 0."""
    W, best = (V - V.mean(axis=0) if len(V) > 1 else V for V in (W.astype(np.float64), best))
    return float(np.linalg.norm(W - best) / np.linalg.norm(best))


def optimum(X: np.ndarray, y: np.ndarray, C: float) -> np.ndarray:
    """The coefficients (m, p) of the optimum, by the Newton method of the judge."""
    V, found = minimise(Objective.of(X, y, C))
    assert found.bound <= 1e-12, f"only {found.bound} proven"
    return V[:-1].T


def of_way(way: Way, X: np.ndarray, y: np.ndarray, C: float, best: np.ndarray) -> Results:
    """The errors of a fit, whose optimum on the original features has the coefficients `best`."""
    import torch

    stored = torch.asarray(X).to(getattr(torch, way.stored))
    as_stored = stored.to(torch.float64).numpy()
    clf = LogisticRegression(C=C, tol=TOL, dtype=way.computed).fit(stored, torch.asarray(y))
    W = clf.coef_.numpy()
    follows = "float64" if way.stored == "float64" else "float32"
    return {
        "stored": way.stored,
        "computed": way.computed or follows,
        "bytes": stored.element_size(),
        "of_stored": store.short(error(W, optimum(as_stored, y, C))),
        "of_original": store.short(error(W, best)),
        "suboptimality": store.short(float(clf.suboptimality_.max())),
    }


def measured(*, keep: bool = True) -> Results:
    """Measure all ways on all problems."""
    results = {}
    for title, (data, C) in PROBLEMS.items():
        X, y = data.load()
        best = optimum(X, y, C)
        rows = [of_way(way, X, y, C, best) for way in WAYS]
        results[title] = {"rows": rows, "machine": describe("numpy", "torch")}
    if keep:
        store.save(RESULT, results)
    return results


def table(results: Results) -> str:
    """The errors, in 80 columns."""
    head = f"  {'stored':10}{'computed':10}{'error, of stored':>18}{'of original':>14}{'bound':>10}"
    lines = []
    for title, one in results.items():
        lines += [title, head]
        lines += [
            f"  {row['stored']:10}{row['computed']:10}{row['of_stored']:>18.0e}"
            f"{row['of_original']:>14.0e}{row['suboptimality']:>10.0e}"
            for row in one["rows"]
        ]
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("precision", __doc__)
    options = parser.parse_args()
    print(table(answered(parser, options, RESULT, lambda keep: measured(keep=keep))))


if __name__ == "__main__":
    main()
