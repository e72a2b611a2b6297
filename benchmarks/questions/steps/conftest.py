"""One problem for all steps, on the backends that are installed."""

from importlib.util import find_spec

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre

ROWS, FEATURES = 8000, 128
BACKENDS = ("numpy", "torch", "jax")


@pytest.fixture(params=BACKENDS)
def context(request: pytest.FixtureRequest) -> ArrayContext:
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return ArrayContext.named(request.param)


@pytest.fixture(params=[1, 64], ids=["one neuron", "64 neurons"])
def columns(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def objective(context: ArrayContext, columns: int) -> Objective:
    return make(context, columns)


def make(context: ArrayContext, columns: int, block_rows: int | None = None) -> Objective:
    """The objective of random features and labels, centred."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, FEATURES))
    Y = (X @ rng.standard_normal((FEATURES, columns)) > 0).astype(np.int8)
    targets = Y[:, 0] if columns == 1 else Y
    with context.scope():
        rows = make_training_rows(
            context,
            context.asarray(X),
            context.asarray(targets, keep_dtype=True),
            width=columns,
            block_rows=block_rows,
        )
        return centre(Objective.over(rows, groups=columns, penalty=1.0))


def finish(array: object) -> None:
    """Wait for an array: libraries may return before they are done."""
    if hasattr(array, "block_until_ready"):
        array.block_until_ready()
