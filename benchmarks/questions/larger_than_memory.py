"""How fast, and in how much memory, is a fit of a file that is read in blocks?

Features are written to a file of each kind, block by block, and a process for each reads the file
with the library of its format alone, fits it, and reads it again. The rate of the fit is that of
all bytes that its passes went through. The peak of the memory is that of the whole process, with
Python and all libraries.

With ``--cold``, a thread removes the file from the cache of the system again and again, as if it
were larger than memory. This needs Linux.

``python -m benchmarks.questions.larger_than_memory --gigabytes 10 --kinds npy`` measures and prints
the table; ``--folder`` needs as much space.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.data import large_files
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import CORES, Setting, threads
from benchmarks.options import Results, answered, parser_of
from benchmarks.questions.memory import STATUS, peak

RESULT = "larger_than_memory"
#: Seconds between two removals from the cache; the estimator's penalty.
SECONDS, C = 0.2, 1.0


def forget(path: Path) -> None:
    """Remove a file, or the files of a directory, from the cache of the system."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


@contextmanager
def uncached(path: Path, *, cold: bool) -> Iterator[None]:
    """Remove a file from the cache; all the time, if it is to be cold."""
    forget(path)
    done = threading.Event()

    def go_on() -> None:
        while not done.wait(SECONDS):
            forget(path)

    thread = threading.Thread(target=go_on)
    if cold:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if cold:
            thread.join()


def watched(kind: str, path: Path, *, cold: bool) -> Results:
    """Read a file, fit it, and read it again, in this process."""
    from logitron import LogisticRegression, open_rows

    y = np.load(path.parent / "y.npy")
    size = len(y) * large_files.FEATURES * 4

    def read() -> float:
        start = time.perf_counter()
        large_files.read(kind, path)
        return time.perf_counter() - start

    with threads(Setting(CORES, 1)), uncached(path, cold=cold):
        reader, counted = open_rows(path), [0]
        scan, take = reader.scan, reader.take_rows

        def counting_scan(*arguments):
            for block in scan(*arguments):
                counted[0] += block.nbytes
                yield block

        def counting_take(rows):
            counted[0] += len(rows) * reader.row_bytes
            return take(rows)

        reader.scan, reader.take_rows = counting_scan, counting_take
        before, resident = read(), peak(anew=True)
        start, spent = time.perf_counter(), time.process_time()
        model = LogisticRegression(C=C).fit(reader, y)
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
        most = peak()
        after = read()
    return {
        "gigabytes": size / 1e9,
        "read": size / 1e9 / np.asarray([before, after]),
        "fit": counted[0] / 1e9 / seconds,
        "seconds": seconds,
        "cpu_seconds": spent,
        "passes": counted[0] / size,
        "peak_mib": most / 1024,
        "before_mib": resident / 1024,
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
        done = subprocess.run(command, cwd=store.ROOT, capture_output=True, check=True)
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
    """Rates in GB/s and peaks in MiB, in 80 columns."""
    head = f"{'file':10}{'GB':>7}{'read':>7}{'again':>7}{'fit':>7}{'share':>7}"
    lines = [head + f"{'passes':>8}{'seconds':>9}{'CPU':>8}{'peak MiB':>10}"]
    for kind, one in results.items():
        first, again = one["read"]
        share = one["fit"] / np.mean(one["read"])
        lines.append(
            f"{kind:10}{one['gigabytes']:>7.1f}{first:>7.2f}{again:>7.2f}{one['fit']:>7.2f}"
            f"{share:>7.0%}{one['passes']:>8.1f}{one['seconds']:>9.1f}"
            f"{one['cpu_seconds']:>8.1f}{one['peak_mib']:>10.0f}"
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
        print(json.dumps(found | {"read": list(found["read"])}))
        return

    def measure(keep: bool) -> Results:
        where, cold = options.folder, options.cold
        return measured(options.kinds, where, options.gigabytes, cold=cold, keep=keep)

    print(table(answered(parser, options, RESULT, measure)))


if __name__ == "__main__":
    main()
