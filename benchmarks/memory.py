"""Peak memory of a fit beyond the features, the library and what its first fit leaves behind.

Every contender runs in a process of its own, which fits once to import and to compile, then once
more, watched. Linux only: elsewhere, a process cannot begin its peak anew.

``python -m benchmarks.memory`` measures and prints the table.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.data import saved
from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import CORES, Setting, threads

RESULT = "memory"
PROBLEMS = ("C", "E", "D@1", "F2", "K10")
#: what is fitted: enough to see every phase of a fit, and no more
TOL, MAX_ITER, LIMIT = 1e-3, 30, 60.0
STATUS = Path("/proc/self/status")


def peak(*, anew: bool = False) -> int:
    """The most memory that this process had, in KiB; since now if it begins ``anew``."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = (one for one in STATUS.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1])


def watched(name: str, folder: Path, C: float) -> float:
    """MiB of the second fit, in this process."""
    X, y = saved.load(folder)
    contender = CONTENDERS[name]()
    contender.prepare(X, y, C)
    with threads(Setting(CORES, 1)):
        contender.warm_up()
        before = peak(anew=True)
        contender.fit(TOL, MAX_ITER)
        return (peak() - before) / 1024


def of_problem(problem: Problem) -> dict:
    """Peaks of all contenders of the headline that can fit the problem."""
    X, y = problem.data.load()
    columns = 1 if y.max() == 1 else int(y.max()) + 1
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        saved.save(Path(folder), X, y)
        for name, who in CONTENDERS.items():
            if not who.headline or name == "null" or who.refuses(columns, len(X)):
                continue
            command = [sys.executable, "-m", "benchmarks.memory", name, folder, repr(problem.C)]
            try:
                done = subprocess.run(
                    command, cwd=store.ROOT, capture_output=True, check=True, timeout=LIMIT
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
                print(f"  {name}: {type(error).__name__}", flush=True)
                continue
            found[name] = round(json.loads(done.stdout.splitlines()[-1]), 1)
    return {
        "title": problem.title,
        "features_mib": round(X.nbytes / 2**20, 1),
        "peak_mib": found,
        "machine": describe("numpy", "scipy", "scikit-learn"),
    }


def measured() -> dict:
    """Measure all problems; nothing where peaks cannot begin anew."""
    if not STATUS.exists():
        print("no peaks of memory: this is no Linux")
        return {}
    results = {problem.name: of_problem(problem) for problem in chosen(list(PROBLEMS))}
    store.save(RESULT, results)
    return results


def table(results: dict) -> str:
    """MiB in 80 columns."""
    names = sorted({name for one in results.values() for name in one["peak_mib"]})
    lines = [f"{'MiB beyond the features':26}" + "".join(f"{name:>10}" for name in results)]
    lines.append(
        f"{'the features':26}"
        + "".join(f"{one['features_mib']:>10.0f}" for one in results.values())
    )
    for who in names:
        cells = (one["peak_mib"].get(who) for one in results.values())
        lines.append(f"{who:26}" + "".join(f"{'-' if m is None else m:>10}" for m in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        warnings.simplefilter("ignore")
        print(json.dumps(watched(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))))
    else:
        print(table(measured()))
