"""Type checkers on scripts of users: right uses pass, and each wrong use is found."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

import logitron
from logitron import LogisticRegression
from logitron.backend.libraries import LIBRARIES
from logitron.estimators import argument_types
from logitron.estimators.sklearn import bases
from logitron.estimators.sklearn.parameters import PENALTIES, SOLVERS

SOURCE = Path(logitron.__file__).parents[1]
SCRIPTS = Path(__file__).parent / "typing"
WRONG = SCRIPTS / "wrong_uses.py"
#: libraries of the scripts that need more than NumPy
NEEDED = {"other_libraries.py": ("torch", "jax", "dask", "polars")}


def _mypy(script: Path, cache: Path) -> set[int]:
    """Numbers of the lines to which mypy objects, as strictly as it can."""
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"]
    options = ["--config-file=", f"--cache-dir={cache}", "--no-error-summary", str(script)]
    found = subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        cwd=cache,
        env=os.environ | {"MYPYPATH": str(SOURCE)},
        check=False,
    )
    assert found.returncode in (0, 1), found.stdout + found.stderr
    errors = [line for line in found.stdout.splitlines() if ": error: " in line]
    return {int(line.partition(script.name + ":")[2].partition(":")[0]) for line in errors}


def _pyright(script: Path, cache: Path) -> set[int]:
    """Numbers of the lines to which basedpyright objects by the rules of pyright's default."""
    settings = {
        "include": [str(script)],
        "extraPaths": [str(SOURCE)],
        "typeCheckingMode": "standard",
    }
    (cache / "pyrightconfig.json").write_text(json.dumps(settings))
    found = subprocess.run(
        [
            sys.executable, "-m", "basedpyright", "--outputjson",
            "--project", str(cache), "--pythonpath", sys.executable,
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    said = json.loads(found.stdout)["generalDiagnostics"]
    return {one["range"]["start"]["line"] + 1 for one in said if one["severity"] == "error"}


CHECKERS = {"mypy": _mypy, "basedpyright": _pyright}


@pytest.fixture(params=CHECKERS)
def check(request, tmp_path_factory):
    """Each type checker that is installed: lines of a script with errors."""
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    cache = tmp_path_factory.getbasetemp() / request.param
    cache.mkdir(exist_ok=True)
    return lambda script: CHECKERS[request.param](script, cache)


@pytest.mark.parametrize("script", ["right_uses.py", "other_libraries.py"])
def test_right_uses_pass(check, script):
    for library in NEEDED.get(script, ()):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    assert check(SCRIPTS / script) == set()


def test_each_wrong_use_is_found(check):
    lines = enumerate(WRONG.read_text().splitlines(), start=1)
    assert check(WRONG) == {number for number, line in lines if line.endswith("# wrong")}


# --- what the types say is what is accepted -----------------------------------------------------


def test_named_options_are_those_that_exist():
    assert set(get_args(argument_types.SolverName)) == set(SOLVERS)
    assert set(get_args(argument_types.BackendName)) == {*LIBRARIES, "dask"}
    assert set(get_args(argument_types.PenaltyName)) == set(PENALTIES) - {"l1"}  # (never fitted)
    precisions = set(get_args(argument_types.PrecisionName))
    (constraint, _) = LogisticRegression._parameter_constraints["dtype"]
    assert precisions == constraint.options


def test_declared_methods_are_scikit_learns():
    """mypy reads declarations; the methods of that name must exist, where callbacks do."""
    declared = {
        "get_params", "set_params", "get_metadata_routing", "set_fit_request", "set_score_request",
    }  # fmt: skip
    source = Path(bases.__file__).read_text()
    assert all(f"def {name}(" in source for name in declared)
    assert all(callable(getattr(LogisticRegression, name)) for name in declared)
    assert not bases.MYPY


def test_declared_attributes_are_those_of_a_fit():
    fitted = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    declared = {
        name
        for kind in LogisticRegression.__mro__
        for name in vars(kind).get("__annotations__", {})
        if name.endswith("_") and not name.startswith("_")
    }
    found = {name for name in vars(fitted) if name.endswith("_") and not name.startswith("_")}
    optional = {"feature_names_in_", "target_names_", "target_values_"}
    assert declared - optional == found
