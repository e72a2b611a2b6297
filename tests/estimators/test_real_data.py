"""The real data of the benchmark: what they promise of shape, labels, spectrum and repetition."""

from functools import cache

import numpy as np
import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from benchmarks.data.convolutions import ConvolutionFeatures
from benchmarks.data.packages import version
from benchmarks.data.problems import at
from benchmarks.data.real_problems import real_problems
from benchmarks.data.surveys import QUESTIONS, Statsmodels
from benchmarks.data.texts import TextTopics, docstrings, parsed, words

#: n, p and K of statsmodels' tables, which do not change
SURVEYS = {
    "spector": (32, 3, 2),
    "birthweight": (189, 9, 2),
    "travel": (210, 17, 4),
    "vote": (944, 8, 2),
    "party": (944, 8, 7),
    "smoking": (4642, 17, 4),
    "fair": (6366, 8, 2),
    "doctor": (20_190, 9, 2),
    "pupils": (267_611, 20, 2),
}
#: The catalogue's pictures and texts, with fewer patches, filters, files and components
DIGITS = ConvolutionFeatures("digits", filters=128, seed=9)
PATCHES = ConvolutionFeatures("photographs", 32, seed=10, width=5, patch=16, stride=16, strips=4)
TEXT = TextTopics(50, packages=("numpy",), fewest=50)
SMALL = [DIGITS, PATCHES, TEXT]


@cache
def loaded(data):
    if reason := data.missing():
        pytest.skip(reason)
    X, y = data.load()
    X.flags.writeable = y.flags.writeable = False
    return X, y


def check_form(X, y):
    assert X.dtype == np.float64
    assert X.flags.c_contiguous
    assert np.isfinite(X).all()
    assert np.mean(np.ptp(X, axis=0) > 0) > 0.99  # a filter may never be on in a corner
    assert y.dtype == np.int64
    assert y.shape == X.shape[:1]
    np.testing.assert_array_equal(np.unique(y), np.arange(y.max() + 1))


@pytest.mark.parametrize("name", SURVEYS)
def test_surveys_have_their_form(name):
    X, y = loaded(Statsmodels(name))
    check_form(X, y)
    assert (*X.shape, y.max() + 1) == SURVEYS[name]
    assert np.bincount(y).min() / len(y) > 0.02


def test_all_surveys_are_tested():
    assert SURVEYS.keys() == QUESTIONS.keys()


@pytest.mark.parametrize("name", ["spector", "travel", "pupils"])
def test_standardised_surveys_are(name):
    X, y = loaded(Statsmodels(name, "standardised"))
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(X.std(axis=0), 1, rtol=1e-9)
    np.testing.assert_array_equal(y, loaded(Statsmodels(name))[1])


def test_pupils_are_as_many_as_their_districts_count():
    X, y = loaded(Statsmodels("pupils"))
    from statsmodels.datasets import star98

    counts = star98.load_pandas().endog
    assert y.sum() == counts["NABOVE"].sum()
    first = int(counts.iloc[0].sum())
    assert (X[:first] == X[0]).all()
    assert y[:first].sum() == counts["NABOVE"].iloc[0]


@pytest.mark.parametrize("data", SMALL, ids=repr)
def test_pictures_and_texts_have_their_form(data):
    check_form(*loaded(data))


@pytest.mark.parametrize("data", [*SMALL, Statsmodels("travel", "standardised")], ids=repr)
def test_data_are_the_same_when_loaded_again(data):
    X, y = loaded(data)
    again, labels = data.load()
    # threads may share out a product in another way
    np.testing.assert_allclose(again, X, rtol=1e-10, atol=1e-12 * np.abs(X).max())
    np.testing.assert_array_equal(labels, y)


@pytest.mark.parametrize("data", [DIGITS, PATCHES], ids=repr)
def test_convolutions_have_a_mean_and_few_directions(data):
    X, _ = loaded(data)
    assert X.shape[1] == 4 * data.filters
    assert X.min() >= 0
    mean = X.mean(axis=0)
    assert mean @ mean > 0.3 * (X**2).sum(axis=1).mean()
    eigenvalues = np.linalg.eigvalsh(np.cov(X.T))[::-1]
    assert eigenvalues[: X.shape[1] // 10].sum() > 0.8 * eigenvalues.sum()


def test_a_digit_is_one_patch_of_quarter_means():
    from sklearn.datasets import load_digits

    X, y = loaded(DIGITS)
    np.testing.assert_array_equal(y, load_digits().target)
    filters = np.random.default_rng(DIGITS.seed).standard_normal((3, 3, DIGITS.filters))
    image = load_digits().images[7] / 16
    shifted = [
        image[i : i + 6, j : j + 6, None] * filters[i, j] for i in range(3) for j in range(3)
    ]
    seen = np.maximum(sum(shifted), 0) * np.sqrt(2 / 9)
    quarters = [seen[i : i + 3, j : j + 3].mean(axis=(0, 1)) for i in (0, 3) for j in (0, 3)]
    np.testing.assert_allclose(X[7], np.concatenate(quarters), rtol=1e-12, atol=1e-14)


def test_patches_are_those_of_the_photographs_in_reading_order():
    X, y = loaded(PATCHES)
    from sklearn.datasets import load_sample_images

    photographs = np.stack(load_sample_images().images)
    down, across = photographs.shape[1] // 16, photographs.shape[2] // 16
    assert len(X) == 2 * down * across
    places = y.reshape(2, down, across)
    assert (places // 4 == np.arange(2)[:, None, None]).all()
    assert (places % 4 == np.arange(across) * 4 // across).all()
    # a patch that is cut out first gives the same row
    alone = photographs[1:, 16:32, 48:64] / 255
    row = (down + 1) * across + 3
    np.testing.assert_allclose(PATCHES.features(alone)[0], X[row], rtol=1e-12, atol=1e-14)


def test_photograph_strips_are_neither_alike_nor_separable():
    from sklearn.linear_model import LogisticRegression

    X, y = loaded(PATCHES)
    accuracy = LogisticRegression(max_iter=1000).fit(X, y).score(X, y)
    assert 0.25 < accuracy < 0.75  # of eight strips
    photograph = y // 4
    accuracy = LogisticRegression(max_iter=1000).fit(X, photograph).score(X, photograph)
    assert 0.9 < accuracy < 1


def test_texts_do_not_name_their_packages():
    texts, origins = TEXT.documents()
    assert len(set(texts)) == len(texts) == len(loaded(TEXT)[1])
    names = TEXT.name_words(origins)
    assert {"numpy", "np", *(origin.split(".")[1] for origin in origins)} <= names
    counted = {word for text in texts for word in words(text, ENGLISH_STOP_WORDS | names)}
    assert len(counted) > 1000
    assert counted.isdisjoint(names)


def test_every_part_of_a_name_is_ignored():
    text = TextTopics(300)
    names = text.name_words(["sklearn.linear_model", "scipy.stats"])
    assert {"scikit", "learn", "sklearn", "linear", "model", "scipy", "stats", "np"} <= names
    example = "from sklearn.linear_model import Ridge; scikit-learn's np.Ridge_2"
    assert words(example, names) == ["from", "import", "ridge", "ridge"]


def test_texts_are_those_of_public_names(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        '"""Not the module\'s."""\n'
        'def f():\n    """One \\d."""\n    def g():\n        """Not within."""\n'
        'def _f():\n    """Not private."""\n'
        'class C:\n    """Two."""\n    def f(self):\n        """Three."""\n'
        '    def __init__(self):\n        """Not special."""\n'
        "def h(): ...\n"
    )
    assert list(docstrings(parsed(path))) == ["One \\d.", "Two.", "Three."]


def test_text_data_tell_the_versions_that_they_depend_on():
    versions = TEXT.versions()
    assert versions == {"numpy": np.__version__, "sklearn": version("sklearn")}
    assert repr(versions) in repr(TEXT)


def test_what_is_missing_is_said():
    absent = TextTopics(10, packages=("numpy", "logitron_absent"))
    assert absent.missing() == "logitron_absent not installed"
    assert absent.versions()["logitron_absent"] is None
    with pytest.raises(ModuleNotFoundError, match="logitron_absent not installed"):
        absent.load()


@pytest.mark.parametrize("data", [Statsmodels("fair"), PATCHES], ids=repr)
def test_without_a_package_the_error_names_it(data, monkeypatch):
    monkeypatch.setattr("benchmarks.data.packages.find_spec", lambda name: None)
    assert data.missing() in ("statsmodels is not installed", "pillow is not installed")
    with pytest.raises(ModuleNotFoundError, match="is not installed"):
        data.load()


def test_the_catalogue_is_ready_for_the_benchmark():
    problems = [
        problem
        for name, title, data, C in real_problems()
        for problem in at(name, title, "real", data, (C,), limit=10.0)
    ]
    assert len({problem.name for problem in problems}) == len(problems)
    assert len({problem.key for problem in problems}) == len(problems)
