"""``logitron digits``: one neuron learns to recognise a 2, on every array library."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from logitron.cli.options import Json

__all__ = ["digits"]


def digits(
    *,
    backend: Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=False)] = (),
    device: str | None = None,
    dtype: Literal["float64", "float32"] = "float64",
    max_epochs: Annotated[int, Parameter(validator=Number(gte=1))] = 20_000,
    plot: Path | None = None,
    json: Json = False,
) -> int:
    """Train a neuron that recognises a handwritten 2.

    One neuron learns from 1000 of scikit-learn's digits, and is tested on 797 others, by gradient
    descent on every array library installed here but Dask, which is slow for so few rows.

    Parameters
    ----------
    backend
        Train on this library only, beside NumPy; may be repeated, and may be dask.
    device
        Device of the library: cpu, cuda, mps, gpu.
    dtype
        Precision.
    max_epochs
        Epochs at most.
    plot
        Save the loss curve and the neuron as a picture.
    json
        Print the results as JSON on stdout.
    """
    from logitron.cli import digits as job
    from logitron.cli.outputs import print_json

    runs = job.show(
        backends=backend or None, device=device, dtype=dtype, max_iter=max_epochs, plot=plot
    )
    if json:
        print_json([job.as_dict(run) for run in runs])
    return 0
