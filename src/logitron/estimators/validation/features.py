"""Checks of X, and the choice of the library, device and precision to compute with."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace
from sklearn import config_context
from sklearn.utils.validation import validate_data

from logitron.backend import ArrayContext, library_of, to_host
from logitron.backend.types import Array
from logitron.data import RowReader, Rows, Source, opened, wrap
from logitron.estimators.validation.embedding_columns import read_embeddings
from logitron.estimators.validation.unread import reject_unread
from logitron.estimators.validation.values import reject_masked

__all__ = ["read_features", "reject_nonfinite", "resolve_contexts", "validate_features"]


#: float32 features with at most this many numbers (rows x columns) are computed in float64
MAX_WIDENED_NUMBERS = 1 << 22


def validate_features(estimator: Any, X: Any, *, reset: bool) -> Source:
    """Check X without reading its values, and set ``n_features_in_``.

    A column of arrays becomes a matrix. Files are opened, and are read in blocks later. Lists,
    tables and NumPy arrays go through scikit-learn's `validate_data` and become NumPy arrays.
    Sparse matrices become CSR. Arrays of other libraries stay unchanged.

    Parameters
    ----------
    estimator : BaseEstimator
    X : array, sparse matrix, list or table (n, p)
    reset : bool
        True in ``fit``, to store the number and names of the features; False to compare them.

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        If X is a file of an unknown kind, a loader or an iterator, a lazy table, or a sparse array
        of a library other than SciPy.
    ValueError
        If X is not two-dimensional, is empty, masked, complex or not numeric, is a sparse matrix
        with indices out of bounds, or has other columns than in ``fit``.
    """
    if _needs_no_check(estimator, X, reset=reset):
        if reset:
            estimator.n_features_in_ = X.shape[1]
        return wrap("X", X)
    X = read_features(X)
    source = wrap("X", X)
    if source.lazy:  # (of a data frame, an array)
        X = source.array
    reject_masked("X", X)
    _reject_more_axes(X)
    if not (source.on_host and source.sparse):  # (sparse matrices of SciPy are checked below)
        source = source.checked()
    if source.on_host:
        with config_context(array_api_dispatch=False):  # dispatch would reject lists and tables
            return wrap("X", _validate_host(estimator, X, reset=reset))
    if X.ndim != 2:
        raise ValueError(
            f"X must be 2-dimensional, with shape (n_samples, n_features), got shape "
            f"{tuple(X.shape)}. Expected 2D array, reshape your data"
        )
    for axis, unit in enumerate(("sample", "feature")):
        if X.shape[axis] == 0:
            raise ValueError(
                f"X must hold at least one {unit}, found array with 0 {unit}(s) "
                f"(shape={tuple(X.shape)}) while a minimum of 1 is required"
            )
    kind = source.meta
    # (NumPy's isdtype, which is CuPy's too, refuses bfloat16)
    if "complex" in str(kind.dtype):
        raise ValueError(f"Complex data not supported: X must be real, got dtype {kind.dtype}")
    named = source.names
    if isinstance(X, RowReader):  # (a table without rows has the names)
        named = source.meta if X.empty_table is None else X.empty_table
    validate_data(estimator, named, reset=reset, skip_check_array=True)
    return source


def read_features(X: Any) -> Any:
    """Open files and large tables to be read in blocks, and make matrices of columns of arrays.

    Parameters
    ----------
    X : object

    Returns
    -------
    RowReader, numpy.ndarray or object
        Other objects are unchanged.

    Raises
    ------
    TypeError
        If X is an iterator, a loader, or a file of an unknown kind.
    """
    X = opened(X)
    reject_unread("X", X)
    return X if isinstance(X, RowReader) else read_embeddings(X)


def _reject_more_axes(X: Any) -> None:
    """Reject arrays of three and more axes, such as a vector for each token of each row."""
    shape = getattr(X, "shape", ())
    if isinstance(shape, tuple) and len(shape) > 2:
        raise ValueError(
            f"X must be 2-dimensional, with shape (n_samples, n_features), got {tuple(shape)}: "
            f"Found array with dim {len(shape)}. Expected 2D array, with one vector for each row: "
            "average over an axis, X.mean(axis=1), choose one position, X[:, -1], or flatten the "
            "rows, X.reshape(len(X), -1)"
        )


def _needs_no_check(estimator: Any, X: Any, *, reset: bool) -> bool:
    """Return whether scikit-learn would accept X unchanged and without a warning.

    True for floating-point NumPy arrays. For few rows, scikit-learn's checks take as long as an
    iteration of the solver.
    """
    if type(X) is not np.ndarray or X.dtype.kind != "f" or X.ndim != 2 or 0 in X.shape:
        return False
    if hasattr(estimator, "feature_names_in_"):  # scikit-learn warns about them, or removes them
        return False
    return reset or X.shape[1] == getattr(estimator, "n_features_in_", X.shape[1])


def _validate_host(estimator: Any, X: Any, *, reset: bool) -> np.ndarray[Any, Any]:
    """Check lists, tables, sparse matrices and NumPy arrays through scikit-learn."""
    if hasattr(X, "collect") and not hasattr(X, "__len__"):
        raise TypeError(
            f"X must be a table in memory, got {type(X).__module__}.{type(X).__name__}, which is "
            "lazy; call .collect() first"
        )
    source = wrap("X", X)
    if source.sparse and len(source.shape) == 2:
        X = source.checked().array
    try:
        checked: np.ndarray[Any, Any] = validate_data(
            estimator,
            X,
            reset=reset,
            dtype="numeric",
            accept_sparse="csr",
            ensure_all_finite=False,  # reject_nonfinite checks every library
        )
    except (TypeError, ValueError) as error:
        if "complex" in str(error).lower():  # by dtype, or in an array of objects
            raise ValueError(
                "Complex data not supported: X must be real. Pass real and imaginary parts as "
                "separate features"
            ) from error
        if "convert string" in str(error) or "bytes/strings" in str(error):
            raise ValueError(f"X must hold numbers only. {error}") from error
        raise
    if checked.dtype.kind not in "biuf":
        raise ValueError(
            f"X must hold numbers only, got dtype {checked.dtype}; encode columns of text "
            "(sklearn.preprocessing), or leave them out"
        )
    return checked


def resolve_contexts(
    X: Source, backend: str | None, device: str | None, dtype: str | None
) -> tuple[ArrayContext, ArrayContext]:
    """Choose the context of the results and the context of the computation.

    Parameters
    ----------
    X : Source
    backend, device, dtype : str or None
        Parameters of the estimator; None follows X.

    Returns
    -------
    input_context : ArrayContext
        Library, device and floating-point type of X, which the results get too.
    compute_context : ArrayContext
        The same, changed by ``backend``, ``device`` and ``dtype``. Without ``backend`` and
        ``device``, arrays of other libraries that NumPy can view are computed by NumPy: the bytes
        are the same, its blocks and threads suit processors, and nothing is compiled. Without a
        ``dtype``, X of at most `MAX_WIDENED_NUMBERS` numbers is computed in the widest precision
        of the device.

    Raises
    ------
    ValueError
        If the backend, device or dtype does not exist, or if ``backend="dask"`` and X is not a Dask
        array.
    ImportError
        If the backend is not installed, or cannot be used on this machine.
    """
    input_context, library = ArrayContext.of(X.meta), library_of(X.meta)
    if backend == "dask":
        if not X.lazy:
            kind = type(X.array)
            raise ValueError(
                "backend='dask' needs X that is a Dask array already, got "
                f"{kind.__module__}.{kind.__name__}; make one with dask.array.from_array"
            )
        backend = None
    compute_context = input_context
    if backend is not None or device is not None:
        compute_context = ArrayContext.named(
            backend or library.name, device, input_context.precision
        )
    elif library.numpy_on_processor and library.numpy_can_view(X.meta):
        compute_context = ArrayContext.named("numpy", precision=input_context.precision)
    if dtype is None and X.shape[0] * X.shape[1] <= MAX_WIDENED_NUMBERS:
        return input_context, compute_context.wide
    return input_context, compute_context if dtype is None else compute_context.with_precision(
        dtype
    )


def reject_nonfinite(rows: Rows) -> None:
    """Read all features once, and reject NaN and infinity.

    Parameters
    ----------
    rows : Rows

    Raises
    ------
    ValueError
        If a feature is NaN or infinite.
    """
    if np.isfinite(rows.sum_of_squares()):
        return
    nans, infinities = (int(count) for count in to_host(rows.sum(_count_nonfinite)[0]))
    if nans or infinities:  # otherwise the sum of squares overflowed, and X is finite
        kind = "NaN" if nans else "infinity"
        first = ""
        if not rows.lazy:
            is_bad = np.asarray(to_host(rows.with_row_arrays().map(_is_nonfinite)))
            first = f", the first in row {int(np.argmax(is_bad))}"
        raise ValueError(
            f"Input X contains {kind}: {nans} values are NaN and {infinities} infinite{first}. "
            "Impute them (sklearn.impute), or leave out their rows"
        )


def _is_nonfinite(X: Array) -> Array:
    """Find the rows of a block with a number that is not finite (n,)."""
    xp = array_namespace(X)
    return xp.any(~xp.isfinite(X), axis=1)


def _count_nonfinite(X: Array, *others: Array) -> tuple[Array]:
    """Count NaN and infinite values of a block: an array (2,) in X's dtype."""
    xp = array_namespace(X)
    nans = xp.sum(xp.astype(xp.isnan(X), X.dtype))
    infinities = xp.sum(xp.astype(xp.isinf(X), X.dtype))
    return (xp.stack([nans, infinities]),)
