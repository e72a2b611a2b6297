"""The worker and the judge: data of a folder and data of a device take the same way."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.contenders import CONTENDERS, Fit
from benchmarks.contenders.arrays import at_least_float32, brought, host
from benchmarks.data import Embeddings, saved
from benchmarks.data.device_problems import DEVICE_PROBLEMS
from benchmarks.data.problem import Part
from benchmarks.judge import Objective, devices, worker
from benchmarks.judge.gap import gap, lower_bound
from benchmarks.judge.job import Job
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.process import WorkerProcess
from benchmarks.judge.reference import minimise
from benchmarks.judge.runner import alone, measure
from benchmarks.judge.task import Task
from benchmarks.judge.threads import OPENBLAS, OWN_ONLY
from benchmarks.judge.timing import again, by_turns, seconds_of, timed

#: contenders that do not converge are judged by their gap
pytestmark = pytest.mark.filterwarnings("ignore")
TINY = 1e-5
C = 2.0


@pytest.fixture(scope="module")
def small_job(tmp_path_factory):
    """The job of a small problem in a folder."""
    folder = tmp_path_factory.mktemp("data")
    X, y = Embeddings(300, 6, 3, seed=1).load()
    saved.save(folder, X, y)
    _, reference = minimise(Objective.of(X, y, C))
    return Job(5.0, {"0": reference.value}, folder=str(folder), C=C)


@pytest.fixture
def device_job():
    """The job of a problem that is made on a device, which is the processor here."""
    pytest.importorskip("torch")
    return lambda name: Job.on_device(name, "cpu", scale=TINY, limit=5.0)


def served(name, job, device="cpu"):
    """The events of a worker in this process."""
    lines = []
    worker.serve(worker.role(name, device), [job.line()], lines.append)
    return [json.loads(line) for line in lines]


def only(events, kind):
    return [event for event in events if event["event"] == kind]


# --- jobs and tasks -------------------------------------------------------------------------------


def test_a_job_survives_its_line(small_job):
    again_ = Job.read(small_job.line())
    assert again_ == replace(small_job, ladder=list(small_job.ladder))


def test_a_folder_is_one_fit_judged_in_numpy(small_job):
    task = Task.of(small_job)
    assert task.parts == [Part(None, C)]
    assert task.columns == 3
    assert isinstance(task.judge(0), Objective)


@pytest.mark.parametrize("name", ["sweep", "probes", "small"])
def test_a_problem_of_a_device_has_its_parts(name, device_job):
    task = Task.of(device_job(name))
    problem = DEVICE_PROBLEMS[name].scaled(TINY)
    assert task.parts == problem.parts
    judge = task.judge(len(task.parts) - 1)
    assert type(judge).__name__ == "DeviceObjective"
    assert judge.y.ndim == 1
    assert judge.C == problem.parts[-1].C


def test_the_gap_of_many_fits_is_the_largest(device_job):
    task = Task.of(device_job("probes"))
    zero = Fit(np.zeros((1, task.X.shape[1])), np.zeros(1))
    at_zero = [
        task.judge(place).value(zero.coef.T, zero.intercept) for place in range(len(task.parts))
    ]
    lowest = {"0": at_zero[0], "2": at_zero[2] / 2}  # the part between is not judged
    assert task.gap(lowest, [0, 1, 2], [zero] * 3) == pytest.approx(1.0)


# --- judges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["binary", "imagenet"])
def test_both_judges_agree(name):
    pytest.importorskip("torch")
    from benchmarks.judge.device_objective import DeviceObjective

    problem = DEVICE_PROBLEMS[name].scaled(TINY)
    X, y = problem.data.load("cpu")
    theirs = Objective.of(X.double().numpy(), y.numpy(), 0.5)
    ours = DeviceObjective(X, y, 0.5, problem.columns)
    rng = np.random.default_rng(0)
    W = rng.normal(size=(problem.data.features, problem.columns))
    b = rng.normal(size=problem.columns)
    assert ours.value(W, b) == pytest.approx(theirs.value(W, b), rel=1e-12)
    for mine, other in zip(
        ours.value_and_gradient(W, b), theirs.value_and_gradient(W, b), strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)
    for judge in (ours, theirs):
        assert gap(judge, judge.value(W, b) / 2, W.T, b) == pytest.approx(1.0)
        assert lower_bound(judge, W, b) <= judge.value(W, b)
    assert lower_bound(ours, W, b) == pytest.approx(lower_bound(theirs, W, b), rel=1e-9)


def test_an_answer_that_is_not_finite_is_infinitely_far():
    X, y = Embeddings(50, 3, 2, seed=1).load()
    assert gap(Objective.of(X, y, 1.0), 1.0, np.full((1, 3), np.nan), np.zeros(1)) == np.inf


# --- the worker -----------------------------------------------------------------------------------


def test_a_fit_of_a_folder_reaches_its_goal(small_job):
    events = served("logitron", small_job)
    tried = [event["setting"] for event in only(events, "setting")]
    assert tried == [vars(setting) for setting in OPENBLAS]
    assert only(events, "chosen")[0]["setting"] in tried
    rungs = only(events, "rung")
    assert rungs[-1]["gap"] <= small_job.goal < rungs[0]["gap"]
    assert rungs[-1]["seconds"] > 0.0
    assert rungs[-1]["facts"]["passes"] >= 1.0
    assert events[-1]["event"] == "end"
    assert events[-1]["why"] == "goal"


def test_a_known_setting_is_not_tried(small_job):
    events = served("logitron", replace(small_job, setting=vars(OPENBLAS[1])))
    assert not only(events, "setting")
    assert events[-1]["why"] == "goal"


def test_a_ladder_without_progress_ends(small_job):
    events = served("null", small_job)
    assert events[-1]["why"] == "stalled"
    assert served("null", replace(small_job, ladder=(1.0, 0.1)))[-1]["why"] == "ladder"
    assert served("null", replace(small_job, limit=0.0))[-1]["why"] == "time"


def test_a_failure_is_the_end_of_its_job_only(small_job):
    lines = []
    job = replace(small_job, setting=vars(OPENBLAS[1]))
    bad = replace(job, folder="/nowhere")
    worker.serve(worker.role("null", "cpu"), [bad.line(), job.line()], lines.append)
    ends = [json.loads(line) for line in lines if '"end"' in line]
    assert ends[0]["why"].startswith("FileNotFoundError")
    assert ends[1]["why"] == "stalled"


@pytest.mark.parametrize(
    ("problem", "name", "device", "made"),
    [
        ("small", "logitron on torch", "cpu", 1),
        ("small-softmax", "logitron on jax", "cpu", 1),
        ("small-softmax", "sklearn lbfgs", "cpu", 1),
        ("imagenet-half", "torch lbfgs", "cpu", 1),
        ("sweep", "logitron on torch", "cpu", 5),
        ("sweep", "logitron", "cpu", 5),
        ("sweep", "sklearn lbfgs", "cpu", 1),
        ("probes", "logitron on torch", "cpu", 31),
        ("probes", "torch lbfgs", "cpu", 31),
        ("probes", "optax lbfgs", "cpu", 3),
    ],
)
def test_fits_of_a_device_are_judged(problem, name, device, made, device_job, monkeypatch):
    if why := CONTENDERS[name].refuses(device=device):
        pytest.skip(why)
    job = device_job(problem)
    told = only(served("reference", job), "reference")[0]["lowest"]
    count = len(DEVICE_PROBLEMS[problem].scaled(TINY).parts)
    assert len(told) == min(12, count)
    seen = []
    fit_parts = CONTENDERS[name].fit_parts
    monkeypatch.setattr(
        CONTENDERS[name], "fit_parts", lambda *a: seen.append(fit_parts(*a)) or seen[-1]
    )
    events = served(name, replace(job, lowest=told, ladder=(1e-3,)), device)
    assert events[-1]["why"] in ("goal", "ladder"), events[-1]
    (rung,) = only(events, "rung")
    assert not only(events, "setting")  # pools stay as they are installed
    assert 0.0 <= rung["gap"] <= (1e-3 if name.startswith("logitron") else 1.0)
    assert len(seen[-1]) == made
    if "torch" in name or "jax" in name or name == "logitron":
        assert isinstance(seen[-1][0].coef, np.ndarray)
    if name.startswith("logitron"):
        assert rung["facts"]["passes"] >= 1.0


def test_the_rates_of_a_device_are_reported(device_job):
    (told,) = only(served("rates", device_job("small")), "rates")
    assert set(told["rates"]) == {"read", "float32", "float64", "bfloat16"}
    assert min(told["rates"].values()) > 0.0
    assert told["machine"] == {"device": "no GPU"}


def test_every_clock_stops_after_the_device(monkeypatch, small_job):
    waited = []
    monkeypatch.setattr(
        "benchmarks.contenders.base.synchronise", lambda *where: waited.append(where)
    )
    monkeypatch.setattr(CONTENDERS["null"], "library", "torch")
    monkeypatch.setattr(CONTENDERS["null"], "prepare", lambda *a: None)
    contender = CONTENDERS["null"]("cuda")
    contender.wait()
    assert waited == [("torch", "cuda")]


# --- devices and arrays ---------------------------------------------------------------------------


def test_a_device_is_waited_for_through_its_library(monkeypatch):
    torch = pytest.importorskip("torch")
    calls = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: calls.append("torch"))
    devices.synchronise("torch", "cpu")
    devices.synchronise("numpy", "cuda")
    assert calls == []
    devices.synchronise("torch", "cuda")
    assert calls == ["torch"]


def test_jax_is_waited_for_on_its_device(monkeypatch):
    jax = pytest.importorskip("jax")
    waited = []
    put = jax.device_put
    monkeypatch.setattr(jax, "device_put", lambda *a: waited.append(a) or put(*a))
    devices.synchronise("jax", "cuda")  # on whatever device JAX has
    assert waited


def test_memory_of_loaded_libraries_is_returned(monkeypatch):
    torch = pytest.importorskip("torch")
    calls = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append("torch"))
    devices.release()
    assert calls == ["torch"]


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
def test_arrays_arrive_and_come_back(library):
    torch = pytest.importorskip("torch")
    pytest.importorskip(library)
    X = np.arange(6, dtype=np.float32).reshape(2, 3)
    for given in (X, torch.from_numpy(X)):
        there = brought(given, library, "cpu")
        assert type(there).__module__.partition(".")[0] in (library, f"{library}lib")
        back = host(there)
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, X)
    assert host(2.0) == 2.0


def test_narrow_features_are_widened():
    torch = pytest.importorskip("torch")
    assert at_least_float32(torch.zeros(2, dtype=torch.bfloat16)).dtype == torch.float32
    assert at_least_float32(np.zeros(2, np.float16)).dtype == np.float32
    assert at_least_float32(np.zeros(2)).dtype == np.float64


@pytest.mark.parametrize("name", DEVICE_PROBLEMS)
def test_problems_of_a_device_are_what_they_say(name):
    pytest.importorskip("torch")
    problem = DEVICE_PROBLEMS[name].scaled(TINY)
    data = problem.data
    X, y = data.load("cpu")
    again_, labels = data.load("cpu")
    assert X.shape == (data.rows, data.features)
    assert (again_ == X).all()
    assert (y == labels).all()
    assert str(X.dtype) == f"torch.{data.storage}"
    assert y.shape == ((data.rows, data.targets) if data.targets else (data.rows,))
    assert len(y.unique()) == (2 if data.targets else data.classes)
    assert problem.some(3)[0] == 0
    assert problem.some(3)[-1] == len(problem.parts) - 1
    assert DEVICE_PROBLEMS[name].scaled(1.0) is DEVICE_PROBLEMS[name]


# --- processes ------------------------------------------------------------------------------------


def test_a_process_measures_what_the_worker_does(small_job):
    outcome = alone("null", replace(small_job, setting=vars(OPENBLAS[0])))
    assert outcome.ended == "stalled"
    assert outcome.time_to(1e-6) is None
    assert outcome.best_gap() > 1e-3


def test_short_fits_are_measured_in_rounds(small_job):
    process = WorkerProcess("logitron")
    try:
        (outcome,) = measure({"logitron": process}, small_job, 10, 2, lambda one: None).values()
    finally:
        process.stop()
    assert outcome.ended == "goal"
    assert outcome.setting in [vars(setting) for setting in OPENBLAS]
    assert outcome.time_to(1e-9) > 0.0


def test_a_process_that_takes_too_long_is_ended(small_job):
    outcome = alone("logitron", replace(small_job, limit=-1.0, setup=0.0))
    assert outcome.ended == "time"


class Silent(WorkerProcess):
    """A process whose events are given, and which ends after them."""

    def __init__(self, *runs):
        super().__init__("none")
        self.runs, self.jobs, self.events = list(runs), [], []

    def start(self):
        return SimpleNamespace(stdin=SimpleNamespace(write=self.take, flush=lambda: None))

    def take(self, line):
        self.jobs.append(Job.read(line))
        self.events = list(self.runs.pop(0))

    def next_event(self, allow, outcome):
        if self.events:
            return dict(self.events.pop(0), allow=1.0)
        outcome.ended = "time"
        return None


def test_a_slow_setting_is_passed_over():
    fast, slow = (vars(setting) for setting in OWN_ONLY)
    trial = {"event": "trial"}
    tried = {"event": "setting", "setting": fast, "seconds": 0.1}
    end = {"event": "end", "why": "goal"}
    process = Silent([trial, tried, trial], [end])
    outcome = Outcome("none", 1.0)
    process.run(Job(1.0), outcome)
    assert outcome.setting == fast
    assert outcome.ended == "goal"
    assert process.jobs[1].setting == fast
    process = Silent([trial], [{"event": "chosen", "setting": slow}, end])
    outcome = Outcome("none", 1.0)
    process.run(Job(1.0), outcome)
    assert (process.jobs[1].skip, outcome.setting, outcome.ended) == (1, slow, "goal")


# --- clocks ---------------------------------------------------------------------------------------


def test_short_calls_are_repeated_and_long_ones_are_not():
    assert again([])
    assert again([0.01] * 6)
    assert not again([0.01] * 7)
    assert again([0.5, 0.5])
    assert not again([0.5] * 3)
    assert not again([2.0])
    seconds, answer = timed(lambda: 7)
    assert seconds >= 0.0
    assert answer == 7


def test_a_clock_starts_and_stops_after_the_wait():
    order = []
    seconds_of(lambda: order.append("call"), lambda: order.append("wait"))
    assert order == ["wait", "call", "wait"]


def test_turns_alternate():
    order = []
    calls = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    found = by_turns(calls, 3)
    assert order == ["a", "b"] * 3
    assert {name: len(seconds) for name, seconds in found.items()} == {"a": 3, "b": 3}
