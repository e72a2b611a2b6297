"""Sphinx settings."""

import json
import re
import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE.parent / "benchmarks" / "results"
sys.path.insert(0, str(HERE))  # of the extensions that are files here

project = "logitron"
author = "The logitron developers"
copyright = "2026, the logitron developers"
version = release = installed("logitron")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
    "outside_links",
]
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    *(f"generated/{name}.rst" for name in ("changelog", "hostile", "tables")),  # in other pages
]
html_theme = "furo"
html_title = "logitron"
html_static_path = ["_static"]
html_css_files = ["logitron.css"]
autodoc_typehints = "none"
numpydoc_show_class_members = False
default_role = "py:obj"


def _write_table(name: str, heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Write a table of measured numbers for a page to include."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (heads, *rows):
        lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
    (HERE / "generated").mkdir(exist_ok=True)
    (HERE / "generated" / f"{name}.rst").write_text("\n".join(lines) + "\n")


_hostile = json.loads((RESULTS / "hostile.json").read_text())
_write_table(
    "hostile",
    ("kind", "tried", "right", "honest", "wrong"),
    [
        (kind, one["tried"], one["right"], one["honest"], one["wrong"])
        for kind, one in _hostile.items()
    ],
)
_tables = json.loads((RESULTS / "tables.json").read_text())
_write_table(
    "tables",
    ("setting", "fits", "proven", "not proven", "separated", "untrue"),
    [
        (
            *(one[key] for key in ("title", "fits", "converged", "unconverged", "separated")),
            sum(one["broken"].values()),
        )
        for one in _tables.values()
    ],
)

# The changelog is in Markdown, with code and links to pages
_changes = (HERE.parent / "CHANGELOG.md").read_text().split("\n", 1)[1]
_changes = re.sub(r"\[([^\]]+)\]\(docs/(\w+)\.rst\)", r":doc:`\1 <\2>`", _changes)
_changes = re.sub(r"(?<![:`>\w])`([^`<]+)`(?!_)", r"``\1``", _changes)
_changes = re.sub(r"^## (.*)$", lambda m: f"{m[1]}\n{'-' * len(m[1])}", _changes, flags=re.M)
(HERE / "generated" / "changelog.rst").write_text(_changes)

# Measured numbers come from the result files
_original = json.loads((RESULTS / "original.json").read_text())
rst_prolog = "\n".join(
    f".. |{name}| replace:: {value}"
    for name, value in {
        "epochs": _original["epochs"]["logitron"],
        "final loss": f"{_original['final_loss']:.5f}",
        "highest loss": f"{_original['highest_loss']:,.0f}",
        "missed rows": ", ".join(map(str, _original["missed_rows"])),
        "held out": _original["held_out_rows"],
        "seconds of the script": f"{_original['seconds']['script']:.1f}",
        "seconds of ours": f"{_original['seconds']['logitron']:.2f}",
        "times faster": f"{_original['times_faster']:.0f}",
        "cores": _original["machine"]["cores"],
        "processor": _original["machine"]["processor"],
    }.items()
)
