"""Sphinx settings."""

import json
from importlib.metadata import version as installed
from pathlib import Path

project = "logitron"
author = "The logitron developers"
copyright = "2026, the logitron developers"
version = release = installed("logitron")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "logitron"
autodoc_typehints = "none"
numpydoc_show_class_members = False
default_role = "py:obj"

# Measured numbers come from the result files
_original = json.loads(
    (Path(__file__).parent.parent / "benchmarks" / "results" / "original.json").read_text()
)
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
