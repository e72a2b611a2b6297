"""Seconds to equal suboptimality on a GPU, and how much of the device they use.

Problems and contenders are chosen by their names, or parts of them. Results are kept problem by
problem in ``gpu.json``; see `benchmarks.store`.
"""

import argparse
from typing import Any

from benchmarks.gpu.contenders import CONTENDERS
from benchmarks.gpu.problems import PROBLEMS, Problem
from benchmarks.gpu.worker import PATIENCE
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.runner import SETUP, Worker

RESULT = "gpu"
TARGETS = (1e-4, 1e-6)
#: what logitron is to be faster than, and how many times
ASKED = {
    "sklearn lbfgs on torch": 5.0,
    "sklearn lbfgs on cupy": 5.0,
    "sklearn lbfgs on the cores": 50.0,
}
#: and what part of the measured bandwidth or of the rate of products it should use
ASKED_SHARE = 0.6


def ask(name: str, job: dict, environment: dict[str, str] | None = None) -> Outcome:
    """Let a new process do a job."""
    worker = Worker(name, environment, "benchmarks.gpu.worker")
    outcome = Outcome(name, job["limit"])
    try:
        # the first line comes when the libraries are loaded
        worker.run(job | {"limit": job["limit"] + PATIENCE - SETUP}, outcome)
    finally:
        worker.stop()
    return outcome


def share_of(problem: Problem, rung: dict, rates: dict[str, float]) -> dict[str, float]:
    """What a fit of logitron's moved and multiplied a second, as parts of the measured rates.

    A pass reads the features twice, for logits and for the gradient; of many columns, their
    products are what takes the time. The Gram matrix is beside them, and what is computed in
    float64 is counted as float32 is.
    """
    facts, n, p = rung["facts"], problem.rows, problem.features
    width = {"float32": 4, "bfloat16": 2}[problem.storage]
    columns = problem.targets or problem.columns * len(problem.Cs)
    moved = (2 * facts["passes"] + facts["grams"]) * n * p * width
    multiplied = 4 * facts["passes"] * n * p * columns + 2 * facts["grams"] * n * p * p
    return {
        "gigabytes": moved / 1e9,
        "bandwidth": moved / rung["seconds"] / rates["read"],
        "products": multiplied / rung["seconds"] / rates["float32"],
    }


def stored(outcome: Outcome, problem: Problem, rates: dict[str, float]) -> dict[str, Any]:
    """An outcome as it goes into the results."""
    seconds = {f"{gap:g}": store.short(outcome.time_to(gap)) for gap in TARGETS}
    kept: dict[str, Any] = {
        "seconds": seconds,
        "best_gap": store.short(outcome.best_gap()),
        "ended": outcome.ended,
    }
    rung = outcome.rung_at(TARGETS[-1])
    if rung is not None and "passes" in rung["facts"]:
        kept["facts"] = rung["facts"]
        kept["share"] = {
            key: store.short(one) for key, one in share_of(problem, rung, rates).items()
        }
    return kept


def measure(name: str, who: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """One problem."""
    problem = PROBLEMS[name].scaled(options.scale)
    print(f"{name}: {problem.title}", flush=True)
    job = {
        "problem": name,
        "scale": options.scale,
        "device": options.device,
        "limit": options.limit,
        "skip": 0,
    }
    found = ask("rates", job)
    rates, machine = found.told["rates"], found.told["machine"]
    best = ask("reference", job)
    if "lowest" not in best.told:
        raise RuntimeError(f"no reference: {best.ended}")
    job["lowest"] = best.told["lowest"]
    outcomes, left_out, packages = {}, {}, set()
    for contender in who:
        if why := CONTENDERS[contender].refuses(options.device):
            left_out[contender] = why
            continue
        packages |= set(CONTENDERS[contender].packages)
        outcome = ask(contender, job, CONTENDERS[contender].environment)
        outcomes[contender] = stored(outcome, problem, rates)
        print(line(contender, outcomes[contender], options.limit), flush=True)
    return {
        "title": problem.title,
        "shape": [problem.rows, problem.features],
        "limit": options.limit,
        "rates": {key: store.short(rate) for key, rate in rates.items()},
        "machine": describe(*sorted(packages)) | machine,
        "contenders": outcomes,
        "left_out": left_out,
    }


def line(name: str, one: dict, limit: float) -> str:
    """A contender's row, in 80 columns."""
    cells = "".join(f"{seconds(one, gap, limit):>11}" for gap in TARGETS)
    share = one.get("share", {})
    used = f"{share['bandwidth']:8.0%}{share['products']:8.0%}" if share else " " * 16
    return f"  {name:30}{cells}{used}  {one['ended'][:8]}".rstrip()


def seconds(one: dict, gap: float, limit: float) -> str:
    """Seconds, or that they were not enough."""
    found = one["seconds"][f"{gap:g}"]
    return f">={limit:g}" if found is None else f"{found:.3g}"


def verdicts(result: dict) -> list[str]:
    """What was asked, and what came."""
    ours = {
        name: one["seconds"]["1e-06"]
        for name, one in result["contenders"].items()
        if name.startswith("logitron on") and "cores" not in name and one["seconds"]["1e-06"]
    }
    if not ours:
        return ["logitron did not reach 1e-6"]
    best = min(ours, key=ours.__getitem__)
    told = []
    for name, asked in ASKED.items():
        if name in result["contenders"]:
            theirs, ended = (result["contenders"][name][key] for key in ("seconds", "ended"))
            theirs = theirs["1e-06"]
            if theirs is None and ended not in ("", "time"):
                told.append(f"{asked:g}x asked against {name}, which ended with {ended}")
                continue
            ratio, at_least = (theirs or result["limit"]) / ours[best], "" if theirs else ">="
            word = "reached" if ratio >= asked else "missed"
            told.append(f"{asked:g}x asked against {name}: {at_least}{ratio:.3g}x, {word}")
    share = result["contenders"][best]["share"]
    most = max(share["bandwidth"], share["products"])
    word = "reached" if most >= ASKED_SHARE else "missed"
    told.append(f"{ASKED_SHARE:.0%} of the device asked: {best} uses {most:.0%}, {word}")
    return told


def named(parts: list[str], names: list[str]) -> list[str]:
    """Names that have one of these parts; all of them for "all"."""
    return [name for name in names if any(part in name or part == "all" for part in parts)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--problems", nargs="+", default=["all"], help="names, or parts of them")
    parser.add_argument("--contenders", nargs="+", default=["all"], help="names, or parts of them")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds that a fit may take")
    parser.add_argument("--device", default="cuda", help="of torch")
    parser.add_argument("--scale", type=float, default=1.0, help="make problems smaller")
    parser.add_argument("--dry", action="store_true", help="store nothing")
    options = parser.parse_args()
    import torch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        parser.exit(1, "torch finds no CUDA device here; --device cpu --scale 0.001 tries it out\n")
    print(f"  {'seconds to a gap of':30}{'1e-4':>11}{'1e-6':>11}{'memory':>8}{'products':>9}")
    for name in named(options.problems, list(PROBLEMS)):
        result = measure(name, named(options.contenders, list(CONTENDERS)), options)
        print("\n".join(f"  {verdict}" for verdict in verdicts(result)), flush=True)
        if not options.dry:
            store.merge(RESULT, {name: result})


if __name__ == "__main__":
    main()
