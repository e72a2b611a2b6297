"""The contract of scikit-learn's estimators, and the tools that rely on it."""

import copy
import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import StackingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from tests.backends import host
from tests.checks import RELEASE, with_checks

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
TWO = Y[Y < 2]


@pytest.mark.filterwarnings("ignore")  # the checks make data on which nothing converges
@pytest.mark.parametrize("dispatch", [False, True], ids=["plain", "dispatch"])
@with_checks(LogisticRegression())
def test_scikit_learns_checks_pass(estimator, check, dispatch):
    if dispatch and RELEASE < (1, 9):
        pytest.skip("checks of scikit-learn before 1.9 do not pass under dispatch by themselves")
    with config_context(array_api_dispatch=dispatch):
        check(estimator)


@pytest.mark.skipif(RELEASE < (1, 9), reason="the parameters are those of scikit-learn 1.9")
def test_the_parameters_are_scikit_learns_and_more():
    ours, theirs = LogisticRegression().get_params(), Sklearn().get_params()
    assert set(theirs) <= set(ours)
    differ = {name for name, value in theirs.items() if ours[name] != value}
    assert differ <= {"solver", "max_iter", "penalty", "l1_ratio"}  # the last two before 1.8


@pytest.mark.parametrize("attribute", ["coef_", "intercept_", "classes_", "n_iter_"])
@pytest.mark.parametrize("y", [Y, (Y > 0).astype(int), np.where(Y, "b", "a")], ids=str)
def test_the_attributes_are_scikit_learns(attribute, y):
    ours = getattr(LogisticRegression().fit(X, y), attribute)
    theirs = getattr(Sklearn(max_iter=1000).fit(X, y), attribute)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)


WRITTEN = {"older": "0.0.1", "newer": "99.0", "unknown": None}


@pytest.mark.parametrize("kind", [LogisticRegression, LogisticRegressionCV])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_pickles_of_other_versions_warn_and_get_defaults(kind, written):
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 2
    fitted = kind(fit_intercept=False).fit(X, y)
    state = fitted.__getstate__()
    assert state.pop("_logitron_version") == logitron.__version__
    for name in ("tol", "device", "max_iter"):  # as if it had not had them
        del state[name]
    state |= {} if written is None else {"_logitron_version": written}
    state["of_the_future"] = 1
    again = kind.__new__(kind)
    number = "a version that wrote no number" if written is None else f"version {written}"
    says = (
        rf"{kind.__name__} was pickled by {number}.*this is {logitron.__version__}.*'tol': 0.0001"
    )
    with pytest.warns(UserWarning, match=says):
        again.__setstate__(state)
    assert again.get_params() == fitted.get_params()
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(again.fit(X, y).coef_, fitted.coef_)
    clone(again)


def test_private_attributes_of_earlier_versions_are_renamed():
    many = LogisticRegression().fit(X, np.stack([Y == 1, Y == 2], axis=1))
    state = many.__getstate__()
    state["_many"] = state.pop("_multilabel")
    again = LogisticRegression.__new__(LogisticRegression)
    again.__setstate__(state)
    np.testing.assert_array_equal(again.predict(X), many.predict(X))


def test_pickles_of_this_version_are_silent_and_complete():
    for one in (LogisticRegression(C=2.0), LogisticRegressionCV(Cs=[1.0])):
        again = pickle.loads(pickle.dumps(one))
        assert vars(again) == vars(one)
        assert vars(copy.copy(one)) == vars(one)


def test_a_fitted_model_can_be_pickled_copied_and_cloned(eager):
    clf = LogisticRegression().fit(eager.array(X), Y)
    for again in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        np.testing.assert_array_equal(host(again.coef_), host(clf.coef_))
        np.testing.assert_array_equal(
            host(again.predict(eager.array(X))), host(clf.predict(eager.array(X)))
        )
        assert again.plan_ == clf.plan_
    assert not hasattr(clone(clf), "coef_")


def test_it_is_shown_in_notebooks():
    html = estimator_html_repr(LogisticRegression(C=3.0).fit(X, Y))
    assert "LogisticRegression" in html
    assert "Fitted" in html
    assert repr(LogisticRegression(C=3.0)) == "LogisticRegression(C=3.0)"


def test_sample_weights_can_be_routed():
    with config_context(enable_metadata_routing=True):
        clf = LogisticRegression().set_fit_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), clf)
        weights = np.where(Y == 1, 5.0, 1.0)
        pipe.fit(X, Y, sample_weight=weights)
        plain = LogisticRegression().fit(X, Y, weights)
        np.testing.assert_allclose(pipe[-1].coef_, plain.coef_, rtol=1e-6)


@pytest.mark.skipif(RELEASE < (1, 9), reason="callbacks came with scikit-learn 1.9")
def test_callbacks_see_every_iteration_and_can_stop_a_fit():
    class Third:
        """Stops after three iterations."""

        def __init__(self):
            self.losses, self.torn_down = [], False

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
            if fitted_estimator is not None and context.parent is not None:
                P = fitted_estimator.predict_proba(X)
                self.losses.append(-np.log(P[np.arange(len(y)), y]).sum())
            return len(self.losses) == 3

        def teardown(self, estimator, context):
            self.torn_down = True

    told = Third()
    clf = LogisticRegression(solver="lbfgs").set_callbacks(told).fit(X, Y)
    assert len(told.losses) == 3
    assert sorted(told.losses, reverse=True) == told.losses
    assert clf.n_iter_[0] == 3
    assert not clf.converged_[0]
    broken = Third()
    with pytest.raises(ValueError, match="y must hold"):
        LogisticRegression().set_callbacks(broken).fit(X, Y[:-1])


@pytest.mark.skipif(RELEASE < (1, 9), reason="callbacks came with scikit-learn 1.9")
def test_callbacks_are_taken_down_when_a_fit_fails():
    class Fails:
        torn_down = False

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            if context.parent is not None:
                raise RuntimeError("enough")

        def on_fit_task_end(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            self.torn_down = True

    told = Fails()
    clf = LogisticRegression().set_callbacks(told)
    with pytest.raises(RuntimeError, match="enough"):
        clf.fit(X, Y)
    assert told.torn_down
    assert not hasattr(clf, "classes_")


@pytest.mark.skipif(RELEASE < (1, 9), reason="callbacks came with scikit-learn 1.9")
def test_a_progress_bar_runs(capsys):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    clf = LogisticRegression().set_callbacks(ProgressBar()).fit(X, Y)
    assert clf.converged_[0]
    assert "LogisticRegression" in capsys.readouterr().out


# --- scikit-learn's parameters ------------------------------------------------------------------


@pytest.mark.parametrize(
    "solver", ["lbfgs", "newton-cholesky", "newton-cg", "sag", "saga", "liblinear"]
)
def test_their_solvers_reach_the_same_optimum(solver):
    settings = {"C": 0.3, "tol": 1e-8, "solver": solver, "random_state": 0}
    if solver == "liblinear":
        settings |= {"fit_intercept": False}
    ours = LogisticRegression(**settings).fit(X[Y < 2], TWO)
    theirs = Sklearn(**settings, max_iter=100_000).fit(X[Y < 2], TWO)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)


def test_liblinear_warns_of_another_answer():
    with pytest.warns(UserWarning, match="penalises the intercept"):
        LogisticRegression(solver="liblinear").fit(X[Y < 2], TWO)


DEPRECATED = {
    "penalty l2": ({"penalty": "l2"}, FutureWarning, "'penalty' was deprecated", 1.0),
    "penalty None": ({"penalty": None}, FutureWarning, "'penalty' was deprecated", np.inf),
    "ignored C": ({"penalty": None, "C": 0.5}, UserWarning, "ignore the C", np.inf),
    "no l1_ratio": ({"l1_ratio": None}, FutureWarning, "'l1_ratio=None' was deprecated", 1.0),
    "n_jobs": ({"n_jobs": 2}, FutureWarning, "'n_jobs' has no effect", 1.0),
}


@pytest.mark.parametrize("case", DEPRECATED)
@pytest.mark.filterwarnings("ignore:'penalty' was deprecated")
def test_deprecated_parameters_are_understood(case):
    settings, kind, says, C = DEPRECATED[case]
    rng = np.random.default_rng(0)
    y = (X[:, 0] + rng.logistic(size=len(X)) > 0).astype(int)
    with pytest.warns(kind, match=says):
        clf = LogisticRegression(**settings).fit(X, y)
    np.testing.assert_allclose(clf.coef_, LogisticRegression(C=C).fit(X, y).coef_, rtol=1e-6)


REFUSED = {
    "l1": ({"l1_ratio": 1.0, "solver": "lbfgs"}, r"lbfgs supports only 'l2'.*got l1_ratio=1\.0"),
    "elastic net": ({"l1_ratio": 0.5, "solver": "liblinear"}, "Only 'saga' solver supports"),
    "dual": ({"dual": True}, "supports only dual=False, got dual=True.*Leave dual out"),
    "liblinear, three classes": ({"solver": "liblinear"}, "got 3 classes. Choose solver='auto'"),
    "liblinear without a penalty": ({"solver": "liblinear", "C": np.inf}, "C=inf is no penalty"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused(case):
    settings, says = REFUSED[case]
    with pytest.raises(ValueError, match=says):
        LogisticRegression(**settings).fit(X, Y)


# --- sparse coefficients ------------------------------------------------------------------------


def test_coefficients_become_sparse_and_dense_again():
    clf = LogisticRegression().fit(X, Y)
    dense, shown = clf.coef_.copy(), clf.predict_proba(X)
    assert clf.sparsify().coef_.format == "csr"
    np.testing.assert_array_equal(clf.predict_proba(X), shown)
    again = pickle.loads(pickle.dumps(clf)).to("numpy")
    np.testing.assert_array_equal(again.coef_, dense)
    np.testing.assert_array_equal(clf.densify().coef_, dense)


def test_coefficients_elsewhere_are_not_made_sparse(eager):
    if eager.library == "numpy":
        pytest.skip("there they are")
    clf = LogisticRegression().fit(eager.array(X), Y)
    with pytest.raises(TypeError, match=r"coef_ must be a NumPy array.*\.to\('numpy'\)"):
        clf.sparsify()


# --- inside of scikit-learn's tools -------------------------------------------------------------


@pytest.fixture(params=["numpy", "torch"])
def arrays(request):
    """Two classes, on NumPy and as tensors under array API dispatch."""
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    if request.param == "numpy":
        yield features, labels
    else:
        torch = pytest.importorskip("torch")
        with config_context(array_api_dispatch=True):
            yield torch.asarray(features), torch.asarray(labels)


CLF = LogisticRegression(C=0.05)


def test_in_a_pipeline(arrays):
    features, labels = arrays
    pipe = make_pipeline(StandardScaler(), CLF).fit(features, labels)
    assert type(pipe[-1].coef_) is type(features)
    assert pipe.score(features, labels) > 0.98


def test_in_a_search(arrays):
    features, labels = arrays
    search = GridSearchCV(CLF, {"C": [1e-4, 0.05]}, cv=3, scoring="accuracy")
    search.fit(features, labels)
    assert search.best_params_ == {"C": 0.05}
    assert search.best_score_ > 0.96


def test_in_cross_validation(arrays):
    features, labels = arrays
    ours = cross_val_score(CLF, features, labels, cv=3, scoring="accuracy")
    theirs = cross_val_score(Sklearn(C=0.05), *load_scaled(), cv=3, scoring="accuracy")
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def load_scaled():
    features, labels = load_breast_cancer(return_X_y=True)
    return (features - features.mean(axis=0)) / features.std(axis=0), labels


def test_calibrated(arrays):
    features, labels = arrays
    # the method that scikit-learn has for arrays of other libraries
    method = "sigmoid" if type(features) is np.ndarray else "temperature"
    clf = CalibratedClassifierCV(CLF, cv=3, method=method).fit(features, labels)
    P = clf.predict_proba(features)
    np.testing.assert_allclose(host(P).sum(axis=1), 1.0, atol=1e-6)
    assert np.mean((host(P)[:, 1] > 0.5) == host(labels)) > 0.97


def test_one_versus_rest():
    clf = OneVsRestClassifier(LogisticRegression()).fit(X, Y)
    theirs = OneVsRestClassifier(Sklearn(tol=1e-9, max_iter=1000)).fit(X, Y)
    np.testing.assert_allclose(clf.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


def test_stacked():
    stack = StackingClassifier([("ours", LogisticRegression())], LogisticRegression(), cv=3)
    assert stack.fit(X, Y).score(X, Y) > 0.95


def test_permutation_importance():
    features, labels = load_scaled()
    found = permutation_importance(CLF.fit(features, labels), features, labels, random_state=0)
    assert found.importances_mean.max() > 0.005
