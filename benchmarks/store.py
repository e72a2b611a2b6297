"""Where results are kept: small JSON files, each with the machine that they were measured on.

The files in ``results/`` are those that README and documentation show. A run keeps its own in
``.benchmarks``, which git ignores, unless it is told otherwise: by ``python -m benchmarks --full
--keep``, or by the name of a folder in ``LOGITRON_BENCHMARK_RESULTS``.
"""

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SHOWN = Path(__file__).parent / "results"
OWN = ROOT / ".benchmarks" / "results"
#: names the folder for the processes of one run
VARIABLE = "LOGITRON_BENCHMARK_RESULTS"


def folder() -> Path:
    """Where results go."""
    path = Path(os.environ.get(VARIABLE, OWN))
    path.mkdir(parents=True, exist_ok=True)
    return path


def use(path: Path) -> None:
    """Keep results in another folder from now on."""
    os.environ[VARIABLE] = str(path)


def load(name: str, where: Path | None = None) -> dict[str, Any]:
    """What is known under a name; nothing if nothing was measured."""
    path = (where or folder()) / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def save(name: str, results: dict[str, Any]) -> None:
    """Write one line for each entry, so that changes can be read."""
    lines = [f"{json.dumps(key)}: {json.dumps(one)}" for key, one in results.items()]
    (folder() / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def merge(name: str, results: dict[str, Any]) -> None:
    """Replace entries, and keep the others."""
    save(name, load(name) | results)


def short(value: float | None) -> float | None:
    """Four digits are more than a clock knows."""
    return None if value is None else float(f"{value:.4g}")
