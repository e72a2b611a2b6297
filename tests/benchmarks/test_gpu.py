"""The benchmark for GPUs, on the processor: what it makes, how it judges, that all of it runs."""

import argparse

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.gpu import __main__ as command
from benchmarks.gpu.contenders import CONTENDERS
from benchmarks.gpu.judge import DeviceObjective, gap
from benchmarks.gpu.problems import PROBLEMS
from benchmarks.judge import Objective

TINY = 1e-5


@pytest.mark.parametrize("name", ["binary", "imagenet"])
def test_the_judge_is_the_benchmarks(name):
    problem = PROBLEMS[name].scaled(TINY)
    X, y = problem.load("cpu")
    theirs = Objective.of(X.double().numpy(), y.numpy(), 0.5)
    ours = DeviceObjective(X, y, 0.5, problem.columns)
    rng = np.random.default_rng(0)
    W = rng.normal(size=(problem.features, problem.columns))
    b = rng.normal(size=problem.columns)
    assert ours.value(W, b) == pytest.approx(theirs.value(W, b), rel=1e-12)
    for mine, other in zip(
        ours.value_and_gradient(W, b), theirs.value_and_gradient(W, b), strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)
    assert gap(ours, ours.value(W, b) / 2, W.T, b) == pytest.approx(1.0)
    assert ours.lowest(W, b) <= ours.value(W, b)


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_are_what_they_say(name):
    problem = PROBLEMS[name].scaled(TINY)
    X, y = problem.load("cpu")
    again, labels = problem.load("cpu")
    assert X.shape == (problem.rows, problem.features)
    assert (again == X).all()
    assert (y == labels).all()
    assert str(X.dtype) == f"torch.{problem.storage}"
    assert y.shape == ((problem.rows, problem.targets) if problem.targets else (problem.rows,))
    assert len(y.unique()) == (2 if problem.targets else problem.classes)
    assert problem.some(3)[0] == 0
    assert problem.some(3)[-1] == len(problem.jobs) - 1


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("small", ["logitron on torch", "sklearn lbfgs on the cores", "torch.optim.LBFGS"]),
        ("probes", ["logitron on torch"]),
    ],
)
def test_contenders_arrive_or_say_that_they_did_not(name, who, capsys):
    options = argparse.Namespace(scale=TINY, device="cpu", limit=10.0)
    result = command.measure(name, who, options)
    assert set(result["contenders"]) == set(who)
    ours = result["contenders"][who[0]]
    assert ours["best_gap"] <= 1e-6
    assert ours["seconds"]["1e-06"] > 0.0
    assert ours["facts"]["passes"] >= 1.0
    for one in result["contenders"].values():
        assert one["ended"] == ""
        assert one["best_gap"] <= 1e-2
    assert command.verdicts(result)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_device_use_is_bytes_and_products_over_time():
    problem = PROBLEMS["binary"]
    rung = {"seconds": 2.0, "facts": {"passes": 10.0, "grams": 1.0}}
    share = command.share_of(problem, rung, {"read": 1e12, "float32": 1e13})
    features = 1e6 * 768
    assert share["gigabytes"] == pytest.approx(21 * 4 * features / 1e9)
    assert share["bandwidth"] == pytest.approx(21 * 4 * features / 2.0 / 1e12)
    assert share["products"] == pytest.approx((40 + 2 * 768) * features / 2.0 / 1e13)


def test_without_a_gpu_it_says_so(capsys, monkeypatch):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    monkeypatch.setattr("sys.argv", ["benchmarks.gpu"])
    with pytest.raises(SystemExit):
        command.main()
    assert "no CUDA device" in capsys.readouterr().err


def test_those_of_missing_libraries_are_left_out():
    for who in CONTENDERS.values():
        missing = who.refuses("cpu")
        assert missing is None or "is not installed" in missing or "from 1.9 on" in missing
