"""Writes measured numbers into README and documentation, from the result files; never by hand.

In the README, what stands between ``<!-- numbers: NAME -->`` and ``<!-- end -->`` is made of the
results; on pages, what stands between ``.. numbers: NAME`` and ``.. end``. Without
``--write``, it only says whether they agree.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import markdown
from benchmarks.judge import store

README = store.ROOT / "README.md"
IN_PAGE = re.compile(r"(\.\. numbers: (\w+)\n\n).*?(\.\. end\n)", re.DOTALL)
BLOCKS = {
    README: re.compile(r"(<!-- numbers: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL),
    store.ROOT / "docs" / "benchmarks.rst": IN_PAGE,
    store.ROOT / "docs" / "gpu.rst": IN_PAGE,
}


def original(result: dict) -> str:
    """The tutorial's script and its rewriting, side by side."""
    seconds, epochs, machine = result["seconds"], result["epochs"], result["machine"]
    missed = ", ".join(map(str, result["missed_rows"]))
    return (
        "| | epochs | seconds |\n|---|---|---|\n"
        f"| the tutorial's script, row by row | {epochs['script']} | {seconds['script']:.2f} |\n"
        f"| logitron on NumPy | {epochs['logitron']} | {seconds['logitron']:.2f} |\n\n"
        f"The same neuron {result['times_faster']:.0f} times faster: a final summed loss of "
        f"{result['final_loss']:.5f}, and rows {missed} of {result['held_out_rows']} held-out "
        f"digits missed by both. Measured in one run on {machine['cores']} cores "
        f"({machine['processor']}), Python {machine['python']}, NumPy {machine['numpy']}.\n"
    )


#: block: the results that it is made of, and how
WRITERS: dict[str, tuple[str, Callable[[dict], str]]] = {
    "original": ("original", original),
    "engine": ("engine", markdown.engine),
    "many": ("many", markdown.many),
    "problems": ("engine", markdown.problems),
    "losses": ("engine", markdown.losses),
    "work": ("engine", markdown.work),
    "everybody": ("engine", markdown.everybody),
    "growth": ("growth", markdown.growth),
    "backends": ("backends", markdown.backends),
    "overhead": ("overhead", markdown.overhead),
    "memory": ("memory", markdown.memory),
    "precision": ("precision", markdown.precision),
    "gpu": ("gpu", markdown.gpu),
}


def rendered(path: Path) -> str:
    """A file with every block of numbers made anew."""

    def block(match: re.Match) -> str:
        source, write = WRITERS[match[2]]
        text = write(store.load(source, store.SHOWN))
        return match[1] + (text if path == README else restructured(text) + "\n") + match[3]

    return BLOCKS[path].sub(block, path.read_text())


def restructured(text: str) -> str:
    """Turn paragraphs, lists and tables of Markdown into reStructuredText."""
    parts = []
    for part in text.strip().split("\n\n"):
        lines = part.splitlines()
        parts.append(list_table(lines) if lines[0].startswith("|") else part)
    return "\n\n".join(parts) + "\n"


def list_table(lines: list[str]) -> str:
    out = [".. list-table::", "   :header-rows: 1", ""]
    for number, line in enumerate(lines):
        if number == 1:  # what separates the head
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        out += [f"   {'-' if place else '* -'} {cell}".rstrip() for place, cell in enumerate(cells)]
    return "\n".join(line if "* -" in line or i < 3 else "  " + line for i, line in enumerate(out))


def main() -> int:
    stale = [path for path in BLOCKS if rendered(path) != path.read_text()]
    if "--write" in sys.argv[1:]:
        for path in stale:
            path.write_text(rendered(path))
    elif stale:
        names = ", ".join(path.name for path in stale)
        print(f"{names}: not the measured numbers; run: nox -s report", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
