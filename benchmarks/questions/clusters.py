"""What a fit costs on a local cluster of Dask: tasks, bytes and time of a pass.

The features are persisted before both clocks start. Bytes are those of the pickled parameters that
are sent to all tasks of a pass, and those of the sums that come back. The error is the largest
difference of a coefficient from the fit of NumPy to 1e-10. dask-ml has no intercept here, since it
would penalise it, so that both minimise the same objective; it is timed at the loosest tolerance
that reaches a relative suboptimality of 1e-6.

``python -m benchmarks.questions.clusters`` measures and prints the table.
"""

import pickle
import time
import warnings
from statistics import median
from typing import Any

import numpy as np

from benchmarks.data.packages import lacking
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.timing import seconds_of
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression
from logitron.data.dask_cluster import ClusterWorkers

RESULT = "clusters"
#: Workers, each a process of one thread
SIZES = (2, 4)
#: Chunks that the rows are divided into
CHUNKS = (8, 64)
ROWS, FEATURES, C = 100_000, 20, 1.0
ENOUGH = 1e-6
#: Tolerances that dask-ml is given, until it comes near enough
TOLERANCES = (1e-4, 1e-6, 1e-8)


def problem() -> tuple[np.ndarray, np.ndarray]:
    """Features of different scales, and labels of two classes."""
    rng = np.random.default_rng(41)
    X = rng.normal(size=(ROWS, FEATURES)) * np.geomspace(0.3, 3.0, FEATURES)
    logits = X @ (rng.normal(size=FEATURES) / np.geomspace(0.3, 3.0, FEATURES)) / 3.0
    return X, (logits + rng.logistic(size=ROWS) > 0.0).astype(np.int64)


def loss(coef: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
    """The objective of both packages."""
    signed = (1 - 2 * y) * (X @ coef)
    return float(np.logaddexp(0.0, signed).sum() + coef @ coef / (2.0 * C))


class Passes:
    """Notes the milliseconds and the bytes of each pass, and the tasks that the workers run."""

    def __init__(self, scheduler: Any) -> None:
        self.milliseconds: list[float] = []
        self.sent: list[int] = []
        self.received = self.tasks = self.pass_tasks = 0
        self._scheduler, self._total = scheduler, ClusterWorkers.total

    def __enter__(self) -> "Passes":
        from distributed import SchedulerPlugin

        notes = self

        class Plugin(SchedulerPlugin):
            def transition(self, key: Any, start: str, finish: str, *args: Any, **known: Any):
                if (start, finish) == ("processing", "memory"):
                    notes.tasks += 1
                    if "sum_over_part" in str(key):
                        notes.pass_tasks += 1
                        notes.received += known.get("nbytes", 0)

        def total(workers: Any, function: Any, *columns: Any) -> Any:
            start = time.perf_counter()
            found = self._total(workers, function, *columns)
            self.milliseconds.append(1e3 * (time.perf_counter() - start))
            self.sent.append(len(pickle.dumps(function)) * len(columns[0]))
            return found

        self._scheduler.add_plugin(Plugin(), name="passes")
        ClusterWorkers.total = total  # type: ignore[method-assign]
        return self

    def __exit__(self, *error: object) -> None:
        ClusterWorkers.total = self._total  # type: ignore[method-assign]
        self._scheduler.remove_plugin("passes")


def of_ours(scheduler: Any, X: Any, y: Any, expected: np.ndarray) -> Results:
    clf = LogisticRegression(C=C, fit_intercept=False, tol=1e-10)
    with Passes(scheduler) as notes:
        clf.fit(X, y)
    count = len(notes.milliseconds)
    enough = LogisticRegression(C=C, fit_intercept=False, tol=ENOUGH)
    return {
        "seconds": store.short(min(seconds_of(lambda: enough.fit(X, y))[0] for _ in range(3))),
        "passes": count,
        "ms a pass": store.short(median(notes.milliseconds)),
        "ms, quickest": store.short(min(notes.milliseconds)),
        "tasks": notes.tasks,
        "tasks a pass": store.short(notes.pass_tasks / count),
        "bytes sent a pass": int(median(notes.sent)),
        "bytes received a pass": notes.received // count,
        "error": store.short(float(np.abs(clf.coef_[0] - expected).max())),
    }


def of_dask_ml(X: Any, y: Any, data: tuple[np.ndarray, np.ndarray], least: float) -> Results:
    """The seconds at the loosest tolerance that is near enough; the nearest, if none is."""
    from dask_ml.linear_model import LogisticRegression as Other

    gap, took = np.inf, np.inf
    for tol in TOLERANCES:
        settings = {"solver": "lbfgs", "max_iter": 1000, "solver_kwargs": {"normalize": False}}
        clf = Other(C=C, fit_intercept=False, tol=tol, **settings)
        took, _ = seconds_of(lambda clf=clf: clf.fit(X, y))
        gap = (loss(np.ravel(clf.coef_), *data) - least) / least
        if gap <= ENOUGH:
            break
    return {"seconds": store.short(took), "gap": store.short(gap), "tol": tol}


def of_cluster(workers: int, chunks: int, data: tuple[np.ndarray, np.ndarray]) -> Results:
    import dask.array as da
    from distributed import Client, LocalCluster, wait

    expected = LogisticRegression(C=C, fit_intercept=False, tol=1e-10).fit(*data).coef_[0]
    settings = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with LocalCluster(workers, **settings) as cluster, Client(cluster) as client:
        client.wait_for_workers(workers)
        rows = -(-ROWS // chunks)
        X, y = client.persist([da.from_array(data[0], (rows, -1)), da.from_array(data[1], rows)])
        wait([X, y])
        LogisticRegression(fit_intercept=False, max_iter=2, solver="lbfgs").fit(X, y)  # imports
        found = {"logitron": of_ours(cluster.scheduler, X, y, expected)}
        if not lacking("dask_ml"):
            found["dask-ml"] = of_dask_ml(X, y, data, loss(expected, *data))
    return found


def measured(*, keep: bool = True) -> Results:
    """Measure each size of a cluster with each number of chunks."""
    data, results = problem(), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for workers in SIZES:
            for chunks in CHUNKS:
                title = f"{workers} workers, {chunks} chunks"
                results[title] = of_cluster(workers, chunks, data)
                results[title]["machine"] = describe("dask", "distributed")
                print(table({title: results[title]}), flush=True)
    if keep:
        store.save(RESULT, results)
    return results


def table(results: Results) -> str:
    """What was measured, in 80 columns."""
    lines = []
    for title, one in results.items():
        ours, other = one["logitron"], one.get("dask-ml")
        lines += [title, *(f"    {name:22}{value:>12}" for name, value in ours.items())]
        if other:
            times = other["seconds"] / ours["seconds"]
            lines.append(
                f"    dask-ml: {other['seconds']} s, gap {other['gap']}: {times:.1f} times"
            )
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("clusters", __doc__)
    options = parser.parse_args()
    results = answered(parser, options, RESULT, lambda keep: measured(keep=keep))
    if options.show:
        print(table(results))


if __name__ == "__main__":
    main()
