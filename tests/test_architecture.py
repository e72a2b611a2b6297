"""Who may import whom, who may name an array library, and what ``import logitron`` imports."""

import ast
import re
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path

import pytest

import logitron

SOURCE = Path(logitron.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

#: each room, and the rooms it may import from; the outer layer is imported by nobody
MAY_IMPORT = {
    "backend": {"backend"},
    "neuron": {"neuron"},
    "data": {"data", "neuron", "backend"},
    "preconditioners": {"preconditioners", "backend"},
    "penalties": {"penalties", "backend"},
    "objective": {
        "objective",
        "data",
        "losses",
        "penalties",
        "preconditioners",
        "neuron",
        "backend",
    },
    "losses": {"losses", "neuron", "backend"},
    "solvers": {"solvers", "backend"},
    "reductions": {"reductions", "objective", "data", "penalties", "preconditioners", "backend"},
    "certificates": {"certificates", "objective", "data", "losses", "penalties", "backend"},
    "automatic": {
        "automatic",
        "solvers",
        "certificates",
        "reductions",
        "preconditioners",
        "objective",
        "backend",
        "penalties",
    },
    "estimators": {
        "estimators",
        "automatic",
        "solvers",
        "certificates",
        "reductions",
        "objective",
        "losses",
        "data",
        "neuron",
        "backend",
    },
    "persistence": {"persistence", "estimators", "data", "backend"},
    "checkpoints": {
        "checkpoints",
        "persistence",
        "estimators",
        "automatic",
        "solvers",
        "preconditioners",
        "data",
        "backend",
    },
    "statistics": {
        "statistics",
        "estimators",
        "automatic",
        "reductions",
        "objective",
        "losses",
        "data",
        "neuron",
        "backend",
    },
    "displays": {"displays", "statistics", "estimators", "backend"},
}
#: what any room may import besides: the standard library and these
CORE = {"numpy", "array_api_compat", "sklearn", "threadpoolctl", "logitron"}
NEURON_MAY_IMPORT = {"array_api_compat"}
LIBRARIES = {"torch", "jax", "cupy", "dask", "array_api_strict"}
#: libraries whose data are known here, and scikit-learn brings
DATA = {"scipy"}
#: what reads files in blocks, imported when one is opened, by its name: no file imports them
FILES = {"h5py", "zarr"}
#: files that hand models over, and the one library that each names
HANDED_OVER = {
    "container": "safetensors",
    "torch_module": "torch",
    "onnx_model": "onnx",
    "skl2onnx_converter": "skl2onnx",
}
#: modules that compute with a package that scikit-learn is or brings: a linear programme,
#: distributions, and coordinate descent
COMPUTE = {
    "separation": {"scipy"},
    "distributions": {"scipy"},
    "l1_least_squares": {"scipy", "sklearn"},
}


def _room(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def _imports(module: Path) -> set[str]:
    """Full names of everything a module imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _ids(modules):
    return [str(module.relative_to(SOURCE)) for module in modules]


ROOMS = [module for module in MODULES if _room(module) in MAY_IMPORT]


@pytest.mark.parametrize("module", ROOMS, ids=_ids(ROOMS))
def test_rooms_import_only_what_they_may(module):
    ours = {name.split(".")[1] for name in _imports(module) if name.startswith("logitron.")}
    assert ours <= MAY_IMPORT[_room(module)]


@pytest.mark.parametrize("module", ROOMS, ids=_ids(ROOMS))
def test_only_backend_and_data_name_a_library(module):
    if _room(module) in ("backend", "data"):  # where each library has its own files
        named = _named_libraries(module)
        names = {"strict": {"array_api_strict"}, "sparse_format": {"scipy"}}
        allowed = names.get(module.stem, {module.stem.partition("_")[0]})
        if module.name != "__init__.py":
            assert named <= allowed
        return
    computes = COMPUTE.get(module.stem, set())  # they read no data of SciPy's
    assert _named_libraries(module) <= computes | _handed_over(module)


def _handed_over(module: Path) -> set[str]:
    return {HANDED_OVER.get(module.stem, "")} if _room(module) == "persistence" else set()


def _named_libraries(module: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(module)} & (LIBRARIES | DATA)


@pytest.mark.parametrize("module", ROOMS, ids=_ids(ROOMS))
def test_rooms_need_nothing_but_the_core(module):
    packages = {name.partition(".")[0] for name in _imports(module)}
    if module.stem == "progress":
        packages -= {"rich"}  # imported inside a function, which does without
    if _room(module) == "displays":
        packages -= {"matplotlib"}  # imported inside a function, when something is drawn
    packages -= COMPUTE.get(module.stem, set())
    if module.stem == "tables":
        packages -= {"pandas"}  # imported inside a function, by those who ask for a data frame
    assert packages - set(sys.stdlib_module_names) <= CORE | _handed_over(module) | (
        LIBRARIES | DATA if _room(module) in ("backend", "data") else set()
    )


def test_the_neuron_needs_nothing_but_the_array_api():
    names = {name for module in (SOURCE / "neuron").glob("*.py") for name in _imports(module)}
    third_party = {name.partition(".")[0] for name in names} - {"logitron"}
    assert third_party - set(sys.stdlib_module_names) == NEURON_MAY_IMPORT


def test_importing_logitron_imports_no_array_library_but_numpy():
    code = """
import sys, logitron
print(*sorted({name.partition('.')[0] for name in sys.modules}))
from logitron import LogisticRegression
print(*sorted({name.partition('.')[0] for name in sys.modules}))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    package, estimator = (set(line.split()) for line in ran.stdout.splitlines())
    assert not package & {"numpy", "sklearn", "scipy"}  # (the command line starts with it)
    assert "numpy" in estimator
    assert not estimator & (LIBRARIES | FILES | {"matplotlib"} | set(HANDED_OVER.values()))


def test_persistence_is_imported_when_it_is_used():
    code = """
import sys, logitron
assert "logitron.persistence" not in sys.modules
assert "save" in dir(logitron)
assert logitron.save is logitron.persistence.save
for room in ROOMS:
    assert getattr(logitron, room).__name__ == "logitron." + room
try:
    logitron.store
except AttributeError as error:
    print(error)
"""
    code = code.replace("ROOMS", repr(sorted(MAY_IMPORT)))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "module 'logitron' has no attribute 'store'\n"


@pytest.mark.parametrize("module", MODULES, ids=_ids(MODULES))
def test_files_hold_one_idea(module):
    """At most 300 lines of code, not counting what explains it."""
    tree = ast.parse(module.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node)
    ]
    explaining = {n for d in docstrings for n in range(d.lineno, d.end_lineno + 1)}
    lines = module.read_text().splitlines()
    code = [
        line
        for number, line in enumerate(lines, start=1)
        if number not in explaining and line.strip() and not line.strip().startswith("#")
    ]
    assert len(code) <= 300


def test_public_names_exist_and_are_documented():
    for name in logitron.__all__:
        assert getattr(logitron, name).__doc__
    for name in logitron.neuron.__all__:
        doc = getattr(logitron.neuron, name).__doc__
        assert "Parameters" in doc
        assert "Returns" in doc
        assert ">>>" in doc


# --- invariants of the inside -------------------------------------------------------------------

#: the only files above 400 lines, and the only one whose aliases are Any
MOST_LINES, LONG = 400, 2
PARAMETERS = 7


def _graph():
    """Which of our modules each imports, imports inside functions too."""
    names = {
        ".".join(("logitron", *m.relative_to(SOURCE).with_suffix("").parts)): m for m in MODULES
    }
    graph = {}
    for name, module in names.items():
        found = set()
        for imported in _imports(module):
            for candidate in (imported, imported.rpartition(".")[0]):
                if candidate in names and candidate != name:
                    found.add(candidate)
                    break
        graph[name] = found
    return graph


def test_packages_list_their_modules():
    """In the table of their docstring, which names no others."""
    for init in sorted(SOURCE.rglob("__init__.py")):
        told, here = ast.get_docstring(ast.parse(init.read_text())) or "", init.parent
        table = told.partition("\nmodule ")[2]
        if not table:
            continue
        modules = {file.stem for file in here.glob("*.py")} - {"__init__", "__main__"}
        rule, *rows = [line for line in table.splitlines() if line[:1] in ("=", "`")]
        width = rule.index(" ")
        assert all(row[width] == " " for row in rows if row[0] == "`"), init
        first = re.findall(r"^`[`\w./]+(?:, [`\w./]+)*", table, re.MULTILINE)
        names = [name.strip("`/") for cell in first for name in cell.split(", ")]
        listed = {name.rpartition(".")[2] for name in names}
        packages = {file.parent.name for file in here.glob("*/__init__.py")}
        assert modules <= listed <= modules | packages, init


def test_no_file_imports_itself_by_way_of_others():
    graph, done = _graph(), set()

    def visit(name, path):
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_rooms_do_not_import_each_other():
    """Which room stands on which is an order: no two of them import each other."""
    for room, others in MAY_IMPORT.items():
        for other in others - {room}:
            assert room not in MAY_IMPORT[other]


def test_what_types_cannot_see_has_its_names_in_one_file():
    aliases = {}
    for module in MODULES:
        for node in ast.parse(module.read_text()).body:
            value = getattr(node, "value", None)
            if isinstance(node, ast.Assign) and isinstance(value, ast.Name) and value.id == "Any":
                aliases.setdefault(str(module.relative_to(SOURCE)), []).append(node.targets[0].id)
    # (the neuron imports nothing of ours)
    assert set(aliases) == {"backend/types.py", "neuron/formulas.py"}
    assert aliases["neuron/formulas.py"] == ["Array"]


def test_kinds_of_arrays_are_asked_for_where_they_are_wrapped():
    questions = {"is_dask", "is_dask_array", "is_sparse", "issparse"}
    for module in MODULES:
        if _room(module) in ("backend", "data"):
            continue
        tree = ast.parse(module.read_text())
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        names |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert not names & questions, module
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                assert "library.name" not in ast.unparse(node), module


def test_frozen_objects_stay_frozen():
    """No cache is written into an object that `dataclasses.replace` would copy."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name != "__post_init__":
                assert "object.__setattr__" not in ast.unparse(node), module


def _classes():
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ClassDef):
                yield module, node


def test_objects_are_small():
    """Of at most ten fields; those of options and of rows of results may have more."""
    many = {
        "State", "Plan", "WhenSlow", "Stopping", "PrecisionSchedule", "DampedNewton",
        "Solution", "Kronecker", "Record", "LocalModel", "BlockOptions",
    }  # fmt: skip
    for module, node in _classes():
        fields = [
            part for part in node.body
            if isinstance(part, ast.AnnAssign) and "ClassVar" not in ast.unparse(part.annotation)
        ]  # fmt: skip
        decorated = any("dataclass" in ast.unparse(d) for d in node.decorator_list)
        if decorated and node.name not in many:
            assert len(fields) <= 10, (module, node.name, len(fields))


def test_files_are_short():
    lines = sorted(len(module.read_text().splitlines()) for module in MODULES)
    assert lines[len(lines) // 2] <= 150
    long = [m for m in MODULES if len(m.read_text().splitlines()) > MOST_LINES]
    assert len(long) <= LONG, [str(m.relative_to(SOURCE)) for m in long]


#: what a solver may use of an objective
OF_AN_OBJECTIVE = {
    "context",
    "groups",
    "eps",
    "strongly_convex",
    "supports_float32",
    "evaluate",
    "take",
}


@pytest.mark.parametrize("name", ["quasi_newton", "state", "group_arrays", "lbfgs", "base"])
def test_solvers_use_of_an_objective_what_the_protocol_has(name):
    tree = ast.parse((SOURCE / "solvers" / f"{name}.py").read_text())
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name | ast.Attribute)
        and ast.unparse(node.value).split(".")[-1] == "objective"
    }
    assert used <= OF_AN_OBJECTIVE


def test_the_protocol_is_what_solvers_use():
    tree = ast.parse((SOURCE / "solvers" / "base.py").read_text())
    (protocol,) = (
        n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "SmoothObjective"
    )
    members = {part.name for part in protocol.body if isinstance(part, ast.FunctionDef)}
    assert members == OF_AN_OBJECTIVE


def test_tests_mirror_the_source():
    """Each folder of tests is a room; names of tests have at most 60 characters."""
    here = Path(__file__).parent
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert {path.parent.name for path in here.glob("*/test_*.py")} <= rooms | {"benchmarks", "gpu"}
    for path in here.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert len(node.name) <= 60, node.name


# --- how the tests reach inside -----------------------------------------------------------------

TESTS = sorted(Path(__file__).parent.rglob("*.py"))


def _asserts(function: ast.FunctionDef, beside: dict[str, ast.FunctionDef]) -> bool:
    """Whether a test asserts anything, perhaps by what it calls of its file or of a library."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in beside:
                if _asserts(beside[name], {}):
                    return True
            elif name.startswith(("assert", "check")) or name in ("raises", "warns", "fail"):
                return True  # (scikit-learn's checks assert)
    return False


def test_every_test_asserts_something():
    for path in TESTS:
        functions = [n for n in ast.walk(ast.parse(path.read_text())) if type(n) is ast.FunctionDef]
        beside = {function.name: function for function in functions}
        for function in functions:
            if function.name.startswith("test_"):
                assert _asserts(function, beside), (path.name, function.name)
    (nothing,) = ast.parse("def test_nothing():\n    model.fit(X, y)").body
    assert not _asserts(nothing, {})


def _imported(tree: ast.Module) -> dict[str, str]:
    """Full names of what names of a file were imported as, inside functions too."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _patched_constants(tree: ast.Module) -> set[str]:
    """Constants of modules of ours that a file assigns to: by a patch, by `setattr`, or plainly."""
    imported, found = _imported(tree), set()

    def full(node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        root, dot, rest = ast.unparse(node).partition(".")
        return imported.get(root, root) + dot + rest

    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = set(full(node.func).split("."))
            if words & {"setattr", "delattr", "patch"} and node.args:
                target, *others = node.args
                names = [part.value for part in others[:1] if isinstance(part, ast.Constant)]
                names += [keyword.arg for keyword in node.keywords if "multiple" in words]
                found |= {f"{full(target)}.{name}" for name in names} | {full(target)}
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {full(target) for target in targets if isinstance(target, ast.Attribute)}
    ours = {name for name in found if name.startswith("logitron.")}
    return {name for name in ours if name.rpartition(".")[2].isupper()}


def test_no_test_patches_a_constant():
    """Settings are passed in, or the problem is made large enough."""
    for path in TESTS:
        patched = _patched_constants(ast.parse(path.read_text()))
        assert not patched, (path.name, patched)


@pytest.mark.parametrize(
    "patch",
    [
        "monkeypatch.setattr(fit_grid, 'MOST_KEPT', 1)",
        "monkeypatch.delattr(logitron.estimators.fit_grid, 'MOST_KEPT')",
        "patched.setattr('logitron.estimators.fit_grid.MOST_KEPT', 1)",
        "setattr(fit_grid, 'MOST_KEPT', 1)",
        "mock.patch('logitron.estimators.fit_grid.MOST_KEPT', 1)",
        "mock.patch.object(fit_grid, 'MOST_KEPT', 1)",
        "patch.multiple(fit_grid, MOST_KEPT=1)",
        "fit_grid.MOST_KEPT = 1",
        "fit_grid.MOST_KEPT += 1",
    ],
)
def test_patches_of_constants_are_seen(patch):
    """The test above could not fail otherwise."""
    imports = """
    import logitron
    from unittest import mock
    from unittest.mock import patch
    from logitron.estimators import fit_grid
    """
    tree = ast.parse(cleandoc(imports) + "\n" + patch)
    assert _patched_constants(tree) == {"logitron.estimators.fit_grid.MOST_KEPT"}


@pytest.mark.parametrize(
    "patch",
    ["monkeypatch.setattr(FitGrid, 'fit', 1)", "mock.patch('numpy.MAXDIMS', 1)", "mine.LEAST = 1"],
)
def test_other_patches_are_none_of_constants(patch):
    tree = ast.parse("from logitron.estimators.fit_grid import FitGrid\n" + patch)
    assert not _patched_constants(tree)
