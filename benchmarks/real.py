"""Real data that need no download: surveys, pictures and texts that installed packages bring.

Like those in `data`, each is a frozen dataclass whose ``repr`` says everything that its numbers
depend on; ``missing()`` says what is not installed, and is None where ``load()`` can run.

Of the sets in ``statsmodels.datasets`` these ask for a class, and are here: spector, fair, anes96,
modechoice, randhie (its two-part model) and star98 (one row for each pupil that it counts). From
the tables of statsmodels' own tests come two that are classics of choice models: Cattaneo's
births and Hosmer and Lemeshow's birth weights. Left out are

- quantities and series, which have no class: co2, committee, copper, cpunish, danish_data,
  elec_equip, elnino, engel, fertility, grunfeld, interest_inflation, longley, macrodata, nile,
  scotland, stackloss, statecrime, strikes, sunspots;
- cancer (counts for each county), heart (survival times: its indicator is of censoring) and ccard
  (what is spent: the home owners are one of its features);
- china_smoking: eight two-by-two tables, so that not more than 32 rows differ;
- other tables of the tests: simulated, survival times, or as small as spector.

Other packages that are often there bring no labelled data: those of seaborn, libsvmdata,
scipy.datasets and scikit-learn's ``fetch_*`` are downloads, matplotlib's have no classes, and
scikit-learn's own four are `Bundled`.
"""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn import datasets
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from benchmarks.data import Arrays, finished, standardised


@dataclass(frozen=True)
class Statsmodels:
    """A question that one of statsmodels' data sets asks about each of its rows.

    A row is a person, a birth or a pupil; its features are what the table says about it, a handful
    of numbers of different scales; its label is the answer, counted from 0 in the order of the
    answers. `QUESTIONS` holds what is asked of each.
    """

    name: str  # of `QUESTIONS`
    scaling: str = "raw"  # or "standardised"

    def missing(self) -> str | None:
        if find_spec("statsmodels") is None:
            return "statsmodels is not installed"
        path = TEST_TABLES.get(self.name)
        if path is not None and not (home("statsmodels") / path).exists():
            return f"this statsmodels came without {path}"
        return None

    def load(self) -> Arrays:
        if lacking := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {lacking}")
        features, answers = QUESTIONS[self.name]()
        X = np.asarray(features, dtype=np.float64)
        y = np.unique(np.asarray(answers), return_inverse=True)[1]
        return finished(standardised(X) if self.scaling == "standardised" else X, y)


@dataclass(frozen=True)
class ConvolutionFeatures:
    """What a layer of random convolutions sees: ReLU of Gaussian filters, averaged in four fields.

    A row is a square patch: of scikit-learn's digits, which are one patch each and whose class is
    the digit; or of its two photographs, ``stride`` pixels apart, and the class says from which
    photograph and from which of ``strips`` vertical strips of it a patch is: the strips are hard to
    tell apart, the photographs (one strip) easy but for some patches. Neighbours may overlap, so
    such rows are no independent draws. There are four columns for each filter, the mean responses
    in the quarters of the patch. The columns are not standardised: none is negative, some may be
    zero throughout, they are far from centred, and their spectrum is that of pictures.

    Random features: Rahimi and Recht, Random features for large-scale kernel machines (2007).
    One layer of pooled convolutions, and quarters: Coates, Ng and Lee, An analysis of single-layer
    networks in unsupervised feature learning (2011). Random filters: Saxe and others, On random
    weights and unsupervised feature learning (2011).
    """

    source: str  # "digits" or "photographs"
    filters: int
    seed: int
    width: int = 3  # of a filter
    patch: int = 8  # its side; all of a digit
    stride: int = 1
    strips: int = 1

    def missing(self) -> str | None:
        if self.source == "photographs" and find_spec("PIL") is None:
            return "pillow is not installed"
        return None

    def load(self) -> Arrays:
        if lacking := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {lacking}")
        if self.source == "digits":
            found = datasets.load_digits()
            return finished(self.features(found.images[..., None] / 16), found.target)
        # one photograph after the other needs half the memory
        photographs = datasets.load_sample_images().images
        X = [self.features(photograph[None] / 255) for photograph in photographs]
        y = [i * self.strips + self.strip(picture) for i, picture in enumerate(photographs)]
        return finished(np.concatenate(X), np.concatenate(y))

    @property
    def quarter(self) -> int:
        """Side of a quarter of the responses to a patch."""
        return (self.patch - self.width + 1) // 2

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Rows for the patches of pictures (N, height, width, colours), in reading order."""
        fan = self.width**2 * pictures.shape[-1]
        filters = np.random.default_rng(self.seed).standard_normal((fan, self.filters))
        filters *= np.sqrt(2 / fan)  # so that the responses are as large as the pixels
        windows = sliding_window_view(pictures, (self.width, self.width), axis=(1, 2))
        seen = windows.reshape(*windows.shape[:3], fan) @ filters
        np.maximum(seen, 0, out=seen)
        return (
            self.halves(self.halves(seen, 1), 3)
            .transpose(0, 1, 3, 2, 4, 5)
            .reshape(-1, 4 * self.filters)
        )

    def halves(self, seen: np.ndarray, axis: int) -> np.ndarray:
        """This axis becomes two: the patches along it, and the means over both halves of each."""
        starts = self.stride * np.arange(self.places(seen.shape[axis] + self.width - 1))
        starts = starts[:, None] + [0, self.quarter]
        means = np.take(seen, starts, axis)
        for shift in range(1, self.quarter):
            means += np.take(seen, starts + shift, axis)
        means /= self.quarter
        return means

    def places(self, pixels: int) -> int:
        """How many patches lie along so many pixels."""
        return (pixels - self.patch) // self.stride + 1

    def strip(self, picture: np.ndarray) -> np.ndarray:
        down, across = (self.places(pixels) for pixels in picture.shape[:2])
        return np.tile(np.arange(across) * self.strips // across, down)


@dataclass(frozen=True, repr=False)
class TextTopics:
    """Latent semantic analysis of the docstrings of installed packages: where is a text from?

    A row is the docstring of a public function, class or method, found in the source files without
    importing them; its class is the subpackage, ``scipy.stats`` for one, where ``fewest`` or more
    texts are from it. The columns are the leading singular components of the texts' tf-idf weights
    (Deerwester and others, Indexing by latent semantic analysis, 1990), as they are. Names of
    packages and subpackages do not count as words, nor does any part of them.

    The numbers depend on the packages' versions, which ``repr`` therefore tells.
    """

    components: int
    packages: tuple[str, ...] = ("numpy", "pandas", "scipy", "sklearn")
    fewest: int = 100

    def __repr__(self) -> str:
        return (
            f"TextTopics(components={self.components!r}, packages={self.packages!r}, "
            f"fewest={self.fewest!r}, versions={self.versions()!r})"
        )

    def versions(self) -> dict[str, str | None]:
        """Of all packages whose texts are read, and of scikit-learn, which weighs their words."""
        return {name: version(name) for name in sorted({*self.packages, "sklearn"})}

    def missing(self) -> str | None:
        lacking = [name for name in sorted(self.packages) if find_spec(name) is None]
        return f"{', '.join(lacking)} not installed" if lacking else None

    def load(self) -> Arrays:
        if lacking := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {lacking}")
        texts, origins = self.documents()
        names, y = np.unique(origins, return_inverse=True)
        ignored = ENGLISH_STOP_WORDS | self.name_words(names)
        weights = TfidfVectorizer(
            analyzer=lambda text: words(text, ignored), min_df=5, sublinear_tf=True
        ).fit_transform(texts)
        X = TruncatedSVD(self.components, random_state=0).fit_transform(weights)
        return finished(X, y)

    def documents(self) -> tuple[list[str], list[str]]:
        """All texts and the subpackages that they are from, in the order of the file names."""
        found: dict[str, str] = {}  # the first place of every text
        for package in sorted(self.packages):
            for origin, path in sources(package):
                for text in docstrings(parsed(path)):
                    if len(words(text, ENGLISH_STOP_WORDS)) >= SHORTEST:
                        found.setdefault(text, origin)
        sizes = Counter(found.values())
        kept = [(t, origin) for t, origin in found.items() if sizes[origin] >= self.fewest]
        return [text for text, _ in kept], [origin for _, origin in kept]

    def name_words(self, origins) -> frozenset[str]:
        """The words in the names of the packages, as imported, installed and abbreviated."""
        names = [*origins, *self.packages, *ABBREVIATIONS]
        names += [DISTRIBUTIONS.get(name, name) for name in self.packages]
        return frozenset(words(" ".join(names), frozenset()))


RealData = Statsmodels | ConvolutionFeatures | TextTopics

# --- statsmodels' tables ---------------------------------------------------------------------

#: Tables of statsmodels' own tests, which not every packager ships
TEST_TABLES = {
    "smoking": "treatment/tests/results/cataneo2.csv",
    "birthweight": "genmod/tests/results/stata_lbw_glm.csv",
}


def table(name: str):
    return import_module(f"statsmodels.datasets.{name}").load_pandas().data


def own_table(name: str):
    import pandas as pd

    return pd.read_csv(home("statsmodels") / TEST_TABLES[name])


def spector():
    """Does a student's grade improve? Spector and Mazzeo (1980)."""
    students = table("spector")
    return students.drop(columns="GRADE"), students["GRADE"]


def fair():
    """Does a married woman have an affair? Fair, A theory of extramarital affairs (1978)."""
    women = table("fair")
    return women.drop(columns="affairs"), women["affairs"] > 0


def party():
    """With which of seven shades of two parties does a voter identify? ANES (1996)."""
    voters = table("anes96")
    return voters[VOTER], voters["PID"]


def vote():
    """For which of two candidates is a voter? ANES (1996)."""
    voters = table("anes96")
    return voters[VOTER], voters["vote"]


VOTER = ["logpopul", "TVnews", "selfLR", "ClinLR", "DoleLR", "age", "educ", "income"]


def travel():
    """By air, train, bus or car? Greene and Hensher (1997): income, company and all four offers."""
    offers = table("modechoice").sort_values(["individual", "mode"])
    each = offers[["ttme", "invc", "invt", "gc"]].to_numpy().reshape(-1, 4 * 4)
    features = np.hstack([each, offers[["hinc", "psize"]].to_numpy()[::4]])
    varying = np.ptp(features, axis=0) > 0  # a car is not waited for
    return features[:, varying], offers["choice"].to_numpy().reshape(-1, 4).argmax(axis=1)


def doctor():
    """Does a patient see a doctor in a year? The first part of the RAND experiment's model.

    Duan, Manning, Morris and Newhouse, A comparison of alternative models for the demand for
    medical care (1983).
    """
    patients = table("randhie")
    return patients.drop(columns="mdvis"), patients["mdvis"] > 0


def pupils():
    """Is a pupil above the national median of mathematics? Gill, Generalized linear models (2000).

    The table counts the pupils of each district; here each is a row, and has its district's
    features. The last eight of them are products of others. Few rows differ, and those of a
    district stand together.
    """
    districts = table("star98")
    counts = districts[["NBELOW", "NABOVE"]].to_numpy(np.int64)
    features = districts.drop(columns=["NBELOW", "NABOVE"]).to_numpy(np.float64)
    answers = np.tile([0, 1], len(districts))
    return np.repeat(features, counts.sum(axis=1), axis=0), np.repeat(answers, counts.ravel())


def smoking():
    """How much does a mother smoke: not at all, 1-5, 6-10 or more a day?

    Cattaneo, Efficient semiparametric estimation of multi-valued treatment effects under
    ignorability (2010), whose generalised propensity score is this very model. The features are
    what is known before the birth.
    """
    births = own_table("smoking")
    features = births[BEFORE].assign(
        married=births["mmarried"] == "married", first=births["fbaby"] == "Yes"
    )
    return features, births["msmoke"]


BEFORE = [
    *("mhisp", "fhisp", "foreign", "alcohol", "deadkids", "mage", "medu", "fage", "fedu"),
    *("nprenatal", "monthslb", "order", "mrace", "frace", "prenatal"),
]


def birthweight():
    """Is a baby's weight low? Hosmer and Lemeshow, Applied logistic regression (1989)."""
    births = own_table("birthweight")
    features = births[["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]].assign(
        black=births["race"] == "black", other=births["race"] == "other"
    )
    return features, births["low"]


QUESTIONS: dict[str, Callable] = {
    question.__name__: question
    for question in (
        *(spector, fair, party, vote, travel, doctor, pupils),
        *(smoking, birthweight),
    )
}

# --- the packages' texts ---------------------------------------------------------------------

#: A text has so many words that are not stop words, or more
SHORTEST = 10
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
ABBREVIATIONS = ("np", "sp", "pd")
#: Folders and files that are not about what a package is for, or not there on every Python
SKIPPED = {"tests", "externals", "conftest.py", "setup.py", "distutils"}


def version(package: str) -> str | None:
    try:
        return metadata.version(DISTRIBUTIONS.get(package, package))
    except metadata.PackageNotFoundError:
        return None


def home(package: str) -> Path:
    """The folder of an installed package, which need not be imported for it."""
    return Path(find_spec(package).origin).parent


def sources(package: str) -> Iterator[tuple[str, Path]]:
    """All source files in public subpackages, sorted, each with the subpackage's name."""
    root = home(package)
    for path in sorted(root.glob("*/**/*.py"), key=lambda path: path.relative_to(root).parts):
        parts = path.relative_to(root).parts
        if not parts[0].startswith("_") and SKIPPED.isdisjoint(parts):
            yield f"{package}.{parts[0]}", path


def parsed(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in other people's strings
        return ast.parse(path.read_bytes())


def docstrings(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Those of public functions and classes, and of their public methods, in order."""
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if child.name.startswith("_"):
            continue
        if text := ast.get_docstring(child):
            yield text
        if isinstance(child, ast.ClassDef):
            yield from docstrings(child)


def words(text: str, ignored: frozenset[str]) -> list[str]:
    """Runs of two letters or more, in lower case: underscores, dots and digits part words."""
    return [word for word in re.findall(r"[a-z]{2,}", text.lower()) if word not in ignored]


# --- the catalogue ---------------------------------------------------------------------------


def real_problems() -> list[tuple[str, str, RealData, float]]:
    """Name, title, data and C, as `problems.at` takes them."""
    text = TextTopics(300)
    digits = ConvolutionFeatures("digits", filters=128, seed=9)
    patches = {"seed": 10, "width": 5, "patch": 16, "stride": 4}
    photographs = ConvolutionFeatures("photographs", filters=64, strips=4, **patches)
    photograph = ConvolutionFeatures("photographs", filters=64, **patches)
    surveys = [
        ("spector", "better grades"),
        ("birthweight", "low birth weight"),
        ("travel", "mode of travel, K=4"),
        ("vote", "vote of 1996"),
        ("party", "party identification, K=7"),
        ("smoking", "mothers who smoke, K=4"),
        ("fair", "affairs"),
        ("doctor", "visits to a doctor"),
        ("pupils", "pupils in mathematics"),
    ]
    return [
        *[
            (n, f"{title}, standardised", Statsmodels(n, "standardised"), 1.0)
            for n, title in surveys
        ],
        ("fair-raw", "affairs, raw", Statsmodels("fair"), 1.0),
        ("pupils-raw", "pupils in mathematics, raw", Statsmodels("pupils"), 1.0),
        ("convolved@1", "digits, 512 random convolutions, K=10", digits, 1.0),
        ("convolved@100", "digits, 512 random convolutions, K=10", digits, 100.0),
        ("photograph", "patches of two photographs, 256 random convolutions", photograph, 1.0),
        ("strips", "strips of two photographs, 256 random convolutions, K=8", photographs, 1.0),
        ("text@1", "docstrings, 300 components", text, 1.0),
        ("text@100", "docstrings, 300 components", text, 100.0),
    ]
