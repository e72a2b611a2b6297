"""Exact fits on a GPU: seconds to equal suboptimality, and the share of the GPU that they use.

Problems and contenders are chosen by their names, or by parts of them. Problems are made on the
device, and answers are judged there in float64, each contender's in a process of its own. Two
contenders run on the cores of the processor, for comparison. Results are stored problem by problem.

``python -m benchmarks.gpu`` measures, with ``--quick`` three problems by each library in less than
three minutes; ``--device cpu --scale 0.001`` is a trial without a
GPU, whose numbers mean nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.contenders import CONTENDERS, measured_on
from benchmarks.data.device_problems import DEVICE_PROBLEMS
from benchmarks.data.problem import DeviceProblem
from benchmarks.judge import store
from benchmarks.judge.device_rates import share_of
from benchmarks.judge.job import Job
from benchmarks.judge.machine import describe
from benchmarks.judge.outcome import Outcome
from benchmarks.judge.runner import alone
from benchmarks.options import answered, named, parser_of
from benchmarks.report.device_table import HEAD, TARGETS, line, table, verdicts

RESULT = "gpu"
LIMIT = 20.0
#: the short run: problems, contenders, and seconds that a fit may take
QUICK = ("small", "middle", "hundred")
QUICK_CONTENDERS = ("logitron on torch", "logitron on cupy", "logitron on jax")
QUICK_LIMIT = 3.0
#: The contenders of the processor that are measured too.
ON_THE_CORES = ("logitron", "sklearn lbfgs")


def entrants(device: str) -> dict[str, tuple[str, str]]:
    """The contender and the device of everyone who is measured, by the name in the results."""
    on_device = {name: (name, device) for name in measured_on("cuda")}
    return on_device | {f"{name} on the cores": (name, "cpu") for name in ON_THE_CORES}


def stored(outcome: Outcome, problem: DeviceProblem, rates: dict[str, float]) -> dict[str, Any]:
    """An outcome as it is stored."""
    kept: dict[str, Any] = {
        "seconds": {f"{gap:g}": store.short(outcome.time_to(gap)) for gap in TARGETS},
        "best_gap": store.short(outcome.best_gap()),
        "ended": outcome.ended,
    }
    rung = outcome.rung_at(TARGETS[-1])
    if rung is not None and "passes" in rung["facts"]:
        share = share_of(problem, rung, rates)
        kept["facts"] = rung["facts"]
        kept["share"] = {key: store.short(one) for key, one in share.items()}
    return kept


def referenced(job: Job) -> tuple[Job, dict[str, Any]]:
    """The job with its lower bounds, and the rates and the description of the device."""
    told = alone("rates", job, device=job.device).told
    best = alone("reference", job, device=job.device)
    if "lowest" not in best.told:
        raise RuntimeError(f"no reference: {best.ended}")
    return replace(job, lowest=best.told["lowest"]), told


def of_problem(name: str, who: Sequence[str], job: Job) -> dict[str, Any]:
    """All entrants of these names on one problem."""
    problem = DEVICE_PROBLEMS[name].scaled(job.scale)
    print(f"{name}: {problem.title}", flush=True)
    job, told = referenced(job)
    outcomes: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    packages: set[str] = set()
    for label in who:
        contender, device = entrants(job.device)[label]
        about = CONTENDERS[contender]
        why = about.refuses(problem.columns, problem.data.rows, device)
        if problem.data.storage == "float32" and getattr(about, "splits", False):
            why = "float32 is not split"
        if why:
            left_out[label] = why
            continue
        packages |= set(about.packages)
        outcome = alone(contender, job, about.environment, device)
        outcomes[label] = stored(outcome, problem, told["rates"])
        print(line(label, outcomes[label], job.limit), flush=True)
    return {
        "title": problem.title,
        "shape": [problem.data.rows, problem.data.features],
        "limit": job.limit,
        "rates": {key: store.short(rate) for key, rate in told["rates"].items()},
        "machine": describe(*sorted(packages)) | told["machine"],
        "contenders": outcomes,
        "left_out": left_out,
    }


def measured(
    names: Sequence[str],
    who: Sequence[str],
    device: str,
    *,
    scale: float = 1.0,
    limit: float = LIMIT,
    keep: bool = True,
) -> dict[str, Any]:
    """Measure problems; each is stored as soon as it is done."""
    print(HEAD)
    results = {}
    for name in names:
        job = Job.on_device(name, device, scale=scale, limit=limit)
        results[name] = of_problem(name, who, job)
        print("\n".join(f"  {verdict}" for verdict in verdicts(results[name])), flush=True)
        if keep:
            store.merge(RESULT, {name: results[name]})
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("gpu", __doc__)
    parser.add_argument("--problems", nargs="+", default=["all"], help="names, or parts of them")
    parser.add_argument("--contenders", nargs="+", default=["all"], help="names, or parts of them")
    parser.add_argument("--quick", action="store_true", help="a short run, of chosen problems")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that a fit may take")
    parser.add_argument("--device", default="cuda", help='"cuda", or "cpu" for a trial')
    parser.add_argument("--scale", type=float, default=1.0, help="make problems smaller")
    options = parser.parse_args(arguments)
    if not options.show and options.device != "cpu":
        import torch

        if not torch.cuda.is_available():
            parser.exit(1, "torch finds no CUDA device; --device cpu --scale 0.001 is a trial\n")
    who = named(options.contenders, list(entrants(options.device)))
    problems = named(options.problems, list(DEVICE_PROBLEMS))
    if options.quick:
        who = [name for name in who if name in QUICK_CONTENDERS]
        problems = [name for name in problems if name in QUICK]
        options.limit = min(options.limit, QUICK_LIMIT)
    results = answered(
        parser,
        options,
        RESULT,
        lambda keep: measured(
            problems,
            who,
            options.device,
            scale=options.scale,
            limit=options.limit,
            keep=keep,
        ),
    )
    if options.show:
        print(table(results))


if __name__ == "__main__":
    main()
