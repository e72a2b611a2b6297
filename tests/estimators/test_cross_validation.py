"""All penalties on all folds: scikit-learn's choice, found in one solve."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV as Sklearn
from sklearn.metrics import f1_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
)

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.estimators.model_selection.ranking_scores import RANKED
from logitron.estimators.model_selection.scoring import DEVICE_SCORES
from logitron.estimators.model_selection.summed_scores import TWO_CLASSES
from tests.backends import host
from tests.checks import RELEASE, with_checks

CS = np.logspace(-3, 1, 4)
LOADERS = {"iris": load_iris, "breast_cancer": load_breast_cancer, "wine": load_wine}


def load(name):
    X, y = LOADERS[name](return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


X, Y = load("breast_cancer")
X3, Y3 = load("iris")
NOISY = Y ^ (np.random.default_rng(0).uniform(size=len(Y)) < 0.1)


def ours(**settings):
    return LogisticRegressionCV(**({"Cs": CS, "tol": 1e-8} | settings))


def theirs(**settings):
    if RELEASE < (1, 9):
        pytest.skip("the class to compare with has these parameters since scikit-learn 1.9")
    exact = {"solver": "newton-cholesky", "tol": 1e-10, "max_iter": 1000}
    new = {"use_legacy_attributes": False, "l1_ratios": (0.0,)}
    return Sklearn(**({"Cs": CS} | exact | new | settings))


def assert_alike(clf, other, atol=1e-6):
    assert pytest.approx(other.C_) == clf.C_
    for name in ("scores_", "coefs_paths_", "coef_", "intercept_"):
        mine, reference = getattr(clf, name), getattr(other, name)
        assert mine.shape == reference.shape, name
        np.testing.assert_allclose(mine, reference, atol=atol, err_msg=name)
    assert clf.n_iter_.shape == other.n_iter_.shape
    np.testing.assert_array_equal(clf.Cs_, other.Cs_)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_it_chooses_what_scikit_learn_does(name, scoring, fit_intercept):
    features, labels = load(name)
    settings = {"scoring": scoring, "fit_intercept": fit_intercept}
    clf = ours(**settings).fit(features, labels)
    assert clf.certified_.all()
    assert_alike(clf, theirs(**settings).fit(features, labels))


def test_digits_too():
    features, labels = load_digits(return_X_y=True)
    settings = {"Cs": [1e-4, 1e-2], "cv": 3, "scoring": "neg_log_loss"}
    assert_alike(ours(**settings).fit(features, labels), theirs(**settings).fit(features, labels))


#: averages over classes: of two, scikit-learn's class cannot compute them
AVERAGES = tuple(f"_{average}" for average in ("macro", "micro", "weighted"))
SCORES = [name for name in DEVICE_SCORES if not name.endswith(AVERAGES)]


@pytest.mark.parametrize("scoring", [*SCORES, make_scorer(f1_score)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_scikit_learns(scoring, weighted):
    weights = np.random.default_rng(1).uniform(0.1, 2.0, len(X)) if weighted else None
    clf = ours(scoring=scoring, cv=3).fit(X, NOISY, weights)
    other = theirs(scoring=scoring, cv=3).fit(X, NOISY, weights)
    np.testing.assert_allclose(clf.scores_, other.scores_, atol=1e-7)
    assert pytest.approx(other.C_) == clf.C_
    assert clf.score(X, NOISY) == pytest.approx(other.score(X, NOISY), abs=1e-7)


@pytest.mark.parametrize("scoring", sorted(set(DEVICE_SCORES) - set(RANKED) - set(TWO_CLASSES)))
def test_scores_of_three_classes_are_scikit_learns(scoring):
    clf, other = (make(scoring=scoring, cv=4).fit(X3, Y3) for make in (ours, theirs))
    np.testing.assert_allclose(clf.scores_, other.scores_, atol=1e-7)


@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc"])
def test_every_backend_chooses_the_same(backend, scoring):
    reference = ours(scoring=scoring, cv=3).fit(X, NOISY)
    clf = ours(scoring=scoring, cv=3).fit(backend.array(X), backend.array(NOISY))
    tolerance = 1e-6 if backend.precision == "float64" else 2e-3
    assert pytest.approx(reference.C_) == clf.C_
    for name in ("scores_", "coef_", "coefs_paths_"):
        found = getattr(clf, name)
        if not backend.lazy:
            assert type(found) is type(backend.array(X)), name
        np.testing.assert_allclose(host(found), getattr(reference, name), atol=tolerance)
    np.testing.assert_array_equal(host(clf.predict(backend.array(X))), reference.predict(X))


SPLITS = {
    "folds": lambda: StratifiedKFold(3, shuffle=True, random_state=0),
    "shuffles": lambda: ShuffleSplit(3, test_size=0.3, random_state=0),
    "validation set": lambda: [(np.arange(400), np.arange(400, 569))],
    "masks": lambda: [(np.arange(569) % 2 == 0, np.arange(569) % 2 == 1)],
}


@pytest.mark.parametrize("split", SPLITS)
def test_any_split_of_the_rows(split):
    cv = SPLITS[split]()
    clf, other = (make(cv=cv, scoring="neg_log_loss").fit(X, NOISY) for make in (ours, theirs))
    assert_alike(clf, other)


def test_groups_go_to_the_splitter():
    groups = np.arange(569) % 7
    clf = ours(cv=GroupKFold(3)).fit(X, NOISY, groups=groups)
    with config_context(enable_metadata_routing=True):
        other = theirs(cv=GroupKFold(3), scoring=None).fit(X, NOISY, groups=groups)
        routed = ours(cv=LeaveOneGroupOut()).fit(X, NOISY, groups=groups)
    assert_alike(clf, other)
    assert routed.scores_.shape == (7, 1, 4)


def test_balanced_weights_are_computed_on_each_fold():
    cv = [(np.arange(300), np.arange(300, 569)), (np.arange(200, 569), np.arange(200))]
    clf = ours(cv=cv, class_weight="balanced").fit(X, NOISY)
    for f, (train, _) in enumerate(cv):
        for c, C in enumerate(CS):
            single = LogisticRegression(C=C, class_weight="balanced", tol=1e-8)
            single.fit(X[train], NOISY[train])
            np.testing.assert_allclose(
                clf.coefs_paths_[f, 0, c, 0, :-1], single.coef_[0], atol=1e-6
            )


def test_class_weights_by_name():
    settings = {"class_weight": {0: 2.0, 1: 0.5}, "scoring": "neg_log_loss"}
    assert_alike(ours(**settings).fit(X, NOISY), theirs(**settings).fit(X, NOISY))


@pytest.mark.parametrize("name", ["breast_cancer", "iris"])
def test_averages_instead_of_a_refit(name):
    features, labels = load(name)
    settings = {"refit": False, "scoring": "neg_log_loss"}
    clf, other = (make(**settings).fit(features, labels) for make in (ours, theirs))
    np.testing.assert_allclose(clf.coef_, other.coef_, atol=1e-6)
    assert pytest.approx(other.C_) == clf.C_


@pytest.mark.parametrize("name", ["breast_cancer", "iris"])
@pytest.mark.parametrize("l1_ratios", [(0.0,), None])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_attributes_as_they_were(name, l1_ratios):
    features, labels = load(name)
    settings = {"use_legacy_attributes": True, "l1_ratios": l1_ratios, "scoring": "neg_log_loss"}
    clf, other = (make(**settings).fit(features, labels) for make in (ours, theirs))
    np.testing.assert_allclose(clf.C_, other.C_)
    np.testing.assert_array_equal(clf.l1_ratio_, other.l1_ratio_)
    assert clf.n_iter_.shape == other.n_iter_.shape
    for attribute in ("scores_", "coefs_paths_"):
        mine, reference = getattr(clf, attribute), getattr(other, attribute)
        assert list(mine) == list(reference)
        for key in mine:
            np.testing.assert_allclose(mine[key], reference[key], atol=1e-6)


def test_each_target_has_its_own_penalty():
    targets = np.stack([NOISY, X[:, 0] > 0, np.random.default_rng(2).integers(2, size=569)], axis=1)
    cv = StratifiedKFold(3).split(X, Y)
    folds = list(cv)
    clf = ours(cv=folds, scoring="neg_log_loss").fit(X, targets)
    assert clf.scores_.shape == clf.certified_.shape == (3, 3, 1, 4)
    assert clf.coefs_paths_.shape == (3, 3, 1, 4, 1, 31)
    for t in range(3):
        single = ours(cv=folds, scoring="neg_log_loss").fit(X, targets[:, t])
        assert clf.C_[t] == single.C_
        np.testing.assert_allclose(clf.scores_[t], single.scores_, atol=1e-7)
        np.testing.assert_allclose(clf.coef_[t], single.coef_[0], atol=1e-6)
    other = ours(cv=folds, scoring="f1").fit(X, targets)
    np.testing.assert_allclose(
        other.scores_[0], ours(cv=folds, scoring="f1").fit(X, targets[:, 0]).scores_
    )


def test_a_fold_may_lack_a_class():
    order = np.argsort(Y3)
    clf = ours(cv=StratifiedKFold(3), scoring="neg_log_loss").fit(X3, Y3)
    with pytest.warns(UserWarning, match="50 held-out rows are of classes"):
        lacking = ours(cv=[(order[:100], order[100:]), (order[20:], order[:20])]).fit(X3, Y3)
    assert np.isfinite(lacking.scores_).all()
    assert lacking.certified_.all()
    P = clf.predict_proba(X3)
    assert P.shape == lacking.predict_proba(X3).shape
    # the class that a fold has no rows of is never predicted by it
    W = lacking.coefs_paths_[0, 0, -1]
    assert (np.argmax(X3 @ W[:, :-1].T + W[:, -1], axis=1) != 2).all()


def test_a_fold_of_one_class_only():
    y = np.arange(569) >= 400
    folds = [(np.arange(300), np.arange(300, 569)), (np.arange(200, 569), np.arange(200))]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        clf = ours(cv=folds).fit(X, y)
    told = " ".join(str(warning.message) for warning in seen)
    assert "among the training rows of 1 of 2 folds" in told
    assert "169 held-out rows are of classes" in told
    W = clf.coefs_paths_[0, 0, :, 0, :-1]
    np.testing.assert_array_equal(W, 0.0)


def test_folds_that_cannot_be_scored_have_no_say():
    y = np.arange(569) % 2
    y[:190] = 0  # so that the first fold holds out one class only
    cv = KFold(3)
    with pytest.warns(UserWarning, match=r"scoring='roc_auc' is not defined for 4 of 12 fits"):
        clf = ours(cv=cv, scoring="roc_auc").fit(X, y)
    assert np.isnan(clf.scores_[0]).all()
    means = clf.scores_[1:, 0].mean(axis=0)
    assert CS[np.argmax(means)] == clf.C_
    with pytest.warns(UserWarning, match="not defined for 40 of 40 fits"):
        hopeless = ours(cv=LeaveOneOut(), scoring="roc_auc").fit(X[:10], y[:10] ^ np.arange(10) % 2)
    assert CS[0] == hopeless.C_
    # scikit-learn says 0 of the precision where there is nothing to find
    finite = ours(cv=cv, scoring="average_precision").fit(X, y)
    np.testing.assert_array_equal(finite.scores_[0], 0.0)


def test_any_scorer_scores_any_target():
    targets = np.stack([NOISY, X[:, 0] > 0], axis=1).astype(np.int8)
    weights = np.random.default_rng(0).uniform(size=targets.shape)
    clf = ours(scoring="f1", cv=3).fit(X, targets, weights)
    own = ours(scoring="f1", cv=list(KFold(3).split(X))).fit(X, targets[:, 0], weights[:, 0])
    np.testing.assert_allclose(clf.scores_[0], own.scores_, atol=1e-9)
    for scoring in ("f1", "neg_log_loss", "balanced_accuracy"):
        many = ours(scoring=scoring, cv=3).fit(X, targets)
        each = []
        for t in range(2):
            one = LogisticRegression(C=many.C_[t], tol=1e-8).fit(X, targets[:, t])
            each.append(get_scorer(scoring)(one, X, targets[:, t]))
        assert many.score(X, targets) == pytest.approx(np.mean(each), rel=1e-6)


def test_scorers_may_ask_the_model_or_want_the_positive_class():
    by_itself = ours(scoring=lambda model, X, y: model.score(X, y), cv=3).fit(X, NOISY)
    np.testing.assert_allclose(by_itself.scores_, ours(cv=3).fit(X, NOISY).scores_)
    words = np.where(NOISY, "yes", "no")
    clf = ours(scoring="f1", cv=3).fit(X, words)
    assert clf.score(X, words) == pytest.approx(f1_score(words, clf.predict(X), pos_label="yes"))


def test_sparse_features_and_scorers_of_scikit_learns():
    dense = ours(scoring="f1", cv=3).fit(X, NOISY)
    clf = ours(scoring="f1", cv=3).fit(sparse.coo_array(X), NOISY)
    np.testing.assert_allclose(clf.scores_, dense.scores_)


def test_a_warm_start_goes_on():
    clf = ours(warm_start=True, scoring="neg_log_loss").fit(X, NOISY)
    before = clf.n_iter_.max()
    coef = clf.coef_.copy()
    assert clf.fit(X, NOISY).n_iter_.max() < before
    np.testing.assert_allclose(clf.coef_, coef, atol=1e-6)


def test_ctrl_c_chooses_among_what_is_done(monkeypatch):
    from logitron.objective import Objective

    evaluate, calls = Objective.evaluate, []

    def pressing(self, *arguments, **settings):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return evaluate(self, *arguments, **settings)

    with monkeypatch.context() as patched:
        patched.setattr(Objective, "evaluate", pressing)
        with pytest.warns(ConvergenceWarning, match="Ctrl-C; what is done is kept"):
            clf = LogisticRegressionCV(Cs=[1e-4, 1e5], cv=3).fit(X, Y)
    assert clf.C_ == 1e-4
    assert np.isnan(host(clf.scores_)[:, 0, 1]).all()
    assert not np.isnan(host(clf.scores_)[:, 0, 0]).any()
    assert len(calls) <= 8  # no more work but a bound: the folds' coefficients are averaged
    np.testing.assert_allclose(clf.coef_[0], clf.coefs_paths_[:, 0, 0, 0, :-1].mean(axis=0))


def test_ctrl_c_before_anything_is_done_scores_nothing(monkeypatch):
    from logitron.estimators.model_selection.held_out import HeldOut
    from logitron.objective import Objective

    def pressing(self, *arguments, **settings):
        raise KeyboardInterrupt

    def scoring(*arguments):
        raise AssertionError("it scores")

    evaluate = Objective.evaluate
    calls = []

    def third(self, *arguments, **settings):
        calls.append(1)
        return (pressing if len(calls) == 3 else evaluate)(self, *arguments, **settings)

    monkeypatch.setattr(Objective, "evaluate", third)
    monkeypatch.setattr(HeldOut, "scores", scoring)
    with pytest.raises(KeyboardInterrupt, match="nothing to choose"):
        LogisticRegressionCV(Cs=[1e-4, 1e5], cv=3).fit(X, Y)


@pytest.mark.parametrize("verbose", [1, 2])
def test_ctrl_c_while_progress_is_printed_keeps_what_is_done(monkeypatch, verbose):
    from logitron.estimators import progress

    if verbose == 1:
        pytest.importorskip("rich")
    done = []

    def pressing(iteration, *arguments):
        done.append(iteration.running)
        if iteration.running < 6:
            raise KeyboardInterrupt
        return ""

    class Bar:
        def __init__(self, *columns):
            self.add_task = lambda *arguments, **settings: 0
            self.update = lambda task, completed, **fields: completed and _interrupt()

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            return None

    monkeypatch.setattr(progress, "_line", pressing)
    if verbose == 1:
        monkeypatch.setattr("rich.progress.Progress", Bar)
    with pytest.warns(ConvergenceWarning, match="Ctrl-C; what is done is kept"):
        clf = LogisticRegressionCV(Cs=[1e-4, 1e5], cv=3, verbose=verbose).fit(X, Y)
    assert clf.C_ == 1e-4


def _interrupt():
    raise KeyboardInterrupt


def test_progress_is_shown(capsys):
    ours(verbose=2, cv=3).fit(X, NOISY)
    assert "12 of 12 done" in capsys.readouterr().out


REFUSED = {
    "Cs": (lambda: ours(Cs=[0.0, 1.0]).fit(X, Y), "Cs must be an integer, or positive numbers"),
    "no folds": (lambda: ours(cv=[]).fit(X, Y), "cv must give at least one fold"),
    "empty fold": (
        lambda: ours(cv=[([0, 400], [])]).fit(X, Y),
        r"\(train, test\) sizes \[\(2, 0\)\]",
    ),
    "other rows": (lambda: ours(cv=[([0, 999], [1])]).fit(X, Y), "numbers of rows from 0 to 568"),
    "l1": (
        lambda: ours(l1_ratios=(0.5,), solver="lbfgs").fit(X, Y),
        "Solver lbfgs supports only 'l2' or None penalties, got l1_ratio=0.5",
    ),
    "scoring": (lambda: ours(scoring="best").fit(X, Y), "'best' is not a valid scoring"),
    "metadata": (lambda: ours().fit(X, Y, weather=1), "only supported if enable_metadata_routing"),
    "ranking": (lambda: ours(scoring="roc_auc").fit(X3, Y3), "is for two classes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_arguments_are_refused(case):
    call, says = REFUSED[case]
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.filterwarnings("ignore")
@with_checks(LogisticRegressionCV(Cs=3, cv=3, scoring="neg_log_loss"))
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("groups", [2, 60])
def test_passes_and_calls_do_not_grow_with_the_number_of_fits(groups, monkeypatch):
    """No solver loops over columns, folds or penalties."""
    from logitron.data import ArrayRows

    calls = []
    plain = ArrayRows.sum

    def counted(self, function, *parameters, **static):
        calls.append(function.__name__)
        return plain(self, function, *parameters, **static)

    monkeypatch.setattr(ArrayRows, "sum", counted)
    Cs = np.full(groups // 2, 0.1)
    LogisticRegressionCV(Cs=Cs, cv=2, scoring="neg_log_loss").fit(X, NOISY)
    assert calls.count("evaluate") <= 25
    assert len(calls) <= 40
