"""The files of results: JSON, each entry with the machine that it was measured on.

The files in ``benchmarks/results/`` are shown by README and documentation. A run writes to
``.benchmarks``, which git ignores. Two things change that: ``python -m benchmarks --full --keep``,
and the name of a folder in the environment variable ``LOGITRON_BENCHMARK_RESULTS``.
"""

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SHOWN = ROOT / "benchmarks" / "results"
OWN = ROOT / ".benchmarks" / "results"
#: The environment variable with the folder; all processes of a run inherit it.
VARIABLE = "LOGITRON_BENCHMARK_RESULTS"


def folder() -> Path:
    """The folder that results are written to."""
    path = Path(os.environ.get(VARIABLE, OWN))
    path.mkdir(parents=True, exist_ok=True)
    return path


def use(path: Path) -> None:
    """Write results to another folder from now on."""
    os.environ[VARIABLE] = str(path)


def load(name: str, where: Path | None = None) -> dict[str, Any]:
    """The results of a name, empty if there are none."""
    path = (where or folder()) / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def save(name: str, results: dict[str, Any]) -> None:
    """Write the results of a name, one line for each entry, so that a diff is readable."""
    lines = [f"{json.dumps(key)}: {json.dumps(one)}" for key, one in results.items()]
    (folder() / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def merge(name: str, results: dict[str, Any]) -> None:
    """Replace some entries of a name, and keep the others."""
    save(name, load(name) | results)


def short(value: float | None) -> float | None:
    """A number in four digits, which are more than a clock can resolve."""
    return None if value is None else float(f"{value:.4g}")
