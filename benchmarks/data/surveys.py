"""Surveys and registers that come with statsmodels, each with one question about its rows.

Of the sets in ``statsmodels.datasets`` those with a class are here: spector, fair, anes96,
modechoice, randhie (its two-part model) and star98 (one row for each pupil that it counts). Two
classics of choice models come from the tables of statsmodels' own tests: Cattaneo's births, and
Hosmer and Lemeshow's birth weights. The others are left out:

- quantities and series, which have no class: co2, committee, copper, cpunish, danish_data,
  elec_equip, elnino, engel, fertility, grunfeld, interest_inflation, longley, macrodata, nile,
  scotland, stackloss, statecrime, strikes, sunspots;
- cancer (counts for each county), heart (survival times, whose indicator marks censoring) and ccard
  (amounts that are spent: the home owners are one of its features);
- china_smoking: eight two-by-two tables, so that at most 32 rows differ;
- other tables of the tests: simulated, survival times, or as small as spector.

No other common package brings labelled data: those of seaborn, libsvmdata, scipy.datasets and
scikit-learn's ``fetch_*`` are downloads, matplotlib's have no classes, and scikit-learn's own four
are in `bundled`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.data.arrays import Arrays, finished, standardised
from benchmarks.data.packages import home, lacking

if TYPE_CHECKING:
    import pandas as pd

#: Features and answers of each row, before they get their form.
Survey = tuple[Any, Any]


@dataclass(frozen=True)
class Statsmodels:
    """A data set of statsmodels, and one question that has an answer for each of its rows.

    A row is a person, a birth or a pupil. Its features are a handful of numbers of different
    scales. Its label is the answer, counted from 0 in the order of the answers.
    """

    name: str  # a key of QUESTIONS
    scaling: str = "raw"  # or "standardised"

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        if lacking("statsmodels"):
            return "statsmodels is not installed"
        path = TEST_TABLES.get(self.name)
        if path is not None and not (home("statsmodels") / path).exists():
            return f"this statsmodels came without {path}"
        return None

    def load(self) -> Arrays:
        if reason := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {reason}")
        features, answers = QUESTIONS[self.name]()
        X = np.asarray(features, dtype=np.float64)
        y = np.unique(np.asarray(answers), return_inverse=True)[1]
        return finished(standardised(X) if self.scaling == "standardised" else X, y)


#: Tables of statsmodels' own tests, which some packagers leave out.
TEST_TABLES = {
    "smoking": "treatment/tests/results/cataneo2.csv",
    "birthweight": "genmod/tests/results/stata_lbw_glm.csv",
}


def table(name: str) -> "pd.DataFrame":
    """A data set of ``statsmodels.datasets``."""
    return import_module(f"statsmodels.datasets.{name}").load_pandas().data


def own_table(name: str) -> "pd.DataFrame":
    """A table of statsmodels' own tests."""
    import pandas as pd

    return pd.read_csv(home("statsmodels") / TEST_TABLES[name])


def spector() -> Survey:
    """Whether a student's grade improves. Spector and Mazzeo (1980)."""
    students = table("spector")
    return students.drop(columns="GRADE"), students["GRADE"]


def fair() -> Survey:
    """Whether a married woman has an affair. Fair, A theory of extramarital affairs (1978)."""
    women = table("fair")
    return women.drop(columns="affairs"), women["affairs"] > 0


def party() -> Survey:
    """Which of seven shades of two parties a voter identifies with. ANES (1996)."""
    voters = table("anes96")
    return voters[VOTER], voters["PID"]


def vote() -> Survey:
    """Which of two candidates a voter is for. ANES (1996)."""
    voters = table("anes96")
    return voters[VOTER], voters["vote"]


VOTER = ["logpopul", "TVnews", "selfLR", "ClinLR", "DoleLR", "age", "educ", "income"]


def travel() -> Survey:
    """Whether a trip is by air, train, bus or car. Greene and Hensher (1997).

    The features are income, company and all four offers.
    """
    offers = table("modechoice").sort_values(["individual", "mode"])
    each = offers[["ttme", "invc", "invt", "gc"]].to_numpy().reshape(-1, 4 * 4)
    features = np.hstack([each, offers[["hinc", "psize"]].to_numpy()[::4]])
    varying = np.ptp(features, axis=0) > 0  # a car is not waited for
    return features[:, varying], offers["choice"].to_numpy().reshape(-1, 4).argmax(axis=1)


def doctor() -> Survey:
    """Whether a patient sees a doctor in a year: the first part of the RAND experiment's model.

    Duan, Manning, Morris and Newhouse, A comparison of alternative models for the demand for
    medical care (1983).
    """
    patients = table("randhie")
    return patients.drop(columns="mdvis"), patients["mdvis"] > 0


def pupils() -> Survey:
    """Whether a pupil is above the national median in mathematics.

    Gill, Generalized linear models (2000).

    The table counts the pupils of each district. Here each pupil is a row, with the features of its
    district. The last eight of them are products of others. Few rows differ, and those of a
    district follow each other.
    """
    districts = table("star98")
    counts = districts[["NBELOW", "NABOVE"]].to_numpy(np.int64)
    features = districts.drop(columns=["NBELOW", "NABOVE"]).to_numpy(np.float64)
    answers = np.tile([0, 1], len(districts))
    return np.repeat(features, counts.sum(axis=1), axis=0), np.repeat(answers, counts.ravel())


def smoking() -> Survey:
    """Whether a mother smokes not at all, 1-5, 6-10 or more a day.

    Cattaneo, Efficient semiparametric estimation of multi-valued treatment effects under
    ignorability (2010), whose generalised propensity score is this model. The features are known
    before the birth.
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


def birthweight() -> Survey:
    """Whether a baby's weight is low. Hosmer and Lemeshow, Applied logistic regression (1989)."""
    births = own_table("birthweight")
    features = births[["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]].assign(
        black=births["race"] == "black", other=births["race"] == "other"
    )
    return features, births["low"]


QUESTIONS: dict[str, Callable[[], Survey]] = {
    question.__name__: question
    for question in (
        *(spector, fair, party, vote, travel, doctor, pupils),
        *(smoking, birthweight),
    )
}
