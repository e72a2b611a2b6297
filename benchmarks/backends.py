"""The same fits on every array library of this machine: seconds, and that the answers agree.

The first fit of a shape, which compiles where a library compiles, is told apart from later ones.
All fits are to a certified relative suboptimality of 1e-12; the difference is that of all
coefficients from NumPy's, relative to their norm.

``python -m benchmarks.backends`` measures and prints the table.
"""

import time
import warnings

import numpy as np

from benchmarks.data import Embeddings, many_labels
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from logitron import LogisticRegression

RESULT = "backends"
#: what is measured beside NumPy, where it is installed
NAMES = ("numpy", "torch", "jax", "dask")
REPEATS = 3


def problems() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {
        "20 000 x 256, binary": Embeddings(20_000, 256, 2, seed=31).load(),
        "20 000 x 256, K=10": Embeddings(20_000, 256, 10, seed=32).load(),
        "20 000 x 256, 64 targets": many_labels(20_000, 256, 64, seed=33),
    }


def missing(name: str) -> str | None:
    """Why a library cannot be measured here; None where it can."""
    from importlib.util import find_spec

    return None if find_spec(name) is not None else f"{name} is not installed"


def arrays(name: str, X: np.ndarray) -> object:
    """X as a user of the library has it."""
    if name == "torch":
        import torch

        return torch.from_numpy(X)
    if name == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        return jax.device_put(X)
    if name == "dask":
        import dask.array as da

        return da.from_array(X, chunks=(-(-len(X) // 4), X.shape[1])).persist()
    return X


def of_problem(X: np.ndarray, y: np.ndarray, names: list[str]) -> dict:
    """First and later fits of each library, and how far its coefficients are from NumPy's."""
    found, reference = {}, None
    for name in names:
        here = arrays(name, X)
        seconds = []
        for _ in range(1 + REPEATS):
            start = time.perf_counter()
            clf = LogisticRegression(tol=1e-6).fit(here, y)
            seconds.append(time.perf_counter() - start)
        coef = np.asarray(clf.coef_)
        reference = coef if reference is None else reference
        scale = np.linalg.norm(reference)
        found[name] = {
            "first": store.short(seconds[0]),
            "seconds": store.short(min(seconds[1:])),
            "difference": store.short(float(np.linalg.norm(coef - reference) / scale)),
        }
    return found


def measured() -> dict:
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
    store.save(RESULT, results)
    return results


def table(results: dict) -> str:
    """Seconds in 80 columns."""
    lines = [f"{'':28}{'library':10}{'first fit':>11}{'later fits':>12}{'difference':>12}"]
    for title, one in results.items():
        for number, (name, row) in enumerate(one["libraries"].items()):
            lines.append(
                f"{'' if number else title:28}{name:10}{row['first']:>11.3g}"
                f"{row['seconds']:>12.3g}{row['difference']:>12.0e}"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measured()))
