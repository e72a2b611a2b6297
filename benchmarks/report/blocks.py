"""The blocks of README and documentation that hold measured numbers.

The text of a block comes from the files of results, never from a hand. In the README, a block is
between ``<!-- numbers: NAME -->`` and ``<!-- end -->``. On a page, it is between
``.. numbers: NAME`` and ``.. end``.
"""

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.judge import store
from benchmarks.report import exact_fits, l1_fits, markdown, regime_fits
from benchmarks.report.rst import restructured

README = store.ROOT / "README.md"
IN_PAGE = re.compile(r"(\.\. numbers: (\w+)\n\n).*?(\.\. end\n)", re.DOTALL)
BLOCKS = {
    README: re.compile(r"(<!-- numbers: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL),
    store.ROOT / "docs" / "benchmarks.rst": IN_PAGE,
    store.ROOT / "docs" / "gpu.rst": IN_PAGE,
    store.ROOT / "docs" / "sparse_probes.rst": IN_PAGE,
}


#: The source of each block: files of results, and the function of them that makes the text.
WRITERS: dict[str, tuple[str, Callable[..., str]]] = {
    "original": ("original", markdown.original),
    "headline": ("engine separable sparse", exact_fits.headline),
    "many": ("many", markdown.many),
    "separable": ("separable", regime_fits.separable),
    "sparse": ("sparse", regime_fits.sparse),
    "l1": ("l1", l1_fits.l1),
    "problems": ("engine", exact_fits.problems),
    "losses": ("engine", exact_fits.losses),
    "work": ("engine", exact_fits.work),
    "everybody": ("engine", exact_fits.everybody),
    "growth": ("growth", markdown.growth),
    "backends": ("backends", markdown.backends),
    "overhead": ("overhead", markdown.overhead),
    "memory": ("memory", markdown.memory),
    "precision": ("precision", markdown.precision),
    "gpu": ("gpu", markdown.gpu),
    "gpu_history": ("gpu_history", markdown.gpu_history),
}


def rendered(path: Path) -> str:
    """The text of a file, with every block made from the results."""

    def block(match: re.Match[str]) -> str:
        sources, write = WRITERS[match[2]]
        text = write(*(store.load(source, store.SHOWN) for source in sources.split()))
        return match[1] + (text if path == README else restructured(text) + "\n") + match[3]

    return BLOCKS[path].sub(block, path.read_text())
