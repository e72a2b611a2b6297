"""How fast, and in how much memory, is a fit of a file that is read in blocks?

Features are written to a file of each kind, block by block, and a process for each reads the file
with the library of its format alone, fits it, and reads it again. The fastest reading and the
fastest pass of the fit are compared: other programs slow down both. The rate of the fit is that of
all bytes that were read for it, samples too. The peak of the memory is that of the whole process,
with Python and all libraries, and before the fit that of reading alone.

With ``--cold``, the file is removed from the cache of the system before each reading and each
pass, as if it were larger than memory. This needs Linux.

``python -m benchmarks.questions.larger_than_memory --gigabytes 10 --kinds npy`` measures and prints
the table; ``--folder`` needs as much space.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import large_files
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import CORES, Setting, threads
from benchmarks.options import Results, answered, parser_of
from benchmarks.questions.memory import STATUS, peak

RESULT = "larger_than_memory"
#: The estimator's penalty.
C = 1.0


def forget(path: Path) -> None:
    """Remove a file, or the files of a directory, from the cache of the system."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


@dataclass
class Clock:
    """Counts what a reader reads, and times its passes."""

    reader: Any
    size: int
    """Bytes of the file's numbers."""
    begin: Callable[[], None]
    """Called before each pass."""
    read: int = 0
    """Bytes that were read."""
    passes: list[float] = field(default_factory=list)
    """Seconds of each pass over all rows."""

    def __post_init__(self) -> None:
        scan, take = self.reader.scan, self.reader.take_rows

        def timed_scan(*arguments):
            self.begin()
            before, start = self.read, time.perf_counter()
            for block in scan(*arguments):
                self.read += block.nbytes
                if self.read - before == self.size:
                    self.passes.append(time.perf_counter() - start)
                yield block

        def counted_take(rows):
            self.read += len(rows) * self.reader.row_bytes
            return take(rows)

        self.reader.scan, self.reader.take_rows = timed_scan, counted_take


def watched(kind: str, path: Path, *, cold: bool) -> Results:
    """Read a file, fit it, and read it again, in this process."""
    from logitron import LogisticRegression, open_rows

    y, reads, reading = np.load(path.parent / "y.npy"), [], time.process_time()

    def begin() -> None:
        if cold:
            forget(path)

    def read(times: int) -> None:
        for _ in range(times):
            begin()
            start = time.perf_counter()
            large_files.read(kind, path)
            reads.append(time.perf_counter() - start)

    with threads(Setting(CORES, 1)):
        clock = Clock(open_rows(path), len(y) * large_files.FEATURES * 4, begin)
        read(2)
        before = peak(anew=True)
        reading, spent = time.process_time() - reading, time.process_time()
        start = time.perf_counter()
        model = LogisticRegression(C=C).fit(clock.reader, y)
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
        most = peak()
        read(1)
    gigabytes, passed = clock.size / 1e9, clock.read / 1e9
    return {
        "gigabytes": gigabytes,
        "read": gigabytes / min(reads),
        "pass": gigabytes / min(clock.passes),
        "fit": passed / seconds,
        "reads": reads,
        "passes": clock.passes,
        "read_cpu": reading / 2 / gigabytes,
        "fit_cpu": spent / passed,
        "times": passed / gigabytes,
        "seconds": seconds,
        "peak_mib": most / 1024,
        "before_mib": before / 1024,
        "certified": bool(model.certified_.all()),
        "plan": str(model.plan_),
    }


def of_kind(kind: str, folder: Path, gigabytes: float, *, cold: bool) -> Results:
    """Write a file, measure in a process of its own, and remove the file."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = Path(own) / f"X.{kind}"
        n = int(gigabytes * 1e9 / 4 / large_files.FEATURES)
        np.save(Path(own) / "y.npy", large_files.write(kind, path, n))
        os.sync()
        command = [sys.executable, "-m", "benchmarks.questions.larger_than_memory"]
        command += ["--watch", kind, str(path), *(["--cold"] if cold else [])]
        done = subprocess.run(command, cwd=store.ROOT, stdout=subprocess.PIPE, check=True)
    found: Results = json.loads(done.stdout.splitlines()[-1])
    return found | {"machine": describe("numpy")}


def measured(
    kinds: list[str], folder: Path, gigabytes: float, *, cold: bool, keep: bool
) -> Results:
    """Measure files of some kinds; there are no results where a peak cannot be reset."""
    if not STATUS.exists():
        print("no peaks of memory: this is not Linux")
        return {}
    results = {kind: of_kind(kind, folder, gigabytes, cold=cold) for kind in kinds}
    if keep:
        store.merge(RESULT, results)
    return results


def table(results: Results) -> str:
    """Rates in GB/s, seconds of a processor for each GB, and peaks in MiB, in 80 columns."""
    rates = f"{'file':9}{'GB':>6}{'read':>7}{'pass':>7}{'share':>7}{'fit':>7}"
    lines = [rates + f"{'CPU/GB':>8}{'fit':>6}{'reads':>7}{'sec':>7}{'before':>8}{'peak':>6}"]
    for kind, one in results.items():
        lines.append(
            f"{kind:9}{one['gigabytes']:>6.1f}{one['read']:>7.2f}{one['pass']:>7.2f}"
            f"{one['pass'] / one['read']:>7.0%}{one['fit']:>7.2f}{one['read_cpu']:>8.2f}"
            f"{one['fit_cpu']:>6.2f}{one['times']:>7.1f}{one['seconds']:>7.1f}"
            f"{one['before_mib']:>8.0f}{one['peak_mib']:>6.0f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = parser_of(RESULT, __doc__)
    parser.add_argument("--kinds", nargs="+", default=list(large_files.WRITERS), help="of files")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="of each file")
    parser.add_argument("--folder", type=Path, default=None, help="where the files are written")
    parser.add_argument("--cold", action="store_true", help="keep the files out of the cache")
    parser.add_argument("--watch", nargs=2, help="of the process of a file: kind and path")
    options = parser.parse_args()
    if options.watch:
        kind, path = options.watch
        found = watched(kind, Path(path), cold=options.cold)
        print(json.dumps(found))
        return

    def measure(keep: bool) -> Results:
        where, cold = options.folder, options.cold
        return measured(options.kinds, where, options.gigabytes, cold=cold, keep=keep)

    print(table(answered(parser, options, RESULT, measure)))


if __name__ == "__main__":
    main()
