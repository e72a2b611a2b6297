"""Tables, summaries, odds ratios and pickles."""

import pickle
import sys

import numpy as np
import pytest

from logitron import inference
from tests.statistics.problems import TARGETS, THREE, TWO, X, fit


@pytest.fixture(params=TARGETS)
def found(request):
    y = TARGETS[request.param]
    return inference(fit(X, y), X, y)


def numbers(text):
    """What of a line are numbers."""
    cells = []
    for cell in text.split():
        try:
            cells.append(float(cell))
        except ValueError:
            continue
    return cells


def test_summaries_fit_a_terminal_and_hold_every_number(found):
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 80
    rows = [numbers(line) for line in lines if line.startswith(("x0 ", "x1 ", "x2 ", "intercept"))]
    ends = found.conf_int().reshape(-1, 2)
    shown = [found.params, found.se, found.z, found.pvalues]
    exact = np.column_stack([*(part.reshape(-1) for part in shown), ends])
    np.testing.assert_allclose(np.asarray(rows), exact, atol=6e-4)


def test_summaries_have_the_level_that_is_asked_for(found):
    text = found.summary(0.9)
    assert "[0.05" in text
    assert "0.95]" in text


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e12])
def test_summaries_of_any_units_fit_a_terminal(scale):
    features = X * scale
    found = inference(fit(features, TWO), features, TWO)
    for text in (str(found), str(found.margins())):
        assert max(map(len, text.splitlines())) <= 80


def test_effects_fit_a_terminal(found):
    assert max(map(len, str(found.margins()).splitlines())) <= 80
    assert "dP/dx" in str(found.margins())


def test_tables_hold_every_number(found):
    pd = pytest.importorskip("pandas")
    table = found.table(0.9)
    assert isinstance(table, pd.DataFrame)
    assert list(table) == ["coef", "std err", "z", "P>|z|", "[0.05", "0.95]"]
    np.testing.assert_array_equal(table["std err"], found.se.reshape(-1))
    np.testing.assert_array_equal(table["0.95]"], found.conf_int(0.9)[..., 1].reshape(-1))
    assert table.index.get_level_values(-1)[:4].tolist() == ["x0", "x1", "x2", "intercept"]
    assert len(found.margins().table()) == found.margins().params.size


def test_names_are_those_of_the_data():
    pd = pytest.importorskip("pandas")
    features = pd.DataFrame(X, columns=["age", "dose", "a feature with a very long name"])
    y = np.asarray(["low", "mid", "top"])[THREE]
    found = inference(fit(features, y), features, y, reference="mid")
    table = found.table()
    assert table.index[0] == ("low", "age")
    assert "class top, against mid" in str(found)
    assert "a feature with .." in str(found)
    assert found.margins().labels.rows == ("low", "mid", "top")


def test_tables_without_pandas_say_what_to_install(found, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"logitron\[pandas\]"):
        found.table()
    assert str(found)


def test_odds_ratios_are_exponentials(found):
    odds = found.odds_ratios(0.9, "profile")
    np.testing.assert_array_equal(odds.ratio, np.exp(found.params))
    np.testing.assert_array_equal(odds.interval, np.exp(found.conf_int(0.9, "profile")))
    pytest.importorskip("pandas")
    assert list(odds.table()) == ["odds ratio", "[0.05", "0.95]"]


def test_pickles_leave_the_data_out(found):
    size = len(pickle.dumps(found))
    copy = pickle.loads(pickle.dumps(found))
    assert size < 10_000
    np.testing.assert_array_equal(copy.se, found.se)
    assert str(copy) == str(found)
    for method in (copy.margins, lambda: copy.conf_int(method="profile")):
        with pytest.raises(ValueError, match="needs the data, which pickles leave out"):
            method()


def test_targets_are_taken_by_name():
    y = TARGETS["table"]
    found = inference(fit(X, y), X, y)
    assert found.target(2).params.shape == (4,)
    with pytest.raises(ValueError, match="name must be one of the targets"):
        found.target(4)
    with pytest.raises(ValueError, match="name must be one of the targets"):
        found.target(0).target(0)


def test_results_are_frozen(found):
    with pytest.raises(AttributeError):
        found.llf = 0.0
