"""Runs tests on every backend, and tells which ones ran."""

import os
import re

# scikit-learn's checks of arrays of other libraries want it, and SciPy reads it when it is imported
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# on a GPU, JAX would take three quarters of the memory, and other libraries are tested beside it
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import pytest

from logitron.backend import LIBRARIES
from tests.backends import BACKENDS, REQUIRED, Backend

#: not tests, and some need libraries that may be missing
collect_ignore_glob = ["standins/*", "typing/*"]

#: parameters of such names are on a GPU; what stands in for CuPy is not
ON_A_GPU = re.compile(r"\bcuda\b|(?<!of-)\bcupy\b")

_ran: set[str] = set()


@pytest.fixture(scope="session", autouse=True)
def _arrays_on_a_processor_are_computed_by_their_own_library():
    """Test the libraries' own computations, as on a GPU, rather than NumPy's on their memory."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("torch", "jax"):
            patch.setattr(LIBRARIES[name], "numpy_on_processor", False)
        yield


@pytest.fixture(params=BACKENDS, ids=repr)
def backend(request):
    """Every backend that can run here, inside its setting."""
    chosen: Backend = request.param
    chosen.require()
    with chosen.setting():
        _ran.add(chosen.name)
        yield chosen


@pytest.fixture
def eager(backend):
    """Every backend whose arrays hold values: all but Dask, which is a source of row blocks."""
    if backend.lazy:
        pytest.skip("Dask arrays are a source of row blocks, nothing is computed on them")
    return backend


def pytest_collection_modifyitems(items):
    """Mark what runs on a GPU, by its parameters: our backends', and those of scikit-learn."""
    for item in items:
        if ON_A_GPU.search(item.name):
            item.add_marker("gpu")


def pytest_configure(config):
    config.addinivalue_line("markers", "gpu: runs on an NVIDIA GPU, or says why it does not")
    config.addinivalue_line("markers", "thread_unsafe: a mark in scikit-learn's tests")


def pytest_report_header():
    lines = [f"{b.name}: {b.missing() or 'runs'}" for b in BACKENDS]
    return ["backends: " + ", ".join(lines), f"required backends: {', '.join(REQUIRED) or 'none'}"]


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("backends that ran: " + (", ".join(sorted(_ran)) or "none"))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Where the suite is shared out among processes, each tells which backends it ran."""
    _ran.update(getattr(node, "workeroutput", {}).get("ran", ()))


def pytest_sessionfinish(session, exitstatus):
    """Asking for a backend by name and not running it is a failure, whatever else passed."""
    if hasattr(session.config, "workeroutput"):  # of one process of several
        session.config.workeroutput["ran"] = sorted(_ran)
        return
    options = session.config
    whole_suite = not options.option.keyword and options.args_source.name != "ARGS"
    if whole_suite and exitstatus == 0 and set(REQUIRED) - _ran:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nrequired backends did not run: {', '.join(sorted(set(REQUIRED) - _ran))}")
