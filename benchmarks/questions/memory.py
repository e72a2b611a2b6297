"""The peak memory of a fit, beyond the features, the library and the remains of its first fit.

Every contender runs in a process of its own. There it fits once to import and to compile, and once
more while its memory is watched. This needs Linux: elsewhere, a process cannot reset its peak.

``python -m benchmarks.questions.memory`` measures and prints the table.
"""

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contenders import CONTENDERS, measured_on
from benchmarks.data import saved
from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import CORES, Setting, threads
from benchmarks.options import Results, answered, parser_of

RESULT = "memory"
PROBLEMS = ("C", "E", "D@1", "F2", "K10")
#: The parameters of a fit that has every phase, and its time limit.
TOL, MAX_ITER, LIMIT = 1e-3, 30, 60.0
STATUS = Path("/proc/self/status")


def peak(*, anew: bool = False) -> int:
    """The peak memory of this process in KiB; it is reset if it begins ``anew``."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = (one for one in STATUS.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1])


def watched(name: str, folder: Path, C: float) -> float:
    """The MiB of the second fit, in this process."""
    X, y = saved.load(folder)
    contender = CONTENDERS[name]()
    contender.prepare(X, y, C)
    with threads(Setting(CORES, 1)):
        contender.warm_up()
        before = peak(anew=True)
        contender.fit(TOL, MAX_ITER)
        return (peak() - before) / 1024


def of_problem(problem: Problem) -> Results:
    """The peaks of all contenders of the headline that can fit the problem."""
    X, y = problem.data.load()
    columns = 1 if y.max() == 1 else int(y.max()) + 1
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        saved.save(Path(folder), X, y)
        for name, who in measured_on("cpu").items():
            if not who.headline or name == "null" or who.refuses(columns, len(X)):
                continue
            watch = ["--watch", name, folder, repr(problem.C)]
            command = [sys.executable, "-m", "benchmarks.questions.memory", *watch]
            try:
                done = subprocess.run(
                    command, cwd=store.ROOT, capture_output=True, check=True, timeout=LIMIT
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
                print(f"  {name}: {type(error).__name__}", flush=True)
                continue
            found[name] = round(float(done.stdout.splitlines()[-1]), 1)
    return {
        "title": problem.title,
        "features_mib": round(X.nbytes / 2**20, 1),
        "peak_mib": found,
        "machine": describe("numpy", "scipy", "scikit-learn"),
    }


def measured(names: Sequence[str] = PROBLEMS, *, keep: bool = True) -> Results:
    """Measure problems; there are no results where a peak cannot be reset."""
    if not STATUS.exists():
        print("no peaks of memory: this is not Linux")
        return {}
    results = {problem.name: of_problem(problem) for problem in chosen(list(names))}
    if keep:
        store.merge(RESULT, results)
    return results


def table(results: Results) -> str:
    """The MiB, in 80 columns."""
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


def main() -> None:
    parser = parser_of("memory", __doc__)
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), help="names")
    parser.add_argument("--watch", nargs=3, help="of the process of a contender: name, folder, C")
    options = parser.parse_args()
    if options.watch:
        warnings.simplefilter("ignore")
        name, folder, C = options.watch
        print(watched(name, Path(folder), float(C)))
        return
    results = answered(parser, options, RESULT, lambda keep: measured(options.problems, keep=keep))
    print(table(results))


if __name__ == "__main__":
    main()
