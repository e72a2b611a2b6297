"""Fits and sweeps of files, held to scikit-learn; what they print, write and end with."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.metrics import roc_auc_score

import logitron as package
from tests.cli.files import TABLE, WORDS, X

TRAIN, VAL, TEST = slice(0, 120), slice(120, 180), slice(180, None)


@pytest.fixture
def parts(logitron):
    for name, rows in (("train", TRAIN), ("val", VAL), ("test", TEST)):
        np.save(f"{name}.npy", X[rows])
        np.save(f"{name}_y.npy", WORDS[rows])
        np.save(f"{name}_Y.npy", TABLE[rows])
    return logitron


def _score(C, rows, held):
    return (
        Sklearn(C=C, tol=1e-8, max_iter=1000).fit(X[rows], WORDS[rows]).score(X[held], WORDS[held])
    )


def test_a_fit_is_scikit_learns(parts):
    arguments = "fit train.npy train_y.npy --C 0.5 --test test.npy test_y.npy -o m.safetensors"
    found = parts.json(arguments)
    theirs = Sklearn(C=0.5, tol=1e-9, max_iter=1000).fit(X[TRAIN].astype(float), WORDS[TRAIN])
    model = package.load("m.safetensors")
    np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-4)
    assert found["test"]["accuracy"] == theirs.score(X[TEST], WORDS[TEST])
    P = theirs.predict_proba(X[TEST])
    place = np.searchsorted(theirs.classes_, WORDS[TEST])
    loss = -np.mean(np.log(P[np.arange(len(P)), place]))
    assert found["test"]["log_loss"] == pytest.approx(loss, rel=1e-4)
    assert (found["rows"], found["fits"], found["converged"]) == (120, 1, 1)
    assert found["suboptimality"] <= 1e-6


def test_a_sweep_chooses_on_the_validation_set_and_fits_all_rows(parts):
    Cs = np.geomspace(1e-3, 10.0, 5)
    found = parts.json(
        "sweep", "train.npy", "train_y.npy", "--Cs", "1e-3:10:5", "-o", "m.safetensors",
        "--val", "val.npy", "val_y.npy", "--test", "test.npy", "test_y.npy",
    )  # fmt: skip
    scores = [_score(C, TRAIN, VAL) for C in Cs]
    assert [row["score"] for row in found["penalties"]] == pytest.approx(scores, abs=1e-6)
    best = Cs[int(np.argmax(scores))]
    assert found["C"] == pytest.approx(best)
    assert [row["chosen"] for row in found["penalties"]] == [int(is_best) for is_best in Cs == best]
    both = np.r_[TRAIN, VAL]
    assert found["test"]["accuracy"] == pytest.approx(_score(best, both, TEST), abs=1e-6)
    saved = package.load("m.safetensors")
    assert pytest.approx(best) == saved.C_


def test_folds_and_parts_are_drawn_from_the_seed(parts):
    np.save("X.npy", X)
    np.save("y.npy", WORDS)
    arguments = "sweep X.npy y.npy --cv 3 --Cs 0.01,1 --test 0.25"
    first, again = parts.json(arguments, "--seed", "5"), parts.json(arguments, "--seed", "5")
    other = parts.json(arguments, "--seed", "6")
    assert first["penalties"] == again["penalties"] != other["penalties"]
    assert (first["rows"], first["test"]["rows"], first["fits"]) == (180, 60, 6)


def test_many_targets_have_a_penalty_each(parts):
    found = parts.json(
        "sweep", "train.npy", "train_Y.npy", "--multilabel", "--Cs", "0.001,0.1,10",
        "--cv", "3", "--scoring", "roc_auc", "-o", "m.safetensors",
    )  # fmt: skip
    assert (found["fits"], len(found["C"]), len(found["targets"])) == (27, 3, 3)
    assert sum(row["chosen"] for row in found["penalties"]) == 3
    scored = parts.json("evaluate", "m.safetensors", "test.npy", "test_Y.npy", "--per-target")
    P = package.load("m.safetensors").predict_proba(X[TEST].astype(float))
    for t, row in enumerate(scored["per_target"]):
        assert row["roc_auc"] == pytest.approx(roc_auc_score(TABLE[TEST][:, t], P[:, t]))


def test_scores_of_classes_are_scikit_learns(parts):
    from sklearn.metrics import classification_report

    parts("fit", "train.npy", "train_y.npy", "-o", "m.safetensors")
    found = parts.json("evaluate", "m.safetensors", "test.npy", "test_y.npy", "--per-class")
    predicted = package.load("m.safetensors").predict(X[TEST].astype(float))
    theirs = classification_report(WORDS[TEST], predicted, output_dict=True)
    assert found["accuracy"] == pytest.approx(theirs["accuracy"])
    for row in found["per_class"]:
        of_class = theirs[row["class"]]
        assert row["precision"] == pytest.approx(of_class["precision"])
        assert row["recall"] == pytest.approx(of_class["recall"])
        assert row["f1"] == pytest.approx(of_class["f1-score"])
        assert row["rows"] == of_class["support"]


def test_weights_of_a_file_count_rows(parts):
    counts = np.random.default_rng(0).integers(1, 4, size=120)
    np.save("w.npy", counts)
    np.save("many.npy", np.repeat(X[TRAIN], counts, axis=0))
    np.save("many_y.npy", np.repeat(WORDS[TRAIN], counts))
    parts("fit", "train.npy", "train_y.npy", "--weights", "w.npy", "-o", "w.safetensors")
    parts("fit", "many.npy", "many_y.npy", "-o", "m.safetensors")
    weighted, repeated = package.load("w.safetensors"), package.load("m.safetensors")
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-4)


def test_fits_that_did_not_converge_end_with_three_if_strict(parts):
    arguments = "fit train.npy train_y.npy --C 1000 --max-iter 1 -o m.safetensors"
    _, err = parts(arguments)
    assert re.search("^logitron: warning: LogisticRegression .*failed to converge", err, re.M)
    found = parts.json(arguments, "--strict", code=3)
    assert (found["converged"], found["fits"]) == (0, 1)
    assert Path("m.safetensors").exists()
    sweep = "sweep train.npy train_y.npy --Cs 100,1000 --cv 2 --max-iter 1 --strict"
    assert (
        "4 of 4 fits did not converge, and neither did the fit of all rows"
        in parts(sweep, code=3)[1]
    )


def test_reports_and_pictures_are_written(parts):
    pytest.importorskip("matplotlib")
    for command, more in (("fit", ()), ("sweep", ("--Cs", "0.01,1", "--cv", "2"))):
        out, err = parts(
            command, "train.npy", "train_y.npy", *more, "--report", "r.json", "--plot", "p.png"
        )
        assert out == ""
        report = json.loads(Path("r.json").read_text())
        assert (report["command"], report["rows"]) == (command, 120)
        assert Path("p.png").read_bytes()[:4] == b"\x89PNG"
        assert {"report: r.json", "picture: p.png"} <= set(err.splitlines())


def test_infinite_bounds_are_null_in_json(parts):
    found = parts.json("fit train.npy train_y.npy --C 1e6 --max-iter 1")
    assert found["suboptimality"] is None


def test_labels_of_bytes_are_text(parts):
    np.save("bytes.npy", WORDS[TRAIN].astype("S"))
    assert parts.json("fit train.npy bytes.npy")["classes"] == ["ash", "birch", "cedar"]


def test_proportions_are_fitted_and_scored_as_such(parts):
    rng = np.random.default_rng(0)
    trials = rng.integers(3, 9, size=len(X))
    won = rng.binomial(trials, 1.0 / (1.0 + np.exp(-X[:, 0])))
    np.save("X.npy", X)
    np.save("share.npy", won / trials)
    np.save("trials.npy", trials)
    parts("fit X.npy share.npy --weights trials.npy -o m.safetensors")
    found = parts.json("evaluate m.safetensors X.npy share.npy --weights trials.npy")
    rows, labels = np.repeat(np.r_[0 : len(X)], 2), np.tile([1, 0], len(X))
    theirs = Sklearn(tol=1e-8, max_iter=1000).fit(
        X[rows].astype(float), labels, sample_weight=np.c_[won, trials - won].ravel()
    )
    saved = package.load("m.safetensors")
    np.testing.assert_allclose(saved.coef_, theirs.coef_, atol=1e-4)
    predicted, share = theirs.predict(X) == 1, won / trials
    expected = np.average(np.where(predicted, share, 1.0 - share), weights=trials)
    assert found["trials_predicted"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["labels", "proba", "logits"])
@pytest.mark.parametrize("name", ["out.csv", "out.npy", "out.parquet", "out.tsv"])
def test_predictions_are_the_models(kind, name, parts):
    if name == "out.parquet":
        pytest.importorskip("pyarrow")
    fitted = package.LogisticRegression().fit(X.astype(float), WORDS)
    package.save(fitted, "m.safetensors")
    parts("predict", "m.safetensors", "test.npy", f"--{kind}", "-o", name)
    method = {"labels": "predict", "proba": "predict_proba", "logits": "decision_function"}[kind]
    expected = getattr(fitted, method)(X[TEST].astype(float))
    if name == "out.npy":
        found = np.load(name, allow_pickle=False)
    else:
        separator = "\t" if name == "out.tsv" else ","
        read = pd.read_parquet if name == "out.parquet" else None
        frame = read(name) if read else pd.read_csv(name, sep=separator)
        assert list(frame.columns) == (["label"] if kind == "labels" else ["ash", "birch", "cedar"])
        found = frame["label"].to_numpy() if kind == "labels" else frame.to_numpy()
    if kind == "labels":
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_live_table_shows_on_a_terminal(parts, monkeypatch):
    pytest.importorskip("rich")
    import sys

    written = []

    class Terminal:
        encoding = "utf-8"

        def isatty(self):
            return True

        def write(self, text):
            written.append(text)

        def flush(self):
            written.append("")

        def fileno(self):
            raise OSError

    from logitron.cli import main

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["sweep", "train.npy", "train_y.npy", "--Cs", "0.01,1", "--cv", "2"]) == 0
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "".join(written))  # without colours
    assert re.search("C +loss +iterations", said)  # while it runs
    assert re.search("C +accuracy +iterations +bound", said)  # when it is done


def test_the_live_table_follows_batches_of_fits():
    """Six fits, two folds of three penalties, in two batches."""
    from logitron.cli.live_penalties import LivePenalties
    from logitron.solvers import Iteration

    table = LivePenalties(np.asarray([0.1, 1.0, 10.0]), 6)

    def rows(number, losses, running):
        return table.update(Iteration(number, np.asarray(losses), running, lambda: None))

    assert rows(1, [9.0, 8.0, 7.0, 6.0], 6) == [
        ("0.1", "15", "1"), ("1", "8", "1"), ("10", "7", "1"), ("", "6 fits left", ""),
    ]  # fmt: skip
    rows(2, [9.0, 7.5, 6.5, 6.0], 4)
    assert rows(1, [5.0, 4.0], 2) == [
        ("0.1", "15", "1"), ("1", "12.5", "2"), ("10", "10.5", "2"), ("", "2 fits left", ""),
    ]  # fmt: skip
