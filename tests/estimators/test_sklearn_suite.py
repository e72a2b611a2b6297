"""scikit-learn's own tests of logistic regression, run against ours.

Their module is executed anew with our classes in the place of theirs. What is left out is listed
here, with its reason.
"""

import importlib.util
import inspect
import re
from unittest import mock

import pytest
import sklearn.linear_model

import logitron
from tests.checks import RELEASE

if RELEASE != (1, 9):
    pytest.skip(
        "these are scikit-learn 1.9's tests, of its parameters and warnings",
        allow_module_level=True,
    )

NAMES = {name: getattr(logitron, name) for name in ("LogisticRegression", "LogisticRegressionCV")}

#: patterns of names, and why the tests of those names say nothing about ours
LEFT_OUT = {
    r"test_consistency_path|test_logistic_regression_path": "about a private function of theirs",
    r"test_logreg_predict_proba_multinomial": "about a private method of theirs",
    r"test_liblinear_dual_random_state": "nothing is random here",
    r"test_liblinear_with_large_values": "a limit of liblinear",
    r"test_large_sparse_matrix\[.*(liblinear|sag|saga)\]": "a limit of their solvers",
    r"test_dtype_match\[.*liblinear\]": "liblinear answers in float64 always; ours follows X",
    r"test_newton_cholesky_fallback_to_lbfgs": "a weakness of their solver, and what it does",
    r"test_max_iter\[(liblinear|sag|saga|newton-cholesky)-": "the words of other solvers' warnings",
    r"test_max_iter\[newton-cg-.*max_iter3": "ours proves the optimum within as many iterations",
    r"test_logistic_regression_callback_support\[0\]": "no iteration asked for is one in SciPy",
    r"test_logistic_regression_callback_support_warning": "ours has callbacks for every solver",
    r"test_logistic_cv_multinomial_score": "hands our parameters to a private function of theirs",
    r"test_lr_scoring_warns": "ours does not warn of the default, which stays what it is",
    r"test_logisticregressioncv_warns_with_use_leg": "ours begins with the new attributes",
    r"test_l1_ratio_None_deprecated": "ours does not warn of its default, only of None",
}


def _theirs():
    """Their module, with our classes."""
    found = importlib.util.find_spec("sklearn.linear_model.tests.test_logistic")
    spec = importlib.util.spec_from_file_location("their_test_logistic", found.origin)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.multiple(sklearn.linear_model, **NAMES):
        spec.loader.exec_module(module)
    return module


def _listed(mark):
    """The same mark, with a list of cases where there is a generator of them."""
    if mark.name != "parametrize":
        return mark
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), **mark.kwargs).mark


THEIRS = _theirs()
pytestmark = [pytest.mark.filterwarnings("ignore"), THEIRS.pytestmark]
TESTS = dict(inspect.getmembers(THEIRS, inspect.isfunction))

for _name, _test in TESTS.items():
    if _name.startswith("test_"):
        _test.pytestmark = [_listed(mark) for mark in getattr(_test, "pytestmark", [])]
        globals()[_name] = _test


@pytest.fixture
def global_random_seed():
    return 42


@pytest.fixture(autouse=True)
def _as_it_is_meant(request):
    """Leave out what says nothing about ours."""
    for pattern, reason in LEFT_OUT.items():
        if re.match(pattern, request.node.name):
            pytest.skip(reason)


def test_nothing_is_left_out_that_is_not_there():
    for pattern in LEFT_OUT:
        name = re.match(r"\w+", pattern)[0]
        assert any(test.startswith(name) for test in TESTS), name
