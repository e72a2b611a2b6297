"""The law: what says that it converged is at its optimum, and everything else warns.

It is tried on problems that hypothesis makes, the same in every run. A failure prints a `Case`,
which is run again by ``faults(Case(...))``; when its cause is known, put it into `FOUND`.
"""

import numpy as np
import pytest

from benchmarks.judge.separation import separation
from benchmarks.judge.wide import optimum, value
from tests.hostile import WAYS, Case, cases, faults

hypothesis = pytest.importorskip("hypothesis")
#: each of the last two is six fits, and six optima in long double
EXAMPLES = {"one": 400, "targets": 200, "cv": 60, "bootstrap": 80}

#: what was wrong once
FOUND = (
    # converged, and far from the optimum
    Case(n=20, classes=4, columns=("outlier",), scales=(0,), shifts=(0,)),
    Case(
        n=20,
        columns=("normal",) * 3,
        scales=(0, 0, 8),
        shifts=(0, 0, 0),
        way="targets",
        solver="lbfgs",
    ),
    Case(
        n=20,
        classes=3,
        columns=("normal", "normal", "outlier"),
        scales=(0, 0, 0),
        shifts=(0, 0, 0),
        way="cv",
    ),
    Case(n=20, classes=4, columns=("outlier",), scales=(0,), shifts=(0,), way="bootstrap"),
    Case(n=20, columns=("normal",), scales=(0,), shifts=(5,), precision="float32", way="targets"),
    Case(n=20, shifts=(0, 5), precision="float32", way="cv"),
    Case(
        seed=3587,
        n=48,
        classes=3,
        columns=("normal",) * 6,
        scales=(0,) * 6,
        shifts=(0,) * 6,
        warm="saturated",
        precision="float32",
    ),
    # certified, with a bound that is too large
    Case(n=20, columns=("normal",), scales=(0,), shifts=(5,), weights="uniform", tol=1e-8),
    Case(n=20, columns=("normal",), scales=(0,), shifts=(5,), way="cv"),
    Case(n=20, shifts=(0, 2), precision="float32", way="cv"),
    # a bound, or an optimum, where there is none
    Case(n=20, classes=3, C=np.inf, columns=("dummy",), scales=(0,), shifts=(0,)),
    Case(n=20, classes=3, C=np.inf, columns=("dummy",), scales=(0,), shifts=(0,), way="targets"),
    Case(n=20, classes=3, C=np.inf, columns=("normal",), scales=(0,), shifts=(0,), way="cv"),
    Case(n=20, classes=3, C=np.inf, columns=("normal",), scales=(0,), shifts=(0,), way="bootstrap"),
    Case(
        n=20,
        C=np.inf,
        columns=("normal",) * 4,
        scales=(0, 0, 8, 0),
        shifts=(0,) * 4,
        solver="lbfgs",
    ),
    Case(
        n=20,
        C=np.inf,
        columns=("normal",),
        scales=(0,),
        shifts=(0,),
        labels="separated",
        way="targets",
        solver="lbfgs",
    ),
    # raised, or warned of arithmetic, or answered with NaN
    Case(
        n=20,
        C=np.inf,
        columns=("normal", "normal", "constant"),
        scales=(0,) * 3,
        shifts=(0,) * 3,
        way="cv",
        solver="lbfgs",
    ),
    Case(n=20, scales=(8, 0), heavy=30, precision="float32"),
    Case(
        n=20,
        classes=3,
        columns=("outlier", "outlier"),
        shifts=(4, 4),
        precision="float32",
        way="targets",
    ),
    Case(
        seed=3733,
        n=20,
        classes=3,
        columns=("normal", "copy", "normal"),
        scales=(0, 0, 0),
        shifts=(1, 0, 0),
        labels="separated",
        heavy=30,
        precision="float32",
    ),
    # certified, though far off: curvatures that were noise, and rows that had lost theirs
    Case(
        seed=360,
        classes=3,
        C=1e9,
        columns=("normal", "normal", "copy", "copy"),
        scales=(0, 0, 10, 0),
        shifts=(1, 0, 1, 3),
        weights="decades",
        heavy=12,
        fit_intercept=False,
        precision="float32",
        way="bootstrap",
    ),
    Case(
        n=75,
        C=float("inf"),
        columns=("normal", "normal", "dummy", "outlier", "outlier"),
        scales=(0, 0, 0, 0, 0),
        shifts=(0, 0, 0, 0, 3),
        labels="noise",
        precision="float32",
        tol=1e-8,
    ),
    # an overflow that was told
    Case(
        seed=1551,
        n=55,
        C=float("inf"),
        columns=("counter", "counter", "normal", "normal", "counter", "outlier"),
        scales=(0, 0, -8, 7, -11, 0),
        shifts=(0, 2, 0, 0, 0, 2),
        weights="decades",
        precision="float32",
        way="cv",
        solver="lbfgs",
        tol=1e-8,
    ),
)


@pytest.mark.parametrize("case", FOUND, ids=range(len(FOUND)))
def test_what_was_found_wrong_stays_right(case):
    keeps_the_law(case)


@pytest.mark.parametrize("way", WAYS)
def test_made_problems_keep_the_law(way):
    pytest.importorskip("torch")  # without it, others would be made

    @hypothesis.settings(
        max_examples=EXAMPLES[way],
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(cases(way))
    def tried(case):
        keeps_the_law(case)

    tried()


def keeps_the_law(case):
    wrong = faults(case)
    assert not wrong, "\n  ".join([f"faults({case!r}):", *wrong])


# --- the judge himself --------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("columns", "scales", "shifts", "C"),
    [
        (("normal", "copy", "constant"), (0, 0, 0), (0, 0, 0), 1.0),
        (("normal", "dummy", "heavy"), (-12, 0, 12), (0, 0, 0), 1.0),
        (("normal", "normal"), (0, 3), (6, 0), 1e8),
        (("outlier", "normal"), (0, 0), (0, 0), 1e-8),
    ],
)
def test_the_reference_is_at_the_optimum(classes, columns, scales, shifts, C):
    """By fifty digits, and by coefficients that it does not know of."""
    pytest.importorskip("mpmath")
    from tests.exact import Exact

    case = Case(7, 30, classes, C, columns, scales, shifts, weights="decades")
    X, y, s = case.data()
    found = optimum(X, y, C=C, classes=classes, sample_weight=s)
    assert found.arrived
    exact = Exact(X, y, C=C, classes=1 if classes == 2 else classes, sample_weight=s)
    there = float(exact.value(found.coef, found.intercept))
    assert there == pytest.approx(float(found.value), rel=1e-13)
    assert value(X, y, found.coef, found.intercept, C=C, sample_weight=s) == pytest.approx(
        float(found.value), rel=1e-13
    )
    rng = np.random.default_rng(0)
    for size in (1e-6, 1e-3, 1.0):
        for _ in range(20):
            W = found.coef * (1 + size * rng.normal(size=found.coef.shape))
            b = found.intercept * (1 + size * rng.normal(size=found.intercept.shape))
            assert value(X, y, W, b, C=C, sample_weight=s) >= found.value * (1 - 1e-15)


def test_separation_is_told_by_its_kind():
    x = np.arange(6.0)[:, None]
    assert separation(x, np.array([0, 0, 0, 1, 1, 1])) == "complete"
    assert separation(x, np.array([0, 0, 1, 0, 1, 1])) == "overlap"
    tied = np.array([[0.0], [0.0], [0.0], [1.0], [1.0]])
    assert separation(tied, np.array([0, 1, 0, 1, 1])) == "quasi"
    assert separation(1e12 + 1e-3 * tied, np.array([0, 1, 0, 1, 1])) == "quasi"
    assert separation(x, np.array([0, 0, 1, 1, 2, 2])) == "complete"
    assert separation(x, np.array([0, 1, 2, 2, 1, 0])) == "overlap"


def test_the_judge_can_tell_what_is_wrong():
    """A fit that is cut short and says nothing would be seen."""
    X, y, _ = Case(n=60).data()
    best = optimum(X, y)
    assert value(X, y, best.coef * 1.01, best.intercept) > best.value * (1 + 1e-7)
