"""Writes measured numbers into the README, from the result files; never by hand.

A block of the README between ``<!-- numbers: NAME -->`` and ``<!-- end -->`` is what this module
makes of ``results/NAME.json``. Without ``--write``, it only says whether they agree.
"""

import json
import re
import sys
from pathlib import Path

from benchmarks.markdown import engine, many

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- numbers: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


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


WRITERS = {"original": original, "engine": engine, "many": many}


def rendered(text: str) -> str:
    """The text with every block of numbers made anew."""

    def block(match: re.Match) -> str:
        name = match[2]
        result = json.loads((RESULTS / f"{name}.json").read_text())
        return match[1] + WRITERS[name](result) + match[3]

    return BLOCK.sub(block, text)


def main() -> int:
    text = README.read_text()
    new = rendered(text)
    if "--write" in sys.argv[1:]:
        README.write_text(new)
    elif new != text:
        print("README.md does not show the measured numbers; run: nox -s report", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
