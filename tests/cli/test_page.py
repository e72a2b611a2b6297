"""The page on the command line: its commands run, in their order, and print what it shows."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "command_line.rst").read_text()
(SCRIPT,) = re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", PAGE)
CONSOLE = "".join(re.findall(r"\.\. code-block:: console\n\n((?:    .*\n|\n)+)", PAGE))
#: each command, and what is shown below it
SHOWN = re.findall(r"^    \$ logitron (.*)\n((?:    [^$\n].*\n)*)", CONSOLE, re.M)


def _assert_printed(shown, printed):
    """Words are equal, and numbers nearly; those of rounding errors and of time are not read."""
    expected, _, rest = dedent(shown).partition("...\n")
    words, found = expected.split(), printed.split()
    assert len(found) >= len(words) if not rest and "..." in shown else len(found) == len(words)
    for mine, theirs in zip(found, words, strict=False):
        try:
            number = float(theirs)
        except ValueError:
            assert mine == theirs or set(theirs) <= set("─-=")
            continue
        if "e-" not in theirs and theirs != "0.9":  # (seconds)
            assert float(mine) == pytest.approx(number, rel=0.2, abs=0.01)


def test_commands_of_the_page_print_what_it_shows(logitron):
    for library in ("onnxruntime", "skl2onnx", "torch"):
        pytest.importorskip(library, reason="the page exports models")
    exec(compile(dedent(SCRIPT), "command_line.rst", "exec"), {})
    assert len(SHOWN) >= 10
    for command, shown in SHOWN:
        out, err = logitron(command)
        if shown:
            _assert_printed(shown, err + out)


def test_options_of_the_page_exist(capsys):
    pytest.importorskip("cyclopts", reason="the command line is an extra, logitron[cli]")
    from logitron.cli import main

    helped = ""
    for command in ("fit", "sweep", "predict", "evaluate", "infer", "show", "export"):
        assert main([command, "--help"]) == 0
        helped += capsys.readouterr().out
    named = set(re.findall(r"(?<![\w-])--[A-Za-z][\w-]*", PAGE)) - {"--help"}
    assert named <= set(re.findall(r"--[A-Za-z][\w-]*", helped))
