"""`infer`: the numbers of statsmodels, from files."""

import io

import numpy as np
import pandas as pd
import pytest

from tests.cli.files import CODES, TABLE, X, shop


@pytest.fixture
def data(logitron):
    frame = shop().dropna().reset_index(drop=True)
    frame.to_csv("shop.csv", index=False)
    return logitron, frame


def _design(frame):
    """The same features by hand, and a column of ones."""
    oslo, rome = (frame["city"] == "Oslo") * 1.0, (frame["city"] == "Rome") * 1.0
    columns = {"age": frame["age"], "visits": frame["visits"], "Oslo": oslo, "Rome": rome}
    return pd.DataFrame({**columns, "one": 1.0}), (frame["bought"] == "yes").astype(int)


@pytest.mark.parametrize(
    ("option", "cov"),
    [("", {}), ("--robust", {"cov_type": "HC0"}), ("--exp", {})],
)
def test_estimates_are_those_of_statsmodels(option, cov, data):
    api = pytest.importorskip("statsmodels.api")
    logitron, frame = data
    A, y = _design(frame)
    theirs = api.Logit(y, A).fit(disp=0, **cov)
    out, err = logitron("infer shop.csv --target bought --csv", option)
    found = pd.read_csv(io.StringIO(out))
    assert found["term"].tolist() == ["age", "visits", "city=Oslo", "city=Rome", "intercept"]
    first = theirs.params if option != "--exp" else np.exp(theirs.params)
    np.testing.assert_allclose(found.iloc[:, 1], first, rtol=1e-5)
    np.testing.assert_allclose(found["p"], theirs.pvalues, rtol=1e-4)
    ends = theirs.conf_int() if option != "--exp" else np.exp(theirs.conf_int())
    np.testing.assert_allclose(found[["lower", "upper"]], ends, rtol=1e-4)
    assert ("Odds ratios" in err) == (option == "--exp")


def test_clusters_are_groups_of_a_column(data):
    api = pytest.importorskip("statsmodels.api")
    logitron, frame = data
    frame["shop"] = np.arange(len(frame)) // 7
    frame.to_csv("groups.csv", index=False)
    A, y = _design(frame)
    theirs = api.Logit(y, A).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": frame["shop"], "use_correction": True}
    )
    found = logitron.json("infer groups.csv --target bought --cluster shop")
    se = [row["std_err"] for row in found["estimates"]]
    np.testing.assert_allclose(se, theirs.bse, rtol=1e-4)
    assert found["llf"] == pytest.approx(theirs.llf)


def test_arrays_have_estimates_of_each_class_and_target(logitron):
    np.save("X.npy", X)
    np.save("y.npy", CODES)
    np.save("Y.npy", TABLE)
    classes = logitron.json("infer X.npy y.npy")["estimates"]
    assert [row["class"] for row in classes] == [1] * 5 + [2] * 5
    targets = logitron.json("infer X.npy Y.npy --multilabel")["estimates"]
    assert [row["target"] for row in targets] == sorted([0, 1, 2] * 5)
