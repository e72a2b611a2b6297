"""README and documentation: snippets run, numbers were measured, commands are what CI runs."""

import re
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression as Sklearn

from benchmarks.judge import store
from benchmarks.report import BLOCKS, figures, rendered
from logitron import LogisticRegression
from tests.checks import RELEASE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_are_snippets():
    assert SNIPPETS


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippets_of_the_readme_run(snippet, capsys):
    exec(compile(snippet, "README.md", "exec"), {})
    accuracy = float(capsys.readouterr().out)
    assert accuracy > 0.9


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
