"""Types of arguments and results, for type checkers and for annotations of users.

Arrays are described by what they have, so that no library need be imported: NumPy's, PyTorch's,
JAX's, CuPy's and Dask's arrays, the tables and columns of pandas, polars and pyarrow, sparse
matrices, lists, paths of files, and objects that are read in blocks of rows. A path can be text, so
that other text is not found to be wrong.

Names of options are `Literal` types. A function that passes one on can be annotated with them::

    def train(solver: SolverName) -> LogisticRegression:
        return LogisticRegression(solver=solver)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, Protocol, SupportsFloat

import numpy as np

from logitron.backend.device_arrays import DeviceArray
from logitron.backend.types import HostArray
from logitron.data import RowReader, RowSource
from logitron.neuron.array_type import StandardArray

__all__ = [
    "BackendName",
    "ClassWeight",
    "Features",
    "Folds",
    "HostFeatures",
    "InversePenalty",
    "LabelArray",
    "MissingLabel",
    "Offset",
    "PenaltyFactors",
    "PenaltyName",
    "PrecisionName",
    "RandomState",
    "Scorer",
    "SolverName",
    "SupportsArray",
    "Weights",
]

BackendName = Literal["numpy", "torch", "cupy", "jax", "dask", "array-api-strict"]
PenaltyName = Literal["l2", "elasticnet", "deprecated"]
PrecisionName = Literal["float32", "float64"]
SolverName = Literal[
    "auto",
    "lbfgs",
    "newton",
    "gradient-descent",
    "newton-cholesky",
    "newton-cg",
    "sag",
    "saga",
    "liblinear",
]


class SupportsArray(Protocol):
    """An object that NumPy converts: a column, a lazily read file, an array of another kind."""

    def __array__(self) -> Any: ...


class SupportsToNumpy(Protocol):
    """A table or a column of pandas or polars."""

    def to_numpy(self) -> Any:
        """Convert to an array of NumPy."""


class SupportsColumns(Protocol):
    """A table of pyarrow."""

    @property
    def columns(self) -> Any:
        """The columns."""

    @property
    def shape(self) -> Any:
        """Number of rows and columns."""


class SparseMatrix(Protocol):
    """A sparse matrix of SciPy or CuPy."""

    def tocsr(self) -> Any:
        """Convert to compressed sparse rows."""


class Splitter(Protocol):
    """A splitter of scikit-learn."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Any]:
        """Yield numbers of training and held-out rows."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Count the splits."""


#: a number, also a scalar of NumPy
_Number = SupportsFloat
#: a file that is read in blocks, or an object whose rows are
_InBlocks = str | PathLike[str] | RowReader | RowSource
#: X that counts as an array of NumPy, of a table, or of a list of blocks or files
HostFeatures = (
    HostArray
    | _InBlocks
    | Sequence[_InBlocks | SupportsColumns]
    | SupportsToNumpy
    | SupportsColumns
    | SparseMatrix
    | Sequence[Sequence[_Number]]
    | Sequence[HostArray]
)
#: X of any kind: (n, p)
Features = HostFeatures | DeviceArray | StandardArray | SupportsArray | Sequence[StandardArray]
#: y: class labels or proportions (n,), or a table of targets (n, T) or soft labels (n, K)
LabelArray = (
    HostArray
    | SupportsToNumpy
    | SupportsColumns
    | SparseMatrix
    | DeviceArray
    | StandardArray
    | SupportsArray
    | list[Any]
    | tuple[Any, ...]
)
#: sample weights: (n,) or (n, T), a number for all rows, or None
Weights = (
    _Number
    | SupportsToNumpy
    | SupportsColumns
    | SupportsArray
    | Sequence[_Number]
    | Sequence[Sequence[_Number]]
    | None
)
#: numbers added to the logits: (n,), (n, T) or (n, K), or None
Offset = (
    SupportsToNumpy
    | SupportsColumns
    | SupportsArray
    | DeviceArray
    | StandardArray
    | Sequence[_Number]
    | Sequence[Sequence[_Number]]
    | None
)
#: missing_label: a value of y that marks missing labels, besides NaN and None
MissingLabel = _Number | str | None
#: C: one number, or one for each target
InversePenalty = _Number | SupportsArray | Sequence[_Number]
#: penalty_factors: one number for each feature, or None
PenaltyFactors = Sequence[_Number] | SupportsArray | SupportsToNumpy | DeviceArray | None
#: class_weight: factors by class, or one choice for each target
ClassWeight = (
    Mapping[Any, _Number]
    | Literal["balanced"]
    | Sequence[Mapping[Any, _Number] | Literal["balanced"] | None]
)
RandomState = int | np.integer[Any] | np.random.RandomState | np.random.Generator
#: cv: a number of folds, a splitter, or the folds themselves
Folds = int | Splitter | Iterable[tuple[Any, Any]]
#: scoring: a name of scikit-learn's, or a function of model, X and y
Scorer = str | Callable[..., float]
