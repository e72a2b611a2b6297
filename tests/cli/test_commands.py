"""The commands without files: digits and info, and what ends every command."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

pytest.importorskip("cyclopts", reason="the command line is an extra, logitron[cli]")

from logitron.cli import digits, main, tables

pytestmark = pytest.mark.filterwarnings("ignore:.*max_iter:sklearn.exceptions.ConvergenceWarning")


def test_digits_prints_one_row_for_each_backend(capsys):
    assert main(["digits", "--max-epochs", "20"]) == 0
    printed = capsys.readouterr()
    table = printed.err.partition("logitron: warning")[0].splitlines()
    rows = [line.split()[0] for line in table if line.split()]
    for name in digits.available_backends():
        assert (name in rows) == (name != "dask")  # (which is slow, and used where it is named)
    assert max(map(len, table)) <= 80
    assert printed.out == ""


def test_one_backend_is_shown_beside_numpy(capsys):
    pytest.importorskip("array_api_strict")
    arguments = ["digits", "--backend", "array-api-strict", "--device", "device1"]
    assert main([*arguments, "--max-epochs", "5"]) == 0
    said = capsys.readouterr().err
    assert re.search(r"^numpy +cpu +5 ", said, re.M)
    (difference,) = re.findall(r"^array-api-strict +device1 +5 .* (\d+e[+-]\d+)", said, re.M)
    assert float(difference) < 1e-12


def test_digits_saves_a_picture(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    file = tmp_path / "neuron.png"
    assert main(["digits", "--backend", "numpy", "--max-epochs", "5", "--plot", str(file)]) == 0
    assert file.read_bytes()[:4] == b"\x89PNG"
    assert str(file) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--backend", "tensorflow"], "backend must be one of"),
        (["--backend", "numpy", "--device", "cuda"], "device='cuda' is not a device"),
        (["--plot", "nowhere/picture.png"], "folder that exists"),
        (["--plot", "picture.docx"], "ends in one of"),
    ],
)
def test_what_the_user_got_wrong_is_told_in_a_line(arguments, says, capsys):
    if "--plot" in arguments:
        pytest.importorskip("matplotlib")
    assert main(["digits", *arguments]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""


@pytest.fixture
def no_training(monkeypatch):
    def train(*arguments, **settings):
        raise AssertionError("it trains")

    monkeypatch.setattr(digits, "train", train)


@pytest.mark.usefixtures("no_training")
def test_unwritable_pictures_are_told_before_training(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    folder, long = tmp_path / "folder.png", tmp_path / ("a" * 300 + ".png")
    folder.mkdir()
    for file in (folder, long):
        assert main(["digits", "--plot", str(file)]) == 2
        assert "--plot must name a file that can be written" in capsys.readouterr().err


@pytest.mark.usefixtures("no_training")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_pictures_in_folders_of_others_are_told_before_training(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    old = tmp_path / "old.png"
    old.touch(mode=0o444)
    tmp_path.chmod(0o555)
    for file in (old, tmp_path / "new.png"):
        assert main(["digits", "--plot", str(file)]) == 2
        assert "can be written" in capsys.readouterr().err


@pytest.mark.usefixtures("no_training")
def test_kinds_of_pictures_that_need_a_missing_program(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    def savefig(*arguments, **settings):
        raise RuntimeError("xelatex not found")

    monkeypatch.setattr(Figure, "savefig", savefig)
    file = tmp_path / "neuron.pgf"
    assert main(["digits", "--plot", str(file)]) == 2
    assert "can be drawn here" in capsys.readouterr().err
    assert not file.exists()


def test_what_is_in_a_file_stays_until_the_picture_is_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    old, new = tmp_path / "old.PNG", tmp_path / "new.png"
    old.write_text("old")

    def train(*arguments, **settings):
        assert old.read_text() == "old"
        assert not new.exists()
        raise ValueError

    monkeypatch.setattr(digits, "train", train)
    for file in (old, new):
        assert main(["digits", "--plot", str(file)]) == 2


@pytest.mark.usefixtures("no_training")
def test_a_missing_dask_is_told_before_training(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dask.array", None)
    assert main(["digits", "--backend", "dask"]) == 2
    assert "pip install 'logitron[dask]'" in capsys.readouterr().err


def test_epochs_must_be_positive(capsys):
    assert main(["digits", "--max-epochs", "0"]) == 2
    assert "--max-epochs" in capsys.readouterr().err


def test_info_lists_every_library(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().err
    for name in ("numpy", "torch", "cupy", "jax", "array-api-strict", "dask"):
        assert re.search(rf"^{name} ", out, re.M)
    assert re.search(rf"^numpy +{re.escape(np.__version__)} +cpu", out, re.M)


def test_info_says_what_is_wrong_with_an_installed_library(capsys, monkeypatch):
    from logitron.backend import LIBRARIES

    kind = type(LIBRARIES["cupy"])
    monkeypatch.setattr(kind, "version", lambda self: "14.2.0")
    monkeypatch.setattr(kind, "problem", lambda self: "no CUDA device is available")
    assert main(["info"]) == 0
    assert re.search(r"^cupy +14\.2\.0 +cannot be used: no CUDA", capsys.readouterr().err, re.M)


def test_info_names_the_extra_of_a_missing_library(capsys, monkeypatch):
    from logitron.backend import LIBRARIES

    monkeypatch.setattr(type(LIBRARIES["cupy"]), "version", lambda self: None)
    main(["info"])
    assert "pip install 'logitron[cupy-cuda13x]'" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("missing", ["rich", "matplotlib"])
def test_optional_packages_are_optional(missing, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, missing, None)
    for module in [name for name in sys.modules if name.startswith(f"{missing}.")]:
        monkeypatch.setitem(sys.modules, module, None)
    assert main(["digits", "--backend", "numpy", "--max-epochs", "3"]) == 0
    assert re.search(r"^numpy +cpu +3 ", capsys.readouterr().err, re.M)
    if missing == "matplotlib":
        assert main(["digits", "--plot", str(tmp_path / "x.png")]) == 2
        assert "pip install 'logitron[plot]'" in capsys.readouterr().err


def test_a_bar_shows_on_a_terminal(monkeypatch):
    pytest.importorskip("rich")
    written = []

    class Terminal:
        encoding = "utf-8"

        def isatty(self):
            return True

        def write(self, text):
            written.append(text)

        def flush(self):
            written.append("")

        def fileno(self):
            raise OSError

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with tables.progress("numpy", 10) as bar:
        bar(5, "epoch 5  loss 1.5")
    assert "epoch 5" in "".join(written)


def test_help_and_version_are_told_without_numpy():
    """In a process of its own: NumPy and scikit-learn take more than a second to import."""
    code = """
import sys
from logitron.cli import main
codes = [main(arguments) for arguments in (["--version"], [], ["--help"], ["fit", "--help"])]
heavy = {"numpy", "sklearn", "scipy", "pandas", "torch"} & set(sys.modules)
print("ended", codes, "imported", sorted(heavy))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, *_, last = done.stdout.splitlines()
    assert first == f"logitron {version('logitron')}"
    assert "sweep" in done.stdout
    assert last == "ended [0, 0, 0, 0] imported []"


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "logitron", "explain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith('logitron: Unknown command "explain"')
    assert len(done.stderr.splitlines()) == 1


def test_the_extra_is_named_where_it_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    for name in [one for one in sys.modules if one.startswith("logitron.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["info"]) == 2
    assert "pip install 'logitron[cli]'" in capsys.readouterr().err


def test_interrupts_end_with_130(monkeypatch, capsys):
    def train(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(digits, "train", train)
    assert main(["digits"]) == 130
    assert capsys.readouterr().err.endswith("logitron: interrupted\n")


def test_readers_of_the_output_may_have_enough(monkeypatch):
    class Closed:
        def write(self, text):
            raise BrokenPipeError

        def flush(self):
            raise BrokenPipeError

        def fileno(self):
            raise OSError

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(["info", "--json"]) == 0


def test_info_and_digits_are_json_too(capsys):
    assert main(["info", "--json"]) == 0
    found = {one["backend"]: one for one in json.loads(capsys.readouterr().out)}
    numpy = {"version": np.__version__, "devices": ["cpu"], "problem": None}
    assert found["numpy"] == {"backend": "numpy", **numpy}
    assert main(["digits", "--backend", "numpy", "--max-epochs", "3", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert (run["backend"], run["epochs"]) == ("numpy", 3)
