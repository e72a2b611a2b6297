"""The rates of a device, measured with PyTorch, and the share of them that a fit uses."""

from typing import Any

from benchmarks.data.problem import DeviceProblem
from benchmarks.judge.devices import synchronise
from benchmarks.judge.timing import Call, best_of

#: The float32 numbers that are read, and the rows of the square matrices that are multiplied.
READ, SIDE = 1 << 30, 8192
COLUMNS, REPEATS = 1024, 5
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


def device_rates(device: str, scale: float) -> dict[str, float]:
    """The bytes read per second, and the operations per second of products of each dtype."""
    import torch

    def seconds(work: Call) -> float:
        return best_of(REPEATS, work, lambda: synchronise("torch", device))

    rows = max(1024, int(READ * scale) // COLUMNS)
    X = torch.randn(rows, COLUMNS, device=device)
    v = torch.randn(COLUMNS, device=device)
    rates = {"read": X.nbytes / seconds(lambda: X @ v)}
    side = max(256, int(SIDE * scale**0.5))
    for name in ("float32", "float64", "bfloat16"):
        A = torch.randn(side, side, device=device).to(getattr(torch, name))
        rates[name] = 2.0 * side**3 / seconds(lambda A=A: A @ A)
    return rates


def share_of(
    problem: DeviceProblem, rung: dict[str, Any], rates: dict[str, float]
) -> dict[str, float]:
    """The gigabytes that a fit of logitron moved, and its parts of the measured rates.

    A pass reads the features twice, for logits and for the gradient. Of many columns, their
    products take most of the time. The Gram matrix is added to both. Operations in float64 are
    counted as those in float32.
    """
    facts, n, p = rung["facts"], problem.data.rows, problem.data.features
    columns = problem.data.targets or problem.columns * len(problem.Cs)
    moved = (2 * facts["passes"] + facts["grams"]) * n * p * BYTES[problem.data.storage]
    multiplied = 4 * facts["passes"] * n * p * columns + 2 * facts["grams"] * n * p * p
    return {
        "gigabytes": moved / 1e9,
        "bandwidth": moved / rung["seconds"] / rates["read"],
        "products": multiplied / rung["seconds"] / rates["float32"],
    }
