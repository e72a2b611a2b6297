"""An objective of random rows and labels, and random parameters."""

import numpy as np

from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre


def softmax_objective(
    context, shape, classes, *, array=np.asarray, weights=True, intercept=True, offset=False
):
    """One group of labels, and centred features of a shape (n, p)."""
    n, rng = shape[0], np.random.default_rng(0)
    X = array(rng.normal(size=shape) + 1.0)
    targets = rng.integers(classes, size=(n, 1)).astype(np.int8)
    sample_weight = rng.uniform(0.5, 2.0, size=n) if weights else None
    offsets = rng.normal(size=(n, classes)) if offset else None
    rows = make_training_rows(context, X, targets, sample_weight, None, offsets, width=classes)
    one = Objective.over(
        rows,
        classes=classes,
        penalty=0.5,
        fit_intercept=intercept,
        max_sample_weight=2.0,
        sum_of_squares=rows.sum_of_squares,
    )
    return centre(one)


def random_parameters(objective, seed):
    """Normal numbers (G, K, q), where the objective has its parameters."""
    values = np.random.default_rng(seed).normal(size=objective.shape)
    return objective.context.asarray(values)
