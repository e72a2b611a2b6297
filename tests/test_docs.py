"""README and documentation: snippets run, numbers were measured, commands are what CI runs."""

import re
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as Sklearn

from benchmarks.judge import store
from benchmarks.report import BLOCKS, figures, rendered
from logitron import LogisticRegression
from tests.checks import RELEASE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = sorted((ROOT / "docs").glob("*.rst"))
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def embeddings():
    """The data that the README's recipes take for granted, which are those of its readers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 16)).astype(np.float32)
    y = (X @ rng.normal(size=(16, 3)) + rng.gumbel(size=(300, 3))).argmax(axis=1)
    Y = (X @ rng.normal(size=(16, 50)) + rng.logistic(size=(300, 50)) > 0).astype(float)
    Y[rng.uniform(size=Y.shape) < 0.2] = np.nan
    names = {"X_train": X[:200], "y_train": y[:200], "Y_train": Y[:200]}
    return names | {"X_val": X[200:], "y_val": y[200:], "Y_val": Y[200:]}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.split("\n")[0])
def test_snippets_of_the_readme_print_what_they_say(snippet, capsys):
    if "import torch" in snippet:
        pytest.importorskip("torch", reason="the recipe for a GPU takes tensors")
    names = embeddings() | {"LogisticRegression": LogisticRegression}  # (imported further up)
    exec(compile(snippet, "README.md", "exec"), names)
    said = re.findall(r"print\(.*\)  # (.*)", snippet)
    assert said
    assert capsys.readouterr().out.splitlines() == said


def test_the_first_screen_of_the_readme_has_what_people_come_for():
    first = "\n".join(README.splitlines()[:25])
    for part in (
        "pip install logitron",
        "LogisticRegression",
        "certified_",
        "![",
        "For people who",
    ):
        assert part in first
    assert len(SNIPPETS) == 4


def test_no_extra_of_the_package_brings_torch_unasked():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    named = set(re.findall(r"[\w-]+", extras["all"][0].partition("[")[2]))
    machine = {name for name in extras if name == "torch" or name.startswith("cupy")}
    assert named == set(extras) - machine - {"all"}
    page = (ROOT / "docs" / "install.rst").read_text()
    assert set(extras) <= set(re.findall(r"``(\w[\w-]*)``", page))


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("sklearn.linear_model.LogisticRegression", "generated/sklearn.linear_model.LogisticR"),
        ("sklearn.base.BaseEstimator.get_params", "BaseEstimator.html#sklearn.base.BaseEst"),
        ("sklearn.metrics", "stable/api/sklearn.metrics.html"),
        ("sklearn.linear_model.Nothing", None),
        ("os.path.join", None),
    ],
)
def test_names_of_other_projects_are_linked_if_they_exist(name, page):
    found = runpy.run_path(str(ROOT / "docs" / "outside_links.py"))["address"](name)
    assert found is None if page is None else page in found


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ('<script src="https://a.b/c.js"></script>', True),
        ('<link rel="stylesheet" href="//a.b/c.css">', True),
        ('<link href="https://a.b/c.css" rel="stylesheet">', True),
        ('<img alt="x" src="https://a.b/c.png">', True),
        ("@import url('https://a.b/c.css');", True),
        ('<a href="https://a.b/c.js">a link</a><img src="_images/x.svg">', False),
        ('<script src="_static/x.js"></script><link rel="stylesheet" href="_static/x.css">', False),
    ],
)
def test_pages_that_load_from_elsewhere_are_seen(text, loads):
    script = runpy.run_path(str(ROOT / "docs" / "offline.py"))
    assert bool(script["loaded_from_elsewhere"](text)) == loads


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: path.name)
def test_shown_numbers_are_the_measured_ones(path):
    assert rendered(path) == path.read_text(), "run: nox -s report"


@pytest.mark.parametrize("name", figures.PICTURES)
def test_pictures_are_of_the_measured_numbers(name):
    source, _, _ = figures.PICTURES[name]
    drawn = (figures.SHOWN / f"{name}.svg").read_text()
    assert figures.digest(store.load(source, store.SHOWN)) in drawn, "run: nox -s report"


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)]+)\)", README))
def test_files_that_the_readme_links_to_exist(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_a_page_names_exist(page):
    for name in re.findall(r"``((?:[a-z_]+/)+[a-z_0-9]+\.(?:py|cu))``", page.read_text()):
        assert any((folder / name).exists() for folder in (ROOT, ROOT / "src" / "logitron")), name


def test_every_page_is_in_the_side_bar():
    index = (ROOT / "docs" / "index.rst").read_text()
    assert set(re.findall(r"^   (\w+)$", index, re.MULTILINE)) == {
        page.stem for page in PAGES if page.stem != "index"
    }


def test_ci_runs_the_readmes_test_command():
    command = README.split("<!-- test command -->")[1].split("```")[1]
    assert command.startswith("sh\npython3 -m venv .venv")
    assert "nox" in command
    assert "<!-- test command -->" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.skipif(RELEASE < (1, 9), reason="the page is about scikit-learn 1.9")
def test_the_page_for_scikit_learns_users_leaves_nothing_out():
    page = (ROOT / "docs" / "scikit_learn.rst").read_text()
    named = set(re.findall(r"``(\w+)``", page))
    data = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
    for model in (Sklearn().fit(*data), LogisticRegression().fit(*data)):
        public = {name for name in dir(model) if not name.startswith("_")}
        missing = public - named - {"set_decision_function_request", "set_predict_request"}
        assert not missing, missing
