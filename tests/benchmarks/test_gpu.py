"""The question of the GPU, with the processor as its device: who is measured, and the verdicts."""

import pytest

pytest.importorskip("torch")

from benchmarks import __main__ as command
from benchmarks.contenders import CONTENDERS, measured_on
from benchmarks.data.device_problems import DEVICE_PROBLEMS
from benchmarks.judge import store
from benchmarks.judge.device_rates import share_of
from benchmarks.questions import gpu
from benchmarks.report.device_table import table, verdicts

TINY = 1e-5


def contender(seconds, ended="goal", **more):
    return {"seconds": {"0.0001": seconds, "1e-06": seconds}, "ended": ended, **more}


def result(**more):
    share = {"gigabytes": 1.0, "bandwidth": 0.7, "products": 0.1}
    ours = contender(0.5, share=share)
    return {
        "title": "a problem",
        "limit": 20.0,
        "contenders": {"logitron on torch": ours, "logitron on the cores": contender(0.1), **more},
    }


def test_a_problem_is_measured_and_stored(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    who = ["logitron on torch", "logitron on cupy", "sklearn lbfgs on the cores"]
    found = gpu.measured(["small"], who, "cpu", scale=TINY, limit=10.0)
    one = found["small"]
    assert set(one["contenders"]) | set(one["left_out"]) == set(who)
    assert "logitron on cupy" in one["left_out"]
    ours = one["contenders"]["logitron on torch"]
    assert ours["best_gap"] <= 1e-6
    assert ours["ended"] == "goal"
    assert ours["seconds"]["1e-06"] > 0.0
    assert ours["facts"]["passes"] >= 1.0
    assert set(ours["share"]) == {"gigabytes", "bandwidth", "products"}
    assert "share" not in one["contenders"]["sklearn lbfgs on the cores"]
    assert store.load("gpu") == found
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    assert max(map(len, table(found).splitlines())) <= 80


def test_contenders_of_device_and_processor_are_measured():
    found = gpu.entrants("cuda")
    assert {name for name, device in found.values() if device == "cuda"} == set(measured_on("cuda"))
    assert {label for label, (_, device) in found.items() if device == "cpu"} == {
        "logitron on the cores",
        "sklearn lbfgs on the cores",
    }
    assert all("cpu" in CONTENDERS[n].devices for n, device in found.values() if device == "cpu")


def test_devices_of_contenders_are_known():
    for who in CONTENDERS.values():
        assert set(who.devices) <= {"cpu", "cuda"}
        assert who.devices
        assert who.library in ("numpy", "torch", "cupy", "jax", "dask")
        assert "cuda" not in who.devices or who.library in ("torch", "cupy", "jax")


def test_device_use_is_bytes_and_products_over_time():
    rung = {"seconds": 2.0, "facts": {"passes": 10.0, "grams": 1.0}}
    share = share_of(DEVICE_PROBLEMS["binary"], rung, {"read": 1e12, "float32": 1e13})
    features = 1e6 * 768
    assert share["gigabytes"] == pytest.approx(21 * 4 * features / 1e9)
    assert share["bandwidth"] == pytest.approx(21 * 4 * features / 2.0 / 1e12)
    assert share["products"] == pytest.approx((40 + 2 * 768) * features / 2.0 / 1e13)


def test_verdicts_compare_with_the_ratios_that_are_asked_for():
    told = verdicts(result(**{"sklearn lbfgs on torch": contender(5.0)}))
    assert told[0] == "5x asked against sklearn lbfgs on torch: 10x, reached"
    assert told[-1] == "60% of the device asked: logitron on torch uses 70%, reached"
    slow = {"sklearn lbfgs on torch": contender(None, "time")}
    assert verdicts(result(**slow))[0].endswith(">=40x, reached")
    broken = {"sklearn lbfgs on torch": contender(None, "MemoryError: none")}
    assert "which ended with MemoryError" in verdicts(result(**broken))[0]
    never = result()
    never["contenders"]["logitron on torch"]["seconds"]["1e-06"] = None
    assert verdicts(never) == ["logitron did not reach 1e-6"]


@pytest.mark.parametrize("main", [gpu.main, command.main], ids=["question", "command"])
def test_without_a_gpu_it_says_so(main, capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["benchmarks", "--device", "cuda", "--problems", "binary"])
    with pytest.raises(SystemExit):
        main()
    assert "no CUDA device" in capsys.readouterr().err


def test_a_quick_run_has_few_problems_and_contenders(monkeypatch):
    asked = []

    def measured(problems, who, device, *, limit, **_):
        asked.append((problems, who, device, limit))
        return {}

    monkeypatch.setattr(gpu, "measured", measured)
    gpu.main(["--quick", "--device", "cpu", "--dry"])
    gpu.main(["--quick", "--device", "cpu", "--dry", "--problems", "small", "--limit", "1"])
    (problems, who, device, limit), (small, *_, shorter) = asked
    assert set(problems) == set(gpu.QUICK) <= set(DEVICE_PROBLEMS)
    assert set(who) == set(gpu.QUICK_CONTENDERS) <= set(CONTENDERS)
    assert (device, limit, small, shorter) == ("cpu", gpu.QUICK_LIMIT, ["small"], 1.0)


def test_stored_results_are_shown(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    with pytest.raises(SystemExit):
        gpu.main(["--show"])
    store.save("gpu", {"small": result()})
    gpu.main(["--show"])
    assert "logitron on the cores" in capsys.readouterr().out
