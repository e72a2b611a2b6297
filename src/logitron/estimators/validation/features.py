"""What comes in at the door: features of any kind, checked before any work begins."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj, is_numpy_array
from sklearn import config_context
from sklearn.utils.validation import validate_data

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array
from logitron.data import Rows, Source, wrap
from logitron.estimators.validation.values import reject_masked

__all__ = ["reject_nonfinite", "resolve_contexts", "validate_features"]


#: numbers of features that are computed in float64 where they come in float32
MAX_WIDENED_NUMBERS = 1 << 22


def validate_features(estimator: Any, X: Any, *, reset: bool) -> Source:
    """Check features as far as it can be done without reading them, and count their columns.

    Lists, tables and NumPy arrays are checked, and become NumPy, through scikit-learn; sparse
    matrices become CSR; arrays of other libraries stay what they are.

    Raises
    ------
    TypeError
        If X is a lazy table, or a sparse array of another library than SciPy.
    ValueError
        If X is not two-dimensional, is empty, has masked elements, is complex, is not numeric, is
        a sparse matrix with indices outside of it, or has other columns than in ``fit``.
    """
    if _needs_no_check(estimator, X, reset=reset):
        if reset:
            estimator.n_features_in_ = X.shape[1]
        return wrap("X", X)
    reject_masked("X", X)
    if not is_array_api_obj(X) or is_numpy_array(X):
        with config_context(array_api_dispatch=False):  # it would refuse arrays of no library
            return wrap("X", _validate_host(estimator, X, reset=reset))
    if X.ndim != 2:
        raise ValueError(
            f"X must be 2-dimensional, rows of samples and columns of features; expected 2D "
            f"array, got an array of shape {tuple(X.shape)}. Reshape your data"
        )
    for axis, what in enumerate(("sample", "feature")):
        if X.shape[axis] == 0:
            raise ValueError(
                f"X must hold at least one {what}: found array with 0 {what}(s) "
                f"(shape={tuple(X.shape)}) while a minimum of 1 is required"
            )
    source = wrap("X", X).checked()
    kind = source.meta
    xp = array_namespace(kind)
    if xp.isdtype(kind.dtype, "complex floating"):
        raise ValueError(f"Complex data not supported: X must be real, got dtype {kind.dtype}")
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return source


def _needs_no_check(estimator: Any, X: Any, *, reset: bool) -> bool:
    """Whether scikit-learn would let X pass as it is, without a word.

    Most features are such, and of a few rows its checks take as long as a step to the optimum.
    """
    if type(X) is not np.ndarray or X.dtype.kind != "f" or X.ndim != 2 or 0 in X.shape:
        return False
    if hasattr(estimator, "feature_names_in_"):  # it warns, or forgets them
        return False
    return reset or X.shape[1] == getattr(estimator, "n_features_in_", X.shape[1])


def _validate_host(estimator: Any, X: Any, *, reset: bool) -> np.ndarray[Any, Any]:
    if hasattr(X, "collect") and not hasattr(X, "__len__"):
        raise TypeError(
            f"X must be a table with values, got {type(X).__module__}.{type(X).__name__}, which is "
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
            ensure_all_finite=False,  # asked of all libraries alike, in refuse_nonfinite
        )
    except (TypeError, ValueError) as error:
        if "complex" in str(error).lower():  # as it is, or among objects
            raise ValueError(
                "Complex data not supported: X must be real; pass the real and imaginary parts as "
                "features of their own"
            ) from error
        if "convert string" in str(error) or "bytes/strings" in str(error):
            raise ValueError(f"X must hold numbers only: {error}") from error
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
    """Decide where answers go and where to compute.

    Returns
    -------
    input_context : ArrayContext
        Follows X: its library, device and kind of float.
    compute_context : ArrayContext
        The same, but for what ``backend``, ``device`` and ``dtype`` say; and in the widest
        precision for tables so small that it costs nothing.

    Raises
    ------
    ValueError
        If there is no such backend, device or dtype, or ``backend="dask"`` is asked for data that
        is not in a Dask array.
    ImportError
        If the backend is not installed, or cannot be used here.
    """
    input_context = ArrayContext.of(X.meta)
    if backend == "dask":
        if not X.lazy:
            kind = type(X.array)
            raise ValueError(
                "backend='dask' is for X that is a Dask array already, got "
                f"{kind.__module__}.{kind.__name__}; make one with dask.array.from_array"
            )
        backend = None
    compute_context = input_context
    if backend is not None or device is not None:
        compute_context = ArrayContext.named(
            backend or input_context.library.name, device, input_context.precision
        )
    if dtype is None and X.shape[0] * X.shape[1] <= MAX_WIDENED_NUMBERS:
        return input_context, compute_context.wide
    return input_context, compute_context if dtype is None else compute_context.with_precision(
        dtype
    )


def reject_nonfinite(rows: Rows) -> None:
    """Read every feature once, and refuse NaN and infinity.

    Raises
    ------
    ValueError
        If there are any.
    """
    if np.isfinite(rows.squares()):
        return
    nans, infinities = (int(count) for count in to_host(rows.sum(_count_nonfinite)[0]))
    if nans or infinities:  # else the total overflowed, and the features are only large
        what = "NaN" if nans else "infinity"
        raise ValueError(
            f"Input X contains {what}: {nans} values are NaN and {infinities} infinite; "
            "fill them in (sklearn.impute) or leave the rows out"
        )


def _count_nonfinite(X: Array, *others: Array) -> tuple[Array]:
    xp = array_namespace(X)
    nans = xp.sum(xp.astype(xp.isnan(X), X.dtype))
    infinities = xp.sum(xp.astype(xp.isinf(X), X.dtype))
    return (xp.stack([nans, infinities]),)
