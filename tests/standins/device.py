"""Iterations on a simulated device of torch: ``python -m tests.standins.device CLASSES ...``.

The tensors have no values, and their device has a name only. Operations that mix devices, or need
a value on the host, raise an error. The command prints the operations that would wait for the
device, a line for each number of classes. It is a process of its own because torch keeps the name
of the device.
"""

import sys
from functools import partial

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from logitron.automatic.curvature import gram_model, refresh
from logitron.backend import ArrayContext, library_named
from logitron.certificates import GapBound
from logitron.losses import cross_entropy
from logitron.objective import (
    FeatureStatistics,
    Layout,
    Objective,
    TrainingData,
    make_training_rows,
)
from logitron.penalties import L2
from logitron.solvers import lbfgs
from logitron.solvers.group_arrays import descending, moved
from tests.standins.waits import count_waits


def iterate(classes: int) -> None:
    """Make four iterations, each with another kind of curvature."""
    with FakeTensorMode(), count_waits() as waits:
        zeros = partial(torch.zeros, dtype=torch.float64, device="simulated:0")
        X, targets = zeros(50, 4), torch.zeros(50, dtype=torch.int64, device="simulated:0")
        rows = make_training_rows(
            ArrayContext(library_named("torch"), X.device, "float64"), X, targets, zeros(50)
        )
        layout = Layout(rows.context.wide, 4, True, centre=zeros(4))
        objective = Objective(
            TrainingData(rows, max_weight_ratio=2.0),
            cross_entropy(classes),
            L2(zeros(2) + 1.0, layout.penalty_factors(None)),
            layout,
            FeatureStatistics(gram_norm_bound=zeros(()) + 1.0),
            strongly_convex=True,
        )
        objective, model = gram_model(objective)
        theta = direction = objective.context.zeros(objective.shape)
        evaluation = objective.evaluate(theta)
        grad, history = evaluation.grad, lbfgs.empty(theta, 3)
        chosen = torch.zeros(2, dtype=torch.bool, device="simulated:0")
        whole = "block_diagonal" if classes > 1 else "full"
        for curvature in ("intercept", "subspace", "intercept", whole):
            model = refresh(objective, evaluation, theta, model, chosen, reuse=True)
            direction = lbfgs.direction(history, grad, model)
            direction, slope = descending(direction, grad, direction)
            trial = theta + 0.5 * direction
            evaluation = objective.evaluate(trial, curvature, model)
            gap = GapBound()(objective, evaluation, trial)
            theta, grad, history = moved(
                history, theta, grad, trial, evaluation.grad, chosen, memory=3
            )
    assert slope.device == gap.device == theta.device == X.device
    print(*(f"{name}:{count}" for name, count in sorted(waits.items())))


if __name__ == "__main__":
    _setup_privateuseone_for_python_backend("simulated")
    for classes in map(int, sys.argv[1:]):
        iterate(classes)
