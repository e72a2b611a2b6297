"""The example scripts do what they say, from files."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression as Sklearn

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_linear_evaluation_chooses_on_the_validation_set(kind, tmp_path, capsys):
    script = runpy.run_path(str(EXAMPLES / "linear_evaluation.py"))
    X, y = load_digits(return_X_y=True)
    X = (X / 16.0).astype(np.float32)
    parts = {"train": slice(0, 300), "val": slice(300, 500), "test": slice(500, 800)}
    for name, rows in parts.items():
        if kind == "npy":
            np.save(tmp_path / f"{name}.npy", X[rows])
        else:
            save = pytest.importorskip("safetensors.numpy").save_file
            save({"features": X[rows]}, tmp_path / f"{name}.safetensors")
        np.save(tmp_path / f"{name}_labels.npy", y[rows])

    def files(name):
        return [str(tmp_path / f"{name}.{kind}"), str(tmp_path / f"{name}_labels.npy")]

    script["CS"][:] = np.logspace(-3, 1, 45)  # the default ones take minutes on separable pixels
    script["main"]([*files("train"), *files("val"), "--test", *files("test"), "--verbose", "0"])
    said = capsys.readouterr().out
    assert "proven optimal: 45 of 45 fits" in said
    chosen = float(said.split("C = ")[1].split(",")[0])
    accuracy = [
        Sklearn(C=C, tol=1e-8, max_iter=5000).fit(X[:300], y[:300]).score(X[300:500], y[300:500])
        for C in script["CS"]
    ]
    assert chosen == pytest.approx(script["CS"][int(np.argmax(accuracy))], rel=1e-2)
    assert f"on the validation set {max(accuracy):.4f}" in said
