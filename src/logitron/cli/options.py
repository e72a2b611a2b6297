"""Arguments that several commands have. Nothing here imports more than the parser of arguments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

__all__ = [
    "Columns",
    "DataFile",
    "FitOptions",
    "Flag",
    "Json",
    "LabelsFile",
    "ModelFile",
    "Names",
    "Place",
    "Results",
]

#: a file of features, or of features and labels; "-" is the standard input
DataFile = Annotated[str, Parameter(allow_leading_hyphen=True)]
LabelsFile = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
ModelFile = Annotated[Path, Parameter()]
#: an option without a value
Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Json = Flag
#: names of columns, separated by commas, or given one by one
Names = Annotated[
    tuple[str, ...], Parameter(negative="", consume_multiple=False, show_default=False)
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where features, labels and weights are in the files."""

    target: Names = ()
    """Columns of labels, or the array of labels, in DATA or LABELS. Several: A,B,C."""
    features: Names = ()
    """Columns of features; the default is all others."""
    ignore: Names = ()
    """Columns that are no features."""
    categories: Names = ()
    """Columns of numbers that are one-hot, as text is."""
    embedding: str | None = None
    """Column of lists of numbers to use as the features."""
    key: str | None = None
    """Array of features in a file of several arrays."""
    weights: str | None = None
    """Column of DATA, or file, with a weight for each row."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """What is fitted."""

    multilabel: Flag = False
    """Train a neuron for each of several columns of labels."""
    class_weight: Literal["balanced"] | None = None
    """Give all classes the same total weight."""
    standardise: bool | None = None
    """Standardise numbers; the default is yes for tables, and no for arrays."""
    l1_ratio: float = 0.0
    """Part of the L1 penalty; 1 makes most coefficients zero."""
    penalty_factors: Names = ()
    """What multiplies the penalty of columns: A=0,B=2. 0 is no penalty; the default is 1."""
    tol: float = 1e-4
    """A fit has converged when its relative gap is proven to be at most the square of this."""
    max_iter: int | None = None
    """Iterations at most."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Where fits are computed."""

    backend: str | None = None
    """Array library: numpy, torch, cupy or jax."""
    device: str | None = None
    """Device of the library, such as cuda."""
    dtype: Literal["float32", "float64"] | None = None
    """Precision of the computation."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Results:
    """Where the results go."""

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    """Save the model to this .safetensors file."""
    report: Path | None = None
    """Write the results as JSON to this file."""
    json: Json = False
    """Print the results as JSON on stdout."""
    plot: Path | None = None
    """Draw a picture of the fit to this file."""
    strict: Flag = False
    """End with exit code 3 if a fit did not converge."""
